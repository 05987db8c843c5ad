"""Crop, clean, separate and merge splats."""

from __future__ import annotations

import bpy
import numpy as np

from ...backend import editing as masks
from ...scene import editing, playback, splats
from ...translations import say
from ..worker_operator import SplatsOperator
from .editing import RemoveOperator, note_parts, refuse_while_busy, remove, selected


class SWAY_OT_crop_splats(RemoveOperator, bpy.types.Operator):
    """Delete the splats outside (or inside) an object's box or ball: what is beside the subject vanishes"""

    bl_idname = "sway.crop_splats"
    bl_label = "Crop"

    cropper: bpy.props.StringProperty(
        name="Cropper", description="Object to crop with; empty takes the one chosen in the sidebar"
    )
    shape: bpy.props.EnumProperty(
        name="Shape",
        items=[
            ("BOX", "Box", "The object's bounding box, turned with it; an empty's is as large as it is drawn"),
            ("SPHERE", "Sphere", "The ball, or ellipsoid, that fills that box"),
        ],
    )
    keep: bpy.props.EnumProperty(
        name="Keep",
        items=[("INSIDE", "Inside", "Keep what is inside"), ("OUTSIDE", "Outside", "Keep what is outside")],
    )

    def found(self, context, obj):
        name = self.cropper
        cropper = bpy.data.objects.get(name) if name else context.scene.sway.editing.cropper
        if cropper is None:
            missing = f"There is no object {name}" if name else "There is nothing to crop with"
            raise ValueError(f"{missing}; add an empty or a mesh around what to keep, and choose it as Cropper.")
        if cropper == obj:
            raise ValueError(f"{obj.name} cannot crop itself; choose another object as Cropper.")
        inside = {"BOX": masks.in_box, "SPHERE": masks.in_sphere}[self.shape]
        positions = splats.world_gaussians(obj).positions
        matrix = np.array(cropper.matrix_world)
        found = inside(positions, matrix, *editing.crop_bounds(cropper))
        return ~found if self.keep == "INSIDE" else found


class SWAY_OT_remove_floaters(RemoveOperator, bpy.types.Operator):
    """Delete splats that are much farther from their neighbours than most: the haze that hangs in the air"""

    bl_idname = "sway.remove_floaters"
    bl_label = "Remove Floaters"

    neighbours: bpy.props.IntProperty(
        name="Neighbours", description="How many nearest splats the distance is taken to", default=16, min=1, max=64
    )
    deviations: bpy.props.FloatProperty(
        name="Deviations",
        description="Standard deviations over the mean distance from which a splat is alone; less deletes more",
        default=2.0,
        min=0.0,
        max=20.0,
    )

    def found(self, _context, obj):
        return masks.floaters(splats.world_gaussians(obj), self.neighbours, self.deviations)


class SWAY_OT_cull_splats(RemoveOperator, bpy.types.Operator):
    """Delete splats that are almost transparent or very large: less to draw, fewer smears and veils"""

    bl_idname = "sway.cull_splats"
    bl_label = "Cull"

    opacity: bpy.props.FloatProperty(
        name="Opacity Under", description="Fainter splats go; 0 keeps all", default=0.02, min=0, max=1, subtype="FACTOR"
    )
    use_size: bpy.props.BoolProperty(name="By Size", description="Large splats go, too", default=False)
    size: bpy.props.FloatProperty(
        name="Size Over",
        description="Splats whose largest standard deviation is over this go",
        default=0.1,
        min=0,
        unit="LENGTH",
        precision=4,
    )

    def draw(self, _context):
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "action")
        layout.prop(self, "opacity")
        layout.prop(self, "use_size")
        row = layout.row()
        row.enabled = self.use_size
        row.prop(self, "size")

    def found(self, _context, obj):
        cloud = splats.world_gaussians(obj)
        found = masks.fainter_than(cloud, self.opacity)
        return found | masks.larger_than(cloud, self.size) if self.use_size else found


class SWAY_OT_delete_splats(SplatsOperator, bpy.types.Operator):
    """Delete the selected splats; a simulation or bake goes on with the others"""

    bl_idname = "sway.delete_splats"
    bl_label = "Delete Selected"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        obj = context.active_object
        try:
            chosen = selected(obj)
            remove(context, obj, chosen)
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        self.report({"INFO"}, say(f"{int(chosen.sum()):,} splats deleted, {len(obj.data.points):,} left"))
        return {"FINISHED"}


class SWAY_OT_separate_splats(SplatsOperator, bpy.types.Operator):
    """Move the selected splats to an object of their own; the picture stays, and both go on moving"""

    bl_idname = "sway.separate_splats"
    bl_label = "Separate"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        obj = context.active_object
        try:
            chosen = selected(obj)
            if chosen.all():
                raise ValueError("Every splat is selected, so nothing would stay behind; select fewer.")
            refuse_while_busy()
            if context.mode != "OBJECT":
                bpy.ops.object.mode_set(mode="OBJECT")
            new = editing.copy(obj)
            remove(context, new, ~chosen)
            remove(context, obj, chosen)
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        new.select_set(True)
        self.report({"INFO"}, say(f"{int(chosen.sum()):,} splats are {new.name} now"))
        return {"FINISHED"}


class SWAY_OT_merge_splats(SplatsOperator, bpy.types.Operator):
    """Take the splats of the other selected objects into the active one, colours turned along: one cloud, same picture.
    Bakes of the active object play on"""

    bl_idname = "sway.merge_splats"
    bl_label = "Merge"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        obj = context.active_object
        try:
            others = [o for o in context.selected_objects if o != obj and splats.is_splats(o)]
            if not others:
                raise ValueError("Nothing to merge; select two or more splat objects, the one to keep last.")
            refuse_while_busy()
            if any(other.data == obj.data for other in others) or len(editing.sharing(obj)) > 1:
                obj.data = obj.data.copy()  # linked duplicates keep what they show
            count = len(obj.data.points)
            preview = playback.held(obj)
            playback.stop(obj)  # its attributes are as long as the cloud was
            try:
                editing.merge(context, obj, others)
            finally:
                if preview is not None and preview[0]["path"]:
                    playback.restore(obj, (preview[0], None))
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        note_parts(context.scene, obj)
        self.report({"INFO"}, say(f"{len(obj.data.points) - count:,} splats added, {len(obj.data.points):,} in all"))
        return {"FINISHED"}


CLASSES = (
    SWAY_OT_crop_splats,
    SWAY_OT_remove_floaters,
    SWAY_OT_cull_splats,
    SWAY_OT_delete_splats,
    SWAY_OT_separate_splats,
    SWAY_OT_merge_splats,
)
