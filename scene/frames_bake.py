"""Bakes a trajectory frame by frame, into the .blend or beside it.

Blender's own Bake node stores the frames, in the group that motion.py describes: position and rotation of the moving
splats, 28 bytes each, and 12 more for scale where they stretch. The bake steps through the timeline while the preview
of playback.py poses the object.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import bpy
import numpy as np

from ..backend.trajectory import Trajectory
from . import display, motion, playback, splats

BYTES_PER_SPLAT, BYTES_PER_SCALE = 28, 12
"""A frame stores float32 position (3) and rotation (4) of each moving splat, and scale (3) where splats stretch."""
SET_ASIDE = "Sway Motion (earlier)"


def bake(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    trajectory: Trajectory,
    frame_start: int,
    target: str,
    progress: Callable[[float], None] | None,
) -> None:
    """Bakes every frame of a trajectory, its first at scene frame `frame_start`; before and after, the ends hold.

    `target` is "PACKED" (inside the .blend) or "DISK" (in a folder beside the saved .blend). `progress` gets the
    fraction done before each frame and cancels by raising: then everything is as before the call, an earlier bake
    included, and its exception goes on to the caller. A preview of the object ends with a successful bake.
    Blocks until done.
    Raises ValueError for a trajectory that does not fit the object and for DISK in a file that was never saved.
    """
    if target == "DISK" and not bpy.data.filepath:
        raise ValueError("save the .blend first, or bake packed: a bake on disk lies beside the .blend")
    if not obj.visible_get(view_layer=context.view_layer):
        raise ValueError(f"{obj.name} is hidden in the viewport, where Blender does not bake; show it first")
    scene = context.scene
    frame, subframe = scene.frame_current, scene.frame_subframe
    before = _Before(context, obj)
    try:
        modifier = motion.attach(obj)
        playback.show(obj, trajectory, frame_start)
        _write_slots(obj, trajectory)
        frames = (frame_start, frame_start + len(trajectory) - 1)
        _run(context, obj, modifier, frames, target, progress)
    except BaseException:
        before.restore()
        raise
    else:
        playback.stop(obj)
        before.discard()
    finally:
        scene.frame_set(frame, subframe=subframe)


def free_bake(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Removes the object's bake, its files included: the object is at rest, or shows its preview."""
    modifier = obj.modifiers.get(motion.MODIFIER)
    if modifier is None:
        return
    _delete(context, obj, modifier)
    splats.remove_attribute(obj, motion.SLOT)
    if not playback.is_shown(obj):
        obj.modifiers.remove(modifier)


def bake_size(trajectory: Trajectory) -> int:
    """Bytes that a bake of the trajectory takes, before compression."""
    each = BYTES_PER_SPLAT + (trajectory.stretch is not None) * BYTES_PER_SCALE
    return len(trajectory) * len(trajectory.binding.splats) * each


def is_baked(obj: bpy.types.Object) -> bool:
    """Whether the object carries frames baked here."""
    return motion.MODIFIER in obj.modifiers and motion.SLOT in obj.data.attributes


class _Before:
    """An object's bake and preview as they were, out of the way of a new bake."""

    def __init__(self, context: bpy.types.Context, obj: bpy.types.Object) -> None:
        self.context, self.obj = context, obj
        self.preview = playback.held(obj)
        self.slots = splats.read_attribute(obj, motion.SLOT) if motion.SLOT in obj.data.attributes else None
        self.modifier = obj.modifiers.get(motion.MODIFIER)
        if self.modifier is not None:
            self.shown = (self.modifier.show_viewport, self.modifier.show_render)
            self.modifier.name = SET_ASIDE
            self.modifier.show_viewport = self.modifier.show_render = False

    def restore(self) -> None:
        """Undoes the new bake."""
        new = self.obj.modifiers.get(motion.MODIFIER)
        if new is not None:
            _delete(self.context, self.obj, new)
            self.obj.modifiers.remove(new)
        if self.modifier is not None:
            self.modifier.name = motion.MODIFIER
            self.modifier.show_viewport, self.modifier.show_render = self.shown
        if self.slots is None:
            splats.remove_attribute(self.obj, motion.SLOT)
        else:
            splats.write_attribute(self.obj, motion.SLOT, "INT", self.slots)
        playback.restore(self.obj, self.preview)

    def discard(self) -> None:
        """Removes the earlier bake for good."""
        if self.modifier is not None:
            _delete(self.context, self.obj, self.modifier)
            self.obj.modifiers.remove(self.modifier)


