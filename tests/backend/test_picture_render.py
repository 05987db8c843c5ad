"""Frames of pictures: exact where nothing moves, loops that close, every kind of layer."""

from __future__ import annotations

import numpy as np
import pytest

from backend.picture import Kind, Layer, Line, Picture
from backend.spectral.layer_motion import Controls, unfolded_share
from backend.spectral.picture import animate, layer_volumes, prepare, renderer
from backend.spectral_volume import SpectralVolume
from tests.backend.picture_cases import HEIGHT, STEM, WIDTH, lake_picture, plant_mask, plant_picture, wall

FRAMES, FPS = 24, 12.0


def stack(picture, controls=None, frames=FRAMES):
    return np.stack(list(animate(picture, frames, FPS, controls)))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("channels", [3, 4])
def test_what_cannot_move_stays_exact(dtype, channels):
    """Below the root and far from the plant every frame has the photograph's own pixels; the plant moves."""
    picture = plant_picture(channels, dtype)
    frames = stack(picture)
    assert frames.dtype == dtype and frames.shape[1:] == picture.image.shape
    still = np.broadcast_to(picture.image, frames.shape)
    np.testing.assert_array_equal(frames[:, 68:], still[:, 68:])
    np.testing.assert_array_equal(frames[:, :, 12:18], still[:, :, 12:18])
    full = 255 if dtype == np.uint8 else 1
    assert np.ptp(frames[:, 14:22, 44:74, :3].astype(float), axis=0).max() > 0.2 * full


def test_motion_loops_and_has_the_amplitude_asked_for():
    """The displacement after the last frame is the first one's, and its largest is the layer's amplitude."""
    drawn = renderer(prepare(plant_picture(amplitude=4.0)), FRAMES, FPS)
    # float32 sums of some fifteen terms of a few pixels each.
    np.testing.assert_allclose(drawn.motions[0].at(drawn.duration), drawn.motions[0].at(0.0), atol=1e-5)
    largest = max(np.linalg.norm(drawn.displacement(i), axis=-1).max() for i in range(FRAMES))
    # The amplitude is reached at one of 48 instants looked at, on the mask's solid part: 4 % of 72 px is 2.9 px.
    assert largest == pytest.approx(0.04 * HEIGHT, rel=0.12)
    assert drawn.held_back == {}


def test_first_frame_can_be_the_photograph():
    """On request frame 0 is the photograph to the last bit, and the loop still closes."""
    picture = plant_picture()
    drawn = renderer(prepare(picture), FRAMES, FPS, Controls(first_frame=True))
    np.testing.assert_array_equal(drawn.frame(0), picture.image)
    np.testing.assert_array_equal(drawn.frame(FRAMES), picture.image)
    assert (drawn.frame(5) != picture.image).any()


def test_layers_put_together_again_are_the_photograph():
    """With no motion the layers over the plate give back the picture."""
    picture = plant_picture()
    np.testing.assert_array_equal(stack(picture, Controls(magnify=0.0), 2)[1], picture.image)
    nearly = renderer(prepare(picture), FRAMES, FPS, Controls(magnify=1e-3)).frame(3).astype(int)
    # Colours and plate are rounded to 8 bits each: a level and a half; displacements of 2e-3 px add as little, and
    # where the soft edge of the mask is no mixture of the two colours some of it cannot be explained.
    assert np.abs(nearly - picture.image).mean() < 1


def test_controls_scale_turn_and_slow_the_motion():
    """Twice the size is twice the displacement; a direction leaves nothing across it; slow motion loops in full."""
    prepared = prepare(plant_picture(flutter=0.0, amplitude=1.0))
    plain = renderer(prepared, FRAMES, FPS)
    double = renderer(prepared, FRAMES, FPS, Controls(magnify=2.0))
    np.testing.assert_allclose(double.displacement(5), 2 * plain.displacement(5), atol=1e-5)
    upright = renderer(prepared, FRAMES, FPS, Controls(direction=90.0))
    assert np.abs(upright.displacement(5)[..., 0]).max() < 1e-5
    slow = renderer(prepared, FRAMES, FPS, Controls(speed=0.5))
    assert slow.duration == pytest.approx(1.0)
    np.testing.assert_allclose(slow.displacement(FRAMES), slow.displacement(0), atol=1e-5)


def test_nothing_folds_over():
    """A motion far too large is held back, and the share that was shown is reported."""
    prepared = prepare(plant_picture(amplitude=60.0))
    drawn = renderer(prepared, FRAMES, FPS)
    (share,) = drawn.held_back.values()
    assert 0 < share < 1
    assert unfolded_share(drawn.motions[0], prepared.sprites[0]) == 1


