"""What of a Blender scene acts on splats: gravity, force fields, objects that are set to, a floor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np

from ...backend import arrays
from ...backend.api.acting import Acting, ActingParams
from ...backend.api.simulate import SimulateParams
from ...backend.surroundings import StrokeKind, Surroundings
from .. import playback
from ..splats import is_splats, world_bounds
from . import colliders, force_fields


def write_surroundings(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    params: SimulateParams,
    acting: dict[bpy.types.Object, ActingParams],
    path: Path,
) -> str:
    """Write what acts on a splat object over the simulated frames to a file; return its path."""
    return str(arrays.save(path, surroundings_of(context, obj, params, acting).to_arrays()))


def surroundings_of(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    params: SimulateParams,
    acting: dict[bpy.types.Object, ActingParams],
) -> Surroundings:
    """What acts on a splat object: row k of every motion is the scene's frame_start + k.

    `acting` says which objects act, and how. Where one of them is animated, the timeline is stepped through.
    Raises ValueError for objects that cannot act as they are set to.
    """
    scene = context.scene
    acting = {o: settings for o, settings in acting.items() if params.acting_objects and o.visible_get()}
    fields = []
    if params.force_fields:
        visible = [o for o in scene.objects if o.visible_get()]
        for problem in filter(None, map(force_fields.unknown_field, visible)):
            raise ValueError(f"{problem}; hide it, or switch Force Fields off.")
        fields = [o for o in visible if force_fields.is_field(o)]
    first = scene.frame_start
    matrices, strengths, made = {}, {}, _acting({}, {}, None)
    if acting or fields:  # else the scene need not be evaluated again
        with _stepping(context):
            matrices, strengths = _motions(context, {*acting, *fields}, range(first, first + params.frames))
            scene.frame_set(first)
            made = _acting(acting, matrices, context.evaluated_depsgraph_get())
    if params.floor:
        low, high = world_bounds(obj)
        made["colliders"].append(colliders.floor_of(params.floor_height, low, high))
    gravity = np.array(scene.gravity) * params.gravity if scene.use_gravity else np.zeros(3)
    return Surroundings(
        gravity=gravity.astype(float),
        fields=tuple(force_fields.field_of(o, matrices[o], strengths[o], first) for o in fields),
        **{name: tuple(items) for name, items in made.items()},
    )


def _acting(acting: dict, matrices: dict, depsgraph: bpy.types.Depsgraph | None) -> dict[str, list]:
    """The nouns of acting objects, by their list in `Surroundings`."""
    made: dict[str, list] = {"colliders": [], "strokes": [], "moved": [], "cuts": []}
    for other, settings in acting.items():
        motion = matrices[other]
        match settings.kind:
            case Acting.collider:
                made["colliders"].append(colliders.collider_of(other, settings, motion, depsgraph))
            case Acting.impulse:
                made["strokes"].append(colliders.stroke_of(settings, StrokeKind.impulse, motion[0]))
            case Acting.pull:
                made["strokes"].append(colliders.stroke_of(settings, StrokeKind.drag, motion[0]))
            case Acting.carrier:
                made["moved"].append(colliders.carried_by(settings, motion))
            case Acting.blade:
                vertices = colliders.mesh_of(other, depsgraph)[0]
                made["cuts"].append(colliders.blade_of(settings, vertices, motion[0]))
    return made


def _motions(context: bpy.types.Context, objects: set, frames: range) -> tuple[dict, dict]:
    """matrix_world [T, 4, 4] and strength of the force field [T] of objects, T being 1 where nothing is animated."""
    if not any(map(_may_move, objects)):
        frames = frames[:1]
    matrices: dict[bpy.types.Object, list] = {o: [] for o in objects}
    strengths: dict[bpy.types.Object, list] = {o: [] for o in objects}
    for frame in frames:
        context.scene.frame_set(frame)
        depsgraph = context.evaluated_depsgraph_get()
        for o in objects:
            evaluated = o.evaluated_get(depsgraph)
            matrices[o].append(np.array(evaluated.matrix_world, np.float64))
            strengths[o].append(evaluated.field.strength if evaluated.field else 0.0)
    return {o: np.array(m) for o, m in matrices.items()}, {o: np.array(s) for o, s in strengths.items()}


def _may_move(obj: bpy.types.Object) -> bool:
    """Whether an object, or one that it hangs on, may change with the timeline."""
    if obj.animation_data or obj.constraints or obj.rigid_body:
        return True
    return obj.parent is not None and _may_move(obj.parent)


@contextmanager
def _stepping(context: bpy.types.Context) -> Iterator[None]:
    """The timeline free to be stepped through: splats are neither posed nor drawn, and all is as before in the end."""
    scene, handlers = context.scene, bpy.app.handlers.frame_change_pre
    frame, subframe = scene.frame_current, scene.frame_subframe
    hidden = [o for o in scene.objects if is_splats(o) and not o.hide_viewport]
    listening = playback.on_frame_change in handlers
    if listening:
        handlers.remove(playback.on_frame_change)
    for o in hidden:
        o.hide_viewport = True
    try:
        yield
    finally:
        for o in hidden:
            o.hide_viewport = False
        if listening:
            handlers.append(playback.on_frame_change)
        scene.frame_set(frame, subframe=subframe)
