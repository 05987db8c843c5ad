"""Reference motions in Blender: one of several is picked, each source shows its own settings, downloads are refused."""

from __future__ import annotations

import json

import pytest

ADDON = "bl_ext.user_default.sway"


@pytest.fixture(scope="module")
def plant(worker, addon, tmp_path_factory):
    """A small plant with its parts guessed and a cache folder of its own."""
    import bpy
    from bl_ext.user_default.sway.backend import formats
    from bl_ext.user_default.sway.backend.sample import potted_plant

    folder = tmp_path_factory.mktemp("reference")
    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    bpy.context.preferences.addons[ADDON].preferences.cache_folder = str(folder / "cache")
    formats.write_ply(folder / "plant.ply", potted_plant(count=4000))
    bpy.context.scene.render.resolution_x = bpy.context.scene.render.resolution_y = 64
    bpy.ops.sway.import_splats(filepath=str(folder / "plant.ply"), up="+Z")
    bpy.ops.sway.guess_parts()
    return bpy.context.active_object


def test_one_of_several_clips_is_picked(plant):
    """Two gusts are made; picking the second puts its file and numbers on the object."""
    import bpy
    from bl_ext.user_default.sway.operators.reference import candidate_file
    from bl_ext.user_default.sway.properties import steps

    assert bpy.ops.sway.make_reference(frames=14, resolution=64, candidates=2, seed=3) == {"FINISHED"}
    record, scene = plant.sway.reference, bpy.context.scene
    first, made = record.file, record.made
    assert len(json.loads(record.summary)["candidates"]) == 2
    assert bpy.ops.sway.pick_reference(number=2) == {"FINISHED"}
    assert record.file == str(candidate_file(first, 2)) != first and record.made != made
    assert json.loads(record.summary)["seed"] == 4
    assert steps.state(scene, plant, "reference") is steps.State.done
    with pytest.raises(RuntimeError, match="There are 2 clips to pick from, no number 3"):
        bpy.ops.sway.pick_reference(number=3)
    assert bpy.ops.sway.pick_reference(number=1) == {"FINISHED"} and record.file == first
    with pytest.raises(RuntimeError, match=r"Choose the folder of a video model"):
        bpy.ops.sway.make_reference(source="model", resolution=64)
    assert record.file == first  # the earlier one stays


def test_there_is_nothing_to_pick_from_a_single_clip(plant):
    """The refusal says what to do."""
    import bpy

    bpy.ops.sway.make_reference(source="wind", frames=14, resolution=64, candidates=1)
    with pytest.raises(RuntimeError, match="set Candidates above 1"):
        bpy.ops.sway.pick_reference(number=1)


def test_a_kept_clip_is_fitted_beside_the_next(plant):
    """Keeping a clip leaves the fit as it is; a second clip beside it, the same motion's or not, makes a fit outdated.

    The fit of both knows two motions, and a clip whose file is gone is refused by its name.
    """
    import bpy
    from bl_ext.user_default.sway.properties import steps

    def state() -> str:
        return steps.state(bpy.context.scene, plant, "fit").value

    short = {"source": "wind", "frames": 14, "resolution": 64, "candidates": 1}
    bpy.ops.sway.make_reference(seed=1, **short)
    assert bpy.ops.sway.keep_clip() == bpy.ops.sway.keep_clip() == {"FINISHED"}
    (kept,) = plant.sway.further_clips  # once only
    quick = {"particles": 200, "grid_cells": 10, "iterations": 0}
    bpy.ops.sway.fit_material(**quick)
    alone = steps.summary(plant, "fit")["loss_last"]
    assert state() == "done"

    bpy.ops.sway.make_reference(seed=2, **short)
    assert state() == "outdated"
    bpy.ops.sway.fit_material(**quick)
    assert state() == "done" and steps.summary(plant, "fit")["loss_last"] != alone
    kept.same_motion = True
    assert state() == "outdated"

    where, kept.file = kept.file, "/gone/clip.npz"
    with pytest.raises(RuntimeError, match=r'kept clip "14 frames, .* Hz" is gone'):
        bpy.ops.sway.fit_material(**quick)
    kept.file, kept.same_motion = where, False
    assert state() == "done"
    with pytest.raises(RuntimeError, match="There are 1 kept clips, no number 2"):
        bpy.ops.sway.drop_clip(number=2)
    assert bpy.ops.sway.drop_clip(number=1) == {"FINISHED"} and not plant.sway.further_clips
    assert state() == "outdated"


def test_each_source_shows_its_own_settings(empty_scene, tmp_path):
    """What a source does not use is hidden; a model without a prompt shows its dial for motion instead."""
    import bpy
    from bl_ext.user_default.sway.backend.api.reference import SHOWN, ReferenceParams, Source
    from bl_ext.user_default.sway.panels.reference import _hidden

    settings = empty_scene.sway.reference
    names = set(ReferenceParams.__dataclass_fields__)
    assert all(name in names for shown in SHOWN.values() for name in shown)
    for source in Source:
        settings.source = source.name
        hidden = set(_hidden(bpy.context))
        assert not hidden & {"source", "frames", "resolution"}
        assert hidden & set(SHOWN[source]) <= {"motion_bucket"}
    settings.model_folder = str(tmp_path)
    for pipeline, hidden in (("StableVideoDiffusionPipeline", "prompt"), ("WanPipeline", "motion_bucket")):
        (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": pipeline, "pad": pipeline}))
        assert {"prompt", "motion_bucket"} & set(_hidden(bpy.context)) == {hidden}


def test_broken_model_folders_have_no_name(tmp_path):
    """An empty path, a folder without an index, a damaged index: no title; else the models' usual name."""
    from bl_ext.user_default.sway.scene.clips.model_folder import pipeline_in, title_of

    assert pipeline_in("") == pipeline_in(str(tmp_path)) == ""
    (tmp_path / "model_index.json").write_text("{")
    assert pipeline_in(str(tmp_path)) == ""
    assert title_of("") == title_of("StableDiffusionXLPipeline") == ""
    assert title_of("StableVideoDiffusionPipeline") == "Stable Video Diffusion"
    assert (title_of("LTXPipeline"), title_of("LTX2Pipeline")) == ("LTX-Video", "LTX-2")


def test_downloads_need_network_permission_and_consent(empty_scene):
    """Nothing is submitted while Blender is offline, or before the licence is accepted."""
    import bpy

    words = "comes under the .* read it" if bpy.app.online_access else "allow Online Access under Preferences"
    with pytest.raises(RuntimeError, match=words):
        bpy.ops.sway.download_video_model(model="ltx")
