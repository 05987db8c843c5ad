"""Where in a 3D viewport the mouse is: over the picture, or over what lies on it (sidebar, toolbar, headers)."""

from __future__ import annotations

import bpy


def window_region(area: bpy.types.Area) -> bpy.types.Region:
    """The region that shows the picture."""
    return next(region for region in area.regions if region.type == "WINDOW")


def over_picture(area: bpy.types.Area, event: bpy.types.Event) -> bool:
    """Whether the mouse is over the picture, with no other region in front of it."""
    over = [region for region in area.regions if _contains(region, event.mouse_x, event.mouse_y)]
    return bool(over) and all(region.type == "WINDOW" for region in over)


def _contains(region: bpy.types.Region, x: int, y: int) -> bool:
    return 0 <= x - region.x < region.width and 0 <= y - region.y < region.height and region.width > 1
