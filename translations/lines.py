"""Sentences in lines as wide as a label shows whole."""

from __future__ import annotations

import re

import blf
import bpy

FONT = 0
"""Blender's number of the interface's font."""
_STOPS = r"[\u3001\u3002\uff01\uff09-\uff0f\uff1a-\uff1f]*\s*"
"""What stays with what it follows."""
_UNIT = rf"\d\S* (?:%|[A-Za-z]{{1,2}}(?![A-Za-z])|[\u2e80-\uffef])[^\s\u2e80-\uffef]*{_STOPS}"
_WIDE = rf"\uff08?[\u2e80-\uffef]{_STOPS}"
_PIECES = re.compile(rf"{_UNIT}|{_WIDE}|[^\s\u2e80-\uffef]+{_STOPS}")


def lines_of(text: str, width: float, indent: str = "") -> list[str]:
    """A text in lines of at most `width` pixels at Blender's usual scale; those after the first are set in.

    A Chinese letter carries the punctuation after it, a number its unit; a word that is too long stays whole.
    """
    lines, line = [], ""
    for piece in _PIECES.findall(text):
        if line.strip() and measured((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = indent
        line += piece
    return [*lines, line.rstrip()]


def measured(text: str) -> float:
    """Width of a text in the interface's font, pixels at Blender's usual scale."""
    preferences = bpy.context.preferences
    scale = preferences.system.ui_scale or 1.0  # 0 without a window
    blf.size(FONT, preferences.ui_styles[0].widget.points * scale)
    return blf.dimensions(FONT, text)[0] / scale
