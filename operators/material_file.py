"""Save a fitted material to a file, and load one onto another object of the same capture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from bpy_extras.io_utils import ExportHelper, ImportHelper

from .. import preferences
from ..backend import arrays
from ..backend.api.apply_material import ApplyMaterialParams
from ..backend.api.wire import to_jsonable
from ..backend.material_file import SUFFIX, MaterialField
from ..jobs import queue
from ..properties import steps
from ..properties.from_params import annotations_of, read
from ..scene import splats
from ..scene.fields import heat_map
from ..scene.subject import subject_writer
from ..translations import say
from .worker_operator import SplatsOperator, WorkerOperator, active_splats, subject_of, submit

TOLD = ("strategy", "sentences", "parts", "frequency_hz", "clip_frequency_hz", "frequency_error_percent")
"""Of a fit's results, what its material remembers."""


class SWAY_OT_save_material(SplatsOperator, ExportHelper, bpy.types.Operator):
    """Save the fitted stiffness, its damping and where they come from, to use them on other objects of this capture"""

    bl_idname = "sway.save_material"
    bl_label = "Save Material"

    filename_ext = SUFFIX
    filter_glob: bpy.props.StringProperty(default=f"*{SUFFIX}", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            name = bpy.path.clean_name(active_splats(context).name)
            self.filepath = str(Path(bpy.data.filepath).parent / f"{name}{SUFFIX}")
        return ExportHelper.invoke(self, context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            obj = active_splats(context)
            if not obj.sway.fit.file:
                raise ValueError("The material has not been fitted yet; press Fit Material first.")
            fit = arrays.load(bpy.path.abspath(obj.sway.fit.file))
            found = steps.summary(obj, "fit")
            provenance = {name: found[name] for name in TOLD if name in found}
            provenance |= {"object": obj.name, "splats": len(obj.data.points), "blend": bpy.data.filepath}
            places = splats.read_attribute(obj, splats.POSITION)
            made = MaterialField.of_fit(fit, places, np.array(obj.matrix_world), json.loads(json.dumps(provenance)))
            path = made.save(bpy.path.abspath(self.filepath))
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        self.report({"INFO"}, say(f"Saved {path.name}"))
        return {"FINISHED"}


class SWAY_OT_load_material(SplatsOperator, WorkerOperator, ImportHelper, bpy.types.Operator):
    """Load a saved material onto these splats, which must be of the same capture; it takes the place of a fit"""

    bl_idname = "sway.load_material"
    bl_label = "Load Material"
    bl_options = {"UNDO"}
    __annotations__ = {
        **annotations_of(ApplyMaterialParams, {"SKIP_SAVE"}),
        "filter_glob": bpy.props.StringProperty(default=f"*{SUFFIX}", options={"HIDDEN"}),
    }

    _origin: str
    _object: int

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return ImportHelper.invoke(self, context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        # The file dialog calls this for a button's press as well: there the window stays usable.
        if bpy.app.background or context.window is None:
            return WorkerOperator.execute(self, context)
        return WorkerOperator.invoke(self, context, None)  # type: ignore[arg-type]

    def begin(self, context: bpy.types.Context) -> queue.Job:
        obj = active_splats(context)
        path = Path(bpy.path.abspath(self.filepath))
        try:
            MaterialField.read(path)
        except FileNotFoundError as error:
            raise ValueError(str(error)) from error
        self._origin, self._object = steps.origin(context.scene, obj, "fit"), obj.session_uid
        job = queue.Job(
            "apply_material", self.bl_label, preferences.job_folder(obj.name, "material"), *subject_of(obj), "fit"
        )
        height = context.scene.sway.reference.resolution
        inputs = {
            "subject": subject_writer(context, obj, job.folder / "subject.npz", height),
            "material": str(path),
            "placement": str(arrays.save(job.folder / "placement.npz", {"matrix": np.array(obj.matrix_world)})),
        }
        submit(job, to_jsonable(read(self, ApplyMaterialParams)), inputs)
        return job

    def load(self, context: bpy.types.Context) -> Callable[[], Any]:
        path = self.job.outputs["fit"]
        return lambda: arrays.load(path)

    def apply(self, context: bpy.types.Context) -> str:
        obj = next((o for o in bpy.data.objects if o.session_uid == self._object), None)
        if obj is None:
            raise ValueError("The splat object is gone; the material was not loaded.")
        steps.finish(obj, "fit", self._origin, self.job.outputs["fit"], self.job.results, made=self.job.id)
        heat_map.write_stiffness(obj, self.loaded)
        return f"Loaded {Path(self.filepath).name}; sways at {self.job.results['frequency_hz']:.2f} Hz"


CLASSES = (SWAY_OT_save_material, SWAY_OT_load_material)
