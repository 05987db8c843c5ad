"""Fit stiffness and first velocity to the reference motion."""

from __future__ import annotations

import bpy

from ..backend.api.fit import FitParams
from ..properties import steps
from ..properties.from_params import annotations_of
from ..scene.subject import write_subject
from .job_operator import JobOperator


class SWAY_OT_fit_material(JobOperator, bpy.types.Operator):
    """Find the stiffness and first velocity with which a simulation moves like the reference clip"""

    bl_idname = "sway.fit_material"
    bl_label = "Fit Material"
    step = "fit"
    __annotations__ = annotations_of(FitParams)

    def inputs(self, context, obj):
        clip = obj.sway.reference.file
        if not clip:
            raise ValueError("There is no reference motion yet; press Make Reference Motion first.")
        height = context.scene.sway.reference.resolution
        return {"subject": write_subject(context, obj, self._job.folder / "subject.npz", height), "clip": clip}

    def apply(self, context, obj, job, origin):
        steps.finish(obj, self.step, origin, job.outputs["fit"], job.results)
        found = job.results
        stiffness = ", ".join(f"{young:.2g} Pa" for young in found["young_pa"])
        return f"Stiffness {stiffness}; sways at {found['frequency_hz']:.2f} Hz"
