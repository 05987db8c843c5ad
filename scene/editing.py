"""Selecting, deleting, separating and merging the splats of an object, every attribute of every splat kept right.

The selection is Blender's own, the point attribute `.selection` that Edit Mode shows and its tools change. Points are
deleted and joined by Blender's own operators: whatever attributes there are (parts, carriers of a bake, slots) travel
along with their splats.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import bpy
import numpy as np

from ..backend.gaussians import Gaussians
from . import playback, splats
from .bakes import bake

SELECTION = ".selection"


def read_selection(obj: bpy.types.Object) -> np.ndarray:
    """Which splats are selected [N], bool. Without the attribute Edit Mode means all, and otherwise nothing was."""
    attribute = obj.data.attributes.get(SELECTION)
    selected = np.full(len(obj.data.points), attribute is None and obj.mode == "EDIT")
    if attribute is not None:
        attribute.data.foreach_get("value", selected)
    return selected


def write_selection(obj: bpy.types.Object, selected: np.ndarray) -> None:
    """Selects splats [N], bool."""
    attributes = obj.data.attributes
    attribute = attributes.get(SELECTION) or attributes.new(SELECTION, "BOOLEAN", "POINT")
    attribute.data.foreach_set("value", np.ascontiguousarray(selected, bool))
    obj.data.update_tag()


def delete(context: bpy.types.Context, obj: bpy.types.Object, drop: np.ndarray) -> None:
    """Deletes splats [N], bool, of an object and all that share its data; nothing is selected then.

    Raises ValueError where that would be every splat, and for an object that cannot be edited.
    """
    if drop.all():
        raise ValueError(f"That would delete every splat of {obj.name}; delete the object instead, or choose fewer.")
    with _alone(context, obj):
        write_selection(obj, drop)
        try:
            bpy.ops.object.mode_set(mode="EDIT")
        except RuntimeError as error:
            raise ValueError(f"{obj.name} cannot be edited; show it, and make it local if it is linked.") from error
        bpy.ops.pointcloud.delete()
        bpy.ops.object.mode_set(mode="OBJECT")
    splats.remove_attribute(obj, SELECTION)


def copy(obj: bpy.types.Object) -> bpy.types.Object:
    """A duplicate with data and keys of its own, in the same collections."""
    new = obj.copy()
    new.data = obj.data.copy()
    keys = new.animation_data
    if keys is not None and keys.action is not None:
        slot = keys.action_slot.identifier if keys.action_slot else None
        keys.action = keys.action.copy()
        keys.action_slot = next((s for s in keys.action.slots if s.identifier == slot), None)
    for collection in obj.users_collection:
        collection.objects.link(new)
    return new


def merge(context: bpy.types.Context, obj: bpy.types.Object, others: list[bpy.types.Object]) -> None:
    """Takes the splats of other objects into an object, where they are at rest, and removes those objects.

    Their harmonics turn along and their parts stay; of their bakes nothing stays: next to what moves in `obj` they hold
    still. Raises ValueError for a transform that splats cannot follow; then nothing has changed.
    """
    back = np.linalg.inv(np.array(obj.matrix_world))
    rest = splats.read_splats(obj)
    try:
        # There is no splat without a frame of its own: the object's must be one that splats follow, too.
        rest.select(np.arange(1)).transformed(np.array(obj.matrix_world))
    except ValueError as error:
        raise ValueError(f"{obj.name}: {error}") from error
    taken = [
        (splats.world_gaussians(other).transformed(back, rotate_sh=True), splats.read_parts(other)) for other in others
    ]
    coefficients = max(cloud.sh.shape[1] for cloud in (rest, *(cloud for cloud, _ in taken)))
    for k in range(rest.sh.shape[1], coefficients):
        splats.write_attribute(obj, f"{splats.SH_PREFIX}{k - 1}", "FLOAT_VECTOR", np.zeros((len(rest), 3)))
    for other in others:
        playback.stop(other)
        bake.free_bake(context, other)
        _remove(other)
    splats.remove_attribute(obj, SELECTION)
    with _alone(context, obj):
        added = [_added(context, obj, _padded(cloud, coefficients), parts) for cloud, parts in taken]
        for other in context.selected_objects:
            other.select_set(False)
        for other in (*added, obj):
            other.select_set(True)
        context.view_layer.objects.active = obj
        bpy.ops.object.join()


def crop_bounds(cropper: bpy.types.Object) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest corner [3] of the box in an object's own frame that stands for it in a crop.

    An empty's is as large as it is drawn. Raises ValueError for an object without extent.
    """
    if cropper.type == "EMPTY":
        half = np.full(3, cropper.empty_display_size)
        return -half, half
    corners = np.array(cropper.bound_box)  # [8, 3]
    low, high = corners.min(0), corners.max(0)
    if not (high > low).all():
        raise ValueError(f"{cropper.name} is flat or has no size; crop with a cube, a sphere or an empty instead.")
    return low, high


def sharing(obj: bpy.types.Object) -> list[bpy.types.Object]:
    """All objects that show the same splats, the object itself included."""
    return [other for other in bpy.data.objects if other.data == obj.data]


@contextmanager
def _alone(context: bpy.types.Context, obj: bpy.types.Object) -> Iterator[None]:
    """The object active and the only one selected, in Object Mode: others selected would enter Edit Mode with it."""
    if context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    layer = context.view_layer
    active, selected = layer.objects.active, [other.name for other in context.selected_objects]
    for other in context.selected_objects:
        other.select_set(False)
    obj.select_set(True)
    layer.objects.active = obj
    try:
        yield
    finally:
        if obj.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        layer.objects.active = active
        for name in selected:
            if name in layer.objects:
                layer.objects[name].select_set(True)


def _added(context: bpy.types.Context, obj: bpy.types.Object, cloud: Gaussians, parts: np.ndarray) -> bpy.types.Object:
    """Splats in an object's frame as an object of their own, to be joined to it."""
    added = splats.add_splats(context, "merged", cloud, up="+Z")
    splats.write_parts(added, parts)
    added.matrix_world = obj.matrix_world
    context.view_layer.update()
    return added


def _padded(cloud: Gaussians, coefficients: int) -> Gaussians:
    missing = coefficients - cloud.sh.shape[1]
    return replace(cloud, sh=np.pad(cloud.sh, ((0, 0), (0, missing), (0, 0))))


def _remove(obj: bpy.types.Object) -> None:
    data = obj.data
    bpy.data.objects.remove(obj)
    if not data.users:
        bpy.data.pointclouds.remove(data)
