"""A hand on the mouse and the keyboard of a real Blender window, through Blender's own simulation of events.

Every function is a generator that yields the seconds to wait until it is to go on; `session.py` drives them. What lies
under the mouse is asked of Blender itself: Ctrl C over a button copies its Python command, over a setting its value.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from itertools import pairwise
from typing import Any, NamedTuple

import bpy

Waits = Generator[float, None, Any]
HANDLED = 0.05
"""Seconds in which Blender takes in what was sent to it."""
STEP = 13
"""Pixels between two looks: buttons are 20 high and wide, at the usual scale."""
DRAGGED = 6
"""Events of the mouse between two places of a drag."""
_LETTERS = {
    " ": "SPACE",
    "/": "SLASH",
    ".": "PERIOD",
    "-": "MINUS",
    "_": "MINUS",
    "\\": "BACK_SLASH",
    ":": "SEMI_COLON",
}
_DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")


class Place(NamedTuple):
    """A point of a window, in pixels from its lower left."""

    x: int
    y: int
    window: int = 0


class Missed(Exception):
    """Something was not where it should be, or did not happen."""


class Hand:
    """Moves, clicks, types, and counts its clicks."""

    def __init__(self) -> None:
        self.clicks = 0
        self.seen: dict[str, Place] = {}
        """Commands that were found under the mouse by the last search."""

    def send(self, kind: str, value: str, place: Place, **more: Any) -> None:
        """One event."""
        window = bpy.context.window_manager.windows[place.window]
        window.event_simulate(kind, value, x=place.x, y=place.y, **more)

    def move(self, place: Place) -> Waits:
        self.send("MOUSEMOVE", "NOTHING", place)
        yield HANDLED

    def press(self, place: Place, *, counted: bool = True, button: str = "LEFTMOUSE", **held: bool) -> Waits:
        """Click at a place."""
        yield from self.move(place)
        self.clicks += counted
        self.send(button, "PRESS", place, **held)
        yield HANDLED
        self.send(button, "RELEASE", place, **held)
        yield 4 * HANDLED

    def drag(self, *places: Place) -> Waits:
        """Press at the first place, pass over those between, let go at the last; counts as one click."""
        yield from self.move(places[0])
        self.clicks += 1
        self.send("LEFTMOUSE", "PRESS", places[0])
        yield HANDLED
        for start, end in pairwise(places):
            for part in range(1, DRAGGED + 1):
                yield from self.move(_between(start, end, part / DRAGGED))
        self.send("LEFTMOUSE", "RELEASE", places[-1])
        yield 4 * HANDLED

    def key(self, kind: str, place: Place, **held: bool) -> Waits:
        """Strike a key with the mouse over a place."""
        yield from self.move(place)
        self.send(kind, "PRESS", place, **held)
        self.send(kind, "RELEASE", place, **held)
        yield 2 * HANDLED

    def write(self, text: str, place: Place) -> Waits:
        """Type a text into the field that is being edited."""
        for letter in text:
            if letter.isdigit():
                kind = _DIGITS[int(letter)]
            else:
                kind = letter.upper() if letter.isascii() and letter.isalpha() else _LETTERS[letter]
            self.send(kind, "PRESS", place, unicode=letter)
            self.send(kind, "RELEASE", place)
        yield 4 * HANDLED

    def turn(self, notches: int, place: Place, **held: bool) -> Waits:
        """Turn the wheel: up is positive."""
        yield from self.move(place)
        for _ in range(abs(notches)):
            self.send("WHEELUPMOUSE" if notches > 0 else "WHEELDOWNMOUSE", "PRESS", place, **held)
        yield 4 * HANDLED

    def roll(self, place: Place, chosen: Callable[[], Any], most: int) -> Waits:
        """Turn the wheel over a menu, Ctrl held, down and then up, until it shows what is wanted; whether it does."""
        for direction in (-1, 1):
            for _ in range(most):
                if chosen():
                    return True
                yield from self.turn(direction, place, ctrl=True)
        return bool(chosen())

    def under(self, place: Place) -> Waits:
        """The command or value of what lies at a place; "" where nothing does."""
        manager = bpy.context.window_manager
        manager.clipboard = ""
        self.send("MOUSEMOVE", "NOTHING", place)
        self.send("C", "PRESS", place, ctrl=True)
        self.send("C", "RELEASE", place, ctrl=True)
        yield 0.01
        return manager.clipboard

    def setting_under(self, place: Place) -> Waits:
        """The data path of the setting at a place, as Ctrl Shift Alt C copies it; "" where there is none."""
        manager = bpy.context.window_manager
        manager.clipboard = ""
        held = {"ctrl": True, "shift": True, "alt": True}
        self.send("MOUSEMOVE", "NOTHING", place)
        self.send("C", "PRESS", place, **held)
        self.send("C", "RELEASE", place, **held)
        yield 0.01
        return manager.clipboard

    def find(self, wanted: str, places: Iterable[Place]) -> Waits:
        """Where the command or value that begins with `wanted` is. Raises Missed, naming what there is."""
        self.seen = {}
        for place in places:
            found = yield from self.under(place)
            if found:
                self.seen.setdefault(found, place)
            if found.startswith(wanted):
                return place
        raise Missed(f"{wanted} is not to be found; there is: " + ", ".join(self.seen))

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 30.0) -> Waits:
        """Wait until something holds. Raises Missed when it does not in time."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Missed(f"It did not happen within {seconds:.0f} s: {what}")
            yield 0.1
        yield 2 * HANDLED


def _between(start: Place, end: Place, part: float) -> Place:
    return Place(round(start.x + part * (end.x - start.x)), round(start.y + part * (end.y - start.y)), start.window)
