"""How splats are drawn, in EEVEE and in Cycles: the node group that every cloud ends with.

All of it is computed in nodes from the attributes, so edits, motion and bakes just work, and nothing needs the add-on.
spheres.py draws what is right from everywhere, sheets.py what is fast from the scene camera; shading.py is what they
share.
"""

from __future__ import annotations

from math import e

import bpy

from ...backend.gaussians import SH_C0
from .. import nodes
from . import ellipsoids, harmonics, sheets, spheres
from .shading import ALPHA_MIN, COLOUR, RADIUS

MODIFIER = GROUP = "Sway Splats"
SHOW_PARTS, VIEWPORT_FRACTION, FAST_RENDER = "Show Parts", "Viewport Fraction", "Fast Render"
VIEW_DEPENDENT = "View-Dependent Colour"
VERSION = 5

GOLDEN, FIRST_HUE = 0.618034, 0.3
"""Hue of a part: steps of the first on the colour circle keep parts far apart, the second keeps off leaf green."""


def attach(obj: bpy.types.Object) -> bpy.types.NodesModifier:
    """Shows an object's points as splats: its last modifier becomes the display group, added where absent."""
    modifier = obj.modifiers.get(MODIFIER) or obj.modifiers.new(MODIFIER, "NODES")
    modifier.node_group = display_group()
    obj.modifiers.move(obj.modifiers.find(MODIFIER), len(obj.modifiers) - 1)
    return modifier


def show_parts(obj: bpy.types.Object, shown: bool) -> None:
    """Tints moving splats by their part, so that one can see what moves."""
    nodes.set_input(obj.modifiers[MODIFIER], SHOW_PARTS, shown)


def fast_render(obj: bpy.types.Object, fast: bool) -> None:
    """Draws an object's splats as camera-facing sheets when rendering (sheets.py)."""
    nodes.set_input(obj.modifiers[MODIFIER], FAST_RENDER, fast)


def display_group() -> bpy.types.GeometryNodeTree:
    """Geometry-node group that turns points into splats."""
    inputs = {
        SHOW_PARTS: {"default_value": False, "description": "Tint the splats that move, each part in its own colour"},
        VIEWPORT_FRACTION: {
            "default_value": 1.0,
            "min_value": 0.0,
            "max_value": 1.0,
            "subtype": "FACTOR",
            "description": "Share of the splats drawn in the viewport; renders always draw all",
        },
        FAST_RENDER: {
            "default_value": False,
            "description": "In renders, draw flat sheets that face the scene camera: much faster, without motion blur",
        },
    }
    inputs[VIEW_DEPENDENT] = {
        "default_value": True,
        "description": "Draw reflections and sheen as the scene camera sees them, where the file has them (spherical "
        "harmonics above degree 0)",
    }
    return nodes.geometry_group(GROUP, VERSION, inputs, _fill_group)


def _fill_group(build: nodes.Builder, group_in: bpy.types.Node, group_out: bpy.types.Node) -> None:
    points = group_in.outputs["Geometry"]
    base = build.attribute("radiance:base", "FLOAT_COLOR")
    opacity = build.node("FunctionNodeSeparateColor", {"Color": base}).outputs["Alpha"]
    # Radius where opacity * exp(-r^2 / 2) falls to ALPHA_MIN: smaller outlines are fewer pixels to shade.
    ratio = build.math("MAXIMUM", build.math("DIVIDE", opacity, ALPHA_MIN), 1.0)
    radius = build.math("SQRT", build.math("MULTIPLY", build.math("LOGARITHM", ratio, e), 2.0))
    points = build.store(points, RADIUS, "FLOAT", radius)
    same, seen = (
        build.store(points, COLOUR, "FLOAT_COLOR", _colour(build, group_in, base, opacity, further))
        for further in (None, harmonics.further_colour(build))
    )
    # One value for the whole cloud: of a cloud without harmonics none is computed.
    has_more = build.sample(points, "BOOLEAN", build.has_attribute("radiance:sh_0", "FLOAT_VECTOR"), 0)
    wanted = build.add(
        "FunctionNodeBooleanMath",
        {0: group_in.outputs[VIEW_DEPENDENT], 1: harmonics.has_camera(build)},
        operation="AND",
    )
    more = build.add("FunctionNodeBooleanMath", {0: wanted, 1: has_more}, operation="AND")
    points = build.switch("GEOMETRY", more, same, seen)
    points = build.without(points, "radiance:*")  # what is needed of them is stored: spare the copies

    radius = build.attribute(RADIUS, "FLOAT")
    in_viewport = build.add("GeometryNodeIsViewport")
    selection = build.add(
        "FunctionNodeBooleanMath",
        {0: build.math("GREATER_THAN", radius, 0.0), 1: _sampled(build, group_in, in_viewport)},
        operation="AND",
    )
    fast = build.add("FunctionNodeBooleanMath", {0: group_in.outputs[FAST_RENDER], 1: in_viewport}, operation="NIMPLY")
    ways = spheres.spheres, sheets.camera_sheets
    turned, sheared = (
        build.switch("GEOMETRY", fast, *(draw(build, points, selection, shapes, radius) for draw in ways))
        for shapes in (ellipsoids.Turned(build), ellipsoids.Sheared(build))
    )
    shown = build.switch("GEOMETRY", ellipsoids.are_sheared(build, points), turned, sheared)
    build.tree.links.new(shown, group_out.inputs["Geometry"])


def _colour(
    build: nodes.Builder,
    group_in: bpy.types.Node,
    base: bpy.types.NodeSocket,
    opacity: bpy.types.NodeSocket,
    further: bpy.types.NodeSocket | None,
) -> bpy.types.NodeSocket:
    """Display colour max(0, 0.5 + C0 f_dc + further harmonics) with opacity as alpha; moving parts tinted if asked."""
    half, c0, black = (0.5,) * 3, (SH_C0,) * 3, (0.0,) * 3
    colour = build.vector("MULTIPLY_ADD", base, c0, half)
    if further is not None:
        colour = build.vector("ADD", colour, further)
    colour = build.vector("MAXIMUM", colour, black)
    part = build.attribute("sway_part", "INT")
    moving = build.math("GREATER_THAN", part, 0.5)
    tint = build.node(
        "FunctionNodeCombineColor",
        {0: build.math("FRACT", build.math("MULTIPLY_ADD", part, GOLDEN, FIRST_HUE)), 1: 0.9, 2: 1.0},
        mode="HSV",
    ).outputs[0]
    share = build.math("MULTIPLY", build.math("MULTIPLY", moving, group_in.outputs[SHOW_PARTS]), 0.6)
    tinted = build.add("ShaderNodeMix", {"Factor": share, "A": colour, "B": tint}, data_type="VECTOR")
    channels = build.node("ShaderNodeSeparateXYZ", {0: tinted}).outputs
    rgba = {"Red": channels[0], "Green": channels[1], "Blue": channels[2], "Alpha": opacity}
    return build.add("FunctionNodeCombineColor", rgba, mode="RGB")


def _sampled(build: nodes.Builder, group_in: bpy.types.Node, in_viewport: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """True for the viewport's share of the splats, picked by index and so the same in every frame."""
    share = build.switch("FLOAT", in_viewport, 1.0, group_in.outputs[VIEWPORT_FRACTION])
    return build.math("LESS_THAN", build.add("FunctionNodeRandomValue", data_type="FLOAT"), share)
