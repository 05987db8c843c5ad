"""Bakes a trajectory as an armature with keyframes: a few bones that an animator can take hold of, and export.

The armature ("NAME bones") has one bone for each control point, keyed on as few frames as the tolerance allows, with
Bezier handles that keep the motion's speed. A hidden mesh ("NAME cage") follows it by an Armature modifier, and the
splats follow the mesh by the node group of armature_group.py. Meshes can be bound to the same bones as to any others.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ...backend.baking.keys import keyed_frames, slopes
from ...backend.baking.rig import Rig, rig
from ...backend.rotations import continuous
from ...backend.trajectory import Trajectory
from .. import fcurves, motion, nodes, splats
from . import bake_stack
from .armature_group import BONES, CAGE, MODIFIER, REST, armature_group
from .trajectory_bake import remove_carriers, write_carriers
from .trajectory_group import CARRIERS

SIZE = 0.1
"""Length of a bone, as a part of the extent of all."""


@dataclass(frozen=True)
class Keyed:
    """What an armature bake came to."""

    rig: Rig
    keys: int
    """Keyframes in all: a bone on a frame is one."""


def bake(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    trajectory: Trajectory,
    frame_start: int,
    bones: int,
    tolerance: float,
) -> Keyed:
    """Puts a trajectory on an object as keyed bones, its first frame at scene frame `frame_start`.

    Keys keep within `tolerance` (metres) of the bones' sampled motion. An earlier armature of the object is replaced.
    Raises ValueError for a trajectory that does not fit the object, no bones or no tolerance; then nothing has changed.
    """
    if not tolerance > 0:
        raise ValueError(f"a tolerance of {tolerance} m cannot be kept; ask for more than 0")
    local = motion.in_object_frame(obj, trajectory, np.array(obj.matrix_world))
    found = rig(local, bones)
    free_bake(obj)
    bake_stack.own_data(obj, is_baked)
    write_carriers(obj, found.motion)
    size = SIZE * float(np.ptp(local.rest, axis=0).max())
    armature = _armature(context, obj, found.motion, size)
    local_tolerance = tolerance / float(np.linalg.norm(np.array(obj.matrix_world)[:3, 0]))
    keys = _key(armature, found.motion, frame_start, size, local_tolerance)
    modifier = bake_stack.add_modifier(obj, MODIFIER)
    modifier.node_group = armature_group()
    nodes.set_input(modifier, BONES, len(found.motion.rest))
    nodes.set_input(modifier, CARRIERS, found.motion.binding.particles.shape[1])
    nodes.set_input(modifier, CAGE, _cage(obj, armature, found.motion.rest, size))
    bake_stack.notice(modifier)
    return Keyed(found, keys)


def free_bake(obj: bpy.types.Object) -> None:
    """Removes the object's armature, cage and keys, unless another object follows the same cage."""
    modifier = obj.modifiers.get(MODIFIER)
    if modifier is None:
        return
    cage = cage_object(obj)
    obj.modifiers.remove(modifier)
    if not bake_stack.shares_data(obj, is_baked):
        remove_carriers(obj)
    if cage is None or any(cage_object(other) == cage for other in bpy.data.objects):
        return
    armature = next(m.object for m in cage.modifiers if m.type == "ARMATURE")
    _remove(cage, bpy.data.meshes)
    if armature is not None and not _in_use(armature):
        for pose_bone in armature.pose.bones:
            fcurves.remove(armature, pose_bone.path_from_id())
        _remove(armature, bpy.data.armatures)


def is_baked(obj: bpy.types.Object) -> bool:
    """Whether the object follows bones made here."""
    return cage_object(obj) is not None


def bake_size(obj: bpy.types.Object, trajectory: Trajectory, bones: int) -> int:
    """Bytes that a bake of the trajectory adds to the .blend at most, before compression: a key on every frame."""
    return len(trajectory) * bones * 7 * 56 + 4 * 4 * len(obj.data.points)


