"""Splats as one small sphere each, and a material that computes the Gaussian: right from everywhere.

Every splat is an instance of an icosahedron, turned and stretched to its ellipsoid. In the instance's own space the
Gaussian is the unit one, so the material finds the ray's closest approach to the centre,
`d2 = p.p - (p.v)^2` for a point p on the ray and its unit direction v, and draws `alpha = opacity exp(-d2 / 2)`: the
maximum response along the ray (Moenne-Loccoz et al. 2024, 3D Gaussian Ray Tracing). For splats that are small in the
picture this is EWA splatting (Zwicker et al. 2001) without the trainers' screen-space dilation. EEVEE sorts instances
back to front by itself.
"""

from __future__ import annotations

from functools import partial

import bpy

from .. import nodes
from . import shading
from .ellipsoids import Ellipsoids

MATERIAL = "Sway Splats"
VERSION = 2
INSCRIBED = 0.7946
"""Radius of the ball inside an icosahedron of radius 1: the ball at which Gaussians are cut must fit inside."""


def spheres(
    build: nodes.Builder,
    points: bpy.types.NodeSocket,
    selection: bpy.types.NodeSocket,
    shapes: Ellipsoids,
    radius: bpy.types.NodeSocket,
    relit: bpy.types.NodeSocket,
) -> bpy.types.NodeSocket:
    """Instances on the selected points; `radius` [sigma] is where their Gaussians are cut."""
    sphere = build.add("GeometryNodeMeshIcoSphere", {"Radius": 1 / INSCRIBED, "Subdivisions": 1})
    material = build.switch("MATERIAL", relit, *map(sphere_material, (False, True)))
    sphere = build.add("GeometryNodeSetMaterial", {"Geometry": sphere, "Material": material})
    return shapes.instances(points, selection, sphere, radius)


def sphere_material(relit: bool = False) -> bpy.types.Material:
    """The material that computes a unit Gaussian's alpha along the ray; `relit` by the scene's lamps."""
    return nodes.material(MATERIAL + shading.RELIT * relit, VERSION, partial(_fill_material, relit=relit))


def _fill_material(build: nodes.Builder, material: bpy.types.Material, relit: bool) -> None:
    material.use_backface_culling = True  # they are transparent in the shader anyway; culled faces cost nothing
    geometry = build.node("ShaderNodeNewGeometry").outputs
    radius = shading.attribute(build, "INSTANCER", shading.RADIUS).outputs["Fac"]
    point = build.scaled(_to_splat(build, "POINT", geometry["Position"]), radius)  # the instance's unit is the radius
    ray = build.vector("NORMALIZE", _to_splat(build, "VECTOR", geometry["Incoming"]))
    along = build.vector("DOT_PRODUCT", point, ray)
    d2 = build.math("SUBTRACT", build.vector("DOT_PRODUCT", point, point), build.math("MULTIPLY", along, along))
    colour = shading.attribute(build, "INSTANCER", shading.COLOUR)
    shown = build.math("SUBTRACT", 1.0, geometry["Backfacing"])
    normal = shading.facing_normal(build, "INSTANCER") if relit else None
    shading.fill_material(build, material, colour, d2, shown=shown, normal=normal)


def _to_splat(build: nodes.Builder, kind: str, value: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """A world-space point or vector in the instance's own space."""
    frames = {"convert_from": "WORLD", "convert_to": "OBJECT"}
    return build.add("ShaderNodeVectorTransform", {0: value}, vector_type=kind, **frames)
