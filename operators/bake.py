"""Bake the simulated motion to the timeline, and free it again."""

from __future__ import annotations

import bpy

from ..backend import arrays
from ..backend.api.bake import BakeParams
from ..backend.trajectory import Trajectory
from ..properties import steps
from ..properties.from_params import annotations_of, override
from ..scene import bake, playback
from .worker_operator import SplatsOperator, active_splats


class SWAY_OT_bake(SplatsOperator, bpy.types.Operator):
    """Put the simulated motion on the timeline for good: it then plays and renders without the add-on"""

    bl_idname = "sway.bake"
    bl_label = "Bake"
    bl_options = {"UNDO"}
    __annotations__ = annotations_of(BakeParams, {"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene, manager = context.scene, context.window_manager
        manager.progress_begin(0, 1)
        try:
            obj = active_splats(context)
            if not obj.sway.simulate.file:
                raise ValueError("There is no simulation to bake yet; press Simulate first.")
            override(scene.sway.bake, self, BakeParams)
            origin = steps.origin(scene, obj, "bake")
            params = steps.params(scene, "bake")
            target = params.target.name.upper()
            trajectory = Trajectory.from_arrays(arrays.load(obj.sway.simulate.file))
            first = scene.frame_start
            found = bake.bake(
                context,
                obj,
                trajectory,
                first,
                target,
                manager.progress_update,
                loop_frames=params.loop_frames or None,
                bones=params.bones,
                tolerance=params.tolerance,
            )
            megabytes = bake.bake_size(obj, trajectory, target, params.bones) / 2**20
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        finally:
            manager.progress_end()
        found |= {"frame_start": first, "frame_end": first + len(trajectory) - 1, "megabytes": megabytes}
        steps.finish(obj, "bake", origin, found=found)
        self.report({"INFO"}, f"{describe(found)} ({megabytes:.1f} MB before compression)")
        return {"FINISHED"}


def describe(found: dict[str, float]) -> str:
    """What a bake keeps, in a few words."""
    if "loop_frames" in found:
        return f"Repeats every {found['loop_frames']} frames"
    frames = f"Frames {found['frame_start']} to {found['frame_end']}"
    if "bones" in found:
        return f"{frames}: {found['bones']} bones, {found['keys']} keys, {1000 * found['error_m']:.2g} mm off"
    return frames


class SWAY_OT_free_bake(SplatsOperator, bpy.types.Operator):
    """Remove the baked motion; the simulation stays and can be scrubbed and baked again"""

    bl_idname = "sway.free_bake"
    bl_label = "Free Bake"
    bl_options = {"UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj = active_splats(context)
        bake.free_bake(context, obj)
        steps.clear(obj, "bake")
        if obj.sway.simulate.file:
            trajectory = Trajectory.from_arrays(arrays.load(obj.sway.simulate.file))
            playback.show(obj, trajectory, context.scene.frame_start, obj.sway.simulate.file)
        return {"FINISHED"}
