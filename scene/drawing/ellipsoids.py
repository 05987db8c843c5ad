"""The two ways in which a splat's ellipsoid is known in nodes: by rotation and scale, or by its half-axes as a matrix.

A splat that only turns keeps its `rotation` and `scale`. One that is sheared as well would need new principal axes in
every frame; instead the attribute `sway_axes` holds the matrix B = A R S whose columns are the images of its half-axes
under the deformation A (no longer at right angles), for the covariance is B B^T = A Sigma A^T whatever the columns are.
An instance's transform may be any such matrix, in EEVEE and in Cycles.
"""

from __future__ import annotations

from typing import Any, Protocol

import bpy

from .. import nodes

AXES = "sway_axes"
"""Point attribute [4x4 matrix]: B, in the frame of the points, with no translation."""
FLATTEST = 1e-3
"""Thinnest axis of a splat relative to its widest: below it a point in the splat's own space loses its digits."""


class Ellipsoids(Protocol):
    """The splats' shapes, as fields on the points."""

    def to_splat(self, vector: Any) -> bpy.types.NodeSocket:
        """A direction among the points in the splat's own space, where its Gaussian is the unit one."""

    def from_splat(self, vector: Any) -> bpy.types.NodeSocket:
        """A direction in the splat's own space among the points."""

    def instances(self, points: Any, selection: Any, instance: Any, radius: Any) -> bpy.types.NodeSocket:
        """The instance on the selected points as their ellipsoids, `radius` sigmas large."""


class Turned:
    """By rotation and scale."""

    def __init__(self, build: nodes.Builder) -> None:
        self._build = build
        self._rotation = build.attribute("rotation", "QUATERNION")
        self._inverse = build.add("FunctionNodeInvertRotation", {"Rotation": self._rotation})
        self._scale = thickened(build)

    def to_splat(self, vector: Any) -> bpy.types.NodeSocket:
        turned = self._build.add("FunctionNodeRotateVector", {"Vector": vector, "Rotation": self._inverse})
        return self._build.vector("DIVIDE", turned, self._scale)

    def from_splat(self, vector: Any) -> bpy.types.NodeSocket:
        stretched = self._build.vector("MULTIPLY", vector, self._scale)
        return self._build.add("FunctionNodeRotateVector", {"Vector": stretched, "Rotation": self._rotation})

    def instances(self, points: Any, selection: Any, instance: Any, radius: Any) -> bpy.types.NodeSocket:
        inputs = {"Points": points, "Selection": selection, "Instance": instance, "Rotation": self._rotation}
        inputs["Scale"] = self._build.scaled(self._scale, radius)
        return self._build.add("GeometryNodeInstanceOnPoints", inputs)


class Sheared:
    """By the matrix of their half-axes."""

    def __init__(self, build: nodes.Builder) -> None:
        self._build = build
        self._axes = build.attribute(AXES, "FLOAT4X4")
        self._inverse = build.add("FunctionNodeInvertMatrix", {"Matrix": self._axes})

    def to_splat(self, vector: Any) -> bpy.types.NodeSocket:
        inputs = {"Direction": vector, "Transform": self._inverse}
        return self._build.add("FunctionNodeTransformDirection", inputs)

    def from_splat(self, vector: Any) -> bpy.types.NodeSocket:
        return self._build.add("FunctionNodeTransformDirection", {"Direction": vector, "Transform": self._axes})

    def instances(self, points: Any, selection: Any, instance: Any, radius: Any) -> bpy.types.NodeSocket:
        build = self._build
        inputs = {"Points": points, "Selection": selection, "Instance": instance}
        placed = build.add("GeometryNodeInstanceOnPoints", inputs)
        sized = {"Translation": build.add("GeometryNodeInputPosition"), "Scale": _of_all_axes(build, radius)}
        whole = build.add(
            "FunctionNodeMatrixMultiply", {0: build.add("FunctionNodeCombineTransform", sized), 1: self._axes}
        )
        return build.add("GeometryNodeSetInstanceTransform", {"Instances": placed, "Transform": whole})


def are_sheared(build: nodes.Builder, points: Any) -> bpy.types.NodeSocket:
    """Whether the points carry half-axes, as one value for all: only what it switches to is then computed."""
    return build.sample(points, "BOOLEAN", build.has_attribute(AXES, "FLOAT4X4"), 0)


def resting_axes(build: nodes.Builder) -> bpy.types.NodeSocket:
    """The half-axes R S of splats that nothing shears."""
    inputs = {"Rotation": build.attribute("rotation", "QUATERNION"), "Scale": thickened(build)}
    return build.add("FunctionNodeCombineTransform", inputs)


def present_axes(build: nodes.Builder, points: Any) -> bpy.types.NodeSocket:
    """The half-axes of splats, whether or not something shears them."""
    sheared = build.attribute(AXES, "FLOAT4X4")
    return build.switch("MATRIX", are_sheared(build, points), resting_axes(build), sheared)


def matrix(build: nodes.Builder, *columns: Any) -> bpy.types.NodeSocket:
    """The matrix of three columns, without translation."""
    entries = (build.node("ShaderNodeSeparateXYZ", {0: column}).outputs for column in columns)
    return build.add(
        "FunctionNodeCombineMatrix", {4 * k + i: axis[i] for k, axis in enumerate(entries) for i in range(3)}
    )


def thickened(build: nodes.Builder) -> bpy.types.NodeSocket:
    """The splats' scale with its thinnest axes as thick as they may be drawn."""
    scale = build.attribute("scale", "FLOAT_VECTOR")
    axes = build.node("ShaderNodeSeparateXYZ", {0: scale}).outputs
    widest = build.math("MAXIMUM", axes[0], build.math("MAXIMUM", axes[1], axes[2]))
    return build.vector("MAXIMUM", scale, build.math("MULTIPLY", widest, FLATTEST))


def _of_all_axes(build: nodes.Builder, number: Any) -> bpy.types.NodeSocket:
    return build.add("ShaderNodeCombineXYZ", {0: number, 1: number, 2: number})
