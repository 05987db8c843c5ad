"""Sentences in lines as wide as a label shows whole."""

from __future__ import annotations

import re

WIDE = 0x2E80
"""First letter of the scripts whose letters are twice as wide and may break anywhere."""
_STOPS = r"[\u3001\u3002\uff01\uff09-\uff0f\uff1a-\uff1f]*\s*"
"""What stays with what it follows."""
_UNIT = rf"\d\S* (?:%|[A-Za-z]{{1,2}}(?![A-Za-z])|[\u2e80-\uffef])[^\s\u2e80-\uffef]*{_STOPS}"
_WIDE = rf"\uff08?[\u2e80-\uffef]{_STOPS}"
_PIECES = re.compile(rf"{_UNIT}|{_WIDE}|[^\s\u2e80-\uffef]+{_STOPS}")


def lines_of(text: str, width: int, indent: str = "") -> list[str]:
    """A text in lines of at most `width` Latin letters; those after the first are set in.

    A Chinese letter counts two and carries the punctuation after it, a number its unit; a word that is too long stays
    whole.
    """
    lines, line, filled = [], "", 0
    for piece in _PIECES.findall(text):
        wide = length(piece)
        if line.strip() and filled + wide - (piece.endswith(" ")) > width:
            lines.append(line.rstrip())
            line, filled = indent, len(indent)
        line, filled = line + piece, filled + wide
    return [*lines, line.rstrip()]


def length(text: str) -> int:
    """In Latin letters; a Chinese one counts two."""
    return sum(2 if ord(letter) >= WIDE else 1 for letter in text)
