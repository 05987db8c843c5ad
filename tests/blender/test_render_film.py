"""A film of splats by the project's own rasteriser, and what becomes of it in the scene."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


@pytest.fixture
def filmed(worker, addon, scene_module, cloud, swing, tmp_path):
    """A moving cloud in front of a camera, 4 frames of 48 pixels."""
    scene = bpy.context.scene
    obj = scene_module("scene.splats").add_splats(bpy.context, "plant", cloud())
    scene_module("scene.bakes.bake").bake(bpy.context, obj, swing(), 1, "TRAJECTORY")
    scene.frame_start, scene.frame_end = 1, 4
    scene.render.resolution_x, scene.render.resolution_y = 48, 32
    scene_module("scene.camera").frame_camera(bpy.context, [obj])
    preferences = bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences
    preferences.cache_folder = str(tmp_path / "cache")
    yield obj
    preferences.cache_folder = ""


def test_a_sequence_with_passes_becomes_a_strip(filmed, tmp_path):
    """Four pictures with alpha, as many depths and vectors, frames that differ; the strip shows them in order."""
    folder = tmp_path / "film"
    folder.mkdir()
    path = folder / "plant.png"
    assert bpy.ops.sway.render_film(filepath=str(path), depth=True, vectors=True, use="strip") == {"FINISHED"}
    names = sorted(file.name for file in folder.iterdir())
    numbers = [f"{n:04d}" for n in (1, 2, 3, 4)]
    assert names == sorted(
        [f"plant_{n}.png" for n in numbers]
        + [f"plant_{kind}_{n}.exr" for kind in ("depth", "vectors") for n in numbers]
    )
    pictures = []
    for n in numbers:
        image = bpy.data.images.load(str(folder / f"plant_{n}.png"))
        pictures.append(np.array(image.pixels[:]).reshape(32, 48, 4))
    assert np.abs(pictures[0] - pictures[3]).mean() > 0.01
    assert 0 < (pictures[0][..., 3] > 0.5).mean() < 0.9
    strips = bpy.context.scene.sequence_editor.strips
    assert len(strips) == 1 and strips[0].frame_final_duration == 4


def test_a_film_and_what_is_refused(filmed, tmp_path):
    """An .mp4 plays as many frames; a film cannot become a strip, nor go to a folder that is not there."""
    assert bpy.ops.sway.render_film(filepath=str(tmp_path / "plant"), format="mp4") == {"FINISHED"}
    image = bpy.data.images.load(str(tmp_path / "plant.mp4"))
    assert image.source == "MOVIE" and image.frame_duration == 4
    with pytest.raises(RuntimeError, match="choose PNG or EXR"):
        bpy.ops.sway.render_film(filepath=str(tmp_path / "plant"), format="mp4", use="background")
    with pytest.raises(RuntimeError, match="does not exist"):
        bpy.ops.sway.render_film(filepath=str(tmp_path / "nowhere" / "plant.png"))
