"""What planes are made of: layers that mix to the photograph, the renderer's own motion, no work done twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend.jobs import animate
from backend.picture import Kind, Layer, Line, Picture, Wind
from backend.spectral.picture import prepare, renderer
from backend.spectral.picture_planes import continued, plane_images, plane_motion
from backend.spectral_volume import SpectralVolume

HEIGHT, WIDTH = 96, 80


@pytest.fixture(scope="module")
def picture():
    """A dark reed with a soft edge before a bright wall, and its stroke."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    mask = np.clip((9 - np.abs(x - 40)) / 4, 0, 1) * np.clip((y - 8) / 3, 0, 1)
    wall = np.stack([0.8 + 0 * x, 0.75 + 0.1 * y / HEIGHT, 0.7 + 0.1 * x / WIDTH], -1)
    reed = 0.15 + 0.1 * rng.random((HEIGHT, WIDTH, 3))
    image = mask[..., None] * reed + (1 - mask[..., None]) * wall
    line = Line(np.array([[40.0, 94.0], [40.0, 12.0]]))
    layer = Layer(Kind.plant, mask.astype(np.float32), (line,), "Reed")
    return Picture(np.round(image * 255).astype(np.uint8), (layer,))


@pytest.fixture(scope="module")
def prepared(picture):
    return prepare(picture)


def _light(values):
    return np.where(values < 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("mix_light", [True, False])
def test_layers_over_the_plate_give_the_photograph(picture, prepared, mix_light):
    """At rest the layer over the plate is the photograph, where values are mixed and where light is."""
    (image,) = plane_images(prepared, mix_light)
    alpha = image[..., 3:] / 255
    convert = _light if mix_light else np.asarray
    mixed = alpha * convert(image[..., :3] / 255) + (1 - alpha) * convert(prepared.plate / 255)
    # Colours and cover are rounded to 255 steps each; where little covers, that is several steps of the mixture.
    error = np.abs(mixed - convert(picture.image / 255))
    assert error.max() < 6 / 255 and error.mean() < 0.5 / 255


def test_planes_move_as_the_renderer_moves(prepared):
    """At the grid's places and at every frame looked at, the few shapes displace as the renderer's motion does."""
    frames, fps = 24, 12.0
    drawn = renderer(prepared, frames, fps)
    sprite, motion = prepared.sprites[0], drawn.motions[0]
    planes = plane_motion(sprite, motion, prepared, frames, fps)
    assert planes.loops and np.abs(planes.shapes).max() <= 0.05 * HEIGHT * 1.0001
    x, y = motion.grid.places()
    places = np.stack([x.ravel(), y.ravel()], -1)
    for frame in (0, 5, 17):
        true = motion.at(drawn.time(frame)).reshape(-1, 2)
        # float32 shapes, a handful of them
        assert np.abs(planes.displacement(planes.courses[frame], places) - true).max() < 1e-4
    assert (planes.natural > 0).sum() == 1  # the stroke rings; leaves that shiver do not


def test_a_loop_can_begin_with_the_photograph(prepared):
    """With `photo_first` nothing is displaced at frame 0."""
    drawn = renderer(prepared, 24, 12.0)
    planes = plane_motion(prepared.sprites[0], drawn.motions[0], prepared, 24, 12.0, photo_first=True)
    assert np.abs(planes.displacement(planes.courses[0], np.array([[40.0, 20.0]]))).max() == 0
    assert np.abs(planes.courses).max() > 0.1


def test_a_long_way_stays_within_what_a_shape_key_can_show(picture):
    """A path right across the picture: no value beyond 10, and at the end the layer is at the way's end."""
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    mask[4:12, 4:12] = 1
    layer = Layer(Kind.path, mask, (Line(np.array([[8.0, 8.0], [70.0, 90.0]])),), "Leaf")
    prepared = prepare(picture.with_layers((layer,)))
    drawn = renderer(prepared, 24, 12.0)
    planes = plane_motion(prepared.sprites[0], drawn.motions[0], prepared, 24, 12.0)
    assert not planes.loops and np.abs(planes.courses).max() <= 10
    true = drawn.motions[0].at(drawn.time(23)).reshape(-1, 2)[0]
    x, y = (axis.ravel()[:1] for axis in drawn.motions[0].grid.places())
    assert planes.displacement(planes.courses[23], np.stack([x, y], -1))[0] == pytest.approx(true, abs=0.05)


def test_motion_goes_on_beyond_the_mask():
    """A video's mode is known on the thing alone: just beyond its edge it moves as the edge does."""
    mask = np.zeros((40, 40), np.float32)
    mask[10:30, 10:30] = 1
    shape = np.zeros((1, 40, 40, 2), np.complex64)
    shape[0, 10:30, 10:30] = (1 + 2j, -1j)
    volume = continued(SpectralVolume(shape, np.array([1.0]), 2.0, mask))
    assert volume.coefficients[0, 20, 33] == pytest.approx(np.array([1 + 2j, -1j]), abs=1e-3)
    assert np.array_equal(volume.coefficients[0, 10:30, 10:30], shape[0, 10:30, 10:30])


def test_a_slider_that_moves_needs_no_new_mattes(picture):
    """Another wind and another frequency: the same mattes and colours; another stroke: new ones."""
    first = animate._taken_apart(picture, None)
    layer = replace(picture.layers[0], frequency=2.0)
    second = animate._taken_apart(Picture(picture.image, (layer,), Wind(speed=9.0)), None)
    assert second.sprites[0].colours is first.sprites[0].colours
    assert second.sprites[0].layer.frequency == 2.0 and second.picture.wind.speed == 9.0
    line = Line(np.array([[40.0, 94.0], [41.0, 12.0]]))
    third = animate._taken_apart(picture.with_layers((replace(layer, lines=(line,)),)), None)
    assert third.sprites[0].colours is not first.sprites[0].colours
