"""Put things into the scene that act on splats, and say which part of them is made of what."""

from __future__ import annotations

import bpy
import numpy as np

from ..backend.api.acting import Acting
from ..properties import steps
from ..scene import splats
from ..translations import say
from .worker_operator import SplatsOperator, active_splats

_ARROWS = (Acting.impulse, Acting.pull)
_SQUARES = (Acting.blade, Acting.plane)
_PIN = 0.1
"""Radius of a new pin, of the object's size."""
_KINDS = [(kind.name, kind.label, kind.doc) for kind in Acting if kind not in (Acting.nothing, Acting.collider)]


class SWAY_OT_add_acting(SplatsOperator, bpy.types.Operator):
    """Add an object at the 3D cursor that acts on splats: place it, turn it, and set it in the panel of its own"""

    bl_idname = "sway.add_acting"
    bl_label = "Add"
    bl_options = {"UNDO"}

    kind: bpy.props.EnumProperty(
        name="Kind",
        description="What the object does to splats",
        items=_KINDS,
        default=Acting.impulse.name,
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        kind = Acting[self.kind]
        subject = active_splats(context)
        size = float(np.ptp(splats.world_bounds(subject), axis=0).max()) or 1.0
        if kind in _SQUARES:
            obj = bpy.data.objects.new(kind.label, _square(kind.label))
            obj.display_type = "WIRE"
            obj.hide_render = True
        else:
            obj = bpy.data.objects.new(kind.label, None)
            obj.empty_display_type = "SPHERE" if kind is Acting.pin else "SINGLE_ARROW" if kind in _ARROWS else "ARROWS"
        obj.empty_display_size = 0.3 * size
        obj.location = context.scene.cursor.location
        context.collection.objects.link(obj)
        acting = obj.sway.acting
        acting.kind, acting.length, acting.radius = kind.name, 0.3 * size, 0.15 * size
        if kind in _SQUARES:
            obj.scale = (0.3 * size,) * 3
        if kind is Acting.pin:
            acting.radius = _PIN * size
            obj.empty_display_size = acting.radius
        for other in context.selected_objects:
            other.select_set(False)
        obj.select_set(True)
        context.view_layer.objects.active = obj
        return {"FINISHED"}


class SWAY_OT_add_part_material(SplatsOperator, bpy.types.Operator):
    """Give one part of the splats a material of its own"""

    bl_idname = "sway.add_part_material"
    bl_label = "Add Part Material"
    bl_options = {"UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        sway = active_splats(context).sway
        taken = {item.part for item in sway.part_materials}
        item = sway.part_materials.add()
        item.part = next(part for part in range(1, len(taken) + 2) if part not in taken)
        item.preset = item.preset  # the numbers follow what is chosen
        sway.part_material = len(sway.part_materials) - 1
        return {"FINISHED"}


class SWAY_OT_remove_part_material(SplatsOperator, bpy.types.Operator):
    """Let the chosen part be made of what the others are made of"""

    bl_idname = "sway.remove_part_material"
    bl_label = "Remove Part Material"
    bl_options = {"UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        sway = active_splats(context).sway
        if sway.part_material < len(sway.part_materials):
            sway.part_materials.remove(sway.part_material)
            sway.part_material = max(sway.part_material - 1, 0)
        return {"FINISHED"}


class SWAY_OT_assign_part(SplatsOperator, bpy.types.Operator):
    """Make the splats inside the boxes of the other selected objects one part; part 0 holds still"""

    bl_idname = "sway.assign_part"
    bl_label = "Assign Part from Selected Boxes"
    bl_options = {"REGISTER", "UNDO"}

    part: bpy.props.IntProperty(
        name="Part", description="Number of the part; 0 holds still", default=1, min=0, max=1000
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj = active_splats(context)
        boxes = [other for other in context.selected_objects if other != obj and other.type != "POINTCLOUD"]
        if not boxes:
            self.report({"ERROR"}, "Select the objects that enclose the part, then the splats last, and press again.")
            return {"CANCELLED"}
        positions, parts = splats.read_attribute(obj, splats.POSITION), splats.read_parts(obj)
        inside = np.zeros(len(parts), bool)
        for box in boxes:
            to_box = np.array(box.matrix_world.inverted_safe() @ obj.matrix_world)
            places = positions @ to_box[:3, :3].T + to_box[:3, 3]
            corners = np.array(box.bound_box) if box.type == "MESH" else np.array([[-1.0] * 3, [1.0] * 3])
            if box.type != "MESH":
                corners *= box.empty_display_size if box.type == "EMPTY" else 1.0
            inside |= np.all((places >= corners.min(0)) & (places <= corners.max(0)), axis=1)
        parts = np.where(inside, self.part, parts).astype(np.int32)
        splats.write_parts(obj, parts)
        moving = int((parts > 0).sum())
        found = {"moving": moving, "holding": len(parts) - moving}
        steps.finish(obj, "parts", steps.origin(context.scene, obj, "parts"), found=found)
        self.report({"INFO"}, say(f"{int(inside.sum()):,} splats are part {self.part}"))
        return {"FINISHED"}


def _square(name: str) -> bpy.types.Mesh:
    """A square of side 2 in the XY plane."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], [], [(0, 1, 2, 3)])
    return mesh


CLASSES = (SWAY_OT_add_acting, SWAY_OT_add_part_material, SWAY_OT_remove_part_material, SWAY_OT_assign_part)
