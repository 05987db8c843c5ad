"""Pictures through the operators, with the real worker: layers, preview, planes, modes of a video, refusals."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest


def _save(pixels, name, path):
    """A picture [H, W, 3], 0..1, as a PNG opened in Blender."""
    import bpy

    height, width = pixels.shape[:2]
    made = bpy.data.images.new(name, width, height)
    made.pixels.foreach_set(np.dstack([pixels, np.ones((height, width))])[::-1].astype(np.float32).ravel())
    made.filepath_raw, made.file_format = str(path / f"{name}.png"), "PNG"
    made.save()
    bpy.data.images.remove(made)
    return bpy.data.images.load(str(path / f"{name}.png"))


def _reed(width: int = 72, height: int = 96, lean: float = 0.0):
    """A green reed before a pale sky [H, W, 3]: its tip leans `lean` pixels to the right."""
    y, x = np.mgrid[:height, :width] + 0.5
    up = np.clip((height - 8 - y) / (height - 16), 0, 1)
    sky = np.stack([0.7 + 0.1 * y / height, 0.8 - 0.05 * x / width, 0.95 + 0 * x], -1)
    reed = np.stack([0.2 + 0.1 * np.sin(y * 0.8), 0.45 + 0.15 * np.sin(x + y * 0.5), 0.1 + 0 * x], -1)
    inside = (np.abs(x - width / 2 - lean * up**2) < 6) & (y > 8)
    return np.where(inside[..., None], reed, sky)


@pytest.fixture(scope="module")
def reed(worker, tmp_path_factory):
    """The reed as an image with a plant layer and one stroke, and a cache folder of its own."""
    import bpy

    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    folder = tmp_path_factory.mktemp("picture")
    bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences.cache_folder = str(folder / "cache")
    image = _save(_reed(), "reed", folder)
    assert bpy.ops.sway.add_picture_layer(kind="plant", image=image.name) == {"FINISHED"}
    image.sway.layers[0].lines = json.dumps([[[0.5, 0.08], [0.5, 0.5], [0.5, 0.9]]])
    return image


def test_preview_is_a_film_that_leads_back_to_its_photo(reed):
    """The film has the loop's length and the preview's size, and knows the photograph it was made from."""
    import bpy

    assert bpy.ops.sway.animate_picture(image=reed.name, frames=12, preview_size=64) == {"FINISHED"}
    film = reed.sway.preview
    assert film.source == "MOVIE" and film.frame_duration == 12 and max(film.size) == 64
    assert film.sway.photo == reed
    assert reed.sway.settings.frames == 12  # an operator's arguments become the settings
    # Once more from the preview: it replaces the film of the photograph behind it.
    assert bpy.ops.sway.animate_picture(image=film.name, frames=10, preview_size=64) == {"FINISHED"}
    assert reed.sway.preview == film and film.frame_duration == 10


def test_planes_sway_and_keep_the_rest(reed):
    """Planes with shape keys whose tip moves within a loop, and whose foot does not."""
    import bpy

    scene = bpy.context.scene
    assert bpy.ops.sway.make_picture_planes(image=reed.name, frames=24) == {"FINISHED"}
    parent = bpy.data.objects["reed"]
    layers = [child for child in parent.children if "sway_layer" in child]
    assert len(layers) == 1 and len(layers[0].data.shape_keys.key_blocks) > 1
    places = []
    for frame in (1, 4, 8, 13, 25):
        scene.frame_set(frame)
        mesh = layers[0].evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        co = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", co)
        places.append(co.reshape(-1, 3))
    places = np.array(places)
    moved = np.linalg.norm(places - places[0], axis=-1).max(0)
    height = places[0][:, 1]
    assert moved[height > 0.6].max() > 0.005 and moved[height < -0.9].max() < 0.002
    assert np.abs(places[-1] - places[0]).max() < 1e-4  # 24 frames later: the loop


def test_modes_of_a_video_become_a_picture_with_ticks(worker, tmp_path):
    """A swinging reed as a folder of images: its frequency found, its still a picture that animates in that mode."""
    import bpy

    folder = tmp_path / "film"
    folder.mkdir()
    for k in range(48):  # 24 images a second
        bpy.data.images.remove(_save(_reed(lean=2.5 * np.sin(2 * np.pi * 2.0 * k / 24)), f"f{k:03d}", folder))
    assert bpy.ops.sway.find_video_modes(path=str(folder), modes=1) == {"FINISHED"}
    image = next(i for i in bpy.data.images if len(i.sway.layers) and i.sway.layers[0].kind == "volume")
    layer = image.sway.layers[0]
    assert layer.peaks[0].frequency == pytest.approx(2.0, abs=0.25)  # half a bin of two seconds
    assert os.path.isfile(layer.spectrum) and os.path.isfile(layer.peaks[0].picture)
    assert bpy.ops.sway.animate_picture(image=image.name, frames=12, preview_size=64) == {"FINISHED"}
    # A click on the plot means the peak that is drawn there: the dot's own colour is at its place.
    from bl_ext.user_default.sway.operators.pictures.picture_modes import nearest_peak

    plot = bpy.data.images.load(layer.spectrum)
    width, height = plot.size
    columns = np.array(plot.pixels[:]).reshape(height, width, -1)[..., :3]
    dots = np.flatnonzero((np.abs(columns - np.array([255, 158, 64]) / 255).max(-1) < 0.02).sum(0) >= 8)
    assert nearest_peak(layer, dots.mean() / width) == layer.peaks[0] and nearest_peak(layer, 0.95) is None
    _save_and_load(image, tmp_path)
    layer = image.sway.layers[0]
    layer.peaks[0].use = False
    with pytest.raises(RuntimeError, match="tick at least one"):
        bpy.ops.sway.animate_picture(image=image.name)


def _save_and_load(image, folder):
    """A video's modes go through both kinds of files onto another picture of the same size, and play there."""
    import bpy
    from bl_ext.user_default.sway.scene.pictures.picture_document import volume_of
    from bl_ext.user_default.sway.scene.pictures.picture_prediction import is_predicted

    saved = volume_of(image.sway.layers[0])
    other = _save(_reed(), "other", folder)
    for suffix in (".safetensors", ".npz"):
        path = folder / f"volume{suffix}"
        assert bpy.ops.sway.save_spectral_volume(filepath=str(path), image=image.name) == {"FINISHED"}
        assert bpy.ops.sway.load_spectral_volume(filepath=str(path), image=other.name) == {"FINISHED"}
        loaded = volume_of(other.sway.layers[-1])
        # The half spectrum has whole cycles in the film's two seconds only: half a cycle off at most.
        assert np.abs(loaded.frequencies - saved.frequencies).max() <= 0.5 / saved.duration
        np.testing.assert_allclose(loaded.coefficients, saved.coefficients, rtol=1e-5, atol=1e-6)
    assert not is_predicted(other.sway.layers[-1])
    assert bpy.ops.sway.animate_picture(image=other.name, frames=12, preview_size=64) == {"FINISHED"}
    bpy.ops.sway.add_picture_layer(kind="still", image=other.name)
    with pytest.raises(RuntimeError, match="has no spectral volume"):
        bpy.ops.sway.save_spectral_volume(filepath=str(folder / "none.npz"), image=other.name)
    (folder / "text.npz").write_text("no arrays")
    with pytest.raises(RuntimeError, match=r"text.npz is no file of numpy arrays"):
        bpy.ops.sway.load_spectral_volume(filepath=str(folder / "text.npz"), image=other.name)
    np.save(folder / "rest.npy", np.zeros((16, 6, 8, 2), np.complex64))
    with pytest.raises(RuntimeError, match=r"rest.npy holds no motion"):
        bpy.ops.sway.load_spectral_volume(filepath=str(folder / "rest.npy"), image=other.name)


