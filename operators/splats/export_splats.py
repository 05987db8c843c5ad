"""Export a splat cloud, or a cloud for each frame, as other programs read it."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from ...backend import formats
from ...scene import shown, splats
from ...translations import say
from ..worker_operator import SplatsOperator, active_splats

FORMATS = [
    (".ply", "PLY", "As trainers write it, nothing rounded: 248 bytes a splat with harmonics of degree 3"),
    (".compressed.ply", "Compressed PLY", "PlayCanvas: 16 bytes a splat and 45 for harmonics of degree 3"),
    (".spz", "SPZ", "Niantic: the smallest"),
    (".splat", "SPLAT", "antimatter15: 32 bytes a splat, without harmonics"),
]


class SWAY_OT_export_splats(SplatsOperator, bpy.types.Operator, ExportHelper):
    """Export the splats as they are shown: transform, modifiers, motion and current frame taken in"""

    bl_idname = "sway.export_splats"
    bl_label = "Export Gaussian Splats"
    bl_options = {"PRESET"}

    filename_ext = ".ply"
    check_extension = None
    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*{suffix}" for suffix in formats.WRITERS), options={"HIDDEN"}
    )
    format: bpy.props.EnumProperty(name="Format", items=FORMATS, default=".ply")
    up: bpy.props.EnumProperty(
        name="Up Axis",
        description="Which axis of the file points up; most viewers expect -Y",
        items=[(axis, axis, f"{axis} of the file points up") for axis in splats.UPRIGHT],
        default="-Y",
    )
    animation: bpy.props.BoolProperty(
        name="Every Frame",
        description="One file for each frame of the scene's range, numbered: a flip-book for viewers of sequences",
        default=False,
    )

    def check(self, _context: bpy.types.Context) -> bool:
        path = with_suffix(self.filepath, self.format)
        changed = path != self.filepath
        self.filepath = path
        return changed

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(with_suffix(self.filepath, self.format)))
        try:
            obj = active_splats(context)
            if not path.parent.is_dir():
                raise ValueError(f"The folder {path.parent} does not exist; choose another.")
            files = self._sequence(context, obj, path) if self.animation else [self._one(context, obj, path)]
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        megabytes = sum(file.stat().st_size for file in files) / 2**20
        name = path.name if len(files) == 1 else f"{files[0].name} to {files[-1].name}"
        self.report({"INFO"}, say(f"Exported {name} ({megabytes:.1f} MB)"))
        return {"FINISHED"}

    def _one(self, context: bpy.types.Context, obj: bpy.types.Object, path: Path) -> Path:
        gaussians = shown.shown_gaussians(context, obj).transformed(shown.from_world(self.up), rotate_sh=True)
        formats.write(path, gaussians, self.up)
        return path

    def _sequence(self, context: bpy.types.Context, obj: bpy.types.Object, path: Path) -> list[Path]:
        scene, manager = context.scene, context.window_manager
        before, stem = scene.frame_current, path.name[: -len(self.format)]
        frames = range(scene.frame_start, scene.frame_end + 1, scene.frame_step)
        manager.progress_begin(0, len(frames))
        try:
            files = []
            for done, frame in enumerate(frames):
                scene.frame_set(frame)
                files.append(self._one(context, obj, path.with_name(f"{stem}_{frame:04d}{self.format}")))
                manager.progress_update(done + 1)
            return files
        finally:
            manager.progress_end()
            scene.frame_set(before)


def with_suffix(path: str, suffix: str) -> str:
    """The path with the suffix of a format in place of any other that Sway writes."""
    known = [end for end in sorted(formats.WRITERS, key=len, reverse=True) if path.lower().endswith(end)]
    return (path[: -len(known[0])] if known else path) + suffix


def menu(self, _context: bpy.types.Context) -> None:
    """Entry of File > Export."""
    self.layout.operator(SWAY_OT_export_splats.bl_idname, text="Gaussian Splats (.ply, .spz, .splat)")
