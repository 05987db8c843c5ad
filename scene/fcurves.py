"""F-curves on an object's properties, the same in Blender 4.5 and 5.2."""

from __future__ import annotations

import bpy
import numpy as np

MADE_HERE = "sway_made"
"""Custom property of actions that exist for the sake of our F-curves only."""


def key_straight(obj: bpy.types.Object, path: str, values: dict[int, float]) -> bpy.types.FCurve:
    """Keys a property: {frame: value} joined by straight lines, and the ends hold. Earlier keys of it are replaced."""
    curve = _own_action(obj).fcurve_ensure_for_datablock(obj, path)
    curve.keyframe_points.clear()
    for frame, value in values.items():
        curve.keyframe_points.insert(frame, value).interpolation = "LINEAR"
    curve.extrapolation = "CONSTANT"
    return curve


def key_smooth(
    obj: bpy.types.Object, path: str, index: int, frames: np.ndarray, values: np.ndarray, slopes: np.ndarray
) -> bpy.types.FCurve:
    """Keys one channel of a property at scene frames [n]: the cubics with these values [n] and slopes per frame [n]."""
    curve = _own_action(obj).fcurve_ensure_for_datablock(obj, path, index=index)
    curve.keyframe_points.clear()
    curve.keyframe_points.add(len(frames))
    # A handle a third of the way to its neighbour makes time run evenly along a Bezier curve: it is Hermite's cubic.
    steps = np.diff(frames) / 3
    before, after = np.append(steps[:1], steps), np.append(steps, steps[-1:])
    for name, offset in (("co", 0.0), ("handle_left", -before), ("handle_right", after)):
        points = np.stack([frames + offset, values + offset * slopes], 1)
        curve.keyframe_points.foreach_set(name, points.astype(np.float32).ravel())
    for key in curve.keyframe_points:
        key.interpolation = "BEZIER"
        key.handle_left_type = key.handle_right_type = "FREE"
    curve.extrapolation = "CONSTANT"
    curve.update()
    return curve


def find(obj: bpy.types.Object, path: str) -> bpy.types.FCurve | None:
    """The F-curve of a property; None where there is none, or a driver instead."""
    animation = obj.animation_data
    if animation is None:
        return None
    return next((curve for curves in _curves(animation) for curve in curves if curve.data_path == path), None)


def remove(obj: bpy.types.Object, path: str) -> None:
    """Removes the F-curves and drivers below a data path, and what was made here to hold them."""
    animation = obj.animation_data
    if animation is None:
        return
    for driver in [curve for curve in animation.drivers if curve.data_path.startswith(path)]:
        animation.drivers.remove(driver)
    if not any(curve.data_path.startswith(path) for curves in _curves(animation) for curve in curves):
        return
    action = _own_action(obj)
    for curves in _curves(animation):
        for curve in [curve for curve in curves if curve.data_path.startswith(path)]:
            curves.remove(curve)
    if MADE_HERE in action and not any(_curves(animation)):
        bpy.data.actions.remove(action)
        if not animation.drivers and not animation.nla_tracks:
            obj.animation_data_clear()


def _own_action(obj: bpy.types.Object) -> bpy.types.Action:
    """The object's action, made where absent and copied where another object is moved by the same curves."""
    animation = obj.animation_data or obj.animation_data_create()
    if animation.action is None:
        animation.action = bpy.data.actions.new(f"{obj.name} motion")
        animation.action[MADE_HERE] = True
    elif any(_moved_by_the_same(other, animation) for other in bpy.data.objects if other != obj):
        slot = animation.action_slot.identifier
        animation.action = animation.action.copy()
        animation.action_slot = animation.action.slots[slot]
    return animation.action


def _moved_by_the_same(other: bpy.types.Object, animation: bpy.types.AnimData) -> bool:
    theirs = other.animation_data
    return theirs is not None and theirs.action_slot is not None and theirs.action_slot == animation.action_slot


def _curves(animation: bpy.types.AnimData) -> list[bpy.types.ActionChannelbagFCurves]:
    """The collections of F-curves that move the object."""
    if animation.action is None or animation.action_slot is None:
        return []
    bags = (strip.channelbag(animation.action_slot) for layer in animation.action.layers for strip in layer.strips)
    return [bag.fcurves for bag in bags if bag is not None]
