"""Find What Moves, with the real worker: a layer with mask and lines, what is not it marked, and refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.blender.test_picture_steps import _save


def _flower(size: int = 120):
    """A red flower on a green stem before a pale wall [H, W, 3]; beside it a blurred patch."""
    y, x = np.mgrid[:size, :size] + 0.5
    rng = np.random.default_rng(0)
    wall = np.stack([0.75 + 0 * x, 0.78 + 0.05 * y / size, 0.82 + 0 * x], -1)
    grain = 0.25 * rng.random((size, size, 1))
    head = np.hypot(x - 60, y - 36) < 22
    stem = (np.abs(x - 60) < 5) & (y > 50)
    image = np.where(stem[..., None], np.array([0.1, 0.35, 0.05]) + grain, wall)
    return np.where(head[..., None], np.array([0.75, 0.1, 0.1]) + grain, image).clip(0, 1), head | stem


@pytest.fixture
def flower(worker, tmp_path):
    """The flower opened in Blender, without a layer."""
    import bpy

    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences.cache_folder = str(tmp_path / "cache")
    return _save(_flower()[0], "flower", tmp_path)


def test_one_press_finds_a_plant_that_can_be_animated(flower):
    """A layer with the flower's mask and lines on it, drawn or given; the preview needs nothing more."""
    import bpy
    from bl_ext.user_default.sway.scene.pictures.picture_document import photo, pixel_lines

    assert bpy.ops.sway.picture_find(image=flower.name) == {"FINISHED"}
    (layer,) = flower.sway.layers
    assert layer.kind == "plant" and tuple(layer.mask.size) == (120, 120)
    found, wanted = photo(layer.mask)[..., 0] > 127, _flower()[1]
    # Of what either says, most is said by both: a matte's edge may be off by two pixels, here a quarter of the stem.
    assert (found & wanted).sum() > 0.75 * (found | wanted).sum()
    lines = pixel_lines(flower, layer)
    assert lines and all(len(line) > 1 for line in lines)
    places = np.concatenate(lines).astype(int).clip(0, 119)
    # All on the flower, but for ends that are rounded to the next cell of the search's grid.
    assert wanted[places[:, 1], places[:, 0]].mean() > 0.9
    assert bpy.ops.sway.animate_picture(image=flower.name, frames=4, preview_size=64) == {"FINISHED"}


def test_lines_are_strokes_where_blender_can_make_them(flower):
    """From Blender 5 on the lines are annotations to erase and draw anew; before, they are given as text."""
    import bpy

    bpy.ops.sway.picture_find(image=flower.name, most_lines=1)
    (layer,) = flower.sway.layers
    strokes = [s for a in flower.sway.annotations.layers for f in a.frames for s in f.strokes]
    drawn, found = bpy.app.version >= (5, 0), 1  # the one line that was asked for
    assert len(strokes) == (found if drawn else 0)
    assert len(json.loads(layer.lines or "[]")) == (0 if drawn else found)


def test_what_is_not_the_plant_reaches_the_worker(flower):
    """Lines marked as not this come with the layer, in pixels from the top."""
    import bpy
    from bl_ext.user_default.sway.backend.api.picture import PictureParams
    from bl_ext.user_default.sway.scene.pictures.picture_document import picture_of

    bpy.ops.sway.picture_find(image=flower.name)
    (layer,) = flower.sway.layers
    layer.outside = json.dumps([[[0.1, 0.9], [0.9, 0.9]]])
    (made,) = picture_of(flower, PictureParams()).layers
    assert made.outside[0].points == pytest.approx(np.array([[12.0, 12.0], [108.0, 12.0]]))


def test_what_cannot_be_found_is_said_in_one_sentence(worker, tmp_path):
    """No picture, a plain wall, too few pixels."""
    import bpy

    with pytest.raises(RuntimeError, match="no image named absent"):
        bpy.ops.sway.picture_find(image="absent")
    wall = _save(np.full((60, 80, 3), 0.5), "wall", tmp_path)
    with pytest.raises(RuntimeError, match="nothing in the picture stands out"):
        bpy.ops.sway.picture_find(image=wall.name)
    assert not wall.sway.layers
    speck = _save(np.full((4, 5, 3), 0.5), "speck", tmp_path)
    with pytest.raises(RuntimeError, match="needs 8 on each side"):
        bpy.ops.sway.picture_find(image=speck.name)
