"""Set up how the scene treats the colours of splats, in one click."""

from __future__ import annotations

import bpy

from ...scene import look
from ...translations import say

WAYS = [
    (
        "CAPTURED",
        "As Captured",
        "Colours and soft edges exactly as in other viewers. View transform Raw: lamps and meshes look too contrasty",
    ),
    (
        "LIGHT",
        "As Light",
        "Colours become scene-linear light, for AgX, lamps, meshes and compositing. Soft edges blend a little "
        "differently than in other viewers",
    ),
]


class SWAY_OT_set_up_colours(bpy.types.Operator):
    """Set the view transform and the colours of all splats in the scene to fit each other"""

    bl_idname = "sway.set_up_colours"
    bl_label = "Set Up Colours"
    bl_options = {"REGISTER", "UNDO"}

    way: bpy.props.EnumProperty(name="Colours", description="What splat colours are", items=WAYS)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return next(text for key, _label, text in WAYS if key == properties.way)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if any(look.clouds(context.scene)):
            return True
        cls.poll_message_set("The scene has no splats; import some first")
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        {"CAPTURED": look.show_as_captured, "LIGHT": look.show_as_light}[self.way](context.scene)
        self.report({"INFO"}, say(f"View transform: {context.scene.view_settings.view_transform}"))
        return {"FINISHED"}
