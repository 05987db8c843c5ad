"""How often a running job may have the window drawn anew: as often as the machine can, and no more."""

from __future__ import annotations

import time

import bpy

SHARE = 0.2
"""Of the window's time that may go into drawing how a job goes."""


class Pace:
    """Keeps the time of drawing one thing below `SHARE`, on whatever machine.

    A change of a single word costs a redraw of the window, some 40 ms where a processor draws it; a large cloud costs
    more. So the next drawing waits a multiple of what the last one took.
    """

    def __init__(self) -> None:
        self._next = 0.0

    @property
    def is_due(self) -> bool:
        return time.monotonic() >= self._next

    def shown(self, since: float | None = None) -> None:
        """Say that something is about to be drawn; counts from `since` (`time.monotonic`), or from now, to its end."""
        begun = time.monotonic() if since is None else since

        def drawn() -> None:
            now = time.monotonic()
            self._next = now + (1 / SHARE - 1) * (now - begun)

        bpy.app.timers.register(drawn, persistent=True)  # Blender calls it first thing after it has drawn
