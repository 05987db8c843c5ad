"""Make the reference motion: a short clip of the view in which the subject moves."""

from __future__ import annotations

import bpy

from ..backend.api.reference import ReferenceParams
from ..properties import steps
from ..properties.from_params import annotations_of
from ..scene.subject import write_subject
from .job_operator import JobOperator


class SWAY_OT_make_reference(JobOperator, bpy.types.Operator):
    """Make a short clip of the camera's view in which the subject moves: what the fit will imitate"""

    bl_idname = "sway.make_reference"
    bl_label = "Make Reference Motion"
    step = "reference"
    __annotations__ = annotations_of(ReferenceParams)

    def inputs(self, context, obj):
        height = context.scene.sway.reference.resolution
        return {"subject": write_subject(context, obj, self._job.folder / "subject.npz", height)}

    def apply(self, context, obj, job, origin):
        steps.finish(obj, self.step, origin, job.outputs["clip"], job.results)
        return f"Reference motion of {job.results['frames']} frames, tip sways at {job.results['frequency_hz']:.2f} Hz"
