"""Which splats of a large cloud the viewport draws: those that cover most, so that it stays quick to turn around."""

from __future__ import annotations

from typing import Any

import bpy

from .. import nodes


def most_important(build: nodes.Builder, points: Any, count: Any) -> bpy.types.NodeSocket:
    """The `count` points of largest importance, in their order: the others are deleted.

    Importance is opacity times the area of the splat seen from its broadest side: the same from everywhere, so that
    nothing appears or vanishes as one turns around, and the same in every frame.
    """
    index = build.add("GeometryNodeInputIndex")
    importance = _importance(build)
    total = build.node("GeometryNodeAttributeDomainSize", {"Geometry": points}, component="POINTCLOUD").outputs
    ranked = build.add("GeometryNodePoints", {"Count": total["Point Count"]})  # alone: sorting copies all attributes
    ranked = build.store(ranked, "importance", "FLOAT", build.sample(points, "FLOAT", importance, index))
    stored = build.attribute("importance", "FLOAT")
    ranked = build.add(
        "GeometryNodeSortElements",
        {"Geometry": ranked, "Sort Weight": build.math("MULTIPLY", stored, -1.0)},
        domain="POINT",
    )
    last = build.integer("SUBTRACT", count, 1)
    least = build.sample(ranked, "FLOAT", stored, last)
    dropped = {"Geometry": points, "Selection": build.math("LESS_THAN", importance, least)}
    return build.add("GeometryNodeDeleteGeometry", dropped, domain="POINT")


def _importance(build: nodes.Builder) -> bpy.types.NodeSocket:
    x, y, z = build.node("ShaderNodeSeparateXYZ", {0: build.attribute("scale", "FLOAT_VECTOR")}).outputs
    sides = [build.math("MULTIPLY", *pair) for pair in ((x, y), (y, z), (z, x))]
    area = build.math("MAXIMUM", sides[0], build.math("MAXIMUM", sides[1], sides[2]))
    base = build.attribute("radiance:base", "FLOAT_COLOR")
    return build.math("MULTIPLY", build.node("FunctionNodeSeparateColor", {"Color": base}).outputs["Alpha"], area)
