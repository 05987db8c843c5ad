"""Puts a trajectory on the timeline for good, so that it plays wherever the .blend is opened, without the add-on.

| target | what is kept | where |
|---|---|---|
| `TRAJECTORY` | the motion of the driving particles, played by nodes (trajectory_bake.py) | in the .blend |
| `PACKED` | every frame of every moving splat, played by Blender's Bake node (frames_bake.py) | in the .blend |
| `DISK` | the same | in a folder beside the .blend |

An object has one bake at a time: a new one, of any target, replaces it.
"""

from __future__ import annotations

from collections.abc import Callable

import bpy

from ..backend.trajectory import Trajectory
from . import frames_bake, playback, trajectory_bake

TRAJECTORY = "TRAJECTORY"


def bake(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    trajectory: Trajectory,
    frame_start: int,
    target: str = TRAJECTORY,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Bakes every frame of a trajectory, its first at scene frame `frame_start`; before and after, the ends hold.

    TRAJECTORY is instantaneous; the other targets step through the timeline, and `progress` gets the fraction done
    before each frame and cancels by raising: then everything is as before the call, an earlier bake included, and its
    exception goes on to the caller. A preview of the object ends with a successful bake. Blocks until done.
    Raises ValueError for a trajectory that does not fit the object, and as `frames_bake.bake` says.
    """
    if target == TRAJECTORY:
        trajectory_bake.bake(context, obj, trajectory, frame_start)
        playback.stop(obj)
        frames_bake.free_bake(context, obj)
    else:
        frames_bake.bake(context, obj, trajectory, frame_start, target, progress)
        trajectory_bake.free_bake(obj)


def free_bake(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Removes the object's bake, its files included: the object is at rest, or shows its preview."""
    trajectory_bake.free_bake(obj)
    frames_bake.free_bake(context, obj)


def bake_size(obj: bpy.types.Object, trajectory: Trajectory, target: str = TRAJECTORY) -> int:
    """Bytes that a bake of the trajectory takes, before compression."""
    return trajectory_bake.bake_size(obj, trajectory) if target == TRAJECTORY else frames_bake.bake_size(trajectory)


def is_baked(obj: bpy.types.Object) -> bool:
    """Whether the object carries a bake made here."""
    return trajectory_bake.is_baked(obj) or frames_bake.is_baked(obj)
