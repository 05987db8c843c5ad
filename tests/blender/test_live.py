"""Pulling splats about by hand, and simulated frames that are shown while the rest is computed."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture
def swing(scene_module):
    """Makes a swing of two random modes that carries three of every four splats of a cloud of `count`."""
    nouns, trajectory = scene_module("backend.swing"), scene_module("backend.trajectory")

    def make(count=64):
        rng = np.random.default_rng(2)
        moving = np.flatnonzero(np.arange(count) % 4).astype(np.int32)
        particles = rng.integers(0, 9, (len(moving), 3)).astype(np.int32)
        binding = trajectory.Binding(moving, particles, np.full(particles.shape, 1 / 3, np.float32))
        rest, shapes, turns = rng.normal(size=(9, 3)), rng.normal(size=(2, 9, 3)), np.zeros((2, 9, 3))
        turns[:] = [[[0.0, 0.3, 0.2]], [[0.5, 0.0, 0.0]]]
        return nouns.Swing(rest, shapes, turns, np.array([6.0, 9.0]), np.full(2, 0.3), np.ones(2), binding)

    return make


def test_a_live_pose_is_the_pose_of_the_trajectory(scene_module, cloud, swing):
    """On a moved, turned and scaled object: the same places and turns as a trajectory of the same amplitudes gives."""
    import bpy

    splats, motion = scene_module("scene.splats"), scene_module("scene.motion")
    obj = splats.add_splats(bpy.context, "Cloud", cloud())
    obj.location, obj.scale = (1, 2, 3), (2, 2, 2)
    bpy.context.view_layer.update()
    given, amplitudes = swing(), np.array([0.4, -0.2])
    scene_module("scene.live").LivePose(obj, given).write(obj, amplitudes)
    trajectory = given.trajectory(amplitudes[None], 24.0)
    expected = motion.Poser.of(obj, trajectory, np.array(obj.matrix_world)).pose(0)
    # Both are float32, through different orders of sums over places of some metres.
    assert splats.read_attribute(obj, motion.POSED_POSITION) == pytest.approx(expected.positions, abs=1e-5)
    posed = splats.read_attribute(obj, motion.POSED_ROTATION)
    assert np.abs((posed * expected.rotations).sum(1)) == pytest.approx(1, abs=1e-5)


def test_a_pull_from_a_script_becomes_a_simulation_that_bakes(worker, scene_module, plain_scene, tmp_path):
    """A plant of leaf pulled sideways at its tip and let go: it moves there, comes back, and bakes; its pot stays."""
    import bpy

    sample, splats = scene_module("backend.sample"), scene_module("scene.splats")
    bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences.cache_folder = str(tmp_path / "cache")
    obj = splats.add_splats(bpy.context, "Plant", sample.potted_plant(count=3000), up="+Z")
    bpy.ops.sway.guess_parts()
    obj.sway.material.preset = "leaf"
    moving = splats.read_parts(obj) > 0
    places = splats.read_splats(obj).positions
    tip = places[moving][places[moving][:, 2].argmax()]
    options = {"modes": 4, "particles": 200, "grid_cells": 10}
    assert bpy.ops.sway.drag(point=tip, offset=(0.05, 0, 0), hold=0.5, frames=20, **options) == {"FINISHED"}
    trajectory = scene_module("backend.trajectory").Trajectory
    motion = trajectory.from_arrays(scene_module("backend.arrays").load(obj.sway.simulate.file))
    assert len(motion) == 20
    particle = np.linalg.norm(motion.rest - tip, axis=1).argmin()
    path = motion.positions[:, particle] - motion.rest[particle]
    # Half a second is enough for the hand to get there, at frame 12, but for what a few modes cannot follow.
    assert path[12, 0] > 0.02 and path[0] == pytest.approx([0, 0, 0], abs=1e-6)
    assert path[13:, 0].min() < path[12, 0] - 0.01
    assert not np.isin(motion.binding.splats, np.flatnonzero(~moving)).any()
    assert bpy.ops.sway.bake() == {"FINISHED"}
    assert json.loads(obj.sway.simulate.summary)["tip_amplitude_m"] > 0.02


def test_what_does_not_spring_back_is_refused(worker, scene_module, plain_scene, cloud, tmp_path):
    """Sand cannot be pulled about, and neither can what nothing holds; the refusal says so."""
    import bpy

    splats = scene_module("scene.splats")
    bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences.cache_folder = str(tmp_path / "cache")
    obj = splats.add_splats(bpy.context, "Cloud", cloud(), up="+Z")
    splats.write_parts(obj, np.ones(64, np.int32))
    for preset, words in (("sand", "does not spring back"), ("leaf", "Nothing holds")):
        obj.sway.material.preset = preset
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.sway.drag()
    assert not obj.sway.simulate.made


def test_frames_are_shown_while_the_rest_is_computed(addon, scene_module, plain_scene, cloud, swing, tmp_path):
    """The motion so far plays on the timeline; a cancelled job puts back what was shown before."""
    import bpy

    splats, playback, motion = (scene_module(f"scene.{name}") for name in ("splats", "playback", "motion"))
    arrays = scene_module("backend.arrays")
    simulate = scene_module("operators.simulate").SWAY_OT_simulate
    obj = splats.add_splats(bpy.context, "Cloud", cloud(), up="+Z")
    so_far = swing().trajectory(np.linspace([0, 0], [0.3, 0.3], 5), 24.0)
    job = SimpleNamespace(partial=str(arrays.save(tmp_path / "so_far.npz", so_far.to_arrays())), ended=False)
    pace = scene_module("operators.pace").Pace()
    operator = SimpleNamespace(
        job=job, _shown="", _pace=pace, _before=None, _coming=None, _matrix=np.eye(4), _first=1, object=lambda: obj
    )
    operator._show_coming = lambda of: simulate._show_coming(operator, of)
    simulate.watch(operator, bpy.context)
    operator._coming.result()  # a thread reads it
    while operator._coming:
        simulate.watch(operator, bpy.context)
    assert playback.is_shown(obj)
    plain_scene.frame_set(plain_scene.frame_start + 4)
    shown = splats.read_attribute(obj, motion.POSED_POSITION)
    assert np.abs(shown - splats.read_splats(obj).positions).max() > 0.1
    simulate.give_up(operator, bpy.context)
    assert not playback.is_shown(obj) and motion.POSED_POSITION not in obj.data.attributes
