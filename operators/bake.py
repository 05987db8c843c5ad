"""Bake the simulated motion to the timeline, and free it again."""

from __future__ import annotations

import bpy

from ..backend import arrays
from ..backend.api.bake import BakeParams
from ..backend.trajectory import Trajectory
from ..properties import steps
from ..properties.from_params import annotations_of
from ..scene import bake, playback
from .worker_operator import SplatsOperator, active_splats


class SWAY_OT_bake(SplatsOperator, bpy.types.Operator):
    """Put the simulated motion on the timeline for good: it then plays and renders without the add-on"""

    bl_idname = "sway.bake"
    bl_label = "Bake"
    bl_options = {"UNDO"}
    __annotations__ = annotations_of(BakeParams, {"SKIP_SAVE"})


class SWAY_OT_free_bake(SplatsOperator, bpy.types.Operator):
    """Remove the baked frames; the simulation stays and can be scrubbed and baked again"""

    bl_idname = "sway.free_bake"
    bl_label = "Free Bake"
    bl_options = {"UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj = active_splats(context)
        bake.free_bake(context, obj)
        steps.clear(obj, "bake")
        if obj.sway.simulate.file:
            trajectory = Trajectory.from_arrays(arrays.load(obj.sway.simulate.file))
            playback.show(obj, trajectory, context.scene.frame_start)
        return {"FINISHED"}
