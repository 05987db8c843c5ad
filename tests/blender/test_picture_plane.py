"""A swaying picture as planes with shape keys: it moves as the motion says, loops, and keeps the picture's colours."""

from __future__ import annotations

import numpy as np
import pytest

SIZE = 64
FRAMES = 24
FPS = 24.0


@pytest.fixture
def swaying(scene_module, tmp_path):
    """A striped flag before a smooth sky: (layers for make_planes, plate's path, picture, motion)."""
    plane = scene_module("scene.pictures.picture_plane")
    motion_module = scene_module("backend.picture_motion")

    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32) / SIZE
    plate = np.stack([0.3 + 0.4 * y, 0.5 + 0.2 * x, 0.8 - 0.3 * y], -1)
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[12:52, 20:44] = 1
    flag = np.stack([0.6 + 0.3 * np.sin(20 * y), 0.3 + 0.2 * np.sin(25 * x + 5 * y), 0.2 + 0 * y], -1)
    bend = ((1 - y) ** 2)[..., None] * [3.0, -0.6]
    shapes = np.stack([bend * np.exp(0.4j), 0.4 * bend[:, ::-1] * np.exp(1j * 3 * x)[..., None]])
    courses = np.exp(2j * np.pi * np.outer(np.arange(FRAMES) / FRAMES, [1, 3]))
    box = (0.0, 0.0, float(SIZE), float(SIZE))
    motion = motion_module.PictureMotion(shapes.astype(np.complex64), courses, box, (SIZE, SIZE), mask, FPS)
    _write(tmp_path / "plate.png", plate, np.ones_like(mask))
    _write(tmp_path / "flag.png", flag, mask)
    return [plane.Layer("flag", tmp_path / "flag.png", motion)], tmp_path / "plate.png", (plate, flag, mask), motion


def _write(path, colour, alpha):
    """An 8-bit RGBA PNG with exactly these display values."""
    import bpy

    image = bpy.data.images.new(path.stem, SIZE, SIZE, alpha=True)
    image.colorspace_settings.name = "sRGB"
    image.alpha_mode = "CHANNEL_PACKED"
    image.pixels.foreach_set(np.concatenate([colour, alpha[..., None]], -1)[::-1].astype(np.float32).ravel())
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    bpy.data.images.remove(image)


def _vertices(obj):
    """Evaluated vertex positions [N, 3] at the current frame, in the layer's own space."""
    import bpy

    mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    co = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", co)
    return co.reshape(-1, 3)


def test_vertices_follow_the_motion_and_loop(swaying, scene_module):
    """At every frame each vertex is where the motion carries its pixel; hundreds of loops later too."""
    import bpy

    plane = scene_module("scene.pictures.picture_plane")
    layers, plate, _picture, motion = swaying
    parent = plane.make_planes(bpy.context, "Flag", plate, layers, 5, height=1.0)
    (obj,) = plane.layers_of(parent)
    rest = np.empty(len(obj.data.vertices) * 3, np.float32)
    obj.data.vertices.foreach_get("co", rest)
    rest = rest.reshape(-1, 3)
    pixels = (rest[:, :2] * (1, -1) + 0.5) * SIZE
    for frame in (5, 11, 5 + 200 * FRAMES + 7):
        bpy.context.scene.frame_set(frame)
        moved = (_vertices(obj) - rest)[:, :2] * (1, -1) * SIZE
        true = motion.displacement(motion.courses[(frame - 5) % FRAMES], pixels)
        # float32 keys, and float32 angles of 200 loops: 1e-7 * 1300 radians * 3 px
        assert np.abs(moved - true).max() < 2e-3
    assert np.abs(moved).max() > 1


