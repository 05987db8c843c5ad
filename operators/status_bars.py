"""Draws Blender's status bars anew. Scripts cannot reach their areas, but what is drawn there can.

The other way, to set the status bar's text, would clear what another tool has written there.
"""

from __future__ import annotations

import atexit

import bpy
from bpy.app.handlers import persistent

_regions: dict[int, bpy.types.Region] = {}
"""Of the status bar that each window has drawn, by the window's address; one that is hidden or closed is forgotten."""


def note(context: bpy.types.Context) -> None:
    """Called from the status bar's own drawing."""
    if context.window and context.region:
        _regions[context.window.as_pointer()] = context.region


def redraw(context: bpy.types.Context) -> None:
    """Draw the status bars of all windows anew."""
    shown = {w.as_pointer() for w in context.window_manager.windows if w.screen.show_statusbar}
    for window in list(_regions):
        if window in shown:
            _regions[window].tag_redraw()
        else:
            del _regions[window]


@persistent
def _forget(*_: object) -> None:
    """Another file is opened, with windows of its own."""
    _regions.clear()


def register() -> None:
    bpy.app.handlers.load_pre.append(_forget)
    atexit.register(unregister)  # Blender as a Python module hangs at exit while a handler is registered


def unregister() -> None:
    atexit.unregister(unregister)
    _regions.clear()
    if _forget in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.remove(_forget)
