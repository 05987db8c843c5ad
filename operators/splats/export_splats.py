"""Export a splat cloud, or a cloud for each frame, as other programs read it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from ...backend import formats
from ...backend.gaussians import Gaussians
from ...jobs.pieces import Pieces
from ...scene import shown, splats
from ...scene.frames import scene_frames
from ...translations import say
from ..worker_operator import READING_TICK, SplatsOperator, active_splats, while_reading

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

    _pieces = None
    _timer = None

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
            if not self.animation:
                formats.write(path, self._read(context, obj), self.up)
                return self._told([path])
            self._begin_sequence(context, obj, path)
            if bpy.app.background or context.window is None:
                self._pieces.run()
                return self._ended(context)
        except (ValueError, OSError) as error:
            return self._given_up(context, str(error))
        self._timer = context.window_manager.event_timer_add(READING_TICK, window=context.window)
        context.window_manager.progress_begin(0, 1)
        context.window_manager.modal_handler_add(self)  # type: ignore[arg-type]
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Export a frame at a time, the scene being left as it is; Esc stops."""
        if event.type == "ESC" and event.value == "PRESS":
            return self._given_up(context)
        if event.type == "TIMER":
            try:
                self._pieces.step()
                if self._pieces.ended:
                    return self._ended(context)
            except (ValueError, OSError) as error:
                return self._given_up(context, str(error))
            context.window_manager.progress_update(self._pieces.fraction)
        return while_reading(event)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender gives up the operator: its dialog, the file or the window is being closed."""
        with contextlib.suppress(ReferenceError):  # the scene may be gone with its file
            self._given_up(context)

    def _read(self, context: bpy.types.Context, obj: bpy.types.Object) -> Gaussians:
        return shown.shown_gaussians(context, obj).transformed(shown.from_world(self.up), rotate_sh=True)

    def _begin_sequence(self, context: bpy.types.Context, obj: bpy.types.Object, path: Path) -> None:
        """Files are written beside the chosen place first: it never has half a sequence."""
        folder = Path(tempfile.mkdtemp(prefix=".sway-", dir=path.parent))
        stem, suffix, up = path.name[: -len(self.format)], self.format, self.up

        def read(frame: int) -> Callable[[], None]:
            cloud = self._read(context, obj)
            return lambda: formats.write(folder / f"{stem}_{frame:04d}{suffix}", cloud, up)

        self._pieces = Pieces(context.scene, scene_frames(context.scene), read, folder)

    def _ended(self, context: bpy.types.Context) -> set[str]:
        written = sorted(self._pieces.folder.iterdir())
        files = [file.replace(self._pieces.folder.parent / file.name) for file in written]
        self._close(context)
        return self._told(files)

    def _given_up(self, context: bpy.types.Context, reason: str = "") -> set[str]:
        self._close(context)
        if reason:
            self.report({"ERROR"}, say(reason))
        return {"CANCELLED"}

    def _close(self, context: bpy.types.Context) -> None:
        if self._pieces is not None:
            try:
                self._pieces.end()
            finally:
                shutil.rmtree(self._pieces.folder, ignore_errors=True)
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            context.window_manager.progress_end()
            self._timer = None

    def _told(self, files: list[Path]) -> set[str]:
        megabytes = sum(file.stat().st_size for file in files) / 2**20
        name = files[0].name if len(files) == 1 else f"{files[0].name} to {files[-1].name}"
        self.report({"INFO"}, say(f"Exported {name} ({megabytes:.1f} MB)"))
        return {"FINISHED"}


def with_suffix(path: str, suffix: str) -> str:
    """The path with the suffix of a format in place of any other that Sway writes."""
    known = [end for end in sorted(formats.WRITERS, key=len, reverse=True) if path.lower().endswith(end)]
    return (path[: -len(known[0])] if known else path) + suffix


def menu(self, _context: bpy.types.Context) -> None:
    """Entry of File > Export."""
    self.layout.operator(SWAY_OT_export_splats.bl_idname, text="Gaussian Splats (.ply, .spz, .splat)")
