"""The add-on in a real Blender window, by simulated mouse and keyboard, from its zip on."""

from __future__ import annotations

import pytest

from backend import formats
from backend.sample import potted_plant

MOST_CLICKS = 12


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    """A small plant as a file, with Z up, which its name's format does not say."""
    path = tmp_path_factory.mktemp("capture") / "potted_plant.ply"
    formats.write_ply(path, potted_plant(count=4000))
    return str(path)


def test_a_newcomer_has_a_baked_plant_in_twelve_clicks(tell):
    """From a factory Blender and the zip, by menus and buttons: the sample is baked, and its leaves move."""
    found = tell("newcomer")
    assert found["clicks"] <= MOST_CLICKS
    assert found["baked"]
    assert found["moved_m"] > 1e-3  # a millimetre, of half a metre: seen from where the sample is shown


def test_every_step_by_its_button(tell, capture):
    """A capture is imported, undone, redone, fitted, simulated, baked, rendered, saved and reloaded by clicks."""
    found = tell("click_through", capture=capture)
    assert found["done"] == [
        "imported by menu",
        "imported as by drop",
        "undone and redone",
        "colours as light and as captured",
        "parts guessed",
        "reference made",
        "fit cancelled",
        "fitted",
        "stiffness shown",
        "simulated",
        "baked, freed, baked",
        "rendered",
        "reloaded",
    ]
