"""The node group "Sway Trajectory": carries splats along with their driving particles, at any time, in nodes alone.

It reads two things. The points of the object `Motion` are the particles, `Particles` of them at rest and then as many
again for each frame: `position` and `rotation`, in the frame of the splats. And the splats' own attributes
`sway_carrier_0`, `sway_carrier_1`, ..., of which there are `Carriers`: each holds one particle that carries the splat
and its weight as one whole number, `weight * Particles + particle`. The weights of a splat sum to
`weight_unit(Particles)`, and the first is its largest; a splat with 0 there holds still.

The poses are those of `Trajectory.pose`: displacement is the weighted mean of the particles' displacements, rotation
the normalised weighted sum of their quaternions. Interpolation in time happens once a particle, not once a splat, and
only splats that move are computed.
"""

from __future__ import annotations

from typing import Any

import bpy

from . import nodes, splats

MODIFIER = GROUP = "Sway Trajectory"
VERSION = 1
TIME, MOTION, PARTICLES, CARRIERS = "Time", "Motion", "Particles", "Carriers"
"""Inputs: the frame that is shown, counted from 0; the object that holds the motion; how many particles there are, and
how many of them carry a splat."""
CARRIER = "sway_carrier_"
"""Prefix of the attributes that name a splat's carriers."""
LARGEST = 2**31 - 1
"""Of the whole numbers that an attribute holds."""

_TURN_W, _TURN_XYZ = "turn_w", "turn_xyz"


def weight_unit(particles: int) -> int:
    """The whole number that stands for a weight of 1: as large as weight and particle fit into 31 bits."""
    return LARGEST // particles - 1


def trajectory_group() -> bpy.types.GeometryNodeTree:
    """Geometry-node group that carries splats by the points of a motion object."""
    inputs = {
        TIME: {
            "default_value": 0.0,
            "description": "Frame of the motion that is shown, from 0; fractions lie between frames, the ends hold. "
            "Key it to retime, hold, reverse or loop",
        },
        MOTION: {"default_value": None, "description": "Where the motion is kept: its points are driving particles"},
        PARTICLES: {"default_value": 1, "min_value": 1, "hide_in_modifier": True},
        CARRIERS: {"default_value": 0, "min_value": 0, "hide_in_modifier": True},
    }
    return nodes.geometry_group(GROUP, VERSION, inputs, _fill_group)


def _fill_group(build: nodes.Builder, group_in: bpy.types.Node, group_out: bpy.types.Node) -> None:
    count = group_in.outputs[PARTICLES]
    particles = _particles(build, group_in.outputs[MOTION], count, group_in.outputs[TIME])
    carried = carry(build, group_in.outputs["Geometry"], particles, count, group_in.outputs[CARRIERS])
    build.tree.links.new(carried, group_out.inputs["Geometry"])


def posed_particles(build: nodes.Builder, count: Any, displacement: Any, turn: Any) -> bpy.types.NodeSocket:
    """`count` points that `carry` reads: their position is a particle's displacement, beside the parts of its turn."""
    particles = build.add("GeometryNodePoints", {"Count": count, "Position": displacement})
    w, x, y, z = build.node("FunctionNodeRotationToQuaternion", {0: turn}).outputs
    particles = build.store(particles, _TURN_W, "FLOAT", w)
    return build.store(particles, _TURN_XYZ, "FLOAT_VECTOR", build.add("ShaderNodeCombineXYZ", {0: x, 1: y, 2: z}))


def carry(build: nodes.Builder, points: Any, particles: Any, count: Any, carriers: Any) -> bpy.types.NodeSocket:
    """The splats moved and turned by `posed_particles`, as their carrier attributes say."""
    displacement, turn = _blended(build, particles, count, carriers)
    rotation = build.add(
        "FunctionNodeRotateRotation",
        {"Rotation": build.attribute(splats.ROTATION, "QUATERNION"), "Rotate By": turn},
        rotation_space="GLOBAL",
    )
    moves = build.math("GREATER_THAN", build.attribute(f"{CARRIER}0", "INT"), 0.5)
    cloud = {"Geometry": points, "Selection": moves, "Offset": displacement}
    moved = build.add("GeometryNodeSetPosition", cloud)
    moved = build.store(moved, splats.ROTATION, "QUATERNION", rotation, Selection=moves)
    # Whatever follows in the stack would copy them along.
    return build.without(moved, f"{CARRIER}*")


