"""What the two ways of drawing splats share: the attributes that reach the shader, and the shading itself."""

from __future__ import annotations

import bpy

from .. import nodes

ALPHA_MIN, ALPHA_MAX = 1 / 255, 0.99
"""Alpha below the first is dropped, above the second is cut: as in the trainers' rasterisers (Kerbl et al. 2023)."""
COLOUR, RADIUS = "sway_colour", "sway_radius"
"""Point attributes: display colour with opacity as alpha; where the Gaussian is cut, in sigmas."""
NORMAL = "sway_normal"
"""Point attribute of relit splats: unit normal in world space, of either sign."""
RELIT = " Relit"
"""Ending of the names of materials that lamps light."""


def attribute(build: nodes.Builder, kind: str, name: str) -> bpy.types.Node:
    """An attribute of the "GEOMETRY" or of the "INSTANCER" in a material."""
    return build.node("ShaderNodeAttribute", attribute_type=kind, attribute_name=name)


def facing_normal(build: nodes.Builder, kind: str) -> bpy.types.NodeSocket:
    """The splat's normal on the side that is seen."""
    normal = attribute(build, kind, NORMAL).outputs["Vector"]
    seen_along = build.scaled(build.node("ShaderNodeNewGeometry").outputs["Incoming"], -1.0)
    return build.vector("FACEFORWARD", normal, seen_along, normal)


def fill_material(
    build: nodes.Builder,
    material: bpy.types.Material,
    colour: bpy.types.Node,
    d2: bpy.types.NodeSocket,
    shown: bpy.types.NodeSocket | float = 1.0,
    normal: bpy.types.NodeSocket | None = None,
) -> None:
    """Emits the colour where the Gaussian lets none through: alpha = opacity exp(-d2 / 2), d2 in sigmas squared.

    With a normal [world] the colour is one that lamps light instead, as that of a matt surface.
    """
    # Alpha-blended by EEVEE; the default dithers, which is noise here.
    material.surface_render_method = "BLENDED"
    # Otherwise Cycles makes every splat a light and builds a light tree over all of them.
    material.cycles.emission_sampling = "NONE"
    response = build.math("EXPONENT", build.math("MULTIPLY", d2, -0.5))
    alpha = build.math("MULTIPLY", response, colour.outputs["Alpha"])
    shown = build.math("MULTIPLY", build.math("GREATER_THAN", alpha, ALPHA_MIN), shown)
    colour_of = {"Color": colour.outputs["Color"]}
    own = (
        build.add("ShaderNodeEmission", colour_of)
        if normal is None
        else build.add("ShaderNodeBsdfDiffuse", colour_of | {"Normal": normal})
    )
    surface = build.add(
        "ShaderNodeMixShader",
        {
            0: build.math("MULTIPLY", build.math("MINIMUM", alpha, ALPHA_MAX), shown),
            1: build.add("ShaderNodeBsdfTransparent"),
            2: own,
        },
    )
    build.node("ShaderNodeOutputMaterial", {"Surface": surface})
