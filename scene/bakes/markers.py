"""Timeline markers at the first and the last frame of an object's bake."""

from __future__ import annotations

import bpy

ENDS = ("start", "end")


def mark(scene: bpy.types.Scene, obj: bpy.types.Object, first: int, last: int) -> None:
    """Puts the object's two markers there; earlier ones of it move."""
    for end, frame in zip(ENDS, (first, last), strict=True):
        name = _name(obj, end)
        marker = scene.timeline_markers.get(name) or scene.timeline_markers.new(name)
        marker.frame = frame


def unmark(scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    """Removes the object's markers."""
    for end in ENDS:
        marker = scene.timeline_markers.get(_name(obj, end))
        if marker is not None:
            scene.timeline_markers.remove(marker)


def _name(obj: bpy.types.Object, end: str) -> str:
    return f"{obj.name} bake {end}"
