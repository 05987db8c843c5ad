"""The few viewport settings without which splats look wrong in a window."""

from __future__ import annotations

import contextlib

import bpy

TRIED_AGAIN, TRIES = 0.2, 50
"""Seconds between two looks whether a sidebar has been drawn, and how many there are at most."""


def prepare_viewports(context: bpy.types.Context) -> list[str]:
    """Shows splats as splats in every 3D viewport of the window; returns one sentence for each kind of change.

    Solid shading draws the bare spheres, and the outline of a selected cloud is an outline of every one of them.
    """
    if context.window is None:
        return []
    spaces = [area.spaces.active for area in context.window.screen.areas if area.type == "VIEW_3D"]
    changes = []
    if any(space.shading.type in ("WIREFRAME", "SOLID") for space in spaces):
        changes.append("Viewport shading set to Material Preview: Solid shows splats as bare spheres.")
    if any(space.overlay.show_outline_selected for space in spaces):
        changes.append("Selection outlines are off in the viewport: they would be drawn around every splat.")
    for space in spaces:
        if space.shading.type in ("WIREFRAME", "SOLID"):
            space.shading.type = "MATERIAL"
        space.overlay.show_outline_selected = False
    _show_sidebars(context)
    return changes


def _show_sidebars(context: bpy.types.Context) -> None:
    """Open the sidebars that are closed, at Sway's tab: what comes next is there."""
    closed = [area for area in context.window.screen.areas if area.type == "VIEW_3D"]
    closed = [area for area in closed if not area.spaces.active.show_region_ui]
    for area in closed:
        area.spaces.active.show_region_ui = True
    if not closed:
        return
    tries = iter(range(TRIES))

    def turn() -> float | None:
        if _turned_to_tab() or next(tries, None) is None:
            return None
        return TRIED_AGAIN

    bpy.app.timers.register(turn, first_interval=TRIED_AGAIN)


def _turned_to_tab() -> bool:
    """Turn every sidebar of a viewport to Sway's tab; False where one was never drawn, and so has no tabs yet."""
    areas = [area for window in bpy.context.window_manager.windows for area in window.screen.areas]
    sidebars = [r for area in areas if area.type == "VIEW_3D" for r in area.regions if r.type == "UI"]
    drawn = [r for r in sidebars if r.width > 1 and r.active_panel_category != "UNSUPPORTED"]
    for sidebar in drawn:
        with contextlib.suppress(AttributeError):  # read only in Blender 4.5
            sidebar.active_panel_category = "Sway"
    return len(drawn) == len(sidebars)
