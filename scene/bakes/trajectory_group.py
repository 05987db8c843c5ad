"""The node group "Sway Trajectory": carries splats along with their driving particles, at any time, in nodes alone.

It reads two things. The points of the object `Motion` are the particles, `Particles` of them at rest and then as many
again for each frame: `position` and `rotation`, in the frame of the splats. And the splats' own attributes
`sway_carrier_0`, `sway_carrier_1`, ..., of which there are `Carriers`: each holds one particle that carries the splat
and its weight as one whole number, `weight * Particles + particle`. The weights of a splat sum to
`weight_unit(Particles)`, and the first is its largest; a splat with 0 there holds still.

The poses are those of `Trajectory.pose`: displacement is the weighted mean of the particles' displacements, rotation
the normalised weighted sum of their quaternions. Interpolation in time happens once a particle, not once a splat, and
only splats that move are computed.

Where particles stretch as well, another group does the same and more, so that those that only turn cost what they did:
the points of `Motion` also hold the six numbers of U - 1, two in each of three whole numbers, in steps of `Stretch
Step`; and the splats get their half-axes B = A R S (ellipsoids.py), which are drawn as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import bpy

from .. import nodes, splats
from ..drawing import ellipsoids, harmonics

MODIFIER = GROUP = "Sway Trajectory"
STRETCHING_GROUP = "Sway Stretching Trajectory"
VERSION = 7
TIME, MOTION, PARTICLES, CARRIERS = "Time", "Motion", "Particles", "Carriers"
"""Inputs: the frame that is shown, counted from 0; the object that holds the motion; how many particles there are, and
how many of them carry a splat."""
STRETCH_STEP = "Stretch Step"
"""Input: what 1 stands for in `packed_stretch`."""
STRETCHES = ("sway_stretch_xx_xy", "sway_stretch_xz_yy", "sway_stretch_yz_zz")
"""Attributes of the motion's points: two numbers of U - 1 each, the first in the upper 16 bits."""
HALF_WORD, MIDDLE = 2**16, 2**15
CARRIER = "sway_carrier_"
"""Prefix of the attributes that name a splat's carriers."""
LARGEST = 2**31 - 1
"""Of the whole numbers that an attribute holds."""

_TURN_W, _TURN_XYZ = "turn_w", "turn_xyz"
_MAP = "sway_map"
_REST, _STRETCH = "rest", ("stretch_first", "stretch_second")


class Carried(Enum):
    """What splats do with the motion of the particles that carry them."""

    along = "along"
    """They move by the particles' mean displacement and turn with them: for particles as dense as splats are large."""
    around = "around"
    """They also go around with the turn, as on an arm: for few particles, each of which carries a whole region."""
    stretched = "stretched"
    """They also stretch: their half-axes are B = A R S."""


def weight_unit(particles: int) -> int:
    """The whole number that stands for a weight of 1: as large as weight and particle fit into 31 bits."""
    return LARGEST // particles - 1


def trajectory_group(stretching: bool = False) -> bpy.types.GeometryNodeTree:
    """Geometry-node group that carries splats by the points of a motion object, which may stretch them."""
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
    if not stretching:
        return nodes.geometry_group(GROUP, VERSION, inputs, _fill_group)
    inputs[STRETCH_STEP] = {"default_value": 0.0, "hide_in_modifier": True}
    return nodes.geometry_group(STRETCHING_GROUP, VERSION, inputs, _fill_stretching_group)


def _fill_group(build: nodes.Builder, group_in: bpy.types.Node, group_out: bpy.types.Node) -> None:
    count = group_in.outputs[PARTICLES]
    moments = _Moments(build, group_in.outputs[MOTION], count, group_in.outputs[TIME])
    particles = posed_particles(build, count, moments.displacement(), moments.turn())
    carried = carry(build, group_in.outputs["Geometry"], particles, count, group_in.outputs[CARRIERS])
    build.tree.links.new(carried, group_out.inputs["Geometry"])


def _fill_stretching_group(build: nodes.Builder, group_in: bpy.types.Node, group_out: bpy.types.Node) -> None:
    count = group_in.outputs[PARTICLES]
    moments = _Moments(build, group_in.outputs[MOTION], count, group_in.outputs[TIME])
    particles = posed_particles(build, count, moments.displacement(), moments.turn(), rest=moments.rest())
    for name, three in zip(_STRETCH, moments.stretch(group_in.outputs[STRETCH_STEP]), strict=True):
        particles = build.store(particles, name, "FLOAT_VECTOR", three)
    carried = carry(
        build, group_in.outputs["Geometry"], particles, count, group_in.outputs[CARRIERS], Carried.stretched
    )
    build.tree.links.new(carried, group_out.inputs["Geometry"])


