"""Animate Picture, with the real worker and the weights that come with Sway: a layer, a preview, corrections."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.blender.test_picture_find import _flower
from tests.blender.test_picture_steps import _save


@pytest.fixture(scope="module")
def flower(worker, tmp_path_factory):
    """A flower before a wall, animated at one press."""
    import bpy

    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    folder = tmp_path_factory.mktemp("predict")
    bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences.cache_folder = str(folder / "cache")
    image = _save(_flower()[0], "flower", folder)
    image.sway.settings.frames, image.sway.settings.preview_size = 6, 64
    assert bpy.ops.sway.picture_predict(image=image.name) == {"FINISHED"}
    return image


def test_one_press_makes_a_layer_and_a_looping_film(flower):
    """The flower is the mask, the layer moves as predicted, and the preview is there without another press."""
    from bl_ext.user_default.sway.scene.pictures.picture_document import photo

    (layer,) = flower.sway.layers
    assert layer.kind == "volume" and layer.name == "Predicted" and len(layer.peaks) == 16
    found, wanted = photo(layer.mask)[..., 0] > 127, _flower()[1]
    # Most of what either says is said by both; the stem's foot may stay still.
    assert (found & wanted).sum() > 0.6 * (found | wanted).sum()
    assert flower.sway.preview.frame_duration == 6


def test_predicting_again_corrects_the_same_layer(flower):
    """Lines and a kept mask reach the worker; the layer is not made twice, and its mask stays when kept."""
    import bpy
    from bl_ext.user_default.sway.scene.pictures.picture_document import photo
    from bl_ext.user_default.sway.scene.pictures.picture_prediction import marked

    (layer,) = flower.sway.layers
    before = layer.volume
    mask = photo(layer.mask)
    layer.lines = json.dumps([[[0.5, 0.02], [0.5, 0.5], [0.5, 0.7]]])
    (sent,) = marked(flower, keep_mask=True).layers
    assert sent.lines[0].points[0] == pytest.approx([60.0, 117.6])
    assert sent.mask == pytest.approx(mask[..., 0] / 255, abs=1e-6)
    assert bpy.ops.sway.picture_predict(image=flower.name, keep_mask=True, seed=3, preview=False) == {"FINISHED"}
    assert len(flower.sway.layers) == 1 and flower.sway.layers[0].volume != before
    assert flower.sway.prediction.seed == 3  # an operator's arguments become the settings
    # Through the worker and a PNG: a level.
    assert np.abs(photo(layer.mask).astype(int) - mask.astype(int)).max() <= 1
    flower.sway.prediction.keep_mask = False


def test_what_cannot_be_predicted_is_said_in_one_sentence(flower, tmp_path):
    """No picture, a plain wall, a mask to keep where there is none."""
    import bpy

    with pytest.raises(RuntimeError, match="no image named absent"):
        bpy.ops.sway.picture_predict(image="absent")
    wall = _save(np.full((60, 80, 3), 0.5), "wall", tmp_path)
    with pytest.raises(RuntimeError, match="There is no predicted layer"):
        bpy.ops.sway.picture_predict(image=wall.name, keep_mask=True)
    wall.sway.prediction.keep_mask = False
    with pytest.raises(RuntimeError, match="nothing in the picture seems to move"):
        bpy.ops.sway.picture_predict(image=wall.name)
    assert not wall.sway.layers


class _Layout:
    """Takes what a panel draws; every property must be one of its data's, every operator registered."""

    def __init__(self) -> None:
        self.operators: list[str] = []

    def prop(self, data, name, **_options) -> None:
        assert name in data.bl_rna.properties, name

    def operator(self, name, *_arguments, **_options):
        import bpy

        assert name.split(".")[1] in dir(getattr(bpy.ops, name.split(".")[0])), name
        self.operators.append(name)
        return self

    operator_menu_enum = operator

    def __getattr__(self, _name):
        return lambda *_arguments, **_options: self


def test_the_panel_offers_to_predict_again(flower):
    """A predicted layer has lines, its mask, the prediction's settings and another press; no video's peaks."""
    from types import SimpleNamespace

    from bl_ext.user_default.sway.panels.picture_editor import SWAY_PT_picture

    layout = _Layout()
    context = SimpleNamespace(space_data=SimpleNamespace(type="IMAGE_EDITOR", image=flower))
    SWAY_PT_picture.draw(SimpleNamespace(layout=layout), context)
    assert "sway.picture_predict" in layout.operators and "sway.draw_picture_lines" in layout.operators
    assert "sway.pick_peaks" not in layout.operators
