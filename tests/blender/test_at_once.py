"""One press from a capture to a baked one."""

from __future__ import annotations

import pytest


@pytest.fixture
def capture(worker, addon, tmp_path):
    """A small plant in an empty scene, with nothing done yet."""
    import bpy
    from bl_ext.user_default.sway.backend import formats
    from bl_ext.user_default.sway.backend.sample import potted_plant

    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences.cache_folder = str(tmp_path / "cache")
    formats.write_ply(tmp_path / "plant.ply", potted_plant(count=2000))
    bpy.ops.sway.import_splats(filepath=str(tmp_path / "plant.ply"), up="+Z")
    bpy.context.scene.sway.simulate.frames, bpy.context.scene.sway.simulate.quality = 2, "preview"
    return bpy.context.active_object


def test_one_press_does_every_step_that_is_left(capture):
    """From the import to a bake; what a person chose before, here a material, stays."""
    import bpy
    from bl_ext.user_default.sway.properties import steps

    capture.sway.material.preset = "jelly"
    assert bpy.ops.sway.make_it_sway() == {"FINISHED"}
    assert all(steps.state(bpy.context.scene, capture, step) is steps.State.done for step in ("parts", "simulate"))
    assert capture.sway.bake.made and capture.sway.material.preset == "jelly"
    simulated = capture.sway.simulate.made
    assert bpy.ops.sway.make_it_sway() == {"FINISHED"}
    assert capture.sway.simulate.made == simulated  # nothing was left to simulate


def test_what_cannot_be_done_is_said_in_one_sentence(capture):
    """A refusal of a step is the refusal of the whole."""
    import bpy

    preferences = bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences
    preferences.worker_python = "/nowhere/python"
    try:
        with pytest.raises(RuntimeError, match="There is no Python at"):
            bpy.ops.sway.make_it_sway()
    finally:
        preferences.worker_python = ""
    assert capture.sway.material.preset == "leaf"  # taken for granted, since there was no fit
