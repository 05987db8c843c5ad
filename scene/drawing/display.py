"""How splats are drawn, in EEVEE and in Cycles: the node group that every cloud ends with.

All of it is computed in nodes from the attributes, so edits, motion and bakes just work, and nothing needs the add-on.
spheres.py draws what is right from everywhere, sheets.py what is fast and exact from the scene camera, of the ellipses
that projected.py makes of the splats; shading.py is what they share.
"""

from __future__ import annotations

from math import e
from typing import Any

import bpy

from ...backend.gaussians import SH_C0
from .. import nodes
from . import ellipsoids, harmonics, level_of_detail, native, projected, relighting, sheets, spheres
from .scene_camera import SceneCamera
from .shading import ALPHA_MIN, COLOUR, RADIUS

MODIFIER = GROUP = "Sway Splats"
SHOW_PARTS, FAST_RENDER, VIEW_DEPENDENT = "Show Parts", "Fast Render", "View-Dependent Colour"
VIEWPORT_FRACTION, VIEWPORT_LIMIT = "Viewport Fraction", "Viewport Limit"
DILATED, ANTIALIASED = "As Other Viewers", "Anti-Aliased Training"
SCENE_LINEAR, RELIT = "Scene-Linear Colour", "Relight"
NATIVE = "Blender's Own Splats"
VERSION = 8

LIMIT = 250_000
"""Splats that a viewport draws before it leaves some out."""
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
    """Draws an object's splats as flat ellipses before the scene camera when rendering (projected.py, sheets.py)."""
    nodes.set_input(obj.modifiers[MODIFIER], FAST_RENDER, fast)


def setting(obj: bpy.types.Object, label: str) -> Any:
    """Value of an input of an object's display; None where it has no such input, as in a file of an earlier version."""
    modifier = obj.modifiers.get(MODIFIER)
    if modifier is None or modifier.node_group is None or label not in modifier.node_group.interface.items_tree:
        return None
    return nodes.get_input(modifier, label)


def display_group() -> bpy.types.GeometryNodeTree:
    """Geometry-node group that turns points into splats."""
    inputs = {
        SHOW_PARTS: {"default_value": False, "description": "Tint the splats that move, each part in its own colour"},
        VIEWPORT_FRACTION: {
            "default_value": 1.0,
            "min_value": 0.0,
            "max_value": 1.0,
            "subtype": "FACTOR",
            "description": "Share of the splats drawn in the viewport, mostly large ones; renders always draw all",
        },
        FAST_RENDER: {
            "default_value": False,
            "description": "In renders, draw flat ellipses that face the scene camera: much faster, in Cycles also "
            "closest to other viewers, without motion blur",
        },
        VIEW_DEPENDENT: {
            "default_value": True,
            "description": "Draw reflections and sheen as the scene camera sees them, where the file has them "
            "(spherical harmonics above degree 0)",
        },
        VIEWPORT_LIMIT: {
            "default_value": LIMIT,
            "min_value": 1,
            "description": "About how many splats the viewport draws at most, mostly large and opaque ones; renders "
            "always draw all",
        },
        DILATED: {
            "default_value": False,
            "description": "Widen each splat by 0.3 pixels of the scene camera's picture, as the rasteriser that "
            "trained it does: renders look as in other viewers",
        },
        ANTIALIASED: {
            "default_value": False,
            "description": "Also thin what that widens. Only for captures trained with anti-aliasing (Mip-Splatting)",
        },
        SCENE_LINEAR: {
            "default_value": False,
            "description": "Turn the colours into scene-linear light, for AgX, lamps and compositing; soft edges blend "
            "a little differently than in other viewers",
        },
        RELIT: {
            "default_value": False,
            "description": "Let lamps and world light the splats as matt surfaces, instead of showing the captured "
            "light",
        },
    }
    if native.splat_type():
        inputs[NATIVE] = {
            "default_value": True,
            "description": "Let Blender itself draw the splats: fast, without the options above",
        }
    return nodes.geometry_group(GROUP, VERSION, inputs, _fill_group)


