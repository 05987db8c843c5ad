"""Softmax splatting: what moves more wins, nothing is lost, holes are filled."""

from __future__ import annotations

import numpy as np

from backend.picture import Picture
from backend.spectral.layer_motion import Controls
from backend.spectral.picture import prepare, renderer
from backend.spectral.splatting import softmax_splat, splat_filled
from tests.backend.picture_cases import HEIGHT, WIDTH, plant_mask, plant_picture


def test_still_pictures_come_back():
    """Without displacement every pixel stays, with full weight."""
    image = np.random.default_rng(0).random((12, 17, 3)).astype(np.float32)
    picture, weight = softmax_splat(image, np.zeros((12, 17, 2), np.float32), np.zeros((12, 17)))
    np.testing.assert_allclose(picture, image, atol=1e-6)
    np.testing.assert_allclose(weight, 1)


def test_shift_by_part_of_a_pixel_is_linear():
    """Half a pixel to the right, a ramp falls by half its step; what leaves the picture is gone."""
    ramp = np.broadcast_to(np.arange(10, dtype=np.float32)[None, :, None], (4, 10, 1))
    shift = np.zeros((4, 10, 2), np.float32)
    shift[..., 0] = 0.5
    picture, weight = softmax_splat(ramp, shift, np.zeros((4, 10)))
    np.testing.assert_allclose(picture[:, 1:, 0], ramp[:, 1:, 0] - 0.5, atol=1e-6)
    np.testing.assert_allclose(weight[:, 0], 0.5)
    shift[..., 0] = 100
    assert not softmax_splat(ramp, shift, np.zeros((4, 10)))[1].any()


def test_what_moves_more_lies_in_front():
    """Two pixels meet: by eq. 6 they mix by the exponentials of their importance."""
    image = np.zeros((1, 4, 1), np.float32)
    image[0, 0] = 1
    shift = np.zeros((1, 4, 2), np.float32)
    shift[0, 0, 0] = 2
    importance = np.array([[3.0, 0, 0, 0]])
    picture, weight = softmax_splat(image, shift, importance)
    assert picture[0, 2, 0] == np.float32(np.exp(3) / (np.exp(3) + 1))
    assert weight[0, 0] == 0


def test_holes_show_the_plate_or_a_coarser_picture():
    """An uncovered pixel shows the plate; with more scales, what the smaller pictures still cover."""
    image = np.full((32, 32, 3), 0.8, np.float32)
    plate = np.zeros_like(image)
    shift = np.zeros((32, 32, 2), np.float32)
    shift[:, 16:, 0] = 2
    importance = np.zeros((32, 32), np.float32)
    one = splat_filled(image, shift, importance, plate)
    two = splat_filled(image, shift, importance, plate, scales=3)
    np.testing.assert_allclose(one[:, 16], 0, atol=1e-6)
    assert (two[8:24, 16] > 0.5).all()
    np.testing.assert_allclose(one[:, :15], 0.8, atol=1e-6)


def test_splatting_renderer_agrees_with_the_layers():
    """Splatted frames are nearer to layered ones than the photograph is, and have its pixels where it is still."""
    busy = plant_picture()
    ramp = np.linspace(40, 90, WIDTH)[None, :, None] + np.zeros((HEIGHT, 1, 3))
    mask = plant_mask()[..., None]
    image = (mask * (50, 180, 50) + (1 - mask) * ramp).round().astype(np.uint8)
    prepared = prepare(Picture(image, busy.layers, busy.wind))
    splat = renderer(prepared, 24, 12.0, Controls(method="splat", scales=2)).frame(0)
    layered = renderer(prepared, 24, 12.0).frame(0).astype(int)
    np.testing.assert_array_equal(splat[:, :12], image[:, :12])
    moved = np.abs(layered - image).mean()
    # Without layers the wall beside the plant is drawn along, by a pixel or two.
    assert np.abs(splat - layered).mean() < moved