def cage_object(obj: bpy.types.Object) -> bpy.types.Object | None:
    """The mesh whose vertices carry the object's splats."""
    return bake_stack.played_from(obj, MODIFIER, CAGE)


def _armature(context: bpy.types.Context, obj: bpy.types.Object, motion_: Trajectory, size: float) -> bpy.types.Object:
    """An armature over the splats with a bone at each control point, all of them along Y, so that none is turned."""
    data = bpy.data.armatures.new(f"{obj.name} bones")
    armature = bpy.data.objects.new(data.name, data)
    armature.matrix_world = obj.matrix_world
    armature.show_in_front = True
    collections = obj.users_collection or (context.collection,)
    collections[0].objects.link(armature)
    active = context.view_layer.objects.active
    context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for number, head in enumerate(motion_.rest):
        bone = data.edit_bones.new(bone_name(number))
        bone.head, bone.tail = head, head + np.array([0, size, 0])
    bpy.ops.object.mode_set(mode="OBJECT")
    context.view_layer.objects.active = active
    return armature


def bone_name(number: int) -> str:
    return f"sway.{number:03d}"


def _key(armature: bpy.types.Object, motion_: Trajectory, frame_start: int, size: float, tolerance: float) -> int:
    """Keys location and rotation of every bone, and returns how many keys of a bone there are."""
    keys = 0
    for number in range(len(motion_.rest)):
        bone = armature.pose.bones[bone_name(number)]
        bone.rotation_mode = "QUATERNION"
        location = motion_.positions[:, number] - motion_.rest[number]
        rotation = continuous(motion_.rotations[:, number])
        # A quaternion's number off by e takes the end of a bone 2 e sizes along.
        values = np.concatenate([location, rotation], 1).astype(float)
        off = np.array([tolerance] * 3 + [tolerance / (2 * size)] * 4) / np.sqrt(3)
        frames, slope = keyed_frames(values, off), slopes(values)
        keys += len(frames)
        for index in range(7):
            path, channel = ("location", index) if index < 3 else ("rotation_quaternion", index - 3)
            curve = (frame_start + frames, values[frames, index], slope[frames, index])
            fcurves.key_smooth(armature, bone.path_from_id(path), channel, *curve)
    return keys


def _cage(obj: bpy.types.Object, armature: bpy.types.Object, rest: np.ndarray, size: float) -> bpy.types.Object:
    """The hidden mesh of three vertices a bone, each in the vertex group of its bone."""
    beside = [(0, 0, 0), (size, 0, 0), (0, size, 0)]
    vertices = np.concatenate([rest + np.array(offset) for offset in beside]).astype(np.float32)
    mesh = bpy.data.meshes.new(f"{obj.name} cage")
    count = len(rest)
    # Exporters leave out what has no faces.
    mesh.from_pydata(vertices.tolist(), [], [(number, number + count, number + 2 * count) for number in range(count)])
    cage = bpy.data.objects.new(mesh.name, mesh)
    splats.write_attribute(cage, REST, "FLOAT_VECTOR", vertices)
    for number in range(len(rest)):
        group = cage.vertex_groups.new(name=bone_name(number))
        group.add([number, number + count, number + 2 * count], 1.0, "REPLACE")
    cage.modifiers.new("Armature", "ARMATURE").object = armature
    cage.parent = armature
    cage.hide_viewport = cage.hide_render = True
    armature.users_collection[0].objects.link(cage)
    return cage


def _in_use(armature: bpy.types.Object) -> bool:
    """Whether an object is bound to the armature."""
    return any(
        modifier.type == "ARMATURE" and modifier.object == armature
        for other in bpy.data.objects
        for modifier in other.modifiers
    )


def _remove(obj: bpy.types.Object, collection) -> None:
    data = obj.data
    bpy.data.objects.remove(obj)
    if not data.users:
        collection.remove(data)
