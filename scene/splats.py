"""A splat cloud as one Blender point cloud, with the attributes of Blender 5.3's native splats.

| attribute | type | holds |
|---|---|---|
| `position` | vector | centres, the file's own axes |
| `scale` | vector | standard deviations, linear |
| `rotation` | quaternion wxyz | principal axes to the file's axes |
| `radiance:base` | colour | raw constant SH coefficient (3) and opacity 0..1 |
| `radiance:sh_0` ... | vector | further SH coefficients, one attribute each, red green blue |
| `sway_part` | integer | 0 holds still, 1 and more: the moving part it belongs to; -1 is background |

The data stay in the axes of the file, as 5.3's importer keeps them; the object's rotation stands the cloud upright. SH
coefficients belong to the file's axes, so they need no rotation either.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import pi

import bpy
import numpy as np

from ..backend.gaussians import Gaussians
from .drawing import display

POSITION, ROTATION, SCALE, BASE, PART = "position", "rotation", "scale", "radiance:base", "sway_part"
SH_PREFIX = "radiance:sh_"
BACKGROUND = -1
"""Part of splats that hold still and hold nothing."""
UPRIGHT = {
    "+X": (0.0, -pi / 2, 0.0),
    "-X": (0.0, pi / 2, 0.0),
    "+Y": (pi / 2, 0.0, 0.0),
    "-Y": (-pi / 2, 0.0, 0.0),
    "+Z": (0.0, 0.0, 0.0),
    "-Z": (pi, 0.0, 0.0),
}
"""XYZ Euler angles that turn each axis of a file to +Z; "-Y", the usual one, maps (x, y, z) to (x, z, -y)."""

_FIELDS = {"FLOAT_VECTOR": ("vector", 3), "FLOAT_COLOR": ("color", 4), "QUATERNION": ("value", 4), "INT": ("value", 1)}


def add_splats(context: bpy.types.Context, name: str, gaussians: Gaussians, up: str = "-Y") -> bpy.types.Object:
    """A new point-cloud object in the active collection, selected and shown as splats; `up` is the file's upward axis.

    Raises ValueError for an empty cloud or an unknown axis.
    """
    if not len(gaussians):
        raise ValueError(f"{name} holds no splats")
    if up not in UPRIGHT:
        raise ValueError(f"up axis {up!r} is not one of {', '.join(UPRIGHT)}")
    obj = _point_cloud(context, name, len(gaussians))
    obj.rotation_euler = UPRIGHT[up]
    for attribute, data_type, values in attributes_of(gaussians):
        write_attribute(obj, attribute, data_type, values)
    write_parts(obj, np.zeros(len(gaussians), np.int32))
    display.attach(obj)
    context.view_layer.update()  # matrix_world follows the rotation only now
    return obj


def attributes_of(gaussians: Gaussians) -> Iterator[tuple[str, str, np.ndarray]]:
    """Name, Blender's type and values [N, width] of the attributes that make up a cloud."""
    yield POSITION, "FLOAT_VECTOR", gaussians.positions
    yield SCALE, "FLOAT_VECTOR", gaussians.scales
    yield ROTATION, "QUATERNION", gaussians.rotations
    yield BASE, "FLOAT_COLOR", np.concatenate([gaussians.sh[:, 0], gaussians.opacity[:, None]], 1)
    for k in range(1, gaussians.sh.shape[1]):
        yield f"{SH_PREFIX}{k - 1}", "FLOAT_VECTOR", gaussians.sh[:, k]


def is_splats(obj: bpy.types.Object | None) -> bool:
    """Whether an object is a splat cloud that this module can read."""
    return obj is not None and obj.type == "POINTCLOUD" and {ROTATION, SCALE, BASE} <= set(obj.data.attributes.keys())


