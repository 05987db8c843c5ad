"""Bakes a trajectory frame by frame, into the .blend or beside it: for motion that particles alone cannot carry.

The frames are written as Blender's own Bake node writes them (backend/baking/frame_cache.py), without stepping through
the timeline: `begin` looks at the scene, `Frames.write` needs no Blender and may run in a thread, be stopped and begun
again, and `attach` lets the group of motion.py play what is there. Position and rotation of the moving splats take 28
bytes each, and scale 12 more where they stretch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import bpy
import numpy as np

from ...backend.baking.frame_cache import FrameCache
from ...backend.trajectory import Trajectory
from .. import motion, playback, splats
from . import bake_node

BYTES_PER_SPLAT, BYTES_PER_SCALE = 28, 12
"""A frame stores float32 position (3) and rotation (4) of each moving splat, and scale (3) where splats stretch."""


@dataclass(frozen=True)
class Frames:
    """Frames on their way to a folder."""

    poser: motion.Poser
    moving: np.ndarray
    """The splats that are stored [M]."""
    stretching: bool
    start: int
    """Scene frame of the first."""
    count: int
    cache: FrameCache
    target: str

    def write(self, progress: Callable[[float], None] | None = None) -> None:
        """Write what is missing. `progress` gets the share that is done before each frame, and stops by raising:
        what is written stays, and another call goes on from there."""
        wanted = range(self.start, self.start + self.count)
        missing = self.cache.missing(wanted)
        for frame in missing:
            if progress is not None:
                progress((frame - self.start) / self.count)
            posed = self.poser.pose(frame - self.start)
            attributes = {"position": posed.positions[self.moving], "rotation": posed.rotations[self.moving]}
            if self.stretching:
                attributes["scale"] = posed.scales[self.moving]
            self.cache.write(frame, attributes)

    @property
    def done(self) -> int:
        """How many frames are written."""
        return self.count - len(self.cache.missing(range(self.start, self.start + self.count)))


def begin(
    context: bpy.types.Context, obj: bpy.types.Object, trajectory: Trajectory, frame_start: int, target: str
) -> Frames:
    """Prepare a bake, its first frame at scene frame `frame_start`; the object stays as it is.

    `target` is "PACKED" (inside the .blend) or "DISK" (in a folder beside the saved .blend). Frames of the same motion
    that an interrupted bake left are found again.
    Raises ValueError for a trajectory that does not fit the object, for DISK in a file that was never saved, and for a
    disk without room.
    """
    poser = motion.Poser.of(obj, trajectory, np.array(obj.matrix_world))
    made_of = _digest(poser, trajectory, frame_start)
    folder = bake_node.folder_for(target, obj.name, made_of)
    bake_node.refuse_full_disk(folder, bake_size(trajectory), "bake the trajectory instead, which is small")
    cache = FrameCache(folder, made_of, bake_node.item(context, motion.motion_group()))
    moving = np.unique(trajectory.binding.splats)
    return Frames(poser, moving, trajectory.stretch is not None, frame_start, len(trajectory), cache, target)


def attach(context: bpy.types.Context, obj: bpy.types.Object, frames: Frames) -> None:
    """Let the object play the frames that are written; an earlier bake and a preview of the object end.

    Before the first and after the last of them the ends hold. PACKED moves them into the .blend.
    """
    slots = np.zeros(len(obj.data.points), np.int32)
    slots[frames.moving] = np.arange(1, len(frames.moving) + 1)
    playback.stop(obj)
    bake_node.remove(obj, motion.MODIFIER, keep=frames.cache.folder)
    splats.write_attribute(obj, motion.SLOT, "INT", slots)
    folder, played = frames.cache.folder, range(frames.start, frames.start + frames.count)
    modifier = motion.attach(obj, bake_node.directory(folder, frames.target))
    bake_node.play(context, modifier, folder, played, frames.target)


def free_bake(obj: bpy.types.Object) -> None:
    """Removes the object's bake, its files included: the object is at rest, or shows its preview."""
    if motion.MODIFIER not in obj.modifiers:
        return
    previewed = playback.is_shown(obj)
    bake_node.remove(obj, motion.MODIFIER)
    splats.remove_attribute(obj, motion.SLOT)
    if previewed:
        motion.attach(obj)


def bake_size(trajectory: Trajectory) -> int:
    """Bytes that a bake of the trajectory takes, before compression."""
    each = BYTES_PER_SPLAT + (trajectory.stretch is not None) * BYTES_PER_SCALE
    return len(trajectory) * len(trajectory.binding.splats) * each


def is_baked(obj: bpy.types.Object) -> bool:
    """Whether the object carries frames baked here."""
    return motion.MODIFIER in obj.modifiers and motion.SLOT in obj.data.attributes


def _digest(poser: motion.Poser, trajectory: Trajectory, frame_start: int) -> str:
    """What the frames depend on, as a number: motion, splats at rest, place of the object, first frame."""
    number = hashlib.sha256(str(frame_start).encode())
    arrays = trajectory.to_arrays() | {"own": poser.rest.positions, "turned": poser.rest.rotations}
    for name, values in sorted((arrays | {"scaled": poser.rest.scales, "placed": poser.matrix}).items()):
        number.update(name.encode())
        number.update(np.ascontiguousarray(values).tobytes())
    return number.hexdigest()
