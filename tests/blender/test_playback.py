"""Preview of a trajectory on the timeline: the right pose at each frame, and a rest pose that nothing can lose."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

LAST_BIT = 1e-6
"""Matrix products of the same numbers, of order 3, differ in float32's last bit with their place in memory."""


@pytest.fixture
def playing(scene_module):
    """The playback module, listening to the timeline for one test."""
    playback = scene_module("scene.playback")
    playback.register()
    yield playback
    playback.unregister()


@pytest.fixture
def moved(scene_module, cloud):
    """A splat object that is turned, moved and scaled, as an artist leaves it."""
    obj = scene_module("scene.splats").add_splats(bpy.context, "plant", cloud())
    obj.location, obj.rotation_euler, obj.scale = (1, 2, 3), (0.3, 0.2, 0.1), (2, 2, 2)
    bpy.context.view_layer.update()
    return obj


def expected_world(scene_module, obj, trajectory, frame):
    """World-space positions and covariances of a trajectory's frame."""
    from dataclasses import replace

    world = scene_module("scene.splats").world_gaussians(obj)
    positions, rotations = trajectory.pose(world, frame)
    return positions, replace(world, rotations=rotations).covariances()


def shown_world(scene_module, obj, pose):
    """World-space positions and covariances of a pose in the object's frame."""
    from dataclasses import replace

    local = scene_module("scene.splats").read_splats(obj)
    posed = replace(local, positions=pose[0], rotations=pose[1]).transformed(np.array(obj.matrix_world))
    return posed.positions, posed.covariances()


@pytest.mark.parametrize("frame, since_start", [(10, 0), (11, 1), (13, 3), (12.5, 2.5), (3, 0), (99, 3)])
def test_timeline_shows_the_trajectory(scene_module, playing, moved, swing, shown_pose, frame, since_start):
    """Every frame shows the trajectory's pose in world space, between frames too; before and after, the ends hold."""
    trajectory = swing()
    playing.show(moved, trajectory, frame_start=10)
    bpy.context.scene.frame_set(int(frame), subframe=frame % 1)
    positions, covariances = shown_world(scene_module, moved, shown_pose(moved))
    want_positions, want_covariances = expected_world(scene_module, moved, trajectory, since_start)
    # two float32 changes of frame of numbers up to 10: 1e-6 each
    np.testing.assert_allclose(positions, want_positions, atol=1e-5)
    np.testing.assert_allclose(covariances, want_covariances, atol=1e-5)
    moving = trajectory.binding.splats
    rest = scene_module("scene.splats").world_gaussians(moved).positions
    assert (np.linalg.norm(positions - rest, axis=1)[moving] > 0.05).all()


def test_still_splats_stay_exactly(scene_module, playing, moved, swing, shown_pose):
    """Splats outside the binding keep every bit of their rest pose."""
    trajectory = swing()
    playing.show(moved, trajectory, frame_start=1)
    bpy.context.scene.frame_set(3)
    positions, rotations = shown_pose(moved)
    rest = scene_module("scene.splats").read_splats(moved)
    still = np.setdiff1d(np.arange(64), trajectory.binding.splats)
    np.testing.assert_array_equal(positions[still], rest.positions[still])
    np.testing.assert_array_equal(rotations[still], rest.rotations[still])


def test_rest_pose_is_never_touched(scene_module, playing, moved, swing, shown_pose):
    """While a preview plays the cloud itself stays at rest, and stopping shows it at rest without a trace."""
    splats = scene_module("scene.splats")
    rest, names = splats.read_splats(moved), set(moved.data.attributes.keys())
    playing.show(moved, swing(), frame_start=1)
    bpy.context.scene.frame_set(3)
    for name, values in rest.to_arrays().items():
        np.testing.assert_array_equal(getattr(splats.read_splats(moved), name), values, err_msg=name)
    playing.stop(moved)
    positions, rotations = shown_pose(moved)
    np.testing.assert_array_equal(positions, rest.positions)
    np.testing.assert_array_equal(rotations, rest.rotations)
    assert set(moved.data.attributes.keys()) == names and not playing.is_shown(moved)


