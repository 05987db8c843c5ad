"""Render a film of the splats alone with Sway's own rasteriser, and put it back into the scene."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy

from .. import preferences
from ..backend.api.render_film import RenderFilmParams
from ..backend.api.wire import to_jsonable
from ..backend.subject import camera_arrays
from ..jobs import queue
from ..jobs.pieces import Pieces
from ..properties.from_params import annotations_of, read
from ..scene import camera, films
from ..scene.frames import frame_reader, scene_frames
from ..scene.subject import background_of, scene_fps
from .worker_operator import ExportOperator, active_splats, submit

USES = [
    ("files", "Files Only", "Nothing changes in the scene"),
    ("background", "Camera Background", "Show the frames behind what the scene camera sees"),
    ("strip", "Sequencer Strip", "Put the frames into the video sequencer"),
    ("plane", "Plane", "Show the frames on an upright plane at the 3D cursor"),
]


class SWAY_OT_render_film(ExportOperator, bpy.types.Operator):
    """Render the splats alone over the scene's frames, fast and without Blender's renderers; depth of field and
    meshes are left out"""

    bl_idname = "sway.render_film"
    bl_label = "Render Film of Splats"
    bl_options = {"UNDO", "PRESET"}
    __annotations__ = annotations_of(RenderFilmParams, {"SKIP_SAVE"}) | {
        "use": bpy.props.EnumProperty(
            name="Then", description="What happens with the finished frames (needs a sequence)", items=USES
        ),
        "filter_glob": bpy.props.StringProperty(default="*.png;*.exr;*.mp4;*.webm", options={"HIDDEN"}),
    }

    filename_ext = ""

    def begin(self, context: bpy.types.Context) -> queue.Job:
        scene, obj = context.scene, active_splats(context)
        self._path = self.target("." + self.format)
        self._start = scene.frame_start
        if self.use != "files" and self.format not in ("png", "exr"):
            raise ValueError("Only a sequence of pictures can be put back into the scene; choose PNG or EXR.")
        if scene.camera is None:
            camera.frame_camera(context, [obj])
        if scene.camera.data.dof.use_dof:
            self.report({"WARNING"}, "Depth of field is left out: splats alone are rendered sharp.")
        if not self.properties.is_property_set("fps"):
            self.fps = scene_fps(scene)
        params = read(self, RenderFilmParams)
        job = queue.Job("render_film", self.bl_label, preferences.job_folder(obj.name, "film"))

        def view() -> dict:
            return camera_arrays(camera.camera_of(scene)) | {"background": background_of(scene)}

        folder = job.folder / "frames"
        frames = Pieces(scene, scene_frames(scene), frame_reader(context, obj, folder, view), folder)
        submit(job, to_jsonable(params), {"frames": frames})
        return job

    def apply(self, context: bpy.types.Context) -> str:
        made = Path(self.job.outputs["film"])
        files = []
        for file in sorted(made.parent.glob("*")):
            kind, _, number = file.stem.partition("_")
            if kind in ("film", "depth", "vectors") and file.is_file():
                stem = self._path.stem if kind == "film" else f"{self._path.stem}_{kind}"
                target = self._path.with_name(f"{stem}_{number}{file.suffix}" if number else stem + file.suffix)
                shutil.move(file, target)
                if kind == "film":
                    files.append(target)
        put = {
            "background": films.as_background,
            "strip": films.as_strip,
            "plane": films.as_plane,
        }.get(self.use)
        if put:
            put(context, files, self._start)
        results = self.job.results
        return f"Rendered {results['frames']} frames to {files[0].name} ({results['megabytes']:.1f} MB)"