def test_lake_moves_within_its_shores():
    """Water stays in its mask, the boat heaves, clouds come back unseen, and land never changes."""
    picture = lake_picture()
    frames = stack(picture).astype(int)
    change = np.ptp(frames, axis=0).max(-1)
    assert change[40:60, 5:30].max() > 20, "water"
    assert change[44:52, 42:60].max() > 20, "boat"
    assert change[2:10, 5:60].max() > 5, "clouds"
    assert not change[60:, 90:].any() and not change[29:31, 5:30].any(), "land and far shore"
    drawn = renderer(prepare(picture), FRAMES, FPS)
    np.testing.assert_array_equal(drawn.frame(0), drawn.frame(FRAMES))


def test_path_goes_once_from_its_beginning_to_its_end():
    """A disc moved along a line arrives whole at the other end and does not come back."""
    image = wall()
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    disc = (np.hypot(x - 20, y - 20) < 7).astype(np.float32)
    image[disc > 0] = (250, 250, 0)
    way = Line(np.array([[20.0, 20.0], [50.0, 30.0], [76.0, 50.0]]))
    frames = stack(Picture(image, (Layer(Kind.path, disc, (way,), spin=1.0),)), frames=25)
    drawn = renderer(prepare(Picture(image, (Layer(Kind.path, disc, (way,)),))), 25, FPS)
    end = drawn.frame(25)
    assert (np.abs(end[47:53, 73:79].astype(int) - (250, 250, 0)) <= 2).all()
    assert (end[18:22, 18:22] != (250, 250, 0)).any(), "it left where it was"
    np.testing.assert_array_equal(frames[0], image)


def test_volume_moves_a_picture_of_another_size():
    """A spectral volume of half the size moves the picture by twice its displacements."""
    coefficients = np.zeros((1, HEIGHT // 2, WIDTH // 2, 2), np.complex64)
    coefficients[..., 0] = 1.5
    volume = SpectralVolume(coefficients, np.array([0.5]), 2.0, np.ones(coefficients.shape[1:3], np.float32))
    picture = Picture(wall(), (Layer(Kind.volume, plant_mask(), volume=volume),))
    drawn = renderer(prepare(picture), FRAMES, FPS)
    assert drawn.displacement(0)[30, 48, 0] == pytest.approx(3.0, rel=1e-3)
    np.testing.assert_allclose(drawn.displacement(FRAMES), drawn.displacement(0), atol=1e-5)


def test_layer_volumes_are_what_is_drawn():
    """The volumes for shape keys give the renderer's displacement at the frames."""
    prepared = prepare(plant_picture())
    ((title, volume),) = layer_volumes(prepared, FRAMES, FPS)
    drawn = renderer(prepared, FRAMES, FPS)
    assert "plant" in title
    grid = drawn.motions[0].grid
    for index in (0, 7):
        shown = volume.displacement(drawn.time(index))
        left, top = round(grid.left * volume.width / WIDTH), round(grid.top * volume.height / HEIGHT)
        part = shown[top : top + grid.rows, left : left + grid.columns]
        np.testing.assert_allclose(part, drawn.motions[0].at(drawn.time(index)), atol=1e-4)


def test_previews_are_small_and_alike():
    """A preview has the size asked for, and moves like the picture."""
    picture = plant_picture(flutter=0.0)
    small = prepare(picture, limit=48)
    assert small.image.shape == (36, 48, 3)
    full = renderer(prepare(picture), FRAMES, FPS).displacement(5)
    preview = renderer(small, FRAMES, FPS).displacement(5)
    inside = plant_mask()[::2, ::2] > 0.9
    similar = np.corrcoef(full[::2, ::2][inside].ravel(), preview[inside].ravel())[0, 1]
    assert similar > 0.95


def far_away() -> Line:
    return Line(STEM.points + 500)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: prepare(Picture(wall(), ())), "no layer that moves"),
        (lambda: prepare(Picture(wall(), (Layer(Kind.still, plant_mask()),))), "no layer that moves"),
        (lambda: prepare(Picture(wall(), (Layer(Kind.plant),))), "neither a mask nor a stroke"),
        (lambda: stack(Picture(wall(), (Layer(Kind.plant, plant_mask()),))), "no stroke"),
        (lambda: stack(plant_picture(), frames=1), "at least 2 frames"),
        (lambda: Controls(method="magic"), "render method"),
        (lambda: Controls(speed=0.0), "speed above 0"),
        (
            lambda: prepare(Picture(wall(), (Layer(Kind.plant, lines=(Line(STEM.points + 500),)),))),
            "outside the picture",
        ),
    ],
)
def test_impossible_requests_are_refused(make, words):
    """Each refusal says what is wrong."""
    with pytest.raises(ValueError, match=words):
        make()
