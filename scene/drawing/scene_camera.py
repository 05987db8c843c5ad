"""The scene camera in nodes: where it is among the points, and what a pixel of its picture covers."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import bpy

from .. import nodes

WIDTH = "Picture Width"
"""Name of the value node that follows the scene's resolution."""


class SceneCamera:
    """The camera that the scene renders from, in the frame of the object. Its own scale must be 1."""

    def __init__(self, build: nodes.Builder) -> None:
        self._build = build
        self._camera = build.add("GeometryNodeInputActiveCamera")
        pose = build.node("GeometryNodeObjectInfo", {"Object": self._camera}, transform_space="RELATIVE").outputs
        self.location, self.rotation, self._scale = (pose[name] for name in ("Location", "Rotation", "Scale"))
        self._lens = build.node("GeometryNodeCameraInfo", {"Camera": self._camera}).outputs
        self.is_orthographic = self._lens["Is Orthographic"]

    @cached_property
    def exists(self) -> bpy.types.NodeSocket:
        """Whether the scene has a camera."""
        return self._build.math("GREATER_THAN", self._lens["Focal Length"], 0.0)

    def axis(self, direction: tuple[float, float, float]) -> bpy.types.NodeSocket:
        """A direction of the camera's own space (+x right, +y up, +z backward) among the points."""
        return self._build.add("FunctionNodeRotateVector", {"Vector": direction, "Rotation": self.rotation})

    @cached_property
    def depth(self) -> bpy.types.NodeSocket:
        """How far a point lies in front of the camera, along its axis."""
        build = self._build
        before = build.vector("SUBTRACT", self.location, build.add("GeometryNodeInputPosition"))
        return build.vector("DOT_PRODUCT", before, self.axis((0.0, 0.0, 1.0)))

    def to_eye(self, far: float) -> bpy.types.NodeSocket:
        """From a point to the eye; for an orthographic camera to a place `far` behind, for its rays are parallel."""
        build = self._build
        to_eye = build.vector("SUBTRACT", self.location, build.add("GeometryNodeInputPosition"))
        behind = build.scaled(self.axis((0.0, 0.0, 1.0)), far)
        return build.switch("VECTOR", self.is_orthographic, to_eye, behind)

    def pixel_size(self, depth: Any) -> bpy.types.NodeSocket:
        """How much of the points' space one pixel covers at a depth."""
        build = self._build
        half_width = build.math("DIVIDE", 1.0, self.projection[0])  # of the picture, at depth 1
        size = build.math("DIVIDE", build.math("MULTIPLY", half_width, 2.0), _picture_width(build))
        scale = build.node("ShaderNodeSeparateXYZ", {0: self._scale}).outputs[0]
        orthographic, perspective = (build.math("MULTIPLY", size, by) for by in (scale, depth))
        return build.switch("FLOAT", self.is_orthographic, perspective, orthographic)

    @cached_property
    def projection(self) -> Any:
        """Entries of the projection matrix, column by column."""
        return self._build.node("FunctionNodeSeparateMatrix", {0: self._lens["Projection Matrix"]}).outputs


def _picture_width(build: nodes.Builder) -> bpy.types.NodeSocket:
    """Width of the scene's picture [px]. No node tells it; a driver of plain arithmetic does, which needs no Python."""
    node = build.node("ShaderNodeValue")
    node.name = node.label = WIDTH
    driver = node.outputs[0].driver_add("default_value").driver
    for name, path in (("width", "render.resolution_x"), ("percentage", "render.resolution_percentage")):
        variable = driver.variables.new()
        variable.name, variable.type = name, "CONTEXT_PROP"
        variable.targets[0].context_property, variable.targets[0].data_path = "ACTIVE_SCENE", path
    driver.expression = "width * percentage / 100"
    return node.outputs[0]