def posed_particles(
    build: nodes.Builder, count: Any, displacement: Any, turn: Any, *, rest: Any = None
) -> bpy.types.NodeSocket:
    """`count` points that `carry` reads: their position is a particle's displacement, beside the parts of its turn and,
    where it is given, its place at rest."""
    particles = build.add("GeometryNodePoints", {"Count": count, "Position": displacement})
    w, x, y, z = build.node("FunctionNodeRotationToQuaternion", {0: turn}).outputs
    particles = build.store(particles, _TURN_W, "FLOAT", w)
    particles = build.store(particles, _TURN_XYZ, "FLOAT_VECTOR", build.add("ShaderNodeCombineXYZ", {0: x, 1: y, 2: z}))
    return particles if rest is None else build.store(particles, _REST, "FLOAT_VECTOR", rest)


def carry(
    build: nodes.Builder, points: Any, particles: Any, count: Any, carriers: Any, how: Carried = Carried.along
) -> bpy.types.NodeSocket:
    """The splats moved and turned by `posed_particles`, as their carrier attributes say."""
    blended = _blended(build, particles, count, carriers, how)
    moves = build.math("GREATER_THAN", build.attribute(f"{CARRIER}0", "INT"), 0.5)
    if how is Carried.stretched:
        points, displacement, turn = _sheared(build, points, moves, blended)
    else:
        displacement, turn = blended.displacement, blended.turn
    if how is Carried.around:
        beside = build.vector("SUBTRACT", build.add("GeometryNodeInputPosition"), blended.rest)
        taken = build.add("FunctionNodeRotateVector", {"Vector": beside, "Rotation": turn})
        displacement = build.vector("ADD", displacement, build.vector("SUBTRACT", taken, beside))
    cloud = {"Geometry": points, "Selection": moves, "Offset": displacement}
    moved = build.add("GeometryNodeSetPosition", cloud)
    moved = harmonics.store_turn(build, moved, turn, moves)
    rotation = build.add(
        "FunctionNodeRotateRotation",
        # As it was stored: the sum over the carriers is computed anew for every attribute that is made of it.
        {
            "Rotation": build.attribute(splats.ROTATION, "QUATERNION"),
            "Rotate By": build.attribute(harmonics.TURN, "QUATERNION"),
        },
        rotation_space="GLOBAL",
    )
    moved = build.store(moved, splats.ROTATION, "QUATERNION", rotation, Selection=moves)
    # Whatever follows in the stack would copy them along.
    return build.without(build.without(moved, f"{CARRIER}*"), _MAP)


def _sheared(
    build: nodes.Builder, points: Any, moves: Any, blended: _Blended
) -> tuple[bpy.types.NodeSocket, bpy.types.NodeSocket, bpy.types.NodeSocket]:
    """The splats with half-axes; their displacement and turn."""
    resting, where = ellipsoids.resting_axes(build), build.add("GeometryNodeInputPosition")
    turned = build.add("FunctionNodeCombineTransform", {"Rotation": blended.turn})
    deformation = build.add("FunctionNodeMatrixMultiply", {0: turned, 1: blended.stretch})
    # The affine map through the carriers' mean: its gradient takes the splat's place beside that mean along.
    beside = build.vector("SUBTRACT", where, blended.rest)
    taken = build.add("FunctionNodeTransformDirection", {"Direction": beside, "Transform": deformation})
    displacement = build.vector("ADD", blended.displacement, build.vector("SUBTRACT", taken, beside))

    # All that is known of a splat in one attribute, half-axes, displacement and turn: summed once, as in `carry`.
    axes = build.node(
        "FunctionNodeSeparateMatrix", {0: build.add("FunctionNodeMatrixMultiply", {0: deformation, 1: resting})}
    ).outputs
    quaternion = build.node("FunctionNodeRotationToQuaternion", {0: blended.turn}).outputs
    moved = build.node("ShaderNodeSeparateXYZ", {0: displacement}).outputs
    columns = [(*axes[4 * k : 4 * k + 3], quaternion[k]) for k in range(3)] + [(*moved, quaternion[3])]
    whole = build.add("FunctionNodeCombineMatrix", dict(enumerate(entry for column in columns for entry in column)))
    points = build.store(points, _MAP, "FLOAT4X4", whole, Selection=moves)

    known = build.node("FunctionNodeSeparateMatrix", {0: build.attribute(_MAP, "FLOAT4X4")}).outputs
    axes = {4 * k + i: known[4 * k + i] for k in range(3) for i in range(3)}
    axes = build.add("FunctionNodeCombineMatrix", axes)
    still = build.math("SUBTRACT", 1.0, moves)
    points = build.store(points, ellipsoids.AXES, "FLOAT4X4", resting, Selection=still)
    points = build.store(points, ellipsoids.AXES, "FLOAT4X4", axes, Selection=moves)
    displacement = build.add("ShaderNodeCombineXYZ", {i: known[12 + i] for i in range(3)})
    turn = build.add("FunctionNodeQuaternionToRotation", {k: known[4 * k + 3] for k in range(4)})
    return points, displacement, turn


