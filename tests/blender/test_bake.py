"""Bakes of every frame: the exact trajectory on the timeline, cancel without a trace."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


class Cancelled(Exception):
    """What a test's progress raises."""


@pytest.fixture
def plant(scene_module, cloud):
    """A splat object in a scene at frame 7."""
    obj = scene_module("scene.splats").add_splats(bpy.context, "plant", cloud())
    bpy.context.scene.frame_set(7)
    return obj


@pytest.fixture
def saved(tmp_path, plant):
    """The scene as a saved .blend."""
    path = tmp_path / "here" / "scene.blend"
    path.parent.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=False)
    return path


def assert_plays(scene_module, obj, trajectory, frame_start, shown_pose):
    """The object shows each frame of the trajectory, and holds its ends."""
    poser = scene_module("scene.motion").Poser.of(obj, trajectory, np.array(obj.matrix_world))
    frame = bpy.context.scene.frame_current
    for shown, since_start in [(frame_start - 5, 0), (frame_start, 0), (frame_start + 2, 2), (frame_start + 50, 3)]:
        bpy.context.scene.frame_set(shown)
        posed = poser.pose(since_start)
        for got, want in zip(shown_pose(obj), (posed.positions, posed.rotations), strict=True):
            # the same computation twice: float32's last bit, of numbers of order 3
            np.testing.assert_allclose(got, want, atol=1e-6, err_msg=f"frame {shown}")
    bpy.context.scene.frame_set(frame)


@pytest.mark.parametrize("target", ["PACKED", "DISK"])
def test_bake_plays_the_trajectory(scene_module, plant, saved, swing, shown_pose, target):
    """Frames replay, now and after reopening, with no handler; the timeline is left as it was."""
    bake, scene, trajectory = scene_module("scene.bakes.bake"), bpy.context.scene, swing()
    scene.frame_end = 33
    handlers = bpy.app.handlers.frame_change_pre[:]
    fractions = []
    bake.bake(bpy.context, plant, trajectory, 10, target, fractions.append)
    assert bake.is_baked(plant) and fractions == [0, 0.25, 0.5, 0.75]
    assert (scene.frame_current, scene.frame_start, scene.frame_end) == (7, 1, 33)
    assert bpy.app.handlers.frame_change_pre[:] == handlers
    assert_plays(scene_module, plant, trajectory, 10, shown_pose)
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(saved))
    assert_plays(scene_module, bpy.data.objects["plant"], trajectory, 10, shown_pose)


def test_bake_interpolates_between_frames(scene_module, plant, swing, shown_pose):
    """Between two frames positions lie half-way, which motion blur needs."""
    trajectory = swing()
    scene_module("scene.bakes.bake").bake(bpy.context, plant, trajectory, 10, "PACKED")
    poser = scene_module("scene.motion").Poser.of(plant, trajectory, np.array(plant.matrix_world))
    bpy.context.scene.frame_set(11, subframe=0.5)
    halfway = (poser.pose(1).positions + poser.pose(2).positions) / 2
    np.testing.assert_allclose(shown_pose(plant)[0], halfway, atol=1e-6)  # float32, numbers of order 3


def test_cancelled_bake_leaves_no_trace(scene_module, plant, swing, shown_pose):
    """A first bake that is cancelled leaves modifiers, attributes, handlers and the frame as they were."""
    bake, splats = scene_module("scene.bakes.bake"), scene_module("scene.splats")
    names, modifiers = set(plant.data.attributes.keys()), plant.modifiers.keys()
    handlers = bpy.app.handlers.frame_change_pre[:]

    def stop_early(fraction):
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        bake.bake(bpy.context, plant, swing(), 10, "PACKED", stop_early)
    assert not bake.is_baked(plant) and bpy.context.scene.frame_current == 7
    assert set(plant.data.attributes.keys()) == names and plant.modifiers.keys() == modifiers
    assert bpy.app.handlers.frame_change_pre[:] == handlers
    np.testing.assert_array_equal(shown_pose(plant)[0], splats.read_splats(plant).positions)


