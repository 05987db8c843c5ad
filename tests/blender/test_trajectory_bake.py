"""Trajectory bakes: exact poses from nodes alone, a time artists can key, and nothing shared or left by accident."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

START = 10
"""Scene frame of the motion's first frame."""


@pytest.fixture
def assert_plays(scene_module, shown_pose):
    """Compares what an object shows with the poses of a trajectory, at scene frames and between them."""

    def check(obj, trajectory, matrix, shown=((START, 0), (START + 1, 1), (START + 2.75, 2.75), (START + 99, None))):
        poser = scene_module("scene.motion").Poser.of(obj, trajectory, matrix)
        for frame, since_start in shown:
            bpy.context.scene.frame_set(int(frame), subframe=frame % 1)
            got = shown_pose(obj)
            posed = poser.pose(len(trajectory) - 1 if since_start is None else since_start)
            want = posed.positions, posed.rotations
            sign = np.sign((got[1] * want[1]).sum(1, keepdims=True))  # q and -q are one rotation
            # float32 sums of nine numbers up to 4, each rounded to 2.4e-7; weights are whole parts of 1e8
            np.testing.assert_allclose(got[0], want[0], atol=2e-6, err_msg=f"frame {frame}")
            np.testing.assert_allclose(sign * got[1], want[1], atol=1e-6, err_msg=f"frame {frame}")
            still = np.setdiff1d(np.arange(len(got[0])), trajectory.binding.splats)
            for part in (0, 1):
                np.testing.assert_array_equal(got[part][still], want[part][still], err_msg="a splat that holds still")

    return check


def matrix_of(obj):
    return np.array(obj.matrix_world)


def time_curve(obj):
    """The F-curve of the modifier's Time."""
    animation = obj.animation_data
    return animation.action.layers[0].strips[0].channelbag(animation.action_slot).fcurves[0]


def blocks():
    """Names of all data-blocks that a bake could make, node groups aside."""
    kinds = (bpy.data.objects, bpy.data.meshes, bpy.data.pointclouds, bpy.data.actions)
    return [sorted(block.name for block in kind) for kind in kinds]


@pytest.mark.parametrize("neighbours", [1, 12])
def test_nodes_pose_as_the_trajectory_does(plant, bake, twist, assert_plays, neighbours):
    """At frames, between them and beyond the ends the splats are where `Trajectory.pose` puts them; no handler runs."""
    handlers = bpy.app.handlers.frame_change_pre[:]
    trajectory = twist(neighbours=neighbours)
    bake.bake(bpy.context, plant, trajectory, START)
    assert bake.is_baked(plant) and bpy.app.handlers.frame_change_pre[:] == handlers
    shown = [(1, 0), (START, 0), (START + 1, 1), (START + 2.75, 2.75), (START + 5, 5), (START + 99, 5)]
    assert_plays(plant, trajectory, matrix_of(plant), shown)


def test_packed_carriers_keep_particles_and_weights(scene_module, twist):
    """Unpacked weights are those given, to 1e-7, sum to exactly 1 and belong to the same particles, largest first."""
    trajectory_bake, group = scene_module("scene.bakes.trajectory_bake"), scene_module("scene.bakes.trajectory_group")
    binding, particles = twist().binding, 20
    weight, particle = np.divmod(trajectory_bake.packed(binding, particles), particles)
    unit = group.weight_unit(particles)
    assert (weight.sum(1) == unit).all() and (np.diff(weight, axis=1) <= 0).all()
    want, got = np.zeros((2, len(weight), particles))
    np.put_along_axis(want, binding.particles, binding.weights, 1)
    np.put_along_axis(got, particle, weight / unit, 1)
    # whole parts of a unit of 1e8, the largest taking the roundings of seven others; given weights sum to 1 within 1e-7
    np.testing.assert_allclose(got, want, atol=1e-7)


