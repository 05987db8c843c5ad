"""The few viewport settings without which splats look wrong in a window."""

from __future__ import annotations

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
    return changes
