"""Where things are in Blender's window, and the ways to them that every story takes: menus, sidebar, file dialogs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

from .hand import HANDLED, STEP, Hand, Missed, Place, Waits

MOST = 12
"""Notches of the wheel over an option."""
SETTLED = 0.7
"""Seconds until software has drawn a sidebar."""


def area(kind: str, window: int = 0) -> Any:
    """The first area of a kind."""
    return next(a for a in bpy.context.window_manager.windows[window].screen.areas if a.type == kind)


def region(kind: str, area_kind: str = "VIEW_3D", window: int = 0) -> Any:
    """A region of that area."""
    return next(r for r in area(area_kind, window).regions if r.type == kind)


def middle(part: Any, window: int = 0) -> Place:
    """The middle of an area or a region."""
    return Place(part.x + part.width // 2, part.y + part.height // 2, window)


def down(part: Any, fraction: float = 0.5, window: int = 0, step: int = STEP) -> Iterator[Place]:
    """From the top of a region to its bottom, at a fraction of its width."""
    x = part.x + int(part.width * fraction)
    return (Place(x, y, window) for y in range(part.y + part.height - 4, part.y + 2, -step))


def along(part: Any, height: int, window: int = 0, step: int = STEP) -> Iterator[Place]:
    """From the left of a region to its right, `height` below its top."""
    y = part.y + part.height - height
    return (Place(x, y, window) for x in range(part.x + 4, part.x + part.width - 2, step))


def menu(hand: Hand, name: str, *entries: str) -> Waits:
    """Open a menu of the window's top bar, or of the viewport's header, and click through to an entry.

    name: as "TOPBAR_MT_file"; entries: commands, submenus opened by passing over them.
    """
    window = bpy.context.window_manager.windows[0]
    if name.startswith("TOPBAR"):
        places = (Place(x, window.height - 12) for x in range(16, 400, 20))
    else:
        header = region("HEADER")
        places = (Place(x, header.y + header.height // 2) for x in range(header.x + 160, header.x + 500, 20))
    place = yield from hand.find(f'bpy.ops.wm.call_menu(name="{name}"', places)
    yield from hand.press(place)
    yield from entry(hand, place, *entries)


def entry(hand: Hand, place: Place, *entries: str) -> Waits:
    """Click an entry of the menu that is open below a place, through its submenus."""
    x = place.x + 12
    for wanted in entries:
        below = (Place(x, y, place.window) for y in range(place.y - 14, 2, -7))
        found = yield from hand.find(wanted, below)
        yield from hand.move(found)
        yield 6 * HANDLED  # a submenu opens
        if wanted == entries[-1]:
            yield from hand.press(found)
            return
        # the submenu begins beside its entry, at its height
        for x in range(found.x, found.x + 400, 2 * STEP):
            under = yield from hand.under(Place(x, found.y, place.window))
            if under and not under.startswith(wanted):
                break
        x, place = x + 30, Place(x, found.y + 22, place.window)


def choose_file(hand: Hand, path: str, **options: str) -> Waits:
    """In the file dialog that is open: set options by the wheel, write the path, click the button that takes it.

    path: of a file that is there, or of the folder that takes a new one under the name that the dialog proposes.

    options: values of the operator's menus, as up="+Z".
    """
    manager = bpy.context.window_manager
    yield from hand.until(lambda: _dialog() is not None, "the file dialog opens")
    number = _dialog()
    assert number is not None
    screen = manager.windows[number].screen
    browser = screen.areas[0]
    space = browser.spaces.active
    yield from hand.until(lambda: space.params is not None, "the file dialog is ready")
    yield 0.5
    for name, value in options.items():
        yield from _roll_option(hand, number, name, value)
    folder = space.params.directory
    folder = folder.decode() if isinstance(folder, bytes) else folder
    head = region("UI", "FILE_BROWSER", number)
    field = yield from hand.find(folder, (p for height in (12, 20, 30) for p in along(head, height, number, 30)))
    yield from hand.press(field)
    yield from hand.key("A", field, ctrl=True)
    yield from hand.write(path, field)
    for _ in range(2):  # the first splits the path into folder and name, and goes on editing the folder
        yield from hand.key("RET", field)
        yield 0.5
    if _dialog() is not None:
        foot = region("EXECUTE", "FILE_BROWSER", number)
        button = yield from hand.find("bpy.ops.file.execute", (p for p in along(foot, foot.height // 2, number)))
        yield from hand.press(button)
    yield from hand.until(lambda: _dialog() is None, "the file dialog closes")


def _roll_option(hand: Hand, number: int, name: str, value: str) -> Waits:
    """Turn the wheel, Ctrl held, over a file dialog's menu, which is found by what turns, until it shows a value."""
    operator = area("FILE_BROWSER", number).spaces.active.active_operator
    for place in down(region("TOOL_PROPS", "FILE_BROWSER", number), 0.7, number):
        before = getattr(operator, name)
        yield from hand.turn(-1, place, ctrl=True)
        if getattr(operator, name) == before:
            continue
        if (yield from hand.roll(place, lambda: getattr(operator, name) == value, MOST)):
            return
    raise Missed(f"the file dialog has no menu for {name}")


