"""Bakes a trajectory as the motion of its driving particles: a few megabytes at any number of splats, and instantly.

The motion lies once in the .blend, as the points of a hidden object beside the splats ("NAME motion"); the splats get
attributes that say which particles carry them; the node group of trajectory_group.py does the rest. Its input Time is
keyed as a straight line over the scene's frames, and the F-curve is the artist's from then on.

A motion object is never changed once it is made, so duplicates may share it: baking again makes a new one, and the old
one goes when nobody plays it any more.
"""

from __future__ import annotations

import bpy
import numpy as np

from ...backend.deformation import UNSTRETCHED
from ...backend.rotations import continuous
from ...backend.trajectory import Binding, Trajectory
from .. import fcurves, motion, nodes, splats
from . import bake_stack
from .trajectory_group import (
    CARRIER,
    CARRIERS,
    HALF_WORD,
    MIDDLE,
    MODIFIER,
    MOTION,
    PARTICLES,
    STRETCH_STEP,
    STRETCHES,
    TIME,
    trajectory_group,
    weight_unit,
)

FIRST_FRAME = "sway_first_frame"
"""Custom property of a motion object: the scene frame at which the bake let it begin."""
BYTES_PER_PARTICLE, BYTES_PER_STRETCH = 28, 12
"""A frame stores float32 position (3) and rotation (4) of each driving particle, and three int32 where they stretch."""


def bake(context: bpy.types.Context, obj: bpy.types.Object, trajectory: Trajectory, frame_start: int) -> None:
    """Puts a trajectory on an object, its first frame at scene frame `frame_start`.

    An earlier one is replaced; where an artist changed the timing of that (keys, drivers or a plain value of Time), it
    stays as it is. Raises ValueError for a trajectory that does not fit the object; then nothing has changed.
    """
    local = motion.in_object_frame(obj, trajectory, np.array(obj.matrix_world))
    earlier, timed = motion_object(obj), _timed_by_hand(obj)
    if timed:
        time = nodes.get_input(obj.modifiers[MODIFIER], TIME)
    else:
        free_bake(obj)
        earlier = None
    bake_stack.own_data(obj, is_baked)
    write_carriers(obj, local)
    modifier = obj.modifiers.get(MODIFIER) or bake_stack.add_modifier(obj, MODIFIER)
    modifier.node_group = trajectory_group(local.stretch is not None)
    nodes.set_input(modifier, PARTICLES, len(local.rest))
    nodes.set_input(modifier, CARRIERS, local.binding.particles.shape[1])
    points = _motion_object(context, obj, local)
    points[FIRST_FRAME] = frame_start
    nodes.set_input(modifier, MOTION, points)
    if local.stretch is not None:
        stretches, step = packed_stretch(local.stretch)
        for name, values in zip(STRETCHES, stretches, strict=True):
            splats.write_attribute(points, name, "INT", values)
        nodes.set_input(modifier, STRETCH_STEP, step)
    if timed:
        nodes.set_input(modifier, TIME, time)
        bake_stack.discard(earlier, motion_object)
    else:
        fcurves.key_straight(obj, nodes.input_path(modifier, TIME), _straight(frame_start, len(local)))
    bake_stack.notice(modifier)


def free_bake(obj: bpy.types.Object) -> None:
    """Removes the object's trajectory with its F-curve; the motion object goes when no other object plays it."""
    modifier = obj.modifiers.get(MODIFIER)
    if modifier is None:
        return
    points = motion_object(obj)
    fcurves.remove(obj, modifier.path_from_id())
    obj.modifiers.remove(modifier)
    if not bake_stack.shares_data(obj, is_baked):
        remove_carriers(obj)
    bake_stack.discard(points, motion_object)


def is_baked(obj: bpy.types.Object) -> bool:
    """Whether the object plays a trajectory baked here."""
    return motion_object(obj) is not None


def bake_size(obj: bpy.types.Object, trajectory: Trajectory) -> int:
    """Bytes that a bake of the trajectory adds to the .blend, before compression."""
    carriers = trajectory.binding.particles.shape[1]
    each = BYTES_PER_PARTICLE + (trajectory.stretch is not None) * BYTES_PER_STRETCH
    return (len(trajectory) + 1) * len(trajectory.rest) * each + 4 * carriers * len(obj.data.points)


