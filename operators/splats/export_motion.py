"""Export a moving splat cloud as USD or Alembic, through the worker, which has the libraries."""

from __future__ import annotations

import shutil

import bpy

from ... import preferences
from ...backend.api.export_motion import ExportMotionParams, MotionFormat
from ...backend.api.wire import to_jsonable
from ...jobs import queue
from ...jobs.pieces import Pieces
from ...scene.frames import frame_reader, scene_frames
from ...scene.subject import scene_fps
from ..worker_operator import ExportOperator, active_splats, submit


class SWAY_OT_export_motion(ExportOperator, bpy.types.Operator):
    """Export the splats over the scene's frames as one file, as they are shown"""

    bl_idname = "sway.export_motion"
    bl_label = "Export Moving Splats"
    bl_options = {"PRESET"}

    filename_ext = ".usdc"
    filter_glob: bpy.props.StringProperty(default="*.usdc;*.abc", options={"HIDDEN"})
    format: bpy.props.EnumProperty(
        name="Format",
        description="What is written, and for whom",
        items=[(choice.name, choice.label, choice.doc) for choice in MotionFormat],
    )
    animation: bpy.props.BoolProperty(
        name="Animation", description="Every frame of the scene's range; else the current one alone", default=True
    )

    def begin(self, context: bpy.types.Context) -> queue.Job:
        scene, obj = context.scene, active_splats(context)
        self._path = self.target(MotionFormat[self.format].suffix)
        job = queue.Job("export_motion", self.bl_label, preferences.job_folder(obj.name, "export"))
        frames = scene_frames(scene) if self.animation else [scene.frame_current]
        folder = job.folder / "frames"
        pieces = Pieces(scene, frames, frame_reader(context, obj, folder), folder)
        params = ExportMotionParams(format=MotionFormat[self.format], name=obj.name, fps=scene_fps(scene))
        submit(job, to_jsonable(params), {"frames": pieces})
        return job

    def apply(self, _context: bpy.types.Context) -> str:
        shutil.move(self.job.outputs["motion"], self._path)
        results = self.job.results
        return f"Exported {results['frames']} frames to {self._path.name} ({results['megabytes']:.1f} MB)"


def menu(self, _context: bpy.types.Context) -> None:
    """Entry of File > Export."""
    self.layout.operator(SWAY_OT_export_motion.bl_idname, text="Moving Gaussian Splats (.usdc, .abc)")
