"""Import a splat file as one point-cloud object that looks right at once."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ...backend import formats
from ...scene import images, look, splats, viewport


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
        description="Set what splats need: their own colours (view transform Raw), Cycles' bounces, viewport shading",
        default=True,
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath and Path(self.filepath).is_file():  # dropped into the viewport
            return self.execute(context)
        return ImportHelper.invoke(self, context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        try:
            file = formats.read(path, images.decode_webp)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        up = (file.up or "-Y") if self.up == "AUTO" else self.up
        splats.add_splats(context, path.stem, file.gaussians, up=up)
        changes = []
        if self.set_up_view:
            changes = look.prepare_scene(context.scene) + viewport.prepare_viewports(context)
        for sentence in (*file.notes, *changes):
            self.report({"INFO"}, sentence)
        degree = file.gaussians.sh_degree
        self.report({"INFO"}, f"Imported {len(file.gaussians):,} splats (SH degree {degree}) from {path.name}")
        return {"FINISHED"}


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
