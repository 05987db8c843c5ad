"""Shows which splats are selected: dots over the viewport, for Blender draws none on what modifiers made of points."""

from __future__ import annotations

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from . import editing, splats

COLOUR, SIZE = (1.0, 0.55, 0.1, 0.8), 2.0
_handle = None
_drawn: tuple[tuple, gpu.types.GPUBatch] | None = None
"""The dots that were drawn last, with what they were made of."""


def register() -> None:
    """Starts drawing, where there is a window."""
    global _handle
    if not bpy.app.background:
        _handle = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_VIEW")


def unregister() -> None:
    """Stops drawing."""
    global _handle, _drawn
    if _handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")
    _handle = _drawn = None


def _draw() -> None:
    global _drawn
    context = bpy.context
    obj = context.active_object
    if not splats.is_splats(obj) or editing.SELECTION not in obj.data.attributes:
        return
    if not context.space_data.overlay.show_overlays:
        return
    selected = editing.read_selection(obj)
    if not selected.any():
        return
    made_of = obj.session_uid, np.packbits(selected).tobytes()
    if _drawn is None or _drawn[0] != made_of:
        dots = np.ascontiguousarray(splats.read_attribute(obj, splats.POSITION)[selected])
        _drawn = made_of, batch_for_shader(gpu.shader.from_builtin("UNIFORM_COLOR"), "POINTS", {"pos": dots})
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    gpu.state.blend_set("ALPHA")
    gpu.state.point_size_set(SIZE)
    with gpu.matrix.push_pop():  # type: ignore
        gpu.matrix.multiply_matrix(obj.matrix_world)
        shader.uniform_float("color", COLOUR)
        _drawn[1].draw(shader)
    gpu.state.point_size_set(1.0)
    gpu.state.blend_set("NONE")
