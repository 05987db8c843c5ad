"""Meshes, arrows, carriers and blades of a scene as the worker gets to know them."""

from __future__ import annotations

import bpy
import numpy as np

from ...backend.api.acting import ActingParams, Surface
from ...backend.surroundings import ColliderMesh, Contact, Cut, PartMotion, Stroke, StrokeKind

FLOOR_SPAN, FLOOR_DEPTH = 10.0, 0.5
"""Side and depth of the floor, in the subject's sizes."""


def mesh_of(obj: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> tuple[np.ndarray, np.ndarray]:
    """Vertices [V, 3] (object's own frame) and triangles [F, 3] of an object with its modifiers.

    Raises ValueError for an object that has no surface.
    """
    evaluated = obj.evaluated_get(depsgraph)
    try:
        mesh = evaluated.to_mesh()
    except RuntimeError:
        mesh = None
    if mesh is None:
        raise ValueError(f"{obj.name} has no surface, so nothing can run into it; choose a mesh.")
    try:
        mesh.calc_loop_triangles()
        vertices = np.empty(3 * len(mesh.vertices), np.float32)
        mesh.vertices.foreach_get("co", vertices)
        triangles = np.empty(3 * len(mesh.loop_triangles), np.int32)
        mesh.loop_triangles.foreach_get("vertices", triangles)
    finally:
        evaluated.to_mesh_clear()
    return vertices.reshape(-1, 3).astype(np.float64), triangles.reshape(-1, 3)


def collider_of(
    obj: bpy.types.Object, settings: ActingParams, matrices: np.ndarray, depsgraph: bpy.types.Depsgraph
) -> ColliderMesh:
    """A mesh that splats run into, its shape that of the current frame. Raises ValueError where it has no faces."""
    vertices, triangles = mesh_of(obj, depsgraph)
    return ColliderMesh(
        vertices=vertices,
        triangles=triangles,
        matrices=matrices,
        contact=Contact[settings.surface.name],
        friction=settings.friction if settings.surface is Surface.separate else 0.0,
        thickness=settings.thickness,
        name=obj.name,
    )


def floor_of(height: float, low: np.ndarray, high: np.ndarray) -> ColliderMesh:
    """A level floor under a subject of bounds low..high [3] (metres, world): a flat box whose top is at `height`."""
    size = float((high - low).max())
    centre = 0.5 * (low + high)
    x, y = (centre[k] + 0.5 * FLOOR_SPAN * size * np.array([-1, 1]) for k in (0, 1))
    z = height + size * np.array([-FLOOR_DEPTH, 0])
    vertices = np.array([[x[i], y[j], z[k]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    corners = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    triangles = np.array([t for a, b, c, d in corners for t in ((a, b, c), (a, c, d))])
    return ColliderMesh(
        vertices=vertices,
        triangles=triangles,
        matrices=np.eye(4)[None],
        contact=Contact.separate,
        friction=0.5,
        name="Floor",
    )


def stroke_of(settings: ActingParams, kind: StrokeKind, matrix: np.ndarray) -> Stroke:
    """A blow or a pull along an object's Z axis, from its matrix_world [4, 4]."""
    axis = matrix[:3, 2] / np.linalg.norm(matrix[:3, 2])
    reach = settings.speed if kind is StrokeKind.impulse else settings.length
    return Stroke(
        kind=kind,
        point=matrix[:3, 3],
        vector=reach * axis,
        radius=settings.radius,
        start=settings.start,
        frames=settings.frames,
    )


def carried_by(settings: ActingParams, matrices: np.ndarray) -> PartMotion:
    """The motion since its first frame of an object with matrix_world [T, 4, 4], for a part that goes along.

    Scale is left out: a carrier moves and turns.
    """
    rigid = np.array([_rigid(matrix) for matrix in matrices])
    return PartMotion(part=settings.part, matrices=rigid @ np.linalg.inv(rigid[0]))


def blade_of(settings: ActingParams, vertices: np.ndarray, matrix: np.ndarray) -> Cut:
    """The cut of a plane with vertices [V, 3] (its own frame): the edge lies along X and goes along Y."""
    low, high = vertices.min(0), vertices.max(0)
    linear = matrix[:3, :3]
    return Cut(
        corner=linear @ [low[0], low[1], 0.0] + matrix[:3, 3],
        edge=linear @ [high[0] - low[0], 0.0, 0.0],
        way=linear @ [0.0, high[1] - low[1], 0.0],
        start=settings.start,
        frames=settings.frames,
    )


def _rigid(matrix: np.ndarray) -> np.ndarray:
    """A matrix_world without its scale."""
    u, _s, vt = np.linalg.svd(matrix[:3, :3])
    rigid = matrix.copy()
    rigid[:3, :3] = u @ vt
    return rigid