def _dialog() -> int | None:
    """The number of the window that is a file dialog."""
    for number, window in enumerate(bpy.context.window_manager.windows):
        if any(a.type == "FILE_BROWSER" for a in window.screen.areas):
            return number
    return None


def close_splash(hand: Hand) -> Waits:
    """Click what Blender greets with away."""
    view = region("WINDOW")
    yield from hand.press(Place(view.x + 80, view.y + 60))
    yield 0.5


def install(hand: Hand, package: str) -> Waits:
    """Edit > Preferences > Get Extensions > Install from Disk, as a person does."""
    preferences = bpy.context.preferences
    yield from menu(hand, "TOPBAR_MT_edit", "bpy.ops.screen.userpref_show")
    windows = bpy.context.window_manager.windows
    yield from hand.until(lambda: len(windows) > 1, "the preferences open")
    yield 0.5
    yield from choose(hand, region("UI", "PREFERENCES", 1), 1, lambda: preferences.active_section == "EXTENSIONS")
    shown = region("WINDOW", "PREFERENCES", 1)
    places = (
        Place(x, y, 1)
        for y in range(shown.height - 14, shown.height - 60, -10)
        for x in range(shown.x + shown.width - 8, shown.x + shown.width // 2, -STEP)
    )
    arrow = yield from hand.find('bpy.ops.wm.call_menu(name="USERPREF_MT_extensions_settings', places)
    yield from hand.press(arrow)
    yield from entry(hand, Place(arrow.x - 40, arrow.y, 1), "bpy.ops.extensions.package_install_files")
    yield from choose_file(hand, package)
    yield from hand.until(lambda: "bl_ext.user_default.sway" in preferences.addons, "the extension is enabled")


def choose(hand: Hand, part: Any, window: int, chosen) -> Waits:
    """Click the row of a region that brings something about; rows tried in vain are not counted as clicks."""
    for place in down(part, 0.5, window, 22):
        yield from hand.press(place, counted=False)
        if chosen():
            hand.clicks += 1
            return
    raise Missed("no row does it")


def close_window(hand: Hand, number: int) -> Waits:
    """Click a window away, as the desktop's cross does; without a window manager there is no cross to click at."""
    window = bpy.context.window_manager.windows[number]
    with bpy.context.temp_override(window=window):
        bpy.ops.wm.window_close()
    hand.clicks += 1
    yield 0.5


def inside(part: Any) -> Any:
    """As if the mouse were over an area: a context for operators."""
    main = next(r for r in part.regions if r.type == "WINDOW")
    return bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=part, region=main)


def widen(hand: Hand, editor: str, width: int) -> Waits:
    """Drag the sidebar's edge until it is so many pixels wide; 0 leaves it."""
    if not width:
        return
    for _ in range(3):
        part = region("UI", editor)
        if abs(part.width - width) < 4:
            return
        start = Place(part.x - 1, part.y + part.height // 2)
        yield from hand.move(start)
        hand.send("LEFTMOUSE", "PRESS", start)
        yield 0.1
        for share in (0.3, 0.6, 1.0, 1.0):
            yield from hand.move(Place(start.x + int(share * (part.width - width)), start.y))
        hand.send("LEFTMOUSE", "RELEASE", Place(start.x + part.width - width, start.y))
        yield SETTLED