def test_a_wind_of_many_frequencies_becomes_few_keys(scene_module, swaying):
    """Eleven frequencies on one stroke: one shape key, one cyclic curve with a key a frame."""
    import bpy

    plane, motion_module = scene_module("scene.pictures.picture_plane"), scene_module("backend.picture_motion")
    layers, plate, _picture, motion = swaying
    rng = np.random.default_rng(0)
    shapes = (rng.normal(size=11) + 1j * rng.normal(size=11))[:, None, None, None] * motion.shapes[0].real
    courses = np.exp(2j * np.pi * np.outer(np.arange(FRAMES) / FRAMES, np.arange(1, 12)))
    windy = motion_module.PictureMotion(shapes, courses, motion.box, motion.size, motion.mask, FPS).reduced()
    parent = plane.make_planes(bpy.context, "Wind", plate, [plane.Layer("flag", layers[0].image, windy)], 1)
    (obj,) = plane.layers_of(parent)
    key = obj.data.shape_keys
    assert [block.name for block in key.key_blocks] == ["Basis", "Mode 1 cos"]
    (bag,) = key.animation_data.action.layers[0].strips[0].channelbags
    curve = bag.fcurves.find('key_blocks["Mode 1 cos"].value')
    assert len(curve.keyframe_points) == FRAMES + 1 and curve.modifiers[0].type == "CYCLES"
    assert curve.evaluate(3 + 10 * FRAMES) == pytest.approx(curve.evaluate(3), abs=1e-5)
    assert curve.evaluate(4) == pytest.approx(windy.courses[3, 0].real, abs=1e-5)


def test_renders_as_the_layered_picture(swaying, scene_module, tmp_path):
    """Cycles draws rest and motion as an inverse warp does: 35 dB and more on the moving part."""
    import bpy

    plane = scene_module("scene.pictures.picture_plane")
    layers, plate, picture, motion = swaying
    scene = bpy.context.scene
    scene.view_settings.view_transform = "AgX"
    assert "Standard" in plane.prepare_view(scene)
    plane.make_planes(bpy.context, "Flag", plate, layers, 1, height=1.0)
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    camera.data.type, camera.data.ortho_scale = "ORTHO", 1.0
    camera.location, camera.rotation_euler = (0, -2, 0), (np.pi / 2, 0, 0)
    scene.camera = camera
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 4, False
    scene.cycles.pixel_filter_type = "BOX"
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.render.resolution_percentage = 100
    for frame in (1, 8):
        shown = _render(scene, frame, tmp_path / f"{frame}.png")
        y, x = np.mgrid[:SIZE, :SIZE] + 0.5
        places = np.stack([x, y], -1).reshape(-1, 2)
        moved = motion.displacement(motion.courses[frame - 1], places).reshape(SIZE, SIZE, 2)
        true = _warped(*picture, moved)
        inside = np.s_[8:56, 12:54]  # all that the flag reaches
        error = ((shown - true)[inside] ** 2).mean()
        assert -10 * np.log10(error) >= 35


def _render(scene, frame, path):
    import bpy

    scene.frame_set(frame)
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    pixels = np.empty(SIZE * SIZE * 4, np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(SIZE, SIZE, 4)[::-1, :, :3]


def _warped(plate, flag, mask, displacement):
    """The flag moved over the plate by an inverse warp, four points a pixel; light is mixed as light."""
    total = np.zeros_like(plate)
    linear = np.where(plate < 0.04045, plate / 12.92, ((plate + 0.055) / 1.055) ** 2.4)
    flag_linear = np.where(flag < 0.04045, flag / 12.92, ((flag + 0.055) / 1.055) ** 2.4)
    y, x = np.mgrid[:SIZE, :SIZE]
    for dy in (0.25, 0.75):
        for dx in (0.25, 0.75):
            here = np.stack([x + dx, y + dy], -1)
            b = np.zeros_like(here)
            for _ in range(12):
                b = -_sample(displacement, here + b)
            colour, alpha = _sample(flag_linear, here + b), _sample(mask[..., None], here + b)
            total += (alpha * colour + (1 - alpha) * _sample(linear, here)) / 4
    return np.where(total < 0.0031308, total * 12.92, 1.055 * np.maximum(total, 1e-9) ** (1 / 2.4) - 0.055)


def _sample(field, place):
    """Bilinear values of [H, W, C] at places [H, W, 2]; edges are repeated."""
    at = np.clip(place - 0.5, 0, SIZE - 1.001)
    first = at.astype(int)
    (tx, ty), (x, y) = np.moveaxis((at - first)[..., None], 2, 0), np.moveaxis(first, 2, 0)
    return (1 - ty) * ((1 - tx) * field[y, x] + tx * field[y, x + 1]) + ty * (
        (1 - tx) * field[y + 1, x] + tx * field[y + 1, x + 1]
    )