def test_moving_the_object_carries_the_motion(scene_module, playing, moved, swing, shown_pose):
    """An object that is moved after the simulation plays the same motion in its own frame."""
    playing.show(moved, swing(), frame_start=1)
    bpy.context.scene.frame_set(3)
    before = shown_pose(moved)
    moved.location.x += 5
    bpy.context.scene.frame_set(2)
    bpy.context.scene.frame_set(3)
    np.testing.assert_allclose(shown_pose(moved)[0], before[0], atol=LAST_BIT)


def test_preview_renders(scene_module, playing, moved, swing, tmp_path):
    """Rendering an animation of a preview gives a moving picture that stops after the last frame."""
    scene = bpy.context.scene
    scene.render.resolution_x = scene.render.resolution_y = 32
    scene_module("scene.camera").frame_camera(bpy.context, [moved])
    playing.show(moved, swing(), frame_start=1)
    scene.frame_start, scene.frame_end = 3, 5
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.filepath = str(tmp_path / "frame_")
    bpy.ops.render.render(animation=True)
    third, last, after = (np.array(bpy.data.images.load(str(path)).pixels) for path in sorted(tmp_path.glob("*.png")))
    # one sample with a fixed seed: what holds still renders bit by bit the same
    assert np.abs(third - last).mean() > 1e-3
    np.testing.assert_array_equal(last, after)


def test_reopened_file_plays_on(scene_module, playing, moved, swing, shown_pose, tmp_path):
    """A file saved in the middle of a preview and opened again plays on from the trajectory's file."""
    arrays, splats = scene_module("backend.arrays"), scene_module("scene.splats")
    trajectory = swing()
    path = arrays.save(tmp_path / "swing.npz", trajectory.to_arrays())
    playing.show(moved, trajectory, frame_start=1, path=path)
    rest = splats.read_splats(moved)
    bpy.context.scene.frame_set(3)
    want = shown_pose(moved)
    bpy.context.scene.frame_set(1)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    obj = bpy.data.objects["plant"]
    np.testing.assert_array_equal(splats.read_splats(obj).positions, rest.positions)
    bpy.context.scene.frame_set(3)
    np.testing.assert_allclose(shown_pose(obj)[0], want[0], atol=LAST_BIT)
    assert playing.problem(obj) == ""


def test_missing_file_holds_the_pose_and_says_so(scene_module, playing, moved, swing, shown_pose, tmp_path):
    """A preview whose file is gone holds the saved pose, says why, and stops to the rest pose."""
    playing.show(moved, swing(), frame_start=1, path=tmp_path / "gone.npz")
    bpy.context.scene.frame_set(3)
    held = shown_pose(moved)
    playing.forget()
    bpy.context.scene.frame_set(1)
    np.testing.assert_array_equal(shown_pose(moved)[0], held[0])
    assert "gone.npz" in playing.problem(moved)
    playing.stop(moved)
    assert playing.problem(moved) == ""
    np.testing.assert_array_equal(shown_pose(moved)[0], scene_module("scene.splats").read_splats(moved).positions)


def test_trajectory_of_another_cloud_is_refused(playing, moved, swing):
    """A trajectory that moves splats which are not there is refused and nothing is shown."""
    with pytest.raises(ValueError, match="moves splat 99, but plant has 64"):
        playing.show(moved, swing(count=100), frame_start=1)
    assert not playing.is_shown(moved) and len(moved.modifiers) == 1


def test_listening_twice_listens_once(playing):
    """Registering again adds no second handler, unregistering leaves none."""
    handlers = bpy.app.handlers.frame_change_pre
    playing.register()
    assert handlers[:].count(playing.on_frame_change) == 1
    playing.unregister()
    assert playing.on_frame_change not in handlers[:]