class _Moments:
    """The particles between the two frames around a time, as fields on points counted like them."""

    def __init__(self, build: nodes.Builder, motion: Any, count: Any, time: Any) -> None:
        self._build = build
        self._points = build.node("GeometryNodeObjectInfo", {"Object": motion}).outputs["Geometry"]
        total = build.node("GeometryNodeAttributeDomainSize", {"Geometry": self._points}).outputs["Point Count"]
        last = build.integer("SUBTRACT", build.integer("DIVIDE", total, count), 2)  # rest comes before frame 0
        time = build.math("MINIMUM", build.math("MAXIMUM", time, 0.0), last)
        self._fraction = build.math("FRACT", time)
        first = build.add("FunctionNodeFloatToInt", {0: time}, rounding_mode="FLOOR")
        second = build.integer("MINIMUM", build.integer("ADD", first, 1), last)
        self._index = build.add("GeometryNodeInputIndex")
        self._in_first, self._in_second = (
            build.integer("MULTIPLY_ADD", build.integer("ADD", frame, 1), count, self._index)
            for frame in (first, second)
        )

    def rest(self) -> bpy.types.NodeSocket:
        """Positions at rest."""
        position = self._build.add("GeometryNodeInputPosition")
        return self._build.sample(self._points, "FLOAT_VECTOR", position, self._index)

    def displacement(self) -> bpy.types.NodeSocket:
        """How far each particle is from its place at rest."""
        position = self._build.add("GeometryNodeInputPosition")
        return self._build.vector("SUBTRACT", self._between(position), self.rest())

    def turn(self) -> bpy.types.NodeSocket:
        """Rotation since rest: the normalised mean of the frames' quaternions, whose signs agree in time."""
        build = self._build
        turned = build.attribute(splats.ROTATION, "QUATERNION")
        before, after = (
            build.node("FunctionNodeRotationToQuaternion", {0: build.sample(self._points, "QUATERNION", turned, place)})
            for place in (self._in_first, self._in_second)
        )
        mean = [
            build.math("MULTIPLY_ADD", self._fraction, build.math("SUBTRACT", b, a), a)
            for a, b in zip(before.outputs, after.outputs, strict=True)
        ]
        return build.add("FunctionNodeQuaternionToRotation", dict(enumerate(mean)))

    def stretch(self, step: Any) -> list[bpy.types.NodeSocket]:
        """U - 1 since rest: (xx, xy, xz) and (yy, yz, zz)."""
        build, six = self._build, []
        for name in STRETCHES:
            # Taken apart after sampling: a field that is sampled is computed on all points of the motion.
            packed = build.attribute(name, "INT")
            before, after = (
                build.sample(self._points, "INT", packed, place) for place in (self._in_first, self._in_second)
            )
            for number_before, number_after in zip(_two(build, before), _two(build, after), strict=True):
                number = self._mixed("FLOAT", number_before, number_after)
                six.append(build.math("MULTIPLY", number, step))
        return [build.add("ShaderNodeCombineXYZ", dict(enumerate(three))) for three in (six[:3], six[3:])]

    def _between(self, value: Any) -> bpy.types.NodeSocket:
        """A vector of the motion's points, between the two frames."""
        before, after = (
            self._build.sample(self._points, "FLOAT_VECTOR", value, place)
            for place in (self._in_first, self._in_second)
        )
        return self._mixed("VECTOR", before, after)

    def _mixed(self, data_type: str, before: Any, after: Any) -> bpy.types.NodeSocket:
        inputs = {"Factor": self._fraction, "A": before, "B": after}
        return self._build.add("ShaderNodeMix", inputs, data_type=data_type)


