"""The node group "Sway Spectral Motion": a swaying loop from a few shapes and their harmonics, in nodes alone.

The points of the object `Motion` are a table of three parts, in the frame of the splats: `Particles` positions at rest;
for each of `Shapes` shapes the displacement of every particle, its rotation vector beside it in `sway_turn`; and for
each shape `Harmonics` complex numbers in x and y. Formulas: `SpectralMotion` in backend/baking/spectral_motion.py.

A splat's attribute `sway_particles` names the three particles that carry it, `PACK`^2 a + `PACK` b + c, each counted
from 1, and 0 is a splat that holds still. Their weights are not stored: they are inverse distances at rest.
"""

from __future__ import annotations

from math import tau
from typing import Any

import bpy

from .. import nodes
from .trajectory_group import CARRIER, LARGEST, MOTION, PARTICLES, TIME, carry, posed_particles

MODIFIER = GROUP = "Sway Spectral Motion"
VERSION = 1
STRENGTH, DIRECTION, PHASE = "Strength", "Direction", "Phase"
PERIOD, SHAPES, HARMONICS, UP = "Period", "Shapes", "Harmonics", "Up"
NAMES, TURN = "sway_particles", "sway_turn"
CARRIERS, PACK = 3, 1024
SOFTENING = 1e-3
"""Part of a metre added to distances, so that a splat on a particle has finite weights."""


def spectral_group() -> bpy.types.GeometryNodeTree:
    """Geometry-node group that makes splats sway in a loop without end."""
    inputs = {
        TIME: {
            "default_value": 0.0,
            "description": "Frame of the loop that is shown; it repeats for ever. Key it to slow down, hold or reverse",
        },
        STRENGTH: {
            "default_value": 1.0,
            "min_value": 0.0,
            "max_value": 10.0,
            "description": "How far everything sways and leans, times the simulated motion. Key it for gusts",
        },
        DIRECTION: {
            "default_value": 0.0,
            "subtype": "ANGLE",
            "description": "Turns the sway around the vertical: wind from elsewhere. Exact for a subject that is as "
            "stiff one way as the other",
        },
        PHASE: {
            "default_value": 0.0,
            "description": "Where in the loop frame 0 is, as a share of it: another number for each of several copies",
        },
        MOTION: {"default_value": None, "description": "Where the motion is kept: its points are a table"},
        PARTICLES: {"default_value": 1, "min_value": 1, "hide_in_modifier": True},
        SHAPES: {"default_value": 0, "min_value": 0, "hide_in_modifier": True},
        HARMONICS: {"default_value": 1, "min_value": 1, "hide_in_modifier": True},
        PERIOD: {"default_value": 1, "min_value": 1, "hide_in_modifier": True},
        UP: {"default_value": (0.0, 0.0, 1.0), "hide_in_modifier": True},
    }
    return nodes.geometry_group(GROUP, VERSION, inputs, _fill_group)


def _fill_group(build: nodes.Builder, group_in: bpy.types.Node, group_out: bpy.types.Node) -> None:
    given = group_in.outputs
    table = build.node("GeometryNodeObjectInfo", {"Object": given[MOTION]}).outputs["Geometry"]
    count, shapes = given[PARTICLES], given[SHAPES]
    first_harmonic = build.integer("MULTIPLY", build.integer("ADD", shapes, 1), count)
    signals = _signals(build, given, table, first_harmonic)
    displacement, turn = _summed(build, table, count, shapes, signals, given[HARMONICS], first_harmonic)

    def blown(vector: Any) -> bpy.types.NodeSocket:
        turned = {"Vector": build.scaled(vector, given[STRENGTH]), "Axis": given[UP], "Angle": given[DIRECTION]}
        return build.add("ShaderNodeVectorRotate", turned, rotation_type="AXIS_ANGLE")

    turn = blown(turn)
    angle = build.vector("LENGTH", turn)
    rotation = build.add("FunctionNodeAxisAngleToRotation", {"Axis": turn, "Angle": angle})
    particles = posed_particles(build, count, blown(displacement), rotation)
    points = _with_carriers(build, given["Geometry"], table, count)
    points = build.without(points, NAMES)
    build.tree.links.new(carry(build, points, particles, count, CARRIERS), group_out.inputs["Geometry"])


