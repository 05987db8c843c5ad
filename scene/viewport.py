"""The few viewport settings without which splats look wrong in a window."""

from __future__ import annotations

import contextlib

import bpy
import numpy as np
from mathutils import Vector

from .camera import world_corners

AROUND = 1.1
"""How much larger than what is framed the view is."""
SIDEBAR = 280
"""Width of a sidebar as Blender opens it, pixels at the usual scale."""
FACTORY_CUBE = ("Cube", 8)
"""Name and number of vertices of what Blender's startup file has at the origin, two metres wide."""
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


def frame(context: bpy.types.Context, obj: bpy.types.Object) -> list[str]:
    """Turns the window's 3D viewports to an object, from where they look; returns a sentence for each further change.

    The startup file's cube is hidden where it stands around the object, which could not be seen inside. Views through
    a camera stay.
    """
    if context.window is None:
        return []
    context.view_layer.update()
    corners = world_corners(obj)
    middle, radius = (corners.max(0) + corners.min(0)) / 2, float(np.linalg.norm(np.ptp(corners, axis=0))) / 2
    for area in (area for area in context.window.screen.areas if area.type == "VIEW_3D"):
        space = area.spaces.active
        view, region = space.region_3d, next(r for r in area.regions if r.type == "WINDOW")
        if view.view_perspective == "CAMERA" or min(region.width, region.height) < 2:
            continue
        covered = _covered(context, space)
        free = max(region.width - covered, region.width / 2)
        half_view = 36 / space.lens / max(region.width, region.height)  # a pixel's; a viewport's sensor is 72 mm wide
        view.view_distance = AROUND * max(radius, 1e-3) / (half_view * min(free, region.height))
        aside = view.view_rotation @ Vector(((region.width - free) * half_view * view.view_distance, 0, 0))
        view.view_location = Vector(middle) + aside
        space.clip_end = max(space.clip_end, 10 * view.view_distance)
    return _hide_startup_cube(context, corners)


def _covered(context: bpy.types.Context, space: bpy.types.SpaceView3D) -> float:
    """Pixels at a viewport's right that its sidebar lies over; one that was just opened is not laid out yet."""
    system = context.preferences.system
    return SIDEBAR * system.ui_scale if system.use_region_overlap and space.show_region_ui else 0.0


def _hide_startup_cube(context: bpy.types.Context, corners: np.ndarray) -> list[str]:
    """Hides it, from renders too, where it is as Blender starts with it and the corners' box reaches into it."""
    name, vertices = FACTORY_CUBE
    cube = context.scene.objects.get(name)
    if cube is None or cube.type != "MESH" or len(cube.data.vertices) != vertices or cube.animation_data is not None:
        return []
    untouched = cube.matrix_world.is_identity and not cube.modifiers and not cube.hide_get()
    if not untouched or np.any(corners.min(0) > 1) or np.any(corners.max(0) < -1):
        return []
    cube.hide_set(True)
    cube.hide_render = True
    return ["The startup file's cube is hidden: it stood around the splats."]


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
