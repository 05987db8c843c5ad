"""Make the reference motion: a short clip of the view in which the subject moves."""

from __future__ import annotations

import bpy

from ..backend.api.reference import ReferenceParams
from ..properties.from_params import annotations_of
from ..scene.subject import write_subject
from .worker_operator import StepOperator


class SWAY_OT_make_reference(StepOperator, bpy.types.Operator):
    """Make a short clip of the camera's view in which the subject moves: what the fit will imitate"""

    bl_idname = "sway.make_reference"
    bl_label = "Make Reference Motion"
    STEP = "reference"
    __annotations__ = annotations_of(ReferenceParams, {"SKIP_SAVE"})

    def inputs(self, context, obj, job):
        height = context.scene.sway.reference.resolution
        return {"subject": write_subject(context, obj, job.folder / "subject.npz", height)}

    def take_in(self, context, obj):
        self.note(obj, self.job.outputs["clip"])
        found = self.job.results
        return f"Reference motion of {found['frames']} frames, tip sways at {found['frequency_hz']:.2f} Hz"
