"""Stiffness turned after the simulation: a stiffer body sways the same way, faster, so the motion is played faster.

Elastic motion without gravity keeps its shape when Young's modulus, and the speeds it begins with, change: times E = k
it runs sqrt(k) times as fast. Under wind, gravity or collisions, which do not run faster along, it is an approximation.
"""

from __future__ import annotations

import bpy
import numpy as np

from .. import fcurves, nodes, playback
from ..bakes import trajectory_bake, trajectory_group


def factor(obj: bpy.types.Object) -> float:
    """How many times as stiff as simulated the object's preview or bake plays; 1 where nothing plays."""
    if playback.is_shown(obj):
        return playback.speed(obj) ** 2
    curve = _time_curve(obj)
    return _slope(curve) ** 2 if curve else 1.0


def is_possible(obj: bpy.types.Object) -> bool:
    """Whether the object plays a motion whose pace can be turned: a preview, or a bake on a straight line of time."""
    return playback.is_shown(obj) or _time_curve(obj) is not None


def set_factor(obj: bpy.types.Object, value: float) -> None:
    """Plays the object's preview or bake as if it were so many times as stiff; nothing where none plays."""
    if playback.is_shown(obj):
        playback.set_speed(obj, float(np.sqrt(value)))
        return
    curve = _time_curve(obj)
    if curve is None:
        return
    (begin, first), (_, last) = (tuple(key.co) for key in curve.keyframe_points)
    curve.keyframe_points[1].co = (begin + (last - first) / float(np.sqrt(value)), last)
    curve.update()
    obj.update_tag()


def _time_curve(obj: bpy.types.Object) -> bpy.types.FCurve | None:
    """The straight line that times an object's bake; None without one, and where an artist keyed it otherwise."""
    if not trajectory_bake.is_baked(obj):
        return None
    path = nodes.input_path(obj.modifiers[trajectory_group.MODIFIER], trajectory_group.TIME)
    curve = fcurves.find(obj, path)
    straight = curve is not None and len(curve.keyframe_points) == 2 and not len(curve.modifiers)
    return curve if straight and _slope(curve) > 0 else None


def _slope(curve: bpy.types.FCurve) -> float:
    """Frames of the motion in a frame of the scene."""
    (begin, first), (end, last) = (tuple(key.co) for key in curve.keyframe_points)
    return (last - first) / (end - begin)
