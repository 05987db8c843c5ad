"""How splats are drawn: one small sphere each and one material that computes the Gaussian, in EEVEE and in Cycles.

Every splat is an instance of an icosahedron, turned and stretched by its `rotation` and `scale`. In the instance's own
space the Gaussian is the unit one, so the material finds the ray's closest approach to the centre,
`d2 = p.p - (p.v)^2` for a point p on the ray and its unit direction v, and draws `alpha = opacity exp(-d2 / 2)`: the
maximum response along the ray (Moenne-Loccoz et al. 2024, 3D Gaussian Ray Tracing). For splats that are small in the
picture this is EWA splatting (Zwicker et al. 2001) without the trainers' screen-space dilation. Nothing depends on the
camera and nothing needs the add-on.

All of it is computed in nodes from the attributes, so edits, motion and bakes just work.
"""

from __future__ import annotations

from math import e

import bpy

from ..backend.gaussians import SH_C0
from . import nodes

MODIFIER = GROUP = MATERIAL = "Sway Splats"
SHOW_PARTS, VIEWPORT_FRACTION = "Show Parts", "Viewport Fraction"
GROUP_VERSION = MATERIAL_VERSION = 1

ALPHA_MIN, ALPHA_MAX = 1 / 255, 0.99
"""Alpha below the first is dropped, above the second is cut: as in the trainers' rasterisers (Kerbl et al. 2023)."""
INSCRIBED = 0.7946
"""Radius of the ball inside an icosahedron of radius 1: the ball at which Gaussians are cut must fit inside."""
FLATTEST = 1e-3
"""Thinnest axis of a splat relative to its widest: below it a point in the instance's space loses its digits."""
GOLDEN = 0.618034
"""Steps of this fraction of the colour circle keep neighbouring part numbers far apart."""

COLOUR, RADIUS = "sway_colour", "sway_radius"
"""Instance attributes from group to material: display colour with opacity as alpha; the sphere's radius in sigmas."""


def attach(obj: bpy.types.Object) -> bpy.types.NodesModifier:
    """Shows an object's points as splats: its last modifier becomes the display group, added where absent."""
    modifier = obj.modifiers.get(MODIFIER) or obj.modifiers.new(MODIFIER, "NODES")
    modifier.node_group = display_group()
    obj.modifiers.move(obj.modifiers.find(MODIFIER), len(obj.modifiers) - 1)
    return modifier


def show_parts(obj: bpy.types.Object, shown: bool) -> None:
    """Tints moving splats by their part, so that one can see what moves."""
    nodes.set_input(obj.modifiers[MODIFIER], SHOW_PARTS, shown)


def display_group() -> bpy.types.GeometryNodeTree:
    """Geometry-node group that turns points into spheres with the splat material."""
    inputs = {
        SHOW_PARTS: {"default_value": False, "description": "Tint the splats that move, each part in its own colour"},
        VIEWPORT_FRACTION: {
            "default_value": 1.0,
            "min_value": 0.0,
            "max_value": 1.0,
            "subtype": "FACTOR",
            "description": "Share of the splats drawn in the viewport; renders always draw all",
        },
    }
    return nodes.geometry_group(GROUP, GROUP_VERSION, inputs, _fill_group)


def splat_material() -> bpy.types.Material:
    """The material that computes a unit Gaussian's alpha along the ray."""
    return nodes.material(MATERIAL, MATERIAL_VERSION, _fill_material)


def _fill_group(build: nodes.Builder, group_in: bpy.types.Node, group_out: bpy.types.Node) -> None:
    points = group_in.outputs["Geometry"]
    base = build.attribute("radiance:base", "FLOAT_COLOR")
    opacity = build.node("FunctionNodeSeparateColor", {"Color": base}).outputs["Alpha"]

    # Radius in sigmas where opacity * exp(-r^2 / 2) falls to ALPHA_MIN: smaller spheres are fewer pixels to shade.
    ratio = build.math("MAXIMUM", build.math("DIVIDE", opacity, ALPHA_MIN), 1.0)
    radius = build.math("SQRT", build.math("MULTIPLY", build.math("LOGARITHM", ratio, e), 2.0))

    points = build.store(points, RADIUS, "FLOAT", radius)
    points = build.store(points, COLOUR, "FLOAT_COLOR", _colour(build, group_in, base, opacity))
    scale = build.attribute("scale", "FLOAT_VECTOR")
    axes = build.node("ShaderNodeSeparateXYZ", {0: scale}).outputs
    widest = build.math("MAXIMUM", axes[0], build.math("MAXIMUM", axes[1], axes[2]))
    scale = build.vector("MAXIMUM", scale, build.math("MULTIPLY", widest, FLATTEST))
    radius = build.attribute(RADIUS, "FLOAT")
    visible = build.math("GREATER_THAN", radius, 0.0)
    seen = build.add("FunctionNodeBooleanMath", {0: visible, 1: _sampled(build, group_in)}, operation="AND")

    sphere = build.add("GeometryNodeMeshIcoSphere", {"Radius": 1 / INSCRIBED, "Subdivisions": 1})
    sphere = build.add("GeometryNodeSetMaterial", {"Geometry": sphere, "Material": splat_material()})
    instances = build.add(
        "GeometryNodeInstanceOnPoints",
        {
            "Points": build.without(points, "radiance:*"),  # what the fields below read is stored: spare the copies
            "Selection": seen,
            "Instance": sphere,
            "Rotation": build.attribute("rotation", "QUATERNION"),
            "Scale": build.scaled(scale, radius),
        },
    )
    build.tree.links.new(instances, group_out.inputs["Geometry"])