def _two(build: nodes.Builder, packed: Any) -> tuple[bpy.types.NodeSocket, bpy.types.NodeSocket]:
    """The two numbers in a whole one of `STRETCHES`, in steps."""
    upper = build.integer("DIVIDE_FLOOR", packed, HALF_WORD)
    lower = build.integer("SUBTRACT", build.integer("FLOORED_MODULO", packed, HALF_WORD), MIDDLE)
    return upper, lower


@dataclass(frozen=True)
class _Blended:
    """A splat's motion, weighted over the particles that carry it."""

    displacement: bpy.types.NodeSocket
    turn: bpy.types.NodeSocket
    rest: bpy.types.NodeSocket | None = None
    """Where its particles are at rest."""
    stretch: bpy.types.NodeSocket | None = None
    """U as a matrix."""


def _blended(build: nodes.Builder, particles: Any, count: Any, carriers: Any, how: Carried) -> _Blended:
    position = build.add("GeometryNodeInputPosition")
    values = {"Moved": position, "Turned": build.attribute(_TURN_XYZ, "FLOAT_VECTOR")}
    more = {Carried.along: (), Carried.around: (_REST,), Carried.stretched: (_REST, *_STRETCH)}[how]
    values |= {name: build.attribute(name, "FLOAT_VECTOR") for name in more}
    turn_w = build.attribute(_TURN_W, "FLOAT")

    def add_carrier(number: Any, sums: dict[str, bpy.types.NodeSocket]) -> dict[str, bpy.types.NodeSocket]:
        carrier = build.attribute(_carrier_name(build, number), "INT")
        weight = build.integer("DIVIDE", carrier, count)
        particle = build.integer("MULTIPLY_ADD", weight, build.integer("NEGATE", count), carrier)
        shares = {name: build.sample(particles, "FLOAT_VECTOR", value, particle) for name, value in values.items()}
        added = {name: build.vector("ADD", build.scaled(share, weight), sums[name]) for name, share in shares.items()}
        share_w = build.sample(particles, "FLOAT", turn_w, particle)
        return added | {"W": build.math("MULTIPLY_ADD", share_w, weight, sums["W"])}

    items = dict.fromkeys(values, ("VECTOR", (0.0, 0.0, 0.0))) | {"W": ("FLOAT", 0.0)}
    sums = build.repeat(carriers, items, add_carrier)
    unit = build.integer("SUBTRACT", build.integer("DIVIDE", LARGEST, count), 1)  # weight_unit
    share = build.math("DIVIDE", 1.0, unit)
    x, y, z = build.node("ShaderNodeSeparateXYZ", {0: sums["Turned"]}).outputs
    turn = build.add("FunctionNodeQuaternionToRotation", {0: sums["W"], 1: x, 2: y, 3: z})  # makes it unit
    displacement = build.scaled(sums["Moved"], share)
    rest = build.scaled(sums[_REST], share) if _REST in sums else None
    if how is not Carried.stretched:
        return _Blended(displacement, turn, rest)
    first, second = (
        build.node("ShaderNodeSeparateXYZ", {0: build.scaled(sums[name], share)}).outputs for name in _STRETCH
    )
    (xx, xy, xz), (yy, yz, zz) = first, second
    rows = (
        (build.math("ADD", xx, 1.0), xy, xz),
        (xy, build.math("ADD", yy, 1.0), yz),
        (xz, yz, build.math("ADD", zz, 1.0)),
    )
    entries = {4 * i + j: rows[i][j] for i in range(3) for j in range(3)}
    return _Blended(displacement, turn, rest, build.add("FunctionNodeCombineMatrix", entries))


def _carrier_name(build: nodes.Builder, number: Any) -> bpy.types.NodeSocket:
    text = build.tree.nodes.new("FunctionNodeFormatString")
    text.format_items.new("INT", "number")
    text.inputs["Format"].default_value = CARRIER + "{number}"
    build.tree.links.new(number, text.inputs["number"])
    return text.outputs[0]
