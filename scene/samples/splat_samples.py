"""Samples made of splats: built, placed where there is room, and baked."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ...backend.sample.flag import waving_flag
from ...backend.sample.jelly import wobbling_jelly
from ...backend.sample.moving import Sample
from ...backend.sample.sand import sand_pile
from ...backend.sample.sway import swaying_plant
from ...backend.trajectory import Trajectory
from .. import splats
from ..bakes import bake

KINDS: dict[str, tuple[str, Callable[[float], Sample]]] = {
    "plant": ("Potted Plant", swaying_plant),
    "flag": ("Flag", waving_flag),
    "jelly": ("Jelly", wobbling_jelly),
    "sand": ("Sand Pile", sand_pile),
}
"""Name and maker of each."""
MARGIN = 0.15
"""Room left to other objects, of the sample's size."""
SOLID = ("MESH", "POINTCLOUD", "CURVES", "CURVE", "SURFACE", "META", "FONT")


def add(context: bpy.types.Context, kind: str, fps: float) -> tuple[bpy.types.Object, Sample, Trajectory, dict]:
    """A new moving splat object at the 3D cursor, or beside what is there.

    Returns it, the sample, its motion in the world, and what the bake found.
    """
    name, make = KINDS[kind]
    sample = make(fps)
    obj = splats.add_splats(context, name, sample.gaussians, up="+Z")
    splats.write_parts(obj, sample.parts)
    low, high = sample.gaussians.positions.min(0), sample.gaussians.positions.max(0)
    obj.location = room_for(context, obj, low, high)
    context.view_layer.update()
    trajectory = sample.trajectory.transformed(np.array(Matrix.Translation(obj.location)))
    target = bake.LOOP if sample.loop else bake.TRAJECTORY
    found = bake.bake(context, obj, trajectory, context.scene.frame_start, target, loop_frames=sample.loop or None)
    return obj, sample, trajectory, found


def room_for(context: bpy.types.Context, obj: bpy.types.Object, low: np.ndarray, high: np.ndarray) -> Vector:
    """The 3D cursor, or the nearest place along +X from it where the box [low, high] touches no other object."""
    place = Vector(context.scene.cursor.location)
    margin = MARGIN * float((high - low).max())
    others = [other for other in context.visible_objects if other is not obj and other.type in SOLID]
    ends = [_box(other) for other in others]
    for _ in ends:
        start, end = np.array(place) + low - margin, np.array(place) + high + margin
        met = [far for near, far in ends if (near < end).all() and (far > start).all()]
        if not met:
            break
        place.x = float(max(far[0] for far in met) - low[0] + 1.01 * margin)
    return place


def _box(obj: bpy.types.Object) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest world coordinates [3] of an object; Blender's own bounds leave instances out."""
    corners = np.array(obj.bound_box)
    if splats.is_splats(obj):
        places = splats.read_attribute(obj, splats.POSITION)
        ends = np.array([places.min(0), places.max(0)])
        corners = np.array(np.meshgrid(*ends.T)).reshape(3, -1).T
    matrix = np.array(obj.matrix_world)
    world = corners @ matrix[:3, :3].T + matrix[:3, 3]
    return world.min(0), world.max(0)