def test_what_is_missing_is_said_in_one_sentence(reed, tmp_path):
    """No picture, no layer, no stroke, a stroke beside the mask, one image instead of a film."""
    import bpy

    blank = _save(_reed(), "blank", tmp_path)
    cases = [(dict(image="absent"), "no image named absent"), (dict(image=blank.name), "no layer yet")]
    for arguments, words in cases:
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.sway.animate_picture(**arguments)
    bpy.ops.sway.add_picture_layer(kind="plant", image=blank.name)
    with pytest.raises(RuntimeError, match="neither a line nor a mask"):
        bpy.ops.sway.animate_picture(image=blank.name)
    corner = np.zeros((96, 72, 3))
    corner[:12, :12] = 1
    blank.sway.layers[0].mask = _save(corner, "corner", tmp_path)
    with pytest.raises(RuntimeError, match="has no stroke"):
        bpy.ops.sway.animate_picture(image=blank.name)
    blank.sway.layers[0].lines = json.dumps([[[0.5, 0.1], [0.5, 0.5]]])
    with pytest.raises(RuntimeError, match="outside its mask"):
        bpy.ops.sway.animate_picture(image=blank.name)
    with pytest.raises(RuntimeError, match="holds 1 picture"):
        (tmp_path / "one").mkdir()
        _save(_reed(), "one", tmp_path / "one")
        bpy.ops.sway.find_video_modes(path=str(tmp_path / "one"), frequencies="")


