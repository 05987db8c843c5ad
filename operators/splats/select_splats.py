"""Select splats by colour, height and connection, and say to which part the selected ones belong."""

from __future__ import annotations

import bpy
import numpy as np

from ...backend import editing as masks
from ...scene import splats
from ...translations import say
from ..worker_operator import SplatsOperator
from .editing import SelectOperator, note_parts, selected

PART_KINDS = [
    ("MOVING", "Moving", "They move, as the part of the number beside it"),
    ("HOLDING", "Holding", "They hold still, and hold what touches them"),
    ("BACKGROUND", "Background", "They hold still and hold nothing: a simulation goes on as if they were not there"),
]
SOLID = 0.1
"""Opacity from which a splat joins others: haze would join everything."""


class SWAY_OT_select_splats_by_colour(SelectOperator, bpy.types.Operator):
    """Select the splats whose colour looks like one; view-dependent colour is left out"""

    bl_idname = "sway.select_splats_by_colour"
    bl_label = "Select by Colour"

    colour: bpy.props.FloatVectorProperty(
        name="Colour",
        description="Colour as it is shown; pick it from the viewport",
        subtype="COLOR_GAMMA",
        size=3,
        default=(0.2, 0.5, 0.1),
        min=0,
        max=1,
    )
    tolerance: bpy.props.FloatProperty(
        name="Tolerance",
        description="How far a colour may be off, as the eye sees it: black and white are 1 apart",
        default=0.1,
        min=0,
        max=1,
        subtype="FACTOR",
    )

    def found(self, _context, obj):
        return masks.near_colour(splats.read_splats(obj), np.array(self.colour), self.tolerance)


class SWAY_OT_select_splats_by_height(SelectOperator, bpy.types.Operator):
    """Select the splats between two heights of the scene"""

    bl_idname = "sway.select_splats_by_height"
    bl_label = "Select by Height"

    low: bpy.props.FloatProperty(name="From", description="Lowest height that is selected", default=0, unit="LENGTH")
    high: bpy.props.FloatProperty(name="To", description="Highest height that is selected", default=1, unit="LENGTH")

    def invoke(self, context, _event):
        if not (self.properties.is_property_set("low") or self.properties.is_property_set("high")):
            z = splats.world_gaussians(context.active_object).positions[:, 2]
            self.low, self.high = float(z.min()), float(np.median(z))
        return self.execute(context)

    def found(self, _context, obj):
        if self.low > self.high:
            raise ValueError(f"There is nothing from {self.low:g} m up to {self.high:g} m; exchange the two heights.")
        return masks.between_heights(splats.world_gaussians(obj).positions, self.low, self.high)


class SWAY_OT_select_linked_splats(SelectOperator, bpy.types.Operator):
    """Select the whole pieces that selected splats belong to: everything that they touch, and so on"""

    bl_idname = "sway.select_linked_splats"
    bl_label = "Select Linked"

    gap: bpy.props.FloatProperty(
        name="Gap",
        description="How far splats may be apart and still hang together",
        default=0.02,
        min=1e-6,
        soft_max=1,
        unit="LENGTH",
        precision=4,
    )

    def found(self, _context, obj):
        cloud = splats.world_gaussians(obj)
        return masks.connected(cloud.positions, selected(obj), self.gap, cloud.opacity > SOLID)


class SWAY_OT_assign_selected(SplatsOperator, bpy.types.Operator):
    """Say of the selected splats whether they move; Show Parts tints those that do"""

    bl_idname = "sway.assign_selected"
    bl_label = "Assign Selected"
    bl_options = {"REGISTER", "UNDO"}

    kind: bpy.props.EnumProperty(name="Kind", items=PART_KINDS)
    part: bpy.props.IntProperty(
        name="Part", description="Number of the moving part; each may have a material of its own", default=1, min=1
    )

    def execute(self, context):
        obj = context.active_object
        try:
            chosen = selected(obj)
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        parts = splats.read_parts(obj)
        parts[chosen] = part_number(self.kind, self.part)
        splats.write_parts(obj, parts)
        note_parts(context.scene, obj)
        count = f"{int(chosen.sum()):,}"
        told = {
            "MOVING": f"{count} splats move, as part {self.part}",
            "HOLDING": f"{count} splats hold still",
            "BACKGROUND": f"{count} splats are background",
        }
        self.report({"INFO"}, say(told[self.kind]))
        return {"FINISHED"}


def part_number(kind: str, part: int) -> int:
    """What the attribute of parts says for a kind."""
    return {"MOVING": part, "HOLDING": 0, "BACKGROUND": splats.BACKGROUND}[kind]


CLASSES = (
    SWAY_OT_select_splats_by_colour,
    SWAY_OT_select_splats_by_height,
    SWAY_OT_select_linked_splats,
    SWAY_OT_assign_selected,
)