def _particles(build: nodes.Builder, motion: Any, count: Any, time: Any) -> bpy.types.NodeSocket:
    """The particles at a time as points: position is the displacement since rest, beside the parts of the rotation."""
    points = build.node("GeometryNodeObjectInfo", {"Object": motion}).outputs["Geometry"]
    total = build.node("GeometryNodeAttributeDomainSize", {"Geometry": points}).outputs["Point Count"]
    last = build.integer("SUBTRACT", build.integer("DIVIDE", total, count), 2)  # rest comes before frame 0
    time = build.math("MINIMUM", build.math("MAXIMUM", time, 0.0), last)
    fraction = build.math("FRACT", time)
    first = build.add("FunctionNodeFloatToInt", {0: time}, rounding_mode="FLOOR")
    second = build.integer("MINIMUM", build.integer("ADD", first, 1), last)

    index = build.add("GeometryNodeInputIndex")
    in_first = build.integer("MULTIPLY_ADD", build.integer("ADD", first, 1), count, index)
    in_second = build.integer("MULTIPLY_ADD", build.integer("ADD", second, 1), count, index)
    position = build.add("GeometryNodeInputPosition")
    at_rest, before, after = (
        build.sample(points, "FLOAT_VECTOR", position, place) for place in (index, in_first, in_second)
    )
    now = build.add("ShaderNodeMix", {"Factor": fraction, "A": before, "B": after}, data_type="VECTOR")
    turn = _turn_between(build, points, in_first, in_second, fraction)

    return posed_particles(build, count, build.vector("SUBTRACT", now, at_rest), turn)


def _turn_between(
    build: nodes.Builder, points: Any, in_first: Any, in_second: Any, fraction: Any
) -> bpy.types.NodeSocket:
    """Rotation of a particle between two frames: the normalised mean of the quaternions, whose signs agree in time."""
    turned = build.attribute(splats.ROTATION, "QUATERNION")
    before, after = (
        build.node("FunctionNodeRotationToQuaternion", {0: build.sample(points, "QUATERNION", turned, place)}).outputs
        for place in (in_first, in_second)
    )
    mean = [
        build.math("MULTIPLY_ADD", fraction, build.math("SUBTRACT", b, a), a)
        for a, b in zip(before, after, strict=True)
    ]
    return build.add("FunctionNodeQuaternionToRotation", dict(enumerate(mean)))


def _blended(
    build: nodes.Builder, particles: Any, count: Any, carriers: Any
) -> tuple[bpy.types.NodeSocket, bpy.types.NodeSocket]:
    """Displacement and turn of a splat: weighted over the particles that carry it."""
    position = build.add("GeometryNodeInputPosition")
    turn_w, turn_xyz = build.attribute(_TURN_W, "FLOAT"), build.attribute(_TURN_XYZ, "FLOAT_VECTOR")

    def add_carrier(number: Any, sums: dict[str, bpy.types.NodeSocket]) -> dict[str, bpy.types.NodeSocket]:
        carrier = build.attribute(_carrier_name(build, number), "INT")
        weight = build.integer("DIVIDE", carrier, count)
        particle = build.integer("MULTIPLY_ADD", weight, build.integer("NEGATE", count), carrier)

        def share(data_type: str, value: Any) -> bpy.types.NodeSocket:
            return build.sample(particles, data_type, value, particle)

        moved, turned = share("FLOAT_VECTOR", position), share("FLOAT_VECTOR", turn_xyz)
        return {
            "Moved": build.vector("ADD", build.scaled(moved, weight), sums["Moved"]),
            "Turned": build.vector("ADD", build.scaled(turned, weight), sums["Turned"]),
            "W": build.math("MULTIPLY_ADD", share("FLOAT", turn_w), weight, sums["W"]),
        }

    nothing = (0.0, 0.0, 0.0)
    items = {"Moved": ("VECTOR", nothing), "Turned": ("VECTOR", nothing), "W": ("FLOAT", 0.0)}
    sums = build.repeat(carriers, items, add_carrier)
    unit = build.integer("SUBTRACT", build.integer("DIVIDE", LARGEST, count), 1)  # weight_unit
    x, y, z = build.node("ShaderNodeSeparateXYZ", {0: sums["Turned"]}).outputs
    turn = build.add("FunctionNodeQuaternionToRotation", {0: sums["W"], 1: x, 2: y, 3: z})  # makes it unit
    return build.scaled(sums["Moved"], build.math("DIVIDE", 1.0, unit)), turn


def _carrier_name(build: nodes.Builder, number: Any) -> bpy.types.NodeSocket:
    text = build.tree.nodes.new("FunctionNodeFormatString")
    text.format_items.new("INT", "number")
    text.inputs["Format"].default_value = CARRIER + "{number}"
    build.tree.links.new(number, text.inputs["number"])
    return text.outputs[0]
