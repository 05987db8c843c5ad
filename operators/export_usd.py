"""Export a moving splat cloud as USD, through the worker: Blender's Python has no USD library of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from .. import preferences
from ..backend.api.export_usd import ExportUsdParams, Schema
from ..backend.api.wire import to_jsonable
from ..jobs import queue
from ..scene.frames import scene_frames, write_frames
from ..scene.subject import scene_fps
from .worker_operator import SplatsOperator, WorkerOperator, active_splats, submit


class SWAY_OT_export_usd(SplatsOperator, WorkerOperator, bpy.types.Operator, ExportHelper):
    """Export the splats over the scene's frames as one USD file, as they are shown"""

    bl_idname = "sway.export_usd"
    bl_label = "Export Gaussian Splats as USD"
    bl_options = {"PRESET"}

    filename_ext = ".usdc"
    filter_glob: bpy.props.StringProperty(default="*.usdc", options={"HIDDEN"})
    schema: bpy.props.EnumProperty(
        name="As",
        description="How other programs will read the cloud",
        items=[(choice.name, choice.label, choice.doc) for choice in Schema],
    )
    animation: bpy.props.BoolProperty(
        name="Animation", description="Every frame of the scene's range; else the current one alone", default=True
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return ExportHelper.invoke(self, context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        # The file dialog calls this for a button's press as well: there the window stays usable.
        if bpy.app.background or context.window is None:
            return WorkerOperator.execute(self, context)
        return WorkerOperator.invoke(self, context, None)

    def begin(self, context: bpy.types.Context) -> queue.Job:
        scene, obj = context.scene, active_splats(context)
        self._path = Path(bpy.path.abspath(self.filepath)).with_suffix(".usdc")
        if not self._path.parent.is_dir():
            raise ValueError(f"The folder {self._path.parent} does not exist; choose another.")
        job = queue.Job("export_usd", self.bl_label, preferences.job_folder(obj.name, "export"))
        frames = scene_frames(scene) if self.animation else [scene.frame_current]
        write_frames(context, obj, frames, job.folder / "frames")
        params = ExportUsdParams(schema=Schema[self.schema], name=obj.name, fps=scene_fps(scene))
        submit(job, to_jsonable(params), {"frames": str(job.folder / "frames")})
        return job

    def apply(self, _context: bpy.types.Context) -> str:
        shutil.move(self.job.outputs["usd"], self._path)
        results = self.job.results
        return f"Exported {results['frames']} frames to {self._path.name} ({results['megabytes']:.1f} MB)"


def menu(self, _context: bpy.types.Context) -> None:
    """Entry of File > Export."""
    self.layout.operator(SWAY_OT_export_usd.bl_idname, text="Gaussian Splats, Animated (.usdc)")
