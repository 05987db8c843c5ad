"""Other languages: every text of the interface has its translation, and no translation is left over."""

from __future__ import annotations

import string

import pytest


@pytest.fixture(scope="module")
def texts(addon):
    """Every text that Blender can translate."""
    from bl_ext.user_default.sway import registration
    from bl_ext.user_default.sway.translations import collect

    return collect.texts(registration.CLASSES)


def test_the_collection_finds_each_kind_of_text(texts):
    """A button, its tooltip, a setting, a choice, a sentence of a panel: all are collected."""
    assert {
        "Fit Material",
        "Add a subject that moves at once, to play with: every step of the sidebar works on it",
        "Frames to simulate from the scene's first frame on",
        "Potted Plant",
        "Select or import a splat object",
        "Select a splat object first",
    } <= texts


def test_chinese_is_complete(texts):
    """No English text is without its Chinese one."""
    from bl_ext.user_default.sway import translations

    assert translations.untranslated(texts, "zh_HANS") == []


def test_no_translation_is_left_over(texts):
    """Texts that are gone from the interface are gone from the tables."""
    from bl_ext.user_default.sway import translations

    now = {translations.one_line(text) for text in texts}
    assert [text for text in translations.LANGUAGES["zh_HANS"] if text not in now] == []


def test_placeholders_survive_translation(addon):
    """What is filled into a sentence is filled into its translation, by the same names."""
    from bl_ext.user_default.sway import translations

    def fields(text):
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)

    for text, said in translations.LANGUAGES["zh_HANS"].items():
        assert fields(text) == fields(said), text
