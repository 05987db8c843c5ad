"""Fit stiffness and first velocity to the reference motion, and show the stiffness that was found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

from ..backend import arrays
from ..backend.api.fit import FitParams
from ..backend.units import pascals
from ..properties import further_clips
from ..properties.from_params import annotations_of
from ..scene.fields import heat_map, overlay
from ..scene.subject import subject_writer
from ..translations import say
from .worker_operator import SplatsOperator, StepOperator, active_splats


class SWAY_OT_fit_material(StepOperator, bpy.types.Operator):
    """Find the stiffness and first velocity with which a simulation moves like the reference clip"""

    bl_idname = "sway.fit_material"
    bl_label = "Fit Material"
    STEP = "fit"
    __annotations__ = annotations_of(FitParams, {"SKIP_SAVE"})

    def inputs(self, context, obj, job):
        clip = self.earlier(obj, "reference", "clip")
        if not clip:
            raise ValueError("There is no reference motion yet; press Make Reference Motion first.")
        height = context.scene.sway.reference.resolution
        placement = arrays.save(job.folder / "placement.npz", {"matrix": np.array(obj.matrix_world)})
        subject = subject_writer(context, obj, job.folder / "subject.npz", height)
        inputs = {"subject": subject, "clip": clip, "placement": str(placement)}
        further = further_clips.files(obj, reference=clip if isinstance(clip, str) else "")
        for number, (file, same_motion) in enumerate(further, 2):
            name = f"clip_{number}"
            inputs[name] = _same_motion_writer(file, job.folder / f"{name}.npz") if same_motion else str(file)
        earlier = stopped(job.folder.parent)
        return inputs | ({"earlier": str(earlier)} if earlier else {})

    def load(self, context):
        path = self.job.outputs["fit"]
        return lambda: arrays.load(path)

    def take_in(self, context, obj):
        self.note(obj, self.job.outputs["fit"])
        heat_map.write_stiffness(obj, self.loaded)
        found = self.job.results
        stiffness = ", ".join(pascals(young) for young in found["young_pa"])
        return f"Stiffness {stiffness}; sways at {found['frequency_hz']:.2f} Hz"


class SWAY_OT_show_stiffness(SplatsOperator, bpy.types.Operator):
    """Colour the splats by their fitted stiffness, with a legend in the viewport; again to see them as they are"""

    bl_idname = "sway.show_stiffness"
    bl_label = "Show Stiffness"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            obj = active_splats(context)
            shown = heat_map.kind(obj) == overlay.STIFFNESS
            overlay.show(obj, context.scene, "NONE" if shown else overlay.STIFFNESS)
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        return {"FINISHED"}


def _same_motion_writer(clip: Path, path: Path) -> Callable[[], str]:
    """What writes, in a thread, a clip that says of itself to show the motion of the first."""
    return lambda: str(arrays.save(path, {**arrays.load(clip), "motion": np.array(0)}))


def stopped(folder: Path) -> Path | None:
    """The latest fit in an object's folder, where it was stopped before its end and left something to go on with."""
    left = [path for path in folder.glob("fit-*/checkpoint/identity.npz") if path.is_file()]
    latest = max(left, key=lambda path: path.stat().st_mtime, default=None)
    return None if latest is None or (latest.parents[1] / "fit.npz").exists() else latest.parents[1]


CLASSES = (SWAY_OT_fit_material, SWAY_OT_show_stiffness)