def _run(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    modifier: bpy.types.NodesModifier,
    frames: tuple[int, int],
    target: str,
    progress: Callable[[float], None] | None,
) -> None:
    """Lets Blender step through the frames; raises what `progress` raised."""
    context.view_layer.update()  # the modifier knows its Bake node only now
    bake_settings = modifier.bakes[0]
    bake_settings.bake_mode = "ANIMATION"
    bake_settings.bake_target = target
    bake_settings.use_custom_simulation_frame_range = True
    bake_settings.frame_start, bake_settings.frame_end = frames
    if target == "DISK":
        # Blender's own default would be the same folder for a second bake of the object.
        stem = bpy.path.clean_name(bpy.path.display_name_from_filepath(bpy.data.filepath))
        modifier.bake_directory = f"//sway_bakes/{stem}_{bpy.path.clean_name(obj.name)}_{uuid4().hex[:8]}"
    bake_id = bake_settings.bake_id
    # Blender asks whether a modifier depends on time when its group is set, not when its bake mode is. This moves
    # `modifier.bakes` in memory: `bake_settings` is dangling from here on.
    modifier.node_group = modifier.node_group

    stopped: list[BaseException] = []

    def before_frame(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph | None = None) -> None:
        # An exception would not leave a handler, and Blender cannot be told to stop: the other frames go by unposed.
        if progress is None or stopped:
            return
        try:
            progress(max(0.0, (scene.frame_current - frames[0]) / (frames[1] - frames[0] + 1)))
        except BaseException as error:
            stopped.append(error)
            playback.stop(obj)

    listening = playback.on_frame_change in bpy.app.handlers.frame_change_pre
    display_modifier = obj.modifiers.get(display.MODIFIER)
    shown = display_modifier is not None and display_modifier.show_viewport
    if shown:
        display_modifier.show_viewport = False  # its spheres would be made anew for every frame
    bpy.app.handlers.frame_change_pre.insert(0, before_frame)
    if not listening:
        bpy.app.handlers.frame_change_pre.append(playback.on_frame_change)
    try:
        result = bpy.ops.object.geometry_node_bake_single(
            session_uid=obj.session_uid, modifier_name=modifier.name, bake_id=bake_id
        )
    finally:
        bpy.app.handlers.frame_change_pre.remove(before_frame)
        if not listening:
            bpy.app.handlers.frame_change_pre.remove(playback.on_frame_change)
        if shown:
            display_modifier.show_viewport = True
    if stopped:
        raise stopped[0]
    if result != {"FINISHED"}:
        raise RuntimeError(f"Blender did not bake {obj.name}; its report is in the Info editor")


def _write_slots(obj: bpy.types.Object, trajectory: Trajectory) -> None:
    """Numbers the moving splats in the order in which the Bake node meets them."""
    slots = np.zeros(len(obj.data.points), np.int32)
    moving = np.unique(trajectory.binding.splats)
    slots[moving] = np.arange(1, len(moving) + 1)
    splats.write_attribute(obj, motion.SLOT, "INT", slots)


def _delete(context: bpy.types.Context, obj: bpy.types.Object, modifier: bpy.types.NodesModifier) -> None:
    context.view_layer.update()
    for bake_settings in modifier.bakes:
        bpy.ops.object.geometry_node_bake_delete_single(
            session_uid=obj.session_uid, modifier_name=modifier.name, bake_id=bake_settings.bake_id
        )
