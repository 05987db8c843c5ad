"""The looping bake: what nodes show is what the numbers say, it closes, it is small, and its dials turn."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def swaying(scene_module):
    """Makes trajectories of `particles` on a stalk that swing and twist, for a cloud of `count` splats."""
    trajectory, rotations = scene_module("backend.trajectory"), scene_module("backend.rotations")

    def make(count: int = 64, frames: int = 60, particles: int = 12):
        rng = np.random.default_rng(2)
        rest = rng.normal(size=(particles, 3)).astype(np.float32)
        time = np.arange(frames)[:, None, None]
        moved = sum(0.2 / m * np.sin(0.13 * m * time + m) * rng.normal(size=(particles, 3)) for m in (1, 2, 3))
        turned = sum(0.3 / m * np.sin(0.13 * m * time + m) * rng.normal(size=(particles, 3)) for m in (1, 2, 3))
        moving = np.flatnonzero(np.arange(count) % 4).astype(np.int32)
        carriers = np.argsort(rng.random((len(moving), particles)), axis=1)[:, :8].astype(np.int32)
        binding = trajectory.Binding(moving, carriers, np.full(carriers.shape, 1 / 8, np.float32))
        turns = rotations.quaternion_from_vector(turned).astype(np.float32)
        return trajectory.Trajectory(rest, (rest + moved).astype(np.float32), turns, binding, fps=24.0)

    return make


@pytest.fixture
def baked(scene_module, cloud, swaying):
    """An object of the cloud that plays a loop of 40 frames, and the loop."""
    import bpy

    obj = scene_module("scene.splats").add_splats(bpy.context, "cloud", cloud(), up="-Y")
    return obj, scene_module("scene.bakes.spectral_bake").bake(bpy.context, obj, swaying(), 1, 40)


def test_nodes_show_the_loop_and_it_never_ends(baked, scene_module, shown_pose):
    """Positions and rotations at whole and half frames, and a loop later, are those of the harmonics."""
    import bpy

    obj, loop = baked
    rest = scene_module("scene.splats").read_splats(obj)
    for frame, subframe in ((1, 0.0), (14, 0.0), (14, 0.5), (41, 0.0), (4014, 0.0)):
        bpy.context.scene.frame_set(frame, subframe=subframe)
        time = frame - 1 + subframe
        one = loop.trajectory_at(np.array([time]))
        positions, rotations = one.pose(rest, 0)
        shown_positions, shown_rotations = shown_pose(obj)
        np.testing.assert_allclose(shown_positions, positions, atol=3e-5)  # float32 sums of shapes of about 1 m
        assert np.abs((shown_rotations * rotations).sum(1)).min() > 1 - 1e-5
    assert np.abs(positions - rest.positions).max() > 0.05


def test_strength_and_direction_act_at_once(baked, scene_module, shown_pose):
    """No strength is rest; a quarter turn of the wind turns displacements about the world's vertical; still stays."""
    import bpy

    obj, _loop = baked
    nodes, group = scene_module("scene.nodes"), scene_module("scene.bakes.spectral_group")
    modifier = obj.modifiers[group.MODIFIER]
    bpy.context.scene.frame_set(9)
    rest = scene_module("scene.splats").read_splats(obj).positions
    world = np.array(obj.matrix_world)[:3, :3]
    moved = (shown_pose(obj)[0] - rest) @ world.T
    nodes.set_input(modifier, group.DIRECTION, np.pi / 2)
    turned = (shown_pose(obj)[0] - rest) @ world.T
    np.testing.assert_allclose(turned, moved @ np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1.0]]), atol=1e-5)
    assert np.abs(moved[np.arange(64) % 4 == 0]).max() == 0
    nodes.set_input(modifier, group.STRENGTH, 0.0)
    np.testing.assert_allclose(shown_pose(obj)[0], rest, atol=1e-6)


def test_freeing_leaves_nothing_and_a_bad_loop_changes_nothing(baked, scene_module, swaying):
    """Free removes modifier, table, names and F-curve; a loop longer than the motion is refused, the old one stays."""
    import bpy

    obj, _loop = baked
    bake = scene_module("scene.bakes.spectral_bake")
    with pytest.raises(ValueError, match="simulate longer"):
        bake.bake(bpy.context, obj, swaying(), 1, 100)
    assert bake.is_baked(obj)
    bake.free_bake(obj)
    assert not bake.is_baked(obj) and len(bpy.data.objects) == 1 and not bpy.data.meshes
    assert "sway_particles" not in obj.data.attributes
    assert obj.animation_data is None or obj.animation_data.action is None


def test_a_copy_plays_on_when_the_original_is_freed(baked, scene_module):
    """A duplicate that shares the table keeps it."""
    import bpy

    obj, _loop = baked
    bake = scene_module("scene.bakes.spectral_bake")
    copy = obj.copy()
    bpy.context.collection.objects.link(copy)
    bake.free_bake(obj)
    assert bake.is_baked(copy) and "sway_particles" in copy.data.attributes
