"""The armature bake: splats follow keyed bones as the motion says, by hand too, and out of Blender."""

from __future__ import annotations

import json

import numpy as np
import pytest

TOLERANCE = 1e-3
"""Metres, of a cloud of a few metres."""


@pytest.fixture
def bending(scene_module):
    """A rod of 30 particles that bends to and fro for 25 frames; three of every four splats of a cloud hang on it."""
    trajectory, rotations = scene_module("backend.trajectory"), scene_module("backend.rotations")
    rng = np.random.default_rng(4)
    height = np.linspace(-2, 2, 30)
    rest = np.stack([0 * height, 0 * height, height], 1)
    angle = 0.15 * np.sin(np.linspace(0, 6, 25))[:, None] * (height + 2)
    positions = rest + np.stack([0.3 * angle * (height + 2), 0 * angle, -0.1 * angle**2], -1)
    turns = rotations.quaternion_from_vector(np.stack([0 * angle, angle, 0 * angle], -1))
    moving = np.flatnonzero(np.arange(64) % 4).astype(np.int32)
    carriers = rng.integers(0, 30, (len(moving), 2)).astype(np.int32)
    binding = trajectory.Binding(moving, carriers, np.full((len(moving), 2), 0.5, np.float32))
    return trajectory.Trajectory(*(a.astype(np.float32) for a in (rest, positions, turns)), binding, fps=24.0)


@pytest.fixture
def baked(scene_module, cloud, bending):
    """A cloud, turned and scaled, on an armature of 6 bones whose motion starts at frame 3; and what the bake found."""
    import bpy

    obj = scene_module("scene.splats").add_splats(bpy.context, "plant", cloud(), up="-Y")
    obj.location, obj.scale = (1, 2, 3), (0.5, 0.5, 0.5)
    bpy.context.view_layer.update()
    return obj, scene_module("scene.bakes.armature_bake").bake(bpy.context, obj, bending, 3, 6, TOLERANCE)


def test_splats_follow_the_bones_as_the_rig_says(baked, scene_module, shown_pose):
    """At keyed and other frames: places within the tolerance of the keys, rotations likewise; still ones stay."""
    import bpy

    obj, keyed = baked
    rest = scene_module("scene.splats").read_splats(obj)
    for frame in (0, 7, 13, 24):
        bpy.context.scene.frame_set(3 + frame)
        want, turned = keyed.rig.motion.pose(rest, frame)
        shown, rotations = shown_pose(obj)
        # The object is scaled by a half: a tolerance of 1 mm in the world is 2 mm in its own frame. Bones may each be
        # off by it, and splats lie up to four bone sizes off.
        assert np.linalg.norm(shown - want, axis=1).max() < 5 * 2 * TOLERANCE
        assert np.abs((rotations * turned).sum(1)).min() > 1 - 1e-4
        assert np.abs(shown - rest.positions)[np.arange(64) % 4 == 0].max() == 0
    assert np.abs(want - rest.positions).max() > 0.01


def test_the_keys_are_fewer_than_the_frames(baked):
    """A smooth motion of 25 frames needs less than two thirds of them, and no bone goes without."""
    import bpy

    obj, keyed = baked
    bones = len(keyed.rig.motion.rest)
    assert bones == 6 and 2 * bones <= keyed.keys < 25 * bones * 2 / 3
    armature = bpy.data.objects["plant bones"]
    assert armature.animation_data.action_slot is not None


def test_a_bone_posed_by_hand_takes_its_splats_along(baked, scene_module, shown_pose):
    """Beyond the last key the artist's pose holds: moving every bone up by 1 moves every splat that moves by 1."""
    import bpy

    obj, _keyed = baked
    bpy.context.scene.frame_set(2)
    before = shown_pose(obj)[0]
    armature = bpy.data.objects["plant bones"]
    for bone in armature.pose.bones:
        bone.location = (0, 0, 1)
    bpy.context.view_layer.update()
    lifted = shown_pose(obj)[0] - before
    moves = np.arange(64) % 4 > 0
    np.testing.assert_allclose(lifted[moves], [[0, 0, 1]] * int(moves.sum()), atol=1e-2)  # the first frame is no rest
    assert np.abs(lifted[~moves]).max() == 0


