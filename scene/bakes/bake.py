"""Puts a trajectory on the timeline for good, so that it plays wherever the .blend is opened, without the add-on.

| target | what is kept | where |
|---|---|---|
| `TRAJECTORY` | the motion of the driving particles, played by nodes (trajectory_bake.py) | in the .blend |
| `LOOP` | a sway that repeats for ever, as a few shapes and their harmonics (spectral_bake.py) | in the .blend |
| `BONES` | an armature with keyframes that the splats follow (armature_bake.py) | in the .blend |
| `PACKED` | every frame of every moving splat, played by Blender's Bake node (frames_bake.py) | in the .blend |
| `DISK` | the same | in a folder beside the .blend |

An object has one bake at a time: a new one, of any target, replaces it. A flip-book of files (flipbook.py) is one too,
which only an importer makes.
"""

from __future__ import annotations

from collections.abc import Callable

import bpy

from ...backend.trajectory import Trajectory
from .. import nodes, playback
from . import armature_bake, flipbook, frames_bake, spectral_bake, trajectory_bake, trajectory_group

TRAJECTORY, LOOP, BONES = "TRAJECTORY", "LOOP", "BONES"
PARTICLES = (TRAJECTORY, LOOP, BONES)
"""Targets that keep the motion of particles: instantaneous, and small at any number of splats."""


def bake(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    trajectory: Trajectory,
    frame_start: int,
    target: str = TRAJECTORY,
    progress: Callable[[float], None] | None = None,
    *,
    loop_frames: int | None = None,
    bones: int = 16,
    tolerance: float = 0.0005,
) -> dict[str, float]:
    """Bakes every frame of a trajectory, its first at scene frame `frame_start`; before and after, the ends hold.

    LOOP repeats the last `loop_frames` (default: as many as it can) of the trajectory for ever instead. BONES keys so
    many bones within `tolerance` metres of their motion.
    The targets that keep particles are instantaneous; the others write frame by frame, and `progress` gets the fraction
    done before each and stops by raising: then the object is as before the call, an earlier bake included, its
    exception goes on to the caller, and the same bake goes on from there. A preview of the object ends with a
    successful bake. Blocks until done.
    Returns what people want to know: `loop_frames` of a loop; `bones`, `keys` and `error_m` of bones.
    Raises ValueError for a trajectory that does not fit the object, and as the targets' own `bake` say.
    """
    found = {}
    if target == TRAJECTORY:
        trajectory_bake.bake(context, obj, trajectory, frame_start)
    elif target == LOOP:
        found["loop_frames"] = spectral_bake.bake(context, obj, trajectory, frame_start, loop_frames).period
    elif target == BONES:
        keyed = armature_bake.bake(context, obj, trajectory, frame_start, bones, tolerance)
        found |= {"bones": len(keyed.rig.motion.rest), "keys": keyed.keys, "error_m": keyed.rig.error}
    else:
        frames = frames_bake.begin(context, obj, trajectory, frame_start, target)
        frames.write(progress)
        attach(context, obj, frames)
        return found
    _free_others(obj, target)
    playback.stop(obj)
    frames_bake.free_bake(obj)
    return found


def attach(context: bpy.types.Context, obj: bpy.types.Object, frames: frames_bake.Frames) -> None:
    """Lets an object play the frames that are written, in place of any other bake."""
    frames_bake.attach(context, obj, frames)
    _free_others(obj, frames.target)


def free_bake(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Removes the object's bake, its files included: the object is at rest, or shows its preview."""
    for kind in (*_KINDS.values(), frames_bake, flipbook):
        kind.free_bake(obj)


def _free_others(obj: bpy.types.Object, target: str) -> None:
    for other, kind in _KINDS.items():
        if target != other:
            kind.free_bake(obj)
    flipbook.free_bake(obj)


def bake_size(obj: bpy.types.Object, trajectory: Trajectory, target: str = TRAJECTORY, bones: int = 16) -> int:
    """Bytes that a bake of the trajectory takes at most, before compression."""
    if target == BONES:
        return armature_bake.bake_size(obj, trajectory, bones)
    return _KINDS[target].bake_size(obj, trajectory) if target in _KINDS else frames_bake.bake_size(trajectory)


def draw_dials(layout: bpy.types.UILayout, obj: bpy.types.Object) -> None:
    """What an artist may turn and key on the object's bake."""
    if spectral_bake.is_baked(obj):
        spectral_bake.draw(layout, obj)
    elif trajectory_bake.is_baked(obj):
        nodes.draw_input(layout, obj.modifiers[trajectory_group.MODIFIER], trajectory_group.TIME)


def is_baked(obj: bpy.types.Object) -> bool:
    """Whether the object carries a bake made here."""
    return any(kind.is_baked(obj) for kind in (*_KINDS.values(), frames_bake, flipbook))


_KINDS = {TRAJECTORY: trajectory_bake, LOOP: spectral_bake, BONES: armature_bake}