def _signals(build: nodes.Builder, given: Any, table: Any, first: Any) -> bpy.types.NodeSocket:
    """The table with each harmonic's share of its shape's signal summed up: a field on the rows from `first`."""
    row = build.integer("SUBTRACT", build.add("GeometryNodeInputIndex"), first)
    shape = build.integer("DIVIDE_FLOOR", row, given[HARMONICS])
    harmonic = build.integer("FLOORED_MODULO", row, given[HARMONICS])
    cycles = build.math("ADD", build.math("DIVIDE", given[TIME], given[PERIOD]), given[PHASE])
    # Whole cycles are taken off first: the sine of a large angle in float32 is noise.
    angle = build.math(
        "MULTIPLY", build.math("FRACT", build.math("MULTIPLY", build.math("FRACT", cycles), harmonic)), tau
    )
    amplitude = build.node("ShaderNodeSeparateXYZ", {0: build.add("GeometryNodeInputPosition")}).outputs
    real = build.math("MULTIPLY", amplitude["X"], build.math("COSINE", angle))
    share = build.math("SUBTRACT", real, build.math("MULTIPLY", amplitude["Y"], build.math("SINE", angle)))
    rows = build.node("GeometryNodeAccumulateField", {"Value": share, "Group ID": shape}, data_type="FLOAT")
    return rows.outputs["Total"]


def _summed(
    build: nodes.Builder, table: Any, count: Any, shapes: Any, signals: Any, harmonics: Any, first: Any
) -> tuple[bpy.types.NodeSocket, bpy.types.NodeSocket]:
    """Displacement and rotation vector of a particle: its shapes times their signals."""
    index = build.add("GeometryNodeInputIndex")
    position, turned = build.add("GeometryNodeInputPosition"), build.attribute(TURN, "FLOAT_VECTOR")

    def add_shape(number: Any, sums: dict[str, bpy.types.NodeSocket]) -> dict[str, bpy.types.NodeSocket]:
        signal = build.sample(table, "FLOAT", signals, build.integer("MULTIPLY_ADD", number, harmonics, first))
        row = build.integer("MULTIPLY_ADD", build.integer("ADD", number, 1), count, index)

        def grown(name: str, value: Any) -> bpy.types.NodeSocket:
            return build.vector(
                "ADD", sums[name], build.scaled(build.sample(table, "FLOAT_VECTOR", value, row), signal)
            )

        return {"Moved": grown("Moved", position), "Turned": grown("Turned", turned)}

    nothing = ("VECTOR", (0.0, 0.0, 0.0))
    sums = build.repeat(shapes, {"Moved": nothing, "Turned": nothing}, add_shape)
    return sums["Moved"], sums["Turned"]


def _with_carriers(build: nodes.Builder, points: Any, table: Any, count: Any) -> bpy.types.NodeSocket:
    """The splats with the carriers that `carry` reads, weighted by inverse distance at rest."""
    names = build.attribute(NAMES, "INT")
    here, position = build.add("GeometryNodeInputPosition"), build.add("GeometryNodeInputPosition")
    particles, weights = [], []
    for k in reversed(range(CARRIERS)):
        shifted = build.integer("DIVIDE", names, PACK**k)
        particle = build.integer("SUBTRACT", build.integer("MODULO", shifted, PACK), 1)
        there = build.sample(table, "FLOAT_VECTOR", position, particle)
        distance = build.vector("LENGTH", build.vector("SUBTRACT", here, there))
        particles.append(particle)
        weights.append(build.math("DIVIDE", 1.0, build.math("ADD", distance, SOFTENING)))
    total = build.math("ADD", build.math("ADD", weights[0], weights[1]), weights[2])
    unit = build.integer("SUBTRACT", build.integer("DIVIDE", LARGEST, count), 1)
    wholes = [
        build.add(
            "FunctionNodeFloatToInt",
            {0: build.math("MULTIPLY", build.math("DIVIDE", weight, total), unit)},
            rounding_mode="FLOOR",
        )
        for weight in weights[1:]
    ]
    wholes.insert(0, build.integer("SUBTRACT", unit, build.integer("ADD", *wholes)))
    moves = build.math("GREATER_THAN", names, 0.5)
    for k, (whole, particle) in enumerate(zip(wholes, particles, strict=True)):
        carrier = build.integer("MULTIPLY_ADD", whole, count, particle)
        points = build.store(points, f"{CARRIER}{k}", "INT", build.switch("INT", moves, 0, carrier))
    return points
