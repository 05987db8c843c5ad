"""Splats as flat sheets that face the scene camera, sorted by depth and joined into one mesh: fast renders.

A sphere for every splat (spheres.py) is right from everywhere, but costs the renderer an object each. Seen from one
point, the eye, a splat needs only a sheet through its centre that covers its outline. Where the scene has a camera, the
splats come here as flat ellipses parallel to its picture (projected.py), so that a ray meets them in the rasteriser's
order, that of their centres. In the splat's own space, where
its Gaussian is the unit one, the centre is 0 and the eye at distance D; a ray from the eye that crosses the plane
through 0, normal to the eye's direction, at distance t from 0 passes it as close as d2 = t^2 / (1 + t^2 / D^2). So a
square on that plane, mapped to the object's space as the splat's ellipsoid is, carries all that the material
needs: of any ellipsoid the picture is the spheres'.

EEVEE blends the faces of one mesh in their order, hence the sorting. The order changes with the view, so frames cannot
be compared vertex by vertex: no motion blur. Reflections and shadows show the sheets from aside.
"""

from __future__ import annotations

from functools import partial

import bpy

from .. import nodes
from . import shading
from .ellipsoids import AXES, Ellipsoids
from .scene_camera import SceneCamera

MATERIAL = "Sway Sheets"
VERSION = 2
CORNER, PLANE = "sway_corner", "sway_plane"
"""Vertex attributes: place on the sheet, -1..1 in x and y; half its side squared [sigma^2] and 1 / D^2 [sigma^-2]."""
AXIS_U, AXIS_V = "sway_u", "sway_v"
"""Point attributes: the sheet's half sides in the object's space."""
FAR = 1e4
"""Distance of the eye of an orthographic camera, in object units: its rays are as good as parallel."""


def camera_sheets(
    build: nodes.Builder,
    points: bpy.types.NodeSocket,
    selection: bpy.types.NodeSocket,
    shapes: Ellipsoids,
    radius: bpy.types.NodeSocket,
    relit: bpy.types.NodeSocket,
) -> bpy.types.NodeSocket:
    """One mesh of camera-facing sheets for the selected points; `radius` [sigma] is where their Gaussians are cut."""
    camera = SceneCamera(build)
    eye = shapes.to_splat(camera.to_eye(FAR))
    inverse_distance2 = build.math("DIVIDE", 1.0, build.vector("DOT_PRODUCT", eye, eye))
    radius2 = build.math("MULTIPLY", radius, radius)
    outside = build.math("SUBTRACT", 1.0, build.math("MULTIPLY", radius2, inverse_distance2))  # of the cut-off, if > 0
    half2 = build.math("DIVIDE", radius2, outside)
    facing = build.add("FunctionNodeAlignRotationToVector", {"Vector": eye}, axis="Z")

    def half_side(axis: tuple[float, float, float]) -> bpy.types.NodeSocket:
        side = build.add("FunctionNodeRotateVector", {"Vector": axis, "Rotation": facing})
        return shapes.from_splat(build.scaled(side, build.math("SQRT", half2)))

    plane = build.add("ShaderNodeCombineXYZ", {"X": half2, "Y": inverse_distance2})
    points = build.add(
        "GeometryNodeSortElements",
        {"Geometry": points, "Sort Weight": build.math("MULTIPLY", camera.depth, -1.0)},
        domain="POINT",
    )
    points = build.store(points, AXIS_U, "FLOAT_VECTOR", half_side((1.0, 0.0, 0.0)))
    points = build.store(points, AXIS_V, "FLOAT_VECTOR", half_side((0.0, 1.0, 0.0)))
    points = build.store(points, PLANE, "FLOAT_VECTOR", plane)
    visible = build.math("GREATER_THAN", outside, 0.1)  # an eye inside a splat does not see it, as with spheres
    selection = build.add("FunctionNodeBooleanMath", {0: selection, 1: visible}, operation="AND")
    mesh = _joined(build, points, selection)
    material = build.switch("MATERIAL", relit, *map(sheet_material, (False, True)))
    return build.add("GeometryNodeSetMaterial", {"Geometry": mesh, "Material": material})


def _joined(
    build: nodes.Builder, points: bpy.types.NodeSocket, selection: bpy.types.NodeSocket
) -> bpy.types.NodeSocket:
    """A sheet on each selected point, all in one mesh, in the order of the points."""
    corner = build.add("GeometryNodeInputPosition")
    square = {"Size X": 2.0, "Size Y": 2.0, "Vertices X": 2, "Vertices Y": 2}
    sheet = build.add("GeometryNodeMeshGrid", square)
    sheet = build.store(sheet, CORNER, "FLOAT_VECTOR", corner)
    shrunk = {"Geometry": sheet, "Offset": build.scaled(corner, -1.0)}  # to one place: the axes spread it below
    sheet = build.add("GeometryNodeSetPosition", shrunk)
    instances = build.add("GeometryNodeInstanceOnPoints", {"Points": points, "Selection": selection, "Instance": sheet})
    instances = build.without(instances, f"{AXES}*")  # every corner of the mesh would get a copy
    mesh = build.add("GeometryNodeRealizeInstances", {"Geometry": instances})
    corner = build.node("ShaderNodeSeparateXYZ", {0: build.attribute(CORNER, "FLOAT_VECTOR")}).outputs
    along_u = build.scaled(build.attribute(AXIS_U, "FLOAT_VECTOR"), corner["X"])
    along_v = build.scaled(build.attribute(AXIS_V, "FLOAT_VECTOR"), corner["Y"])
    offset = build.vector("ADD", along_u, along_v)
    return build.add("GeometryNodeSetPosition", {"Geometry": mesh, "Offset": offset})


def sheet_material(relit: bool = False) -> bpy.types.Material:
    """The material that computes a Gaussian's alpha from the place on its sheet; `relit` by the scene's lamps."""
    return nodes.material(MATERIAL + shading.RELIT * relit, VERSION, partial(_fill_material, relit=relit))


def _fill_material(build: nodes.Builder, material: bpy.types.Material, relit: bool) -> None:
    names = (CORNER, PLANE, shading.COLOUR)
    corner, plane, colour = (shading.attribute(build, "GEOMETRY", name) for name in names)
    plane = build.node("ShaderNodeSeparateXYZ", {0: plane.outputs["Vector"]}).outputs
    place = corner.outputs["Vector"]
    t2 = build.math("MULTIPLY", build.vector("DOT_PRODUCT", place, place), plane["X"])
    d2 = build.math("DIVIDE", t2, build.math("MULTIPLY_ADD", t2, plane["Y"], 1.0))
    normal = shading.facing_normal(build, "GEOMETRY") if relit else None
    shading.fill_material(build, material, colour, d2, normal=normal)