def test_artists_retime_with_the_graph_editor(plant, bake, twist, assert_plays):
    """The keys of Time are a straight line; changed ones play backwards, a Cycles modifier loops, and ends hold."""
    trajectory = twist()
    bake.bake(bpy.context, plant, trajectory, START)
    curve = time_curve(plant)
    assert [tuple(key.co) for key in curve.keyframe_points] == [(START, 0), (START + 5, 5)]
    assert {key.interpolation for key in curve.keyframe_points} == {"LINEAR"} and curve.extrapolation == "CONSTANT"
    curve.keyframe_points[0].co.y, curve.keyframe_points[1].co.y = 5, 0
    curve.modifiers.new("CYCLES")
    curve.update()
    shown = [(START, 5), (START + 1.5, 3.5), (START + 5 + 2, 3), (START + 10 + 4, 1)]
    assert_plays(plant, trajectory, matrix_of(plant), shown)
    curve.keyframe_points[0].co.y, curve.keyframe_points[1].co.y = -2, 8
    curve.update()
    assert_plays(plant, trajectory, matrix_of(plant), [(START, 0), (START + 2.25, 2.5), (START + 4.75, 5)])


def test_freeing_removes_exactly_what_was_made(scene_module, plant, bake, twist, shown_pose):
    """Freeing leaves the cloud, its data-blocks, attributes, modifiers and animation as they were before the bake."""
    names, before = set(plant.data.attributes.keys()), blocks()
    bake.bake(bpy.context, plant, twist(), START)
    assert blocks() != before
    bake.free_bake(bpy.context, plant)
    assert blocks() == before and set(plant.data.attributes.keys()) == names
    assert not bake.is_baked(plant) and plant.modifiers.keys() == ["Sway Splats"] and plant.animation_data is None
    np.testing.assert_array_equal(shown_pose(plant)[0], scene_module("scene.splats").read_splats(plant).positions)


def test_freeing_keeps_the_artists_keys(plant, bake, twist):
    """An object that was animated before keeps its own F-curves and Action."""
    plant.keyframe_insert("location", frame=1)
    action = plant.animation_data.action
    bake.bake(bpy.context, plant, twist(), START)
    assert plant.animation_data.action == action
    bake.free_bake(bpy.context, plant)
    assert plant.animation_data.action == action
    assert [curve.data_path for curve in action.layers[0].strips[0].channelbags[0].fcurves] == ["location"] * 3


def test_a_new_bake_of_any_target_replaces_the_earlier(plant, bake, twist, swing, assert_plays):
    """Trajectory after trajectory, packed after trajectory and back: the new one plays, nothing of the old is left.

    A packed bake that is cancelled leaves the trajectory.
    """

    def cancel(_fraction):
        raise KeyboardInterrupt

    matrix, shown = matrix_of(plant), [(20, 0), (22, 2)]
    bake.bake(bpy.context, plant, twist(), START)
    once = blocks()
    bake.bake(bpy.context, plant, swing(), 20)
    assert_plays(plant, swing(), matrix, shown)
    assert blocks() == once
    with pytest.raises(KeyboardInterrupt):
        bake.bake(bpy.context, plant, twist(), 20, "PACKED", cancel)
    assert_plays(plant, swing(), matrix, shown)
    bake.bake(bpy.context, plant, twist(), 20, "PACKED")
    assert_plays(plant, twist(), matrix, shown)
    assert plant.modifiers.keys() == ["Sway Motion", "Sway Splats"] and plant.animation_data is None
    bake.bake(bpy.context, plant, swing(), 20)
    assert_plays(plant, swing(), matrix, shown)
    assert plant.modifiers.keys() == ["Sway Trajectory", "Sway Splats"] and blocks() == once


def test_preview_ends_with_the_bake_and_can_lie_over_it(scene_module, plant, bake, twist, swing, assert_plays):
    """A bake ends the preview; a later preview shows its own motion, and stopping it shows the bake again."""
    playback, trajectory, matrix = scene_module("scene.playback"), twist(), matrix_of(plant)
    playback.register()
    try:
        playback.show(plant, swing(), 1)
        bake.bake(bpy.context, plant, trajectory, START)
        assert not playback.is_shown(plant) and plant.modifiers.keys() == ["Sway Trajectory", "Sway Splats"]
        assert_plays(plant, trajectory, matrix)
        playback.show(plant, swing(), START)
        assert_plays(plant, swing(), matrix, [(START + 1, 1)])
        playback.stop(plant)
        assert_plays(plant, trajectory, matrix)
    finally:
        playback.unregister()


