"""The node group "Sway Armature": splats that follow bones, in nodes alone; a point cloud takes no Armature modifier.

`Cage` is a mesh that does: for each of `Bones` bones a vertex at its head, then for each one beside that along X, then
one along Y. Where these are tells place and rotation of the bone; `sway_rest` holds where they are at rest. Splats name
their bones in the attributes of trajectory_group.py.
"""

from __future__ import annotations

from typing import Any

import bpy

from .. import nodes
from .trajectory_group import CARRIERS, Carried, carry, posed_particles

MODIFIER = GROUP = "Sway Armature"
VERSION = 1
CAGE, BONES = "Cage", "Bones"
REST = "sway_rest"


def armature_group() -> bpy.types.GeometryNodeTree:
    """Geometry-node group that carries splats by the vertices of a cage."""
    inputs = {
        CAGE: {"default_value": None, "description": "The mesh that follows the armature: three vertices a bone"},
        BONES: {"default_value": 1, "min_value": 1, "hide_in_modifier": True},
        CARRIERS: {"default_value": 0, "min_value": 0, "hide_in_modifier": True},
    }
    return nodes.geometry_group(GROUP, VERSION, inputs, _fill_group)


def _fill_group(build: nodes.Builder, group_in: bpy.types.Node, group_out: bpy.types.Node) -> None:
    given = group_in.outputs
    count = given[BONES]
    cage = build.node("GeometryNodeObjectInfo", {"Object": given[CAGE]}).outputs["Geometry"]
    index, position = build.add("GeometryNodeInputIndex"), build.add("GeometryNodeInputPosition")

    def at(value: Any, row: int) -> bpy.types.NodeSocket:
        place = build.integer("MULTIPLY_ADD", count, row, index)
        return build.sample(cage, "FLOAT_VECTOR", value, place)

    head = at(position, 0)
    along_x, along_y = (build.vector("SUBTRACT", at(position, row), head) for row in (1, 2))
    turn = build.add(
        "FunctionNodeAxesToRotation",
        {"Primary Axis": along_x, "Secondary Axis": along_y},
        primary_axis="X",
        secondary_axis="Y",
    )
    rest = at(build.attribute(REST, "FLOAT_VECTOR"), 0)
    bones = posed_particles(build, count, build.vector("SUBTRACT", head, rest), turn, rest=rest)
    carried = carry(build, given["Geometry"], bones, count, given[CARRIERS], Carried.around)
    build.tree.links.new(carried, group_out.inputs["Geometry"])
