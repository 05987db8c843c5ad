"""Which splats of an object move in the end: their parts, what was painted held or free, pins and holding planes."""

from __future__ import annotations

import json

import bpy
import numpy as np

from ...backend.api.acting import Acting
from .. import splats
from ..fields import painted

_HOLDERS = (Acting.pin.name, Acting.plane.name)


def holders(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The visible pins and holding planes of a scene."""
    return [o for o in scene.objects if o.sway.acting.kind in _HOLDERS and o.visible_get()]


def held_by(found: list[bpy.types.Object], places: np.ndarray) -> np.ndarray:
    """Mask [N] of the places [N, 3] (world) that pins and planes hold where they stand now."""
    held = np.zeros(len(places), bool)
    for holder in found:
        matrix = np.array(holder.matrix_world)
        away = places - matrix[:3, 3]
        if holder.sway.acting.kind == Acting.pin.name:
            held |= (away**2).sum(1) <= holder.sway.acting.radius**2
        else:
            held |= away @ matrix[:3, 2] <= 0
    return held


def parts_in(scene: bpy.types.Scene, obj: bpy.types.Object, *, whole: bool = False) -> np.ndarray:
    """Part of every splat [N], int32, with all that holds; with `whole` all move where nothing was marked."""
    parts = splats.read_parts(obj)
    if whole and not parts.any():
        parts = np.ones_like(parts)
    parts = painted.with_hold(parts, painted.read_hold(obj))
    found = holders(scene)
    if found:
        parts[held_by(found, world_places(obj)) & (parts > 0)] = 0
    return parts


def world_places(obj: bpy.types.Object) -> np.ndarray:
    """Where the splats are at rest [N, 3], metres, world, float32."""
    matrix = np.array(obj.matrix_world, np.float32)
    return splats.read_attribute(obj, splats.POSITION) @ matrix[:3, :3].T + matrix[:3, 3]


def summary(scene: bpy.types.Scene, obj: bpy.types.Object) -> list[str]:
    """What beside its parts decides how an object is simulated, comparable; empty where there is nothing.

    Animated pins and planes are left out: they would seem to change with every frame.
    """
    standing = [holder for holder in holders(scene) if holder.animation_data is None]
    places = [
        [o.sway.acting.kind, round(o.sway.acting.radius, 6), *np.round(np.ravel(o.matrix_world), 5).tolist()]
        for o in standing
    ]
    return [text for text in (obj.sway.painted, json.dumps(places) if places else "") if text]
