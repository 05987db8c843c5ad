"""The sidebar of an editor under the hand: its tab, its panels, its buttons where they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import bpy

from . import places
from .hand import HANDLED, STEP, Hand, Missed, Place, Waits

TAB = "Sway"
FRACTIONS = (0.25, 0.68, 0.87)
"""Of the sidebar's width: buttons side by side, and the small ones at the right."""
HEADER = 18
"""Pixels between two clicks that look for a panel's header; it is 24 high."""


class Sidebar:
    """The tab "Sway" of an editor's sidebar."""

    def __init__(self, hand: Hand, editor: str = "VIEW_3D", prefix: str = "SWAY_PT_") -> None:
        self.hand, self.editor = hand, editor
        self.buttons: dict[str, Place] = {}
        """Where each command was drawn when it was last looked for."""
        self.drawn: set[str] = set()
        """Panels that were drawn open since this was last emptied."""
        for name in dir(bpy.types):
            if name.startswith(prefix) and hasattr(getattr(bpy.types, name), "draw"):
                self._note_drawing(name, getattr(bpy.types, name))

    def _note_drawing(self, name: str, panel: Any) -> None:
        draw = panel.draw

        def noted(this: Any, context: bpy.types.Context) -> None:
            self.drawn.add(name)
            draw(this, context)

        panel.draw = noted

    @property
    def region(self) -> Any:
        return places.region("UI", self.editor)

    def show(self) -> Waits:
        """Open the sidebar and turn to its tab."""
        if self.region.width <= 1:
            yield from self.hand.key("N", places.middle(places.region("WINDOW", self.editor)))
            yield from self.hand.until(lambda: self.region.width > 1, "the sidebar opens", 5)
            yield 0.5
        shown = self.region
        for place in places.down(shown, 1 - 10 / shown.width, step=30):
            if self.region.active_panel_category == TAB:
                return
            yield from self.hand.press(place, counted=False)
        raise Missed(f"the sidebar has no tab {TAB}")

    def click(self, command: str, done: Callable[[], Any] | None = None, seconds: float = 60.0) -> Waits:
        """Click the button of an operator, and wait for what it brings about. Raises Missed."""
        place = yield from self.find(command)
        yield from self.hand.press(place)
        if done is not None:
            yield from self.hand.until(done, f"{command} by a click", seconds)

    def find(self, command: str) -> Waits:
        """Where the button of an operator is, as "sway.bake" or "sway.select(way='ALL'"; scrolls to it.

        Raises Missed, naming the buttons that there are.
        """
        wanted = f"bpy.ops.{command}" + ("" if "(" in command else "(")
        last = next((place for under, place in self.buttons.items() if under.startswith(wanted)), None)
        if last is not None:
            near = (Place(last.x, last.y + rise) for rise in (0, *range(90, -180, -STEP)))
            # Below the sidebar lies the timeline: to copy there what is not is an error, whose box takes the keys away.
            inside = [place for place in near if self.region.y < place.y < self.region.y + self.region.height]
            if place := (yield from self._look(wanted, inside)):
                return place
        center = places.middle(self.region)
        yield from self.hand.turn(40, center)
        self.buttons.clear()
        while True:
            top = self._scrolled()
            for fraction in FRACTIONS:
                if place := (yield from self._look(wanted, places.down(self.region, fraction))):
                    return place
            yield from self.hand.turn(-12, center)
            if self._scrolled() == top:
                raise Missed(f"{command} is not in the sidebar; there is: " + ", ".join(sorted(self.buttons)))

    def _scrolled(self) -> float:
        """How far down the sidebar shows what it shows."""
        return self.region.view2d.region_to_view(0, 0)[1]

    def _look(self, wanted: str, where: Iterable[Place]) -> Waits:
        """The first of the places where a command is, or None; notes where all commands were that were met."""
        for place in where:
            under = yield from self.hand.under(place)
            if under.startswith("bpy.ops."):
                self.buttons[under] = place
                if under.startswith(wanted):
                    return place
        return None

    def unfold(self, panel: str) -> Waits:
        """Click the header of a folded panel, which is found by its being drawn then. Raises Missed."""
        center = places.middle(self.region)
        yield from self.hand.turn(40, center)
        for _ in range(3):
            before = yield from self._open()
            if panel in before:
                return
            for place in places.down(self.region, 0.35, step=HEADER):
                if (yield from self.hand.under(place)):
                    continue
                yield from self.hand.press(place)
                now = yield from self._open()
                if panel in now:
                    return
                if now != before:  # another panel's header
                    yield from self.hand.press(place)
                    yield 4 * HANDLED
            yield from self.hand.turn(-12, center)
        raise Missed(f"{panel} does not open")

    def _open(self) -> Waits:
        """The panels that are open."""
        self.drawn.clear()
        self.region.tag_redraw()
        yield 2 * STEP / 100
        return set(self.drawn)
