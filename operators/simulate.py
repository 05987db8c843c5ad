"""Simulate the fitted subject under wind and show the motion on the timeline."""

from __future__ import annotations

import bpy

from ..backend import arrays
from ..backend.api.simulate import SimulateParams
from ..backend.trajectory import Trajectory
from ..properties import steps
from ..properties.from_params import annotations_of
from ..scene import bake, playback
from ..scene.subject import write_subject
from .job_operator import JobOperator


class SWAY_OT_simulate(JobOperator, bpy.types.Operator):
    """Simulate the fitted subject in the wind; the motion can be scrubbed on the timeline at once"""

    bl_idname = "sway.simulate"
    bl_label = "Simulate"
    step = "simulate"
    __annotations__ = annotations_of(SimulateParams)

    def inputs(self, context, obj):
        fit = obj.sway.fit.file
        if not fit:
            raise ValueError("The material has not been fitted yet; press Fit Material first.")
        return {"subject": write_subject(context, obj, self._job.folder / "subject.npz", 256), "fit": fit}

    def apply(self, context, obj, job, origin):
        trajectory = Trajectory.from_arrays(arrays.load(job.outputs["trajectory"]))
        steps.finish(obj, self.step, origin, job.outputs["trajectory"], job.results)
        if bake.is_baked(obj):
            bake.free_bake(context, obj)
            steps.clear(obj, "bake")
        playback.show(obj, trajectory, context.scene.frame_start)
        return f"{len(trajectory)} frames, the tip moves {job.results['tip_amplitude_m'] * 100:.1f} cm; scrub the timeline"
