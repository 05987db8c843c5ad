"""Sentences with numbers and names in them: how their template is found again in the text, and filled in translated.

What Sway says is written once, in English, where it is known: in a panel, in an operator, in the worker. A table of a
language has a text with `{}` for each value that the source fills in. `said` finds the template that a text was made
from, so that the worker, its messages and its log know of no language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

GAP = "{}"
"""Where a template takes a value."""
JOINTS = ("{}: {}", "{}. {}", "{}, {}")
"""What sentences are put together with, where no template says more; those before hold those behind."""


def filled(template: str) -> re.Pattern[str]:
    """What texts look like that were made from a template; its groups are the values."""
    return re.compile("(.*?)".join(re.escape(part) for part in template.split(GAP)), re.DOTALL)


def weight(template: str) -> int:
    """How much of a template is text: of two that fit, the one that says more was meant."""
    return len(template.replace(GAP, ""))


class Sentences:
    """The templates of all languages, and the search among them."""

    def __init__(self, templates: Iterable[str]) -> None:
        whole = sorted({t for t in templates if GAP in t} - {*JOINTS}, key=lambda t: (-weight(t), t))
        ordered = [*whole, *JOINTS]
        self._patterns = [(max(t.split(GAP), key=len), t, filled(t)) for t in ordered]

    def template_of(self, text: str) -> tuple[str, tuple[str, ...]] | None:
        """The template that a text was made from and what fills it; None where none fits.

        Of several that fit, the one that says most; but a value hardly ever holds half a sentence.
        """
        fitting = (
            (template, found.groups())
            for longest, template, pattern in self._patterns
            if longest in text and (found := pattern.fullmatch(text))
        )
        first = None
        for template, values in fitting:
            if not any("; " in value for value in values):
                return template, values
            first = first or (template, values)
        return first

    def said(self, text: str, look_up: Callable[[str], str]) -> str:
        """A text in the language that `look_up` translates into, its values too; as it is where there is none."""
        line = " ".join(text.split())
        if not any(letter.isalpha() for letter in line):
            return text
        for spelled in (line, line[0].swapcase() + line[1:]):  # a sentence may be another one's middle
            whole = look_up(spelled)
            if whole != spelled:
                return whole
            if found := self.template_of(spelled):
                template, values = found
                return look_up(template).format(*(self.said(value, look_up) for value in values))
        return text