def motion_object(obj: bpy.types.Object) -> bpy.types.Object | None:
    """The object whose points are the motion that an object plays."""
    return bake_stack.played_from(obj, MODIFIER, MOTION)


def packed(binding: Binding, particles: int) -> np.ndarray:
    """Carriers [M, K] int32 of the splats that a binding moves, strongest first: weight and particle in one number.

    Weights are rounded so that those of a splat sum to exactly 1.
    """
    order = np.argsort(-binding.weights, axis=1, kind="stable")
    weights = np.take_along_axis(binding.weights, order, 1).astype(np.float64)
    unit = weight_unit(particles)
    whole = np.rint(unit * weights / weights.sum(1, keepdims=True)).astype(np.int64)
    whole[:, 0] += unit - whole.sum(1)
    return (whole * particles + np.take_along_axis(binding.particles, order, 1)).astype(np.int32)


def packed_stretch(stretch: np.ndarray) -> tuple[np.ndarray, float]:
    """The points' three attributes [3, (1 + T) P] int32 of the stretch U [T, P, 6], and their step: rest comes first.

    U - 1 is rounded to 65,535 steps between its largest number and the negative of that.
    """
    beyond = np.concatenate([np.zeros_like(stretch[:1]), stretch - UNSTRETCHED]).reshape(-1, 6)
    step = max(float(np.abs(beyond).max()), 1e-6) / (MIDDLE - 1)
    whole = np.rint(beyond / step).astype(np.int32)
    return (whole[:, ::2] * HALF_WORD + whole[:, 1::2] + MIDDLE).T, step


def _timed_by_hand(obj: bpy.types.Object) -> bool:
    """Whether the object's Time is no longer the straight line that a bake gave it."""
    points = motion_object(obj)
    if points is None:
        return False
    modifier = obj.modifiers[MODIFIER]
    curve = fcurves.find(obj, nodes.input_path(modifier, TIME))
    frames = len(points.data.vertices) // nodes.get_input(modifier, PARTICLES) - 1
    if curve is None or len(curve.modifiers) or curve.extrapolation != "CONSTANT":
        return True
    keys = {key.co.x: key.co.y for key in curve.keyframe_points if key.interpolation == "LINEAR"}
    return len(keys) != len(curve.keyframe_points) or keys != _straight(points.get(FIRST_FRAME, 0), frames)


def _straight(frame_start: int, frames: int) -> dict[int, float]:
    """Keys of Time under which a motion of some frames plays as it was simulated."""
    return {frame_start: 0.0, frame_start + frames - 1: frames - 1.0}


def write_carriers(obj: bpy.types.Object, trajectory: Trajectory) -> None:
    """Writes which particles carry each of the object's splats."""
    remove_carriers(obj)
    carriers = packed(trajectory.binding, len(trajectory.rest))
    every = np.zeros((len(obj.data.points), carriers.shape[1]), np.int32)
    every[trajectory.binding.splats] = carriers
    for k in range(carriers.shape[1]):
        splats.write_attribute(obj, f"{CARRIER}{k}", "INT", every[:, k])


def remove_carriers(obj: bpy.types.Object) -> None:
    """Removes what `write_carriers` wrote."""
    for name in [name for name in obj.data.attributes.keys() if name.startswith(CARRIER)]:  # noqa: SIM118
        splats.remove_attribute(obj, name)


def _motion_object(context: bpy.types.Context, obj: bpy.types.Object, trajectory: Trajectory) -> bpy.types.Object:
    """A hidden object in the splats' collection whose points are the particles at rest and in every frame."""
    still = np.zeros_like(trajectory.rotations[:1])
    still[..., 0] = 1
    positions = np.concatenate([trajectory.rest[None], trajectory.positions])  # [1 + T, P, 3]
    # All begin alike, at rest: signs also agree with each other until one turns by more than half a turn more.
    rotations = continuous(np.concatenate([still, trajectory.rotations]))  # [1 + T, P, 4]
    mesh = bpy.data.meshes.new(f"{obj.name} motion")
    mesh.vertices.add(len(positions) * len(trajectory.rest))
    points = bake_stack.hidden_object(context, obj, mesh.name, mesh)
    splats.write_attribute(points, splats.POSITION, "FLOAT_VECTOR", positions)
    splats.write_attribute(points, splats.ROTATION, "QUATERNION", rotations)
    return points