@pytest.mark.parametrize("own_data", [True, False])
def test_a_duplicate_shares_nothing_that_changes(plant, bake, twist, swing, assert_plays, own_data):
    """Baking or freeing a duplicate, with its own splats or the same, leaves the original's motion and timing alone."""
    matrix = matrix_of(plant)
    bake.bake(bpy.context, plant, twist(), START)
    alone = blocks()
    copy = plant.copy()
    if own_data:
        copy.data = plant.data.copy()
    bpy.context.collection.objects.link(copy)
    bpy.context.view_layer.update()
    assert_plays(copy, twist(), matrix)
    bake.bake(bpy.context, copy, swing(), 20)
    assert_plays(plant, twist(), matrix)
    assert_plays(copy, swing(), matrix, [(20, 0), (22, 2)])
    bake.free_bake(bpy.context, copy)
    assert_plays(plant, twist(), matrix)
    bpy.data.objects.remove(copy)
    bpy.data.orphans_purge()
    assert blocks() == alone


def test_freeing_the_original_keeps_its_duplicate(plant, bake, twist, assert_plays):
    """A linked duplicate plays on when the bake of the object it was made from is freed."""
    matrix = matrix_of(plant)
    bake.bake(bpy.context, plant, twist(), START)
    copy = plant.copy()
    bpy.context.collection.objects.link(copy)
    bake.free_bake(bpy.context, plant)
    assert_plays(copy, twist(), matrix)


@pytest.mark.parametrize("link", [True, False])
def test_linked_and_appended_objects_play(plant, bake, twist, assert_plays, tmp_path, link):
    """An object linked or appended from the file it was baked in brings its motion along."""
    matrix, trajectory = matrix_of(plant), twist()
    bake.bake(bpy.context, plant, trajectory, START)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=link) as (_there, here):
        here.objects = ["plant"]
    bpy.context.collection.objects.link(here.objects[0])
    assert_plays(here.objects[0], trajectory, matrix)


def test_without_its_motion_the_cloud_is_at_rest(scene_module, plant, bake, twist, shown_pose):
    """Deleting the motion object leaves the splats at rest, not at the origin; baking again works."""
    bake.bake(bpy.context, plant, twist(), START)
    bpy.data.objects.remove(bpy.data.objects["plant motion"])
    bpy.context.scene.frame_set(START + 2)
    rest = scene_module("scene.splats").read_splats(plant)
    positions, rotations = shown_pose(plant)
    np.testing.assert_array_equal(positions, rest.positions)
    np.testing.assert_allclose(rotations, rest.rotations, atol=2e-7)  # multiplied with the identity
    assert not bake.is_baked(plant)
    bake.bake(bpy.context, plant, twist(), START)
    assert plant.modifiers.keys() == ["Sway Trajectory", "Sway Splats"] and bake.is_baked(plant)


def test_undo_takes_the_bake_back(scene_module, plant, bake, twist, shown_pose, assert_plays):
    """One undo step before and after a bake: undone, the cloud is at rest; redone, it moves."""
    rest, matrix, trajectory = scene_module("scene.splats").read_splats(plant).positions, matrix_of(plant), twist()
    bpy.ops.ed.undo_push(message="before")
    bake.bake(bpy.context, plant, trajectory, START)
    bpy.ops.ed.undo_push(message="Bake")
    bpy.ops.ed.undo()
    plant = bpy.data.objects["plant"]
    assert not bake.is_baked(plant) and "plant motion" not in bpy.data.objects
    bpy.context.scene.frame_set(START + 2)
    np.testing.assert_array_equal(shown_pose(plant)[0], rest)
    bpy.ops.ed.redo()
    assert_plays(bpy.data.objects["plant"], trajectory, matrix)


def test_what_does_not_fit_is_refused_and_changes_nothing(plant, bake, twist, assert_plays):
    """A trajectory of another cloud, or a mirrored object, is refused; the earlier bake plays on."""
    trajectory, matrix = twist(), matrix_of(plant)
    bake.bake(bpy.context, plant, trajectory, START)
    with pytest.raises(ValueError, match="moves splat 99, but plant has 64"):
        bake.bake(bpy.context, plant, twist(count=100), START)
    plant.scale.x = -2
    bpy.context.view_layer.update()
    with pytest.raises(ValueError, match="plant: .*mirrored"):
        bake.bake(bpy.context, plant, trajectory, START)
    assert_plays(plant, trajectory, matrix)
