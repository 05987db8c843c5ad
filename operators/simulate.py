"""Simulate the fitted subject under wind and show the motion on the timeline."""

from __future__ import annotations

import bpy

from ..backend import arrays
from ..backend.api.simulate import SimulateParams
from ..backend.trajectory import Trajectory
from ..properties.from_params import annotations_of
from ..scene import playback
from ..scene.subject import write_subject
from .worker_operator import StepOperator


class SWAY_OT_simulate(StepOperator, bpy.types.Operator):
    """Simulate the fitted subject in the wind; the motion can be scrubbed on the timeline at once"""

    bl_idname = "sway.simulate"
    bl_label = "Simulate"
    STEP = "simulate"
    __annotations__ = annotations_of(SimulateParams, {"SKIP_SAVE"})

    def inputs(self, context, obj, job):
        fit = obj.sway.fit.file
        if not fit:
            raise ValueError("The material has not been fitted yet; press Fit Material first.")
        height = context.scene.sway.reference.resolution
        return {"subject": write_subject(context, obj, job.folder / "subject.npz", height), "fit": fit}

    def take_in(self, context, obj):
        trajectory = Trajectory.from_arrays(arrays.load(self.job.outputs["trajectory"]))
        self.note(obj, self.job.outputs["trajectory"])
        playback.show(obj, trajectory, context.scene.frame_start, obj.sway.simulate.file)
        tip = self.job.results["tip_amplitude_m"] * 100
        return f"{len(trajectory)} frames, the tip moves {tip:.1f} cm; scrub the timeline"
