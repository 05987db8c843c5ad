"""The manual: every page is in its table of contents, and what it quotes is what Sway says."""

from __future__ import annotations

import re

from tests.conftest import ROOT

DOCS = ROOT / "docs"
SIDES = ("backend", "jobs", "operators", "panels", "preferences.py", "properties", "scene")


def test_every_page_is_in_the_table_of_contents():
    """mkdocs.yml names each page of docs/ once, and none that is not there."""
    named = re.findall(r"[\w/]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert sorted(named) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))


def said() -> str:
    """Every text in the add-on's sources, with what is filled in as "..." and strings over several lines joined."""
    files = [
        file for side in SIDES for file in ([ROOT / side] if side.endswith(".py") else (ROOT / side).rglob("*.py"))
    ]
    source = "\n".join(file.read_text(encoding="utf-8") for file in files)
    joined = re.sub(r'"\s*\n\s*f?"', "", source)
    return re.sub(r"\{[^{}]*\}|%s", "...", joined)


def test_troubleshooting_quotes_what_sway_says():
    """Each heading of a message is a piece of a text in the source, so that a search for it finds the page."""
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    quotes = re.findall(r"^### (.+)$", page, re.M)
    text = said()
    assert len(quotes) > 20
    assert [quote for quote in quotes if quote not in text] == []