def read_splats(obj: bpy.types.Object, *, colours: bool = True) -> Gaussians:
    """The cloud at rest, in the object's own frame (the axes of its file).

    Without `colours` they are left out, and opacity with them: both are 0. Raises ValueError for an object that is no
    splat cloud.
    """
    if not is_splats(obj):
        raise ValueError(f"{obj.name} is not a splat cloud; import one first")
    if not colours:
        count = len(obj.data.points)
        return Gaussians(
            positions=read_attribute(obj, POSITION),
            rotations=read_attribute(obj, ROTATION),
            scales=read_attribute(obj, SCALE),
            opacity=np.zeros(count, np.float32),
            sh=np.zeros((count, 1, 3), np.float32),
        )
    base = read_attribute(obj, BASE)  # [N, 4]
    further = sum(name.startswith(SH_PREFIX) for name in obj.data.attributes.keys())  # noqa: SIM118
    coefficients = [base[:, :3]] + [read_attribute(obj, f"{SH_PREFIX}{k}") for k in range(further)]
    return Gaussians(
        positions=read_attribute(obj, POSITION),
        rotations=read_attribute(obj, ROTATION),
        scales=read_attribute(obj, SCALE),
        opacity=base[:, 3].copy(),
        sh=np.stack(coefficients, 1),
    )


def world_gaussians(obj: bpy.types.Object) -> Gaussians:
    """The cloud at rest in world space, metres, Z up, its SH turned along.

    Raises ValueError for a mirrored, sheared or unevenly scaled object.
    """
    try:
        return read_splats(obj).transformed(np.array(obj.matrix_world), rotate_sh=True)
    except ValueError as error:
        raise ValueError(f"{obj.name}: {error}") from error


def write_parts(obj: bpy.types.Object, parts: np.ndarray) -> None:
    """Says which splats move: integers [N], 0 holds still, 1 and more names the moving part, -1 is background."""
    write_attribute(obj, PART, "INT", parts)


def read_parts(obj: bpy.types.Object) -> np.ndarray:
    """Part of every splat [N], int32; all 0 where nothing was marked."""
    if PART not in obj.data.attributes:
        return np.zeros(len(obj.data.points), np.int32)
    return read_attribute(obj, PART)[:, 0]


def write_attribute(obj: bpy.types.Object, name: str, data_type: str, values: np.ndarray) -> None:
    """Writes a point attribute [N, width], adding it where it is absent."""
    attributes = obj.data.attributes
    attribute = attributes.get(name) or attributes.new(name, data_type, "POINT")
    field, _ = _FIELDS[attribute.data_type]
    dtype = np.int32 if attribute.data_type == "INT" else np.float32
    attribute.data.foreach_set(field, np.ascontiguousarray(values, dtype).ravel())
    obj.data.update_tag()


def read_attribute(obj: bpy.types.Object, name: str) -> np.ndarray:
    """A point attribute as [N, width], float32 or int32."""
    attribute = obj.data.attributes[name]
    field, width = _FIELDS[attribute.data_type]
    dtype = np.int32 if attribute.data_type == "INT" else np.float32
    values = np.empty(len(attribute.data) * width, dtype)
    attribute.data.foreach_get(field, values)
    return values.reshape(-1, width)


def remove_attribute(obj: bpy.types.Object, name: str) -> None:
    """Removes a point attribute where there is one."""
    attribute = obj.data.attributes.get(name)
    if attribute is not None:
        obj.data.attributes.remove(attribute)
        obj.data.update_tag()


def _point_cloud(context: bpy.types.Context, name: str, count: int) -> bpy.types.Object:
    """An object with `count` points, linked, active and the only one selected."""
    data = bpy.data.pointclouds.new(name)
    resizable = hasattr(data, "resize")  # not in 4.5, where a mesh is converted instead
    if resizable:
        data.resize(count)
    else:
        bpy.data.pointclouds.remove(data)
        data = bpy.data.meshes.new(name)
        data.vertices.add(count)
    obj = bpy.data.objects.new(name, data)
    context.collection.objects.link(obj)
    for other in context.selected_objects:
        other.select_set(False)
    obj.select_set(True)
    context.view_layer.objects.active = obj
    if not resizable:
        bpy.ops.object.convert(target="POINTCLOUD")
        bpy.data.meshes.remove(data)
        remove_attribute(obj, ".select_vert")
        obj.data.name = name
    return obj


def world_bounds(obj: bpy.types.Object) -> tuple[np.ndarray, np.ndarray]:
    """Corners [3] of the box around a cloud at rest, metres, world; a few stray splats aside.

    Blender's own `dimensions` are those of what was last drawn, which in background mode is nothing.
    """
    matrix = np.array(obj.matrix_world)
    world = read_attribute(obj, POSITION) @ matrix[:3, :3].T + matrix[:3, 3]
    low, high = np.percentile(world, (0.5, 99.5), axis=0)
    return low, high