def test_freeing_leaves_nothing(baked, scene_module):
    """Modifier, bones, cage, keys and carriers are gone."""
    import bpy

    obj, _keyed = baked
    scene_module("scene.bakes.armature_bake").free_bake(obj)
    assert list(bpy.data.objects) == [obj] and not bpy.data.armatures and not bpy.data.meshes
    assert not any(name.startswith("sway_carrier") for name in obj.data.attributes.keys())  # noqa: SIM118
    assert not bpy.data.actions


def test_bones_a_mesh_is_bound_to_stay(baked, scene_module):
    """Freeing the splats' motion does not take the bones from a mesh."""
    import bpy

    obj, _keyed = baked
    mesh = bpy.data.objects.new("leaf", bpy.data.meshes.new("leaf"))
    bpy.context.collection.objects.link(mesh)
    mesh.modifiers.new("Armature", "ARMATURE").object = bpy.data.objects["plant bones"]
    scene_module("scene.bakes.armature_bake").free_bake(obj)
    assert "plant bones" in bpy.data.objects and "plant cage" not in bpy.data.objects
    assert bpy.data.objects["plant bones"].animation_data.action is not None


def test_no_tolerance_is_refused(baked, scene_module, bending):
    """And the earlier bake stays."""
    import bpy

    obj, _keyed = baked
    bake = scene_module("scene.bakes.armature_bake")
    with pytest.raises(ValueError, match="more than 0"):
        bake.bake(bpy.context, obj, bending, 3, 6, 0.0)
    assert bake.is_baked(obj)


def test_the_bones_survive_fbx_and_move_as_before(baked, tmp_path):
    """Exported as .fbx and imported again, a bone is where it was, at a frame in the middle."""
    import addon_utils
    import bpy

    if addon_utils.enable("io_scene_fbx") is None:
        pytest.skip("this Blender has no FBX exporter")
    bpy.context.scene.frame_set(13)
    heads = {bone.name: tip(bpy.data.objects["plant bones"], bone.name) for bone in bones_of("plant bones")}
    for name in ("plant bones", "plant cage"):
        bpy.data.objects[name].hide_viewport = False
        bpy.data.objects[name].select_set(True)
    bpy.data.objects["plant"].select_set(False)
    path = tmp_path / "bones.fbx"
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 3, 27
    bpy.ops.export_scene.fbx(filepath=str(path), use_selection=True, add_leaf_bones=False, bake_anim_simplify_factor=0)
    before = set(bpy.data.objects)
    bpy.ops.import_scene.fbx(filepath=str(path))
    armature = next(obj for obj in set(bpy.data.objects) - before if obj.type == "ARMATURE")
    bpy.context.scene.frame_set(13 - 3 + curve_start(armature))
    for name, head in heads.items():
        # FBX keeps every frame of every bone as floats; the cloud is a few metres large.
        np.testing.assert_allclose(tip(armature, name), head, atol=2e-3)


def bones_of(name):
    import bpy

    return bpy.data.objects[name].pose.bones


def tip(armature, name):
    """Where a bone's head is in the world [3]."""
    import bpy

    evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array(evaluated.matrix_world @ evaluated.pose.bones[name].matrix)[:3, 3]


def curve_start(armature):
    """First frame that is keyed."""
    return int(armature.animation_data.action.frame_range[0])


def test_the_bones_survive_a_gltf_export(baked, tmp_path):
    """A .gltf of armature and cage has a skin of 6 joints and an animation that rotates and moves them."""
    import addon_utils
    import bpy

    if addon_utils.enable("io_scene_gltf2") is None:
        pytest.skip("this Blender has no glTF exporter")
    for name in ("plant bones", "plant cage"):
        bpy.data.objects[name].hide_viewport = False
        bpy.data.objects[name].select_set(True)
    bpy.data.objects["plant"].select_set(False)
    path = tmp_path / "bones.gltf"
    bpy.ops.export_scene.gltf(filepath=str(path), export_format="GLTF_SEPARATE", use_selection=True)
    content = json.loads(path.read_text())
    names = {content["nodes"][node].get("name") for skin in content["skins"] for node in skin["joints"]}
    assert {f"sway.{number:03d}" for number in range(6)} <= names
    moved = {channel["target"]["path"] for channel in content["animations"][0]["channels"]}
    assert {"rotation", "translation"} <= moved
