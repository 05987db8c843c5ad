"""Import a splat file as one point-cloud object that looks right at once, or a sequence of them as a flip-book."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ...backend import formats
from ...scene import images, look, splats, viewport
from ...scene.bakes import flipbook
from ...scene.drawing import harmonics
from ...translations import say

TICK = 0.01
"""Seconds between two files of a sequence, in which the window takes notice of Esc."""
KEEP = [
    ("PACKED", "In the .blend", "The frames of a sequence become part of the .blend"),
    ("DISK", "Beside the .blend", "The frames of a sequence go to the folder sway_bakes beside the saved .blend"),
]


class SWAY_OT_import_splats(bpy.types.Operator, ImportHelper):
    """Import a 3D Gaussian splat capture (.ply, .splat, .spz, .sog, .ksplat)"""

    bl_idname = "sway.import_splats"
    bl_label = "Import Gaussian Splats"
    bl_options = {"REGISTER", "UNDO", "PRESET"}

    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*{suffix}" for suffix in formats.READERS), options={"HIDDEN"}
    )
    up: bpy.props.EnumProperty(
        name="Up Axis",
        description="Which axis of the file points up; most captures come with -Y up",
        items=[("AUTO", "From File", "As the file says, else -Y")]
        + [(axis, axis, f"{axis} of the file points up") for axis in ("+X", "-X", "+Y", "-Y", "+Z", "-Z")],
        default="AUTO",
    )
    set_up_view: bpy.props.BoolProperty(
        name="Set Up View",
        description="Set what splats need: their own colours (view transform Raw), Cycles' bounces, viewport shading, "
        "and, for the first of a scene, the view turned to them",
        default=True,
    )
    sequence: bpy.props.BoolProperty(
        name="Sequence",
        description="Play the numbered files from this one on, or those of a folder, as a flip-book: a file a frame",
        default=False,
    )
    keep: bpy.props.EnumProperty(name="Keep Frames", items=KEEP, default="PACKED")

    _timer: bpy.types.Timer | None = None
    _first: bool
    """Whether there were no splats in the scene before."""

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath and Path(self.filepath).is_file():  # dropped into the viewport
            return self.execute(context)
        return ImportHelper.invoke(self, context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        self._first = not any(splats.is_splats(obj) for obj in context.scene.objects)
        try:
            if self.sequence or (path.is_dir() and not (path / formats.sog.META).is_file()):
                self._book = flipbook.begin(context, formats.sequence_of(path), _read, self.keep)
                self._reading = self._missing(context)
                # "Adjust Last Operation" runs the operator again, and must find it ended.
                if not (bpy.app.background or context.window is None or self.options.is_repeat):
                    self._timer = context.window_manager.event_timer_add(TICK, window=context.window)
                    context.window_manager.modal_handler_add(self)  # type: ignore[arg-type]
                    return {"RUNNING_MODAL"}
                for _ in self._reading:
                    pass
                return self._attach(context)
            file = _read(path)
        except (ValueError, OSError) as error:
            return self._refuse(error)
        splats.add_splats(context, path.stem, file.gaussians, up=self._up(file))
        return self._finish(context, file, f"Imported {len(file.gaussians):,} splats")

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Read one file of a sequence."""
        if event.type == "ESC" and event.value == "PRESS":
            self.cancel(context)
            self.report({"INFO"}, "Import stopped; importing the same files again goes on from there")
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            if next(self._reading, None) is not None:
                return {"RUNNING_MODAL"}
            self.cancel(context)
            return self._attach(context)
        except (ValueError, OSError) as error:
            self.cancel(context)
            return self._refuse(error)

    def cancel(self, context: bpy.types.Context) -> None:
        """Reading has ended, or Blender gives up the operator: the file or the window is being closed."""
        if self._timer:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
            context.workspace.status_text_set(None)

    def _missing(self, context: bpy.types.Context) -> Iterator[int]:
        """Writes the frames of a sequence one by one."""
        missing = self._book.missing()
        for done, frame in enumerate(missing):
            if self._timer:
                name = self._book.file(frame).name
                context.workspace.status_text_set(say(f"Reading {name}, {done + 1} of {len(missing)} (Esc stops)"))
            self._book.write(frame, _read)
            yield frame

    def _attach(self, context: bpy.types.Context) -> set[str]:
        frames, file = self._book.frames, self._book.first
        flipbook.attach(context, self._book, self._up(file))
        return self._finish(context, file, f"Imported frames {frames.start} to {frames.stop - 1}")

    def _finish(self, context: bpy.types.Context, file: formats.SplatFile, done: str) -> set[str]:
        changes = []
        if self.set_up_view:
            changes = look.prepare_scene(context.scene) + viewport.prepare_viewports(context)
            if self._first:
                changes += viewport.frame(context, context.view_layer.objects.active)
        degree = file.gaussians.sh_degree
        if degree > harmonics.DEGREE:
            changes.append(f"Harmonics of degree {degree} are kept for export; {harmonics.DEGREE} degrees are drawn.")
        for sentence in (*file.notes, *changes):
            self.report({"INFO"}, say(sentence))
        self.report({"INFO"}, say(f"{done} (SH degree {degree}) from {Path(self.filepath).name}"))
        return {"FINISHED"}

    def _refuse(self, reason: Exception) -> set[str]:
        self.report({"ERROR"}, say(str(reason)))
        return {"CANCELLED"}

    def _up(self, file: formats.SplatFile) -> str:
        return (file.up or "-Y") if self.up == "AUTO" else self.up


class SWAY_FH_splats(bpy.types.FileHandler):
    """Splat files dropped into the 3D viewport."""

    bl_idname = "SWAY_FH_splats"
    bl_label = "Gaussian Splats"
    bl_import_operator = "sway.import_splats"
    bl_file_extensions = ";".join(suffix for suffix in formats.READERS if suffix.startswith("."))

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"


def menu(self, _context: bpy.types.Context) -> None:
    """Entry of File > Import."""
    self.layout.operator(SWAY_OT_import_splats.bl_idname, text="Gaussian Splats (.ply, .splat, .spz, .sog, .ksplat)")


def _read(path: Path) -> formats.SplatFile:
    return formats.read(path, images.decode_webp)