@pytest.mark.parametrize("kind", ["grey", "sixteen", "alpha", "tiny"])
def test_every_sort_of_picture_is_read_or_refused(addon, tmp_path, kind):
    """Grey, 16-bit and transparent pictures give the display values that they show; 1 x 1 is refused in words."""
    import bpy
    from bl_ext.user_default.sway.scene.pictures.picture_document import photo

    shown = _reed(40, 30)
    if kind == "tiny":
        image = _save(_reed(1, 1), "tiny", tmp_path)
        bpy.ops.sway.add_picture_layer(kind="plant", image=image.name)
        image.sway.layers[0].lines = json.dumps([[[0.1, 0.1], [0.9, 0.9]]])
        with pytest.raises(RuntimeError, match="pixel"):
            bpy.ops.sway.animate_picture(image=image.name)
        return
    alpha = np.ones((30, 40))
    if kind == "alpha":
        alpha[:, :20] = 0.5
    if kind == "grey":
        shown = np.repeat(shown.mean(-1, keepdims=True), 3, -1)
    scene = bpy.context.scene
    settings = scene.render.image_settings
    settings.file_format, settings.color_depth = "PNG", "16" if kind == "sixteen" else "8"
    settings.color_mode = {"grey": "BW", "alpha": "RGBA"}.get(kind, "RGB")
    made = bpy.data.images.new(kind, 40, 30, alpha=True)
    made.pixels.foreach_set(np.dstack([shown, alpha])[::-1].astype(np.float32).ravel())
    scene.view_settings.view_transform = "Standard"
    made.save_render(str(tmp_path / "x.png"), scene=scene)
    pixels = photo(bpy.data.images.load(str(tmp_path / "x.png")))
    assert pixels.shape == (30, 40, 4 if kind == "alpha" else 3)
    # Two steps of 255: once rounded as it was saved, once as it is read; what shines through half loses one more.
    assert np.abs(pixels[..., :3] / 255 - shown).max() < (4 if kind == "alpha" else 2.1) / 255
    if kind == "alpha":
        assert pixels[5, 5, 3] == 128 and pixels[5, 35, 3] == 255


def test_exported_frames_become_plane_background_and_strip(reed, tmp_path):
    """A PNG sequence at full size, and its three uses in the scene; a film beside it does not disturb them."""
    import bpy

    scene = bpy.context.scene
    folder = tmp_path / "frames"
    with pytest.raises(RuntimeError, match="no exported frames"):
        bpy.ops.sway.use_picture_frames(image=reed.name, place="plane")
    for file_format in ("png", "vectors", "gif"):
        arguments = dict(frames=6, directory=str(folder), file_format=file_format)
        assert bpy.ops.sway.export_picture(image=reed.name, **arguments) == {"FINISHED"}
    assert len(list(folder.glob("reed_0*.png"))) == 6 and (folder / "reed.gif").is_file()
    assert len(list(folder.glob("reed_vectors_*.exr"))) == 6
    assert bpy.ops.sway.use_picture_frames(image=reed.name, place="plane") == {"FINISHED"}
    plane = bpy.context.collection.objects[-1]
    texture = next(n for n in plane.data.materials[0].node_tree.nodes if n.type == "TEX_IMAGE")
    assert texture.image.source == "SEQUENCE" and texture.image_user.frame_duration == 6
    with pytest.raises(RuntimeError, match="no camera"):
        bpy.ops.sway.use_picture_frames(image=reed.name, place="background")
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    assert bpy.ops.sway.use_picture_frames(image=reed.name, place="background") == {"FINISHED"}
    assert scene.camera.data.background_images[0].image_user.use_cyclic
    for _ in range(2):
        assert bpy.ops.sway.use_picture_frames(image=reed.name, place="strip") == {"FINISHED"}
    assert sorted(strip.channel for strip in scene.sequence_editor.strips) == [1, 2]
    assert all(len(strip.elements) == 6 for strip in scene.sequence_editor.strips)
