"""The manual names buttons, panels and settings as the interface does."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

PAGES = (
    "index", "five_minute_start", "splats", "parts", "reference_motion", "fit_material", "fit_report",
    "simulate", "bakes",
    "picture_editor", "predictor_use", "preferences", "jobs", "scripts", "troubleshooting", "limits",
)  # fmt: skip
"""Those that lead through the interface; the others write of methods."""
BLENDERS = {
    "Edit", "File", "Preferences", "Get Extensions", "Install from Disk", "Add-ons", "System", "Network",
    "Online Access",
    "Raw", "AgX", "Standard", "Solid", "Material Preview", "Light Paths", "Transparent", "Cycles", "Time", "Z Combine",
    "Sway Overlay",
}  # fmt: skip
"""Names of Blender's own interface, and of modifiers, which are names of data."""
EMPHASIS = re.compile(r"\.$|^Get Started$|^An environment of your own$|^Licences")
"""What begins a paragraph, ends as a sentence, or stands on another's page."""


def names_in(page: str) -> list[str]:
    """What is in italics or bold and begins with a capital: each step of a path of menus by itself."""
    text = re.sub(r"```.*?```|`[^`]*`", "", page, flags=re.S)
    spans = [" ".join((bold or thin).split()) for bold, thin in re.findall(r"\*\*([^*]+)\*\*|\*([^*]+)\*", text)]
    steps = [step.strip(" ,:;") for span in spans if "](" not in span for step in span.split(" > ")]
    return [step for step in steps if step[:1].isupper() and not EMPHASIS.search(step)]


@pytest.fixture(scope="module")
def shown(addon):
    """Every name of the interface, also without its unit."""
    from bl_ext.user_default.sway import registration
    from bl_ext.user_default.sway.translations import collect, one_line

    texts = {one_line(text) for text in collect.texts(registration.CLASSES)}
    return BLENDERS | texts | {re.sub(r" \([^()]*\)$", "", text) for text in texts}


@pytest.mark.parametrize("name", [name for name in PAGES if (ROOT / "docs" / f"{name}.md").exists()])
def test_the_manual_names_what_there_is(shown, name):
    """Every name that a page sets in italics or bold is one of the interface."""
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    assert [found for found in names_in(page) if found not in shown and found.split(":")[0] not in shown] == []


def test_a_wrong_name_is_noticed(shown):
    """A button that was renamed would be found, also at the end of a path."""
    assert [name for name in names_in("Press *Bake All* under *Add > Sway > Potted Cactus*.") if name not in shown] == [
        "Bake All",
        "Potted Cactus",
    ]
