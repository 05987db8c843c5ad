"""The stiffness slider on a finished motion: a preview or a bake plays faster by the root of it, at once."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


def test_a_preview_follows_the_slider(addon, scene_module, plant, swing, shown_pose):
    """Four times as stiff, frame 2 shows what frame 3 of the simulation did; the slider reads what it was set to."""
    playback = scene_module("scene.playback")
    bpy.context.scene.frame_set(3)
    playback.show(plant, swing(), 1)
    assert plant.sway.stiffness == 1
    expected = shown_pose(plant)
    bpy.context.scene.frame_set(2)
    assert not np.allclose(shown_pose(plant)[0], expected[0])
    plant.sway.stiffness = 4
    for now, then in zip(shown_pose(plant), expected, strict=True):
        np.testing.assert_array_equal(now, then)
    assert plant.sway.stiffness == pytest.approx(4)
    playback.show(plant, swing(), 1)
    assert plant.sway.stiffness == 1, "a new simulation is as stiff as it was simulated"


def test_a_bake_follows_the_slider(addon, scene_module, plant, bake, swing, shown_pose):
    """The same of a bake, whose time runs on a line; a quarter as stiff it lasts twice as long."""
    bake.bake(bpy.context, plant, swing(), 1)
    bpy.context.scene.frame_set(3)
    expected = shown_pose(plant)
    plant.sway.stiffness = 4
    bpy.context.scene.frame_set(2)
    for now, then in zip(shown_pose(plant), expected, strict=True):
        np.testing.assert_allclose(now, then, atol=1e-6)  # float32 along the line of time
    plant.sway.stiffness = 0.25
    assert plant.sway.stiffness == pytest.approx(0.25, rel=1e-5)
    bpy.context.scene.frame_set(5)
    for now, then in zip(shown_pose(plant), expected, strict=True):
        np.testing.assert_allclose(now, then, atol=1e-6)


def test_without_a_motion_there_is_nothing_to_turn(addon, scene_module, plant):
    """An object at rest reads 1, whatever is set, and the panel leaves the slider out."""
    plant.sway.stiffness = 4
    assert plant.sway.stiffness == 1
    assert not scene_module("scene.fields.rescaling").is_possible(plant)
