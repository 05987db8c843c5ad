"""Shows what pins and holding planes hold while one of them is handled: dots over the splats as it is moved."""

from __future__ import annotations

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from .. import splats
from ..acting import holding

COLOUR, SIZE = (0.35, 0.75, 1.0, 0.8), 3.0
MOST = 60_000
"""Dots that are drawn of one object at most."""
_handle = None
_drawn: dict[int, tuple[tuple, gpu.types.GPUBatch | None]] = {}
"""The dots of each object, by session_uid, with what they were made of."""
_places: dict[int, tuple[tuple, np.ndarray]] = {}
"""Where the moving splats of each object are, with what that was read from."""


def register() -> None:
    """Starts drawing, where there is a window."""
    global _handle
    if not bpy.app.background:
        _handle = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_VIEW")


def unregister() -> None:
    """Stops drawing."""
    global _handle
    if _handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")
    _handle = None
    _drawn.clear()
    _places.clear()


def _draw() -> None:
    context = bpy.context
    found = holding.holders(context.scene)
    if context.active_object not in found or not context.space_data.overlay.show_overlays:
        _drawn.clear()
        _places.clear()
        return
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    gpu.state.blend_set("ALPHA")
    gpu.state.point_size_set(SIZE)
    for obj in context.visible_objects:
        if splats.is_splats(obj):
            dots = _dots(obj, found, shader)
            if dots is not None:
                shader.uniform_float("color", COLOUR)
                dots.draw(shader)
    gpu.state.point_size_set(1.0)
    gpu.state.blend_set("NONE")


def _dots(obj: bpy.types.Object, found: list[bpy.types.Object], shader) -> gpu.types.GPUBatch | None:
    """The splats of an object that pins and planes hold."""
    standing = [(o.sway.acting.kind, o.sway.acting.radius, *np.ravel(o.matrix_world)) for o in found]
    key = (tuple(map(tuple, standing)), *np.ravel(obj.matrix_world), len(obj.data.points))
    known = _drawn.get(obj.session_uid)
    if known is not None and known[0] == key:
        return known[1]
    places = _moving(obj)
    held = places[holding.held_by(found, places)]
    held = np.ascontiguousarray(held[:: max(len(held) // MOST, 1)])
    batch = batch_for_shader(shader, "POINTS", {"pos": held}) if len(held) else None
    _drawn[obj.session_uid] = key, batch
    return batch


def _moving(obj: bpy.types.Object) -> np.ndarray:
    """Where the splats are that would move but for pins and planes [M, 3], metres, world."""
    key = (len(obj.data.points), *np.ravel(obj.matrix_world))
    known = _places.get(obj.session_uid)
    if known is None or known[0] != key:
        parts = splats.read_parts(obj)
        moving = parts > 0 if parts.any() else np.ones(len(parts), bool)
        known = _places[obj.session_uid] = key, holding.world_places(obj)[moving]
    return known[1]
