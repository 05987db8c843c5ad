"""Parameters of finding what could move in a photograph."""

from __future__ import annotations

from dataclasses import dataclass

from .param import param


@dataclass(frozen=True, kw_only=True)
class PictureFindParams:
    """A plant that stands out from its surroundings, and the lines along which it sways."""

    most_lines: int = param(7, "How many stems and branches are found at most", min=1, max=24)