@pytest.mark.parametrize("target", ["PACKED", "DISK"])
def test_cancelled_bake_keeps_the_earlier_one(scene_module, plant, saved, swing, shown_pose, target):
    """Cancelling a second bake keeps the first; finishing one replaces it and deletes its files."""
    bake, first, second = scene_module("scene.bakes.bake"), swing(), swing(amplitude=0.5)

    def stop(fraction):
        raise Cancelled

    bake.bake(bpy.context, plant, first, 10, target)
    with pytest.raises(Cancelled):
        bake.bake(bpy.context, plant, second, 20, target, stop)
    assert_plays(scene_module, plant, first, 10, shown_pose)
    bake.bake(bpy.context, plant, second, 20, target)
    assert_plays(scene_module, plant, second, 20, shown_pose)
    assert len(list(saved.parent.glob("sway_bakes/*"))) == (1 if target == "DISK" else 0)
    assert len(plant.modifiers) == 2


def test_cancelled_bake_keeps_the_preview(scene_module, plant, swing, shown_pose):
    """Cancelling a bake puts back the preview that played before; finishing one ends it."""
    bake, playback = scene_module("scene.bakes.bake"), scene_module("scene.playback")
    playback.show(plant, swing(amplitude=0.5), 1)
    held = shown_pose(plant)

    def stop(fraction):
        raise Cancelled

    with pytest.raises(Cancelled):
        bake.bake(bpy.context, plant, swing(), 10, "PACKED", stop)
    assert playback.is_shown(plant)
    np.testing.assert_array_equal(shown_pose(plant)[0], held[0])
    bake.bake(bpy.context, plant, swing(), 10, "PACKED")
    assert not playback.is_shown(plant)
    assert_plays(scene_module, plant, swing(), 10, shown_pose)


def test_freed_bake_is_at_rest(scene_module, plant, saved, swing, shown_pose):
    """Freeing a bake removes its files, attributes and modifier: the cloud is as it was imported."""
    bake = scene_module("scene.bakes.bake")
    names = set(plant.data.attributes.keys())
    bake.bake(bpy.context, plant, swing(), 10, "DISK")
    assert any(saved.parent.glob("sway_bakes/*"))
    bake.free_bake(bpy.context, plant)
    assert not any(saved.parent.glob("sway_bakes/*"))
    assert not bake.is_baked(plant) and set(plant.data.attributes.keys()) == names
    bpy.context.scene.frame_set(12)
    np.testing.assert_array_equal(shown_pose(plant)[0], scene_module("scene.splats").read_splats(plant).positions)


def test_disk_bake_needs_a_saved_file_with_room_beside_it(scene_module, plant, swing, saved, monkeypatch):
    """Baking beside a file that was never saved, or onto a full disk, is refused before anything changes."""
    bake, bake_node = scene_module("scene.bakes.bake"), scene_module("scene.bakes.bake_node")
    full = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(bake_node.shutil, "disk_usage", lambda folder: full)
    with pytest.raises(ValueError, match="GB free; make room"):
        bake.bake(bpy.context, plant, swing(), 10, "DISK")
    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    obj = scene_module("scene.splats").add_splats(
        bpy.context, "plant", swing and scene_module("backend.sample").potted_plant(count=64)
    )
    with pytest.raises(ValueError, match="save the .blend first"):
        bake.bake(bpy.context, obj, swing(), 10, "DISK")
    assert len(obj.modifiers) == 1