def _colour(
    build: nodes.Builder, group_in: bpy.types.Node, base: bpy.types.NodeSocket, opacity: bpy.types.NodeSocket
) -> bpy.types.NodeSocket:
    """Display colour max(0, 0.5 + C0 f_dc) with the opacity as alpha; moving parts tinted where asked."""
    half, c0, black = (0.5,) * 3, (SH_C0,) * 3, (0.0,) * 3
    colour = build.vector("MAXIMUM", build.vector("MULTIPLY_ADD", base, c0, half), black)
    part = build.attribute("sway_part", "INT")
    moving = build.math("GREATER_THAN", part, 0.5)
    tint = build.node(
        "FunctionNodeCombineColor",
        {0: build.math("FRACT", build.math("MULTIPLY", part, GOLDEN)), 1: 0.9, 2: 1.0},
        mode="HSV",
    ).outputs[0]
    share = build.math("MULTIPLY", build.math("MULTIPLY", moving, group_in.outputs[SHOW_PARTS]), 0.6)
    tinted = build.add("ShaderNodeMix", {"Factor": share, "A": colour, "B": tint}, data_type="VECTOR")
    channels = build.node("ShaderNodeSeparateXYZ", {0: tinted}).outputs
    rgba = {"Red": channels[0], "Green": channels[1], "Blue": channels[2], "Alpha": opacity}
    return build.add("FunctionNodeCombineColor", rgba, mode="RGB")


def _sampled(build: nodes.Builder, group_in: bpy.types.Node) -> bpy.types.NodeSocket:
    """True for the viewport's share of the splats, picked by index and so the same in every frame."""
    in_viewport = build.add("GeometryNodeIsViewport")
    share = build.switch("FLOAT", in_viewport, 1.0, group_in.outputs[VIEWPORT_FRACTION])
    return build.math("LESS_THAN", build.add("FunctionNodeRandomValue", data_type="FLOAT"), share)


def _fill_material(build: nodes.Builder, material: bpy.types.Material) -> None:
    # Alpha-blended and sorted back to front by EEVEE; the default dithers, which is noise here.
    material.surface_render_method = "BLENDED"
    # The shader is transparent there anyway; culled faces cost nothing.
    material.use_backface_culling = True
    # Otherwise Cycles makes every splat a light and builds a light tree over all of them.
    material.cycles.emission_sampling = "NONE"

    point = _to_splat(build, "POINT", build.node("ShaderNodeNewGeometry").outputs["Position"])
    radius = _instance_attribute(build, RADIUS).outputs["Fac"]
    point = build.scaled(point, radius)  # sigmas: the instance's unit is the sphere's radius
    ray = build.vector("NORMALIZE", _to_splat(build, "VECTOR", build.node("ShaderNodeNewGeometry").outputs["Incoming"]))
    along = build.vector("DOT_PRODUCT", point, ray)
    d2 = build.math("SUBTRACT", build.vector("DOT_PRODUCT", point, point), build.math("MULTIPLY", along, along))

    colour = _instance_attribute(build, COLOUR)
    response = build.math("EXPONENT", build.math("MULTIPLY", d2, -0.5))
    alpha = build.math("MULTIPLY", response, colour.outputs["Alpha"])
    seen = build.math("GREATER_THAN", alpha, ALPHA_MIN)
    front = build.math("SUBTRACT", 1.0, build.node("ShaderNodeNewGeometry").outputs["Backfacing"])
    alpha = build.math("MULTIPLY", build.math("MINIMUM", alpha, ALPHA_MAX), build.math("MULTIPLY", seen, front))

    surface = build.add(
        "ShaderNodeMixShader",
        {
            0: alpha,
            1: build.add("ShaderNodeBsdfTransparent"),
            2: build.add("ShaderNodeEmission", {"Color": colour.outputs["Color"]}),
        },
    )
    build.node("ShaderNodeOutputMaterial", {"Surface": surface})


def _to_splat(build: nodes.Builder, kind: str, value: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """A world-space point or vector in the instance's own space."""
    return build.add(
        "ShaderNodeVectorTransform", {0: value}, vector_type=kind, convert_from="WORLD", convert_to="OBJECT"
    )


def _instance_attribute(build: nodes.Builder, name: str) -> bpy.types.Node:
    return build.node("ShaderNodeAttribute", attribute_type="INSTANCER", attribute_name=name)
