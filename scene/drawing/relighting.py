"""What lamps need to know of a splat: which way it faces."""

from __future__ import annotations

from typing import Any

import bpy

from .. import nodes
from . import ellipsoids, shading

TIE = 1.0001
"""Axes within this factor of the shortest count as equally short: a round splat faces their middle."""


def with_normals(build: nodes.Builder, points: Any) -> bpy.types.NodeSocket:
    """The points with the direction of their shortest axis, in world space: trained splats lie flat on surfaces."""
    scale = build.node("ShaderNodeSeparateXYZ", {0: build.attribute("scale", "FLOAT_VECTOR")}).outputs
    least = build.math("MINIMUM", scale[0], build.math("MINIMUM", scale[1], scale[2]))
    limit = build.math("MULTIPLY", least, TIE)
    shortest = build.add(
        "ShaderNodeCombineXYZ",
        {k: build.math("SUBTRACT", 1.0, build.math("GREATER_THAN", scale[k], limit)) for k in range(3)},
    )
    # A normal goes by the inverse transpose: it stays normal to a plane that is sheared.
    inverse = build.add("FunctionNodeInvertMatrix", {"Matrix": ellipsoids.present_axes(build, points)})
    transposed = build.add("FunctionNodeTransposeMatrix", {"Matrix": inverse})
    normal = build.add("FunctionNodeTransformDirection", {"Direction": shortest, "Transform": transposed})
    itself = build.add("GeometryNodeSelfObject")
    pose = build.node("GeometryNodeObjectInfo", {"Object": itself}, transform_space="ORIGINAL").outputs
    normal = build.add("FunctionNodeRotateVector", {"Vector": normal, "Rotation": pose["Rotation"]})
    return build.store(points, shading.NORMAL, "FLOAT_VECTOR", build.vector("NORMALIZE", normal))