def test_a_stopped_bake_goes_on_where_it_stopped(scene_module, plant, saved, swing, shown_pose):
    """What a stopped bake has written plays, is not written again, and another object's frames are never deleted."""
    frames_bake, trajectory = scene_module("scene.bakes.frames_bake"), swing(frames=4)
    frames = frames_bake.begin(bpy.context, plant, trajectory, 10, "DISK")

    def stop(fraction):
        if fraction >= 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        frames.write(stop)
    assert frames.done == 2
    frames_bake.attach(bpy.context, plant, frames)
    poser = scene_module("scene.motion").Poser.of(plant, trajectory, np.array(plant.matrix_world))
    for frame, since_start in ((10, 0), (11, 1), (13, 1)):  # the last one that is there holds
        bpy.context.scene.frame_set(frame)
        np.testing.assert_allclose(shown_pose(plant)[0], poser.pose(since_start).positions, atol=1e-6)

    copy = plant.copy()
    bpy.context.collection.objects.link(copy)
    files = sorted(saved.parent.glob("sway_bakes/*/*/*/*"))
    written = {file: file.stat().st_mtime_ns for file in files}
    name = scene_module("scene.motion").MODIFIER
    copy.modifiers[name].bake_directory = plant.modifiers[name].bake_directory  # Blender gives a copy none
    again = frames_bake.begin(bpy.context, plant, trajectory, 10, "DISK")
    again.write()
    assert again.done == 4 and {file: file.stat().st_mtime_ns for file in files} == written
    frames_bake.attach(bpy.context, plant, again)
    assert_plays(scene_module, plant, trajectory, 10, shown_pose)
    frames_bake.free_bake(plant)
    assert sorted(saved.parent.glob("sway_bakes/*/*/*/*")) and not frames_bake.is_baked(plant)
    frames_bake.free_bake(copy)
    assert not any(saved.parent.glob("sway_bakes/*"))


def test_bake_stores_moving_splats_only(scene_module, cloud, swing, tmp_path):
    """A longer bake grows the file by what `bake_size` promises: motion alone, no colours, no still splats."""
    bake, count = scene_module("scene.bakes.bake"), 4000
    obj = scene_module("scene.splats").add_splats(bpy.context, "plant", cloud(count))
    sizes, promised = [], []
    for frames in (4, 14):
        trajectory = swing(count, frames)
        bake.bake(bpy.context, obj, trajectory, 1, "PACKED")
        path = tmp_path / f"{frames}.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=False)
        sizes.append(path.stat().st_size)
        promised.append(bake.bake_size(obj, trajectory, "PACKED"))
    # a frame's description is a JSON text of a few hundred bytes; one SH attribute more would be 43 % over
    assert sizes[1] - sizes[0] == pytest.approx(promised[1] - promised[0], rel=0.03)


def test_simulating_again_outdates_a_bake_and_deletes_nothing(addon, scene_module, plant, swing, shown_pose, tmp_path):
    """The new simulation is previewed over the earlier bake, which is outdated, kept, and shown without the preview."""
    from types import SimpleNamespace

    bake, steps, playback = (scene_module(name) for name in ("scene.bakes.bake", "properties.steps", "scene.playback"))
    arrays, simulate = scene_module("backend.arrays"), scene_module("operators.simulate").SWAY_OT_simulate
    scene, first, second = bpy.context.scene, swing(), swing(amplitude=0.5)
    steps.finish(plant, "simulate", "", "first")
    bake.bake(bpy.context, plant, first, 10)
    steps.finish(plant, "bake", steps.origin(scene, plant, "bake"))
    assert steps.state(scene, plant, "bake") is steps.State.done

    path = str(arrays.save(tmp_path / "second.npz", second.to_arrays()))
    job = SimpleNamespace(outputs={"trajectory": path}, results={"tip_amplitude_m": 0.1, "frames": len(second)})
    operator = SimpleNamespace(
        job=job,
        note=lambda obj, file: steps.finish(obj, "simulate", "", file),
        loaded=playback.reading(plant, path, np.array(plant.matrix_world), scene.frame_start)(),
        _first=scene.frame_start,
    )
    simulate.take_in(operator, bpy.context, plant)
    assert bake.is_baked(plant) and steps.state(scene, plant, "bake") is steps.State.outdated
    assert playback.is_shown(plant)
    playback.stop(plant)
    assert_plays(scene_module, plant, first, 10, shown_pose)
