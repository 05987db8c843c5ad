"""The sidebar of an editor under the hand: its tab, its panels, its buttons where they are drawn."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any

import bpy

from . import places
from .hand import HANDLED, STEP, Hand, Missed, Place, Waits

ADDON = "bl_ext.user_default.sway"
TAB = "Sway"
FRACTIONS = (0.25, 0.68, 0.87)
"""Of the sidebar's width: buttons side by side, and the small ones at the right."""
CLOSE = 9
"""Pixels between two looks for a button; it is 20 high, and a busy machine may miss one."""
HIGH = 16
"""Pixels between two looks for a field; it is 20 high."""
MOST = 30
"""Notches of the wheel over a menu."""
HEADER = 10
"""Pixels between two looks for a panel's header; it is 24 high."""
MARK = 50
"""Pixels from a sidebar's left to what `_mark` puts into headers: behind the arrow, and the icon of a step."""


class Sidebar:
    """The tab "Sway" of an editor's sidebar."""

    def __init__(self, hand: Hand, editor: str = "VIEW_3D") -> None:
        self.hand, self.editor = hand, editor
        self.buttons: dict[str, Place] = {}
        """Where each command was drawn when it was last looked for."""
        self.last: Place | None = None
        """Of the button that was pressed last."""
        self.drawn: set[str] = set()
        """Panels that were drawn open since this was last emptied."""
        self.headers: dict[str, Place] = {}
        """Where panels' headers were when they were last looked for."""
        panels = [cls for cls in registered() if cls.bl_space_type == editor]
        for cls in reversed(panels):
            bpy.utils.unregister_class(cls)
        for cls in panels:
            _mark(cls, self.drawn)
            bpy.utils.register_class(cls)

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
        place = self.last = yield from self.find(command)
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
            inside = [place for place in near if self._holds(place)]
            if place := (yield from self._look(wanted, inside)):
                return place
        if self.last is not None:  # buttons that are pressed after each other mostly are neighbours
            beside = (
                Place(self.region.x + int(self.region.width * fraction), self.last.y + rise)
                for fraction in FRACTIONS
                for rise in range(54, -55, -CLOSE)
            )
            if place := (yield from self._look(wanted, [p for p in beside if self._holds(p)])):
                return place
        self.buttons.clear()

        def shown() -> Waits:
            for fraction in FRACTIONS:
                if place := (yield from self._look(wanted, places.down(self.region, fraction, step=CLOSE))):
                    return place
            return None

        if place := (yield from self._through(shown)):
            return place
        raise Missed(f"{command} is not in the sidebar; there is: " + ", ".join(sorted(self.buttons)))

    def setting(self, path: str) -> Waits:
        """Where the field of a setting is, whose data path ends so, as "simulate.floor". Raises Missed."""
        seen = set()

        def shown() -> Waits:
            for place in places.down(self.region, 0.6, step=HIGH):
                under = yield from self.hand.setting_under(place)
                seen.add(under)
                if under.endswith(path):
                    yield 6 * HANDLED  # panels that fold or unfold carry it along for a while
                    if (yield from self.hand.setting_under(place)).endswith(path):
                        return place
            return None

        if place := (yield from self._through(shown)):
            return place
        raise Missed(f"{path} is not in the sidebar; there is: " + ", ".join(sorted(seen)))

    def tick(self, path: str) -> Waits:
        """Click the box of a setting."""
        place = yield from self.setting(path)
        yield from self.hand.press(place)

    def pick(self, path: str, name: str) -> Waits:
        """Click the field of an object, write its name into the list that opens, Enter."""
        place = yield from self.setting(path)
        yield from self.hand.press(place)
        yield 6 * HANDLED
        yield from self.hand.write(name, place)
        yield from self.hand.key("RET", place)
        yield 4 * HANDLED

    def roll(self, path: str, chosen: Callable[[], Any]) -> Waits:
        """Turn the wheel over a menu, Ctrl held, until it shows what is wanted. Raises Missed."""
        place = yield from self.setting(path)
        if not (yield from self.hand.roll(place, chosen, MOST)):
            raise Missed(f"{path} does not come to what is wanted")

    def _holds(self, place: Place) -> bool:
        return self.region.y < place.y < self.region.y + self.region.height

    def _turn(self, notches: int) -> Waits:
        """Scroll, until it has come to rest."""
        before = None
        yield from self.hand.turn(notches, places.middle(self.region))
        while before != self._scrolled():
            before = self._scrolled()
            yield 2 * HANDLED

    def _through(self, shown: Callable[[], Waits]) -> Waits:
        """The first place that `shown` finds: where the sidebar is scrolled to, or from its top on; or None."""
        if place := (yield from shown()):
            return place
        yield from self._turn(40)
        top = None
        while self._scrolled() != top:
            top = self._scrolled()
            if place := (yield from shown()):
                return place
            yield from self._turn(-12)
        return None

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
        yield from self._turn_header(panel, True)

    def fold(self, panel: str) -> Waits:
        """Click the header of a panel that is open, which is found by its being drawn no more. Raises Missed."""
        yield from self._turn_header(panel, False)

    def _turn_header(self, panel: str, wanted: bool) -> Waits:
        if (panel in (yield from self._open())) == wanted:
            return
        mark = f'bpy.ops.wm.path_open(filepath="{panel}")'
        last = self.headers.get(panel)
        near = [] if last is None else [Place(last.x, last.y + rise) for rise in (0, *range(60, -120, -HEADER))]
        place = yield from self._look(mark, near)
        if place is None:
            yield from self._turn(40)
        while place is None:
            top = self._scrolled()
            place = yield from self._look(mark, places.down(self.region, MARK / self.region.width, step=HEADER))
            if place is None:
                yield from self._turn(-12)
                if self._scrolled() == top:
                    raise Missed(f"{panel} has no header here; there is: " + ", ".join(sorted(self.buttons)))
        self.headers[panel] = place
        yield from self.hand.press(Place(self.region.x + self.region.width * 3 // 5, place.y))
        if (panel in (yield from self._open())) != wanted:
            raise Missed(f"{panel} does not {'open' if wanted else 'fold'}")

    def _open(self) -> Waits:
        """The panels that are open."""
        self.drawn.clear()
        self.region.tag_redraw()
        yield 2 * STEP / 100
        return set(self.drawn)


def registered() -> list[Any]:
    """The add-on's panels, in the order in which they are registered."""
    classes = importlib.import_module(f"{ADDON}.registration").CLASSES
    return [cls for cls in classes if issubclass(cls, bpy.types.Panel) and getattr(cls, "bl_category", "") == TAB]


def _mark(cls: Any, drawn: set[str]) -> None:
    """Has a panel note that its body is drawn, and carry its name in its header, in a button without a picture."""
    draw, draw_header = cls.draw, getattr(cls, "draw_header", None)

    def noted(this: Any, context: bpy.types.Context) -> None:
        drawn.add(cls.__name__)
        draw(this, context)

    def marked(this: Any, context: bpy.types.Context) -> None:
        if draw_header is not None:
            draw_header(this, context)
        this.layout.operator("wm.path_open", text="", icon="BLANK1", emboss=False).filepath = cls.__name__

    cls.draw, cls.draw_header = noted, marked
