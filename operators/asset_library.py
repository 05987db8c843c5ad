"""Sway's materials and node groups as an asset library of Blender's."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..scene import material_assets
from ..translations import say


class SWAY_OT_add_asset_library(bpy.types.Operator):
    """Write Sway's materials and node groups into Blender's folder of yours, and show them in the Asset Browser: drag
    one onto splats, and they are made of it"""

    bl_idname = "sway.add_asset_library"
    bl_label = "Add Asset Library"

    directory: bpy.props.StringProperty(
        name="Folder",
        description="Where the library is written; Blender's folder for what you add, where nothing is given",
        subtype="DIR_PATH",
        options={"SKIP_SAVE"},
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        given = bpy.path.abspath(self.directory)
        folder = Path(given) if given else Path(bpy.utils.user_resource("DATAFILES")) / "sway_assets"
        try:
            file = material_assets.write_library(folder)
        except (OSError, RuntimeError) as error:
            self.report({"ERROR"}, say(f"The asset library could not be written ({error}); choose another folder."))
            return {"CANCELLED"}
        material_assets.add_library(folder)
        self.report({"INFO"}, say(f"Asset library Sway is in {file.parent}; see the Asset Browser"))
        return {"FINISHED"}


CLASSES = (SWAY_OT_add_asset_library,)
