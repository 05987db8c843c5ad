"""Which splats of a large cloud the viewport draws: those that cover most, so that it stays quick to turn around.

Of 1 in 4 splats of a plant a random choice is 26 dB from the whole picture; the largest are 29.7 dB, but leave holes
where all are small; drawing lots, with larger chances for larger splats, 30.2 dB.
"""

from __future__ import annotations

from math import e
from typing import Any

import bpy

from .. import nodes

SAMPLES = 10_000
"""Splats that are sorted to find which lot is drawn: the count is met to about a hundredth."""
LOT = "sway_lot"


def most_important(build: nodes.Builder, points: Any, total: Any, count: Any) -> bpy.types.NodeSocket:
    """About `count` points out of `total`, in their order: the others are deleted.

    Lots are drawn by importance: opacity times the area of the splat seen from its broadest side. That is the same from
    everywhere, so that nothing appears or vanishes as one turns around, and in every frame.
    """
    points = build.store(points, LOT, "FLOAT", _lot(build))
    lot = build.attribute(LOT, "FLOAT")
    # Only some are sorted, evenly out of all: to sort a million takes longer than the drawing that it saves.
    some = build.add("GeometryNodePoints", {"Count": SAMPLES})
    place = build.math("DIVIDE", build.math("MULTIPLY", build.add("GeometryNodeInputIndex"), total), SAMPLES)
    some = build.store(some, LOT, "FLOAT", build.sample(points, "FLOAT", lot, place))
    falling = {"Geometry": some, "Sort Weight": build.math("MULTIPLY", lot, -1.0)}
    some = build.add("GeometryNodeSortElements", falling, domain="POINT")
    rank = build.math("MULTIPLY", build.math("DIVIDE", count, total), SAMPLES)
    least = build.sample(some, "FLOAT", lot, rank)
    dropped = {"Geometry": points, "Selection": build.math("LESS_THAN", lot, least)}
    kept = build.add("GeometryNodeDeleteGeometry", dropped, domain="POINT")
    return build.without(kept, LOT)


def _lot(build: nodes.Builder) -> bpy.types.NodeSocket:
    """w / -ln(u) of importance w and a random u: the largest are a weighted sample (Efraimidis and Spirakis 2006)."""
    chance = build.math("LOGARITHM", build.add("FunctionNodeRandomValue", data_type="FLOAT"), e)
    return build.math("DIVIDE", _importance(build), build.math("MULTIPLY", chance, -1.0))


def _importance(build: nodes.Builder) -> bpy.types.NodeSocket:
    x, y, z = build.node("ShaderNodeSeparateXYZ", {0: build.attribute("scale", "FLOAT_VECTOR")}).outputs
    sides = [build.math("MULTIPLY", *pair) for pair in ((x, y), (y, z), (z, x))]
    area = build.math("MAXIMUM", sides[0], build.math("MAXIMUM", sides[1], sides[2]))
    base = build.attribute("radiance:base", "FLOAT_COLOR")
    return build.math("MULTIPLY", build.node("FunctionNodeSeparateColor", {"Color": base}).outputs["Alpha"], area)
