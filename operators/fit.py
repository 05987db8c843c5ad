"""Fit stiffness and first velocity to the reference motion."""

from __future__ import annotations

import bpy

from ..backend.api.fit import FitParams
from ..properties.from_params import annotations_of
from ..scene.subject import write_subject
from .worker_operator import StepOperator


class SWAY_OT_fit_material(StepOperator, bpy.types.Operator):
    """Find the stiffness and first velocity with which a simulation moves like the reference clip"""

    bl_idname = "sway.fit_material"
    bl_label = "Fit Material"
    STEP = "fit"
    __annotations__ = annotations_of(FitParams, {"SKIP_SAVE"})

    def inputs(self, context, obj, job):
        clip = obj.sway.reference.file
        if not clip:
            raise ValueError("There is no reference motion yet; press Make Reference Motion first.")
        height = context.scene.sway.reference.resolution
        return {"subject": write_subject(context, obj, job.folder / "subject.npz", height), "clip": clip}

    def take_in(self, context, obj):
        self.note(obj, self.job.outputs["fit"])
        found = self.job.results
        stiffness = ", ".join(f"{young:.2g} Pa" for young in found["young_pa"])
        return f"Stiffness {stiffness}; sways at {found['frequency_hz']:.2f} Hz"
