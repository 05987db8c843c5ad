"""Sway's interface in other languages, in Blender's own translation system; English is what the sources say."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import bpy

from .sentences import Sentences

LANGUAGES: dict[str, dict[str, str]] = {
    file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(Path(__file__).parent.glob("*.json"))
}
"""By Blender's name of the language, what each English text becomes; spaces and line breaks as one space, and `{}` for
each value that the source fills in."""
SENTENCES = Sentences({text for table in LANGUAGES.values() for text in table})
SAME = frozenset(
    {
        "+X", "+Y", "+Z", "-X", "-Y", "-Z", "Apple Metal", "CPU", "CUDA", "CogVideoX 5B", "GIF", "LTX-2",
        "LTX-Video 2B", "MP4", "PLY", "PhysDreamer", "Python", "ROCm", "SPLAT", "SPZ", "Stable Video Diffusion",
        "Stable Video Diffusion XT", "Sway", "Wan 2.1 FLF2V-14B", "Wan 2.1 I2V-14B 480P", "Wan 2.2 I2V-A14B",
        "Wan 2.2 TI2V-5B", "WebM", "Blender", "{} Hz", "{} Hz, {} px", "{} MB", "{} Pa",
    }
)  # fmt: skip
"""Names that are the same in every language."""
CONTEXTS = ("*", "Operator", "Sway")
"""Blender looks a button's text up in the second, a parameter's name in the third, everything else in the first."""


def say(text: str) -> str:
    """A text of Sway's with values in it, in Blender's language. Plain texts Blender translates by itself."""
    locale = bpy.app.translations.locale
    if locale not in LANGUAGES or not bpy.context.preferences.view.use_translate_interface:
        return text
    return _said(text, locale)


@lru_cache(maxsize=1024)
def _said(text: str, _locale: str) -> str:
    return SENTENCES.said(text, bpy.app.translations.pgettext_iface)


def untranslated(texts: set[str], language: str) -> list[str]:
    """Which of the texts a language lacks."""
    table = LANGUAGES[language]
    return sorted(text for text in map(one_line, texts) if text not in table and text not in SAME)


def one_line(text: str) -> str:
    """A text with every space and line break as one space, as the tables have it."""
    return " ".join(text.split())


def register(classes: tuple[type, ...]) -> None:
    """Tell Blender; `classes` are those whose tooltips are written over several lines."""
    written = {one_line(doc): doc for cls in classes if (doc := cls.__doc__)}
    tables = {
        language: {
            (context, spelled): said
            for text, said in table.items()
            for spelled in {text, written.get(text, text)}
            for context in CONTEXTS
        }
        for language, table in LANGUAGES.items()
    }
    bpy.app.translations.register(__name__, tables)


def unregister() -> None:
    _said.cache_clear()
    bpy.app.translations.unregister(__name__)