def _fill_group(build: nodes.Builder, group_in: bpy.types.Node, group_out: bpy.types.Node) -> None:
    given, camera = group_in.outputs, SceneCamera(build)
    points = whole = given["Geometry"]
    in_viewport = build.add("GeometryNodeIsViewport")
    points = _thinned_out(build, given, points, in_viewport)
    points = build.switch("GEOMETRY", given[RELIT], points, relighting.with_normals(build, points))
    fast = build.add("FunctionNodeBooleanMath", {0: given[FAST_RENDER], 1: in_viewport}, operation="NIMPLY")
    widening = build.switch("FLOAT", given[DILATED], 0.0, projected.DILATION)
    flat = build.add("FunctionNodeBooleanMath", {0: given[DILATED], 1: fast}, operation="OR")
    ellipses = projected.projected(build, points, widening, given[ANTIALIASED])
    points = build.switch("GEOMETRY", _both(build, flat, camera.exists), points, ellipses)
    points = _coloured(build, given, points, camera)
    points = build.without(points, "radiance:*")  # what is needed of them is stored: spare the copies

    radius = build.attribute(RADIUS, "FLOAT")
    selection = build.math("GREATER_THAN", radius, 0.0)
    ways = spheres.spheres, sheets.camera_sheets
    turned, sheared = (
        build.switch("GEOMETRY", fast, *(draw(build, points, selection, shapes, radius, given[RELIT]) for draw in ways))
        for shapes in (ellipsoids.Turned(build), ellipsoids.Sheared(build))
    )
    shown = build.switch("GEOMETRY", ellipsoids.are_sheared(build, points), turned, sheared)
    if native.splat_type():
        shown = build.switch("GEOMETRY", given[NATIVE], shown, native.native_splats(build, whole))
    build.tree.links.new(shown, group_out.inputs["Geometry"])


def _thinned_out(build: nodes.Builder, given: Any, points: Any, in_viewport: Any) -> bpy.types.NodeSocket:
    """The viewport's share of the splats; in a render all."""
    total = build.node("GeometryNodeAttributeDomainSize", {"Geometry": points}, component="POINTCLOUD").outputs
    total = total["Point Count"]
    share = build.math("CEIL", build.math("MULTIPLY", total, given[VIEWPORT_FRACTION]))
    count = build.math("MINIMUM", share, given[VIEWPORT_LIMIT])
    fewer = _both(build, in_viewport, build.math("LESS_THAN", count, total))
    return build.switch("GEOMETRY", fewer, points, level_of_detail.most_important(build, points, total, count))


def _coloured(build: nodes.Builder, given: Any, points: Any, camera: SceneCamera) -> bpy.types.NodeSocket:
    """The points with the colour that they show, and the radius at which they end."""
    base = build.attribute("radiance:base", "FLOAT_COLOR")
    opacity = build.node("FunctionNodeSeparateColor", {"Color": base}).outputs["Alpha"]
    # Radius where opacity * exp(-r^2 / 2) falls to ALPHA_MIN: smaller outlines are fewer pixels to shade.
    ratio = build.math("MAXIMUM", build.math("DIVIDE", opacity, ALPHA_MIN), 1.0)
    radius = build.math("SQRT", build.math("MULTIPLY", build.math("LOGARITHM", ratio, e), 2.0))
    points = build.store(points, RADIUS, "FLOAT", radius)
    same, seen = (
        build.store(points, COLOUR, "FLOAT_COLOR", _colour(build, given, base, opacity, further))
        for further in (None, harmonics.further_colour(build))
    )
    # One value for the whole cloud: of a cloud without harmonics none is computed.
    has_more = build.sample(points, "BOOLEAN", build.has_attribute("radiance:sh_0", "FLOAT_VECTOR"), 0)
    more = _both(build, _both(build, given[VIEW_DEPENDENT], camera.exists), has_more)
    points = build.switch("GEOMETRY", more, same, seen)
    linear = build.store(points, COLOUR, "FLOAT_COLOR", _scene_linear(build, build.attribute(COLOUR, "FLOAT_COLOR")))
    return build.switch("GEOMETRY", given[SCENE_LINEAR], points, linear)


def _colour(
    build: nodes.Builder,
    given: Any,
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
    share = build.math("MULTIPLY", build.math("MULTIPLY", moving, given[SHOW_PARTS]), 0.6)
    tinted = build.add("ShaderNodeMix", {"Factor": share, "A": colour, "B": tint}, data_type="VECTOR")
    channels = build.node("ShaderNodeSeparateXYZ", {0: tinted}).outputs
    rgba = {"Red": channels[0], "Green": channels[1], "Blue": channels[2], "Alpha": opacity}
    return build.add("FunctionNodeCombineColor", rgba, mode="RGB")


def _scene_linear(build: nodes.Builder, colour: Any) -> bpy.types.NodeSocket:
    """A display colour as light (IEC 61966-2-1, the sRGB curve), alpha as it is."""
    *channels, alpha = build.node("FunctionNodeSeparateColor", {"Color": colour}).outputs
    light = []
    for channel in channels:
        root = build.math("DIVIDE", build.math("ADD", channel, 0.055), 1.055)
        bright, dark = build.math("POWER", root, 2.4), build.math("DIVIDE", channel, 12.92)
        light.append(build.switch("FLOAT", build.math("GREATER_THAN", channel, 0.04045), dark, bright))
    return build.add("FunctionNodeCombineColor", dict(enumerate((*light, alpha))))


def _both(build: nodes.Builder, first: Any, second: Any) -> bpy.types.NodeSocket:
    return build.add("FunctionNodeBooleanMath", {0: first, 1: second}, operation="AND")
