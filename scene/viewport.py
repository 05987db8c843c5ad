"""The few viewport settings without which splats look wrong in a window."""

from __future__ import annotations

import contextlib

import bpy


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
    if closed:
        bpy.app.timers.register(_turn_to_tab, first_interval=0.1)  # a sidebar has no tabs before it is drawn


def _turn_to_tab() -> None:
    """Turn every sidebar of a viewport to Sway's tab."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            sidebars = [r for r in area.regions if area.type == "VIEW_3D" and r.type == "UI" and r.width > 1]
            for sidebar in sidebars:
                # It is read only in Blender 4.5.
                with contextlib.suppress(AttributeError):
                    sidebar.active_panel_category = "Sway"
