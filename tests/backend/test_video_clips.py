"""Films laid on the view: alignment, camera motion found and taken out, backgrounds kept, films that are refused."""

from __future__ import annotations

import numpy as np
import pytest

from backend.spectral.motion_texture import Stroke, motion_texture
from backend.spectral.warp import animate
from backend.video.alignment import Misaligned, align, match_colours
from backend.video.checks import refuse_cut, refuse_other_shape, refuse_short, refuse_still
from backend.video.files import read_film
from backend.video.stillness import keep_background, steady
from backend.video.tracks import optical_flow
from backend.video.warping import compose, resample

SIZE, FRAMES = 128, 12
CORNERS = np.array([[0, 0], [SIZE, 0], [0, SIZE], [SIZE, SIZE], [SIZE / 2, SIZE / 2]])


def _texture(seed: int, size: int = SIZE) -> np.ndarray:
    """Smooth random colours [size, size, 3], features of some 4 pixels."""
    import cv2

    noise = np.random.default_rng(seed).random((size, size, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 2)
    return (blurred - blurred.min()) / np.ptp(blurred)


def _similarity(zoom: float, turn: float, shift: tuple[float, float], size: int = SIZE) -> np.ndarray:
    """Zoom and turn about the centre of a picture, then a shift: [2, 3]."""
    linear = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = np.array([size, size]) / 2
    return np.concatenate([linear, (centre + shift - linear @ centre)[:, None]], 1)


def _inverse(matrix: np.ndarray) -> np.ndarray:
    linear = np.linalg.inv(matrix[:, :2])
    return np.concatenate([linear, -(linear @ matrix[:, 2])[:, None]], 1)


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    """Mean distance of where two maps put corners and centre, pixels."""
    return float(np.linalg.norm(CORNERS @ (a - b)[:, :2].T + (a - b)[:, 2], axis=1).mean())


@pytest.fixture(scope="module")
def swaying():
    """A textured plant swaying over a textured plate: frames, matte, still, plate."""
    matte = np.zeros((SIZE, SIZE), np.float32)
    matte[16:112, 52:76] = matte[40:60, 24:104] = 1
    plate = (_texture(1) * 0.4 + 0.6).astype(np.float32)
    still = np.where(matte[..., None] > 0, _texture(2) * 0.7, plate).astype(np.float32)
    stroke = Stroke(np.array([[64.0, 112.0], [64.0, 16.0]]), 1.6, 5.0)
    _volume, displacements = motion_texture([stroke], matte, FRAMES, 24.0)
    return animate(still, plate, matte, displacements).astype(np.float32), matte, still, plate


def _filmed(frames: np.ndarray, paths: list[np.ndarray], noise: float = 0.0) -> np.ndarray:
    """Frames as a camera sees them that moves by paths[t], with noise."""
    seen = np.stack([resample(f, _inverse(path), SIZE, SIZE)[0] for f, path in zip(frames, paths, strict=True)])
    return np.clip(seen + np.random.default_rng(0).normal(0, noise, seen.shape), 0, 1).astype(np.float32)


def _drift(zoom: float, turn: float, x: float, y: float) -> list[np.ndarray]:
    """A camera that goes evenly from rest to a place."""
    ways = np.linspace(0, 1, FRAMES)
    return [_similarity(1 + (zoom - 1) * u, turn * u, (x * u, y * u)) for u in ways]


@pytest.mark.parametrize(
    ("zoom", "turn", "shift"), [(1, 0, (0, 0)), (1.08, 0.06, (6, -4)), (0.92, -0.08, (-5, 7)), (1.1, 0.1, (4, 4))]
)
def test_a_film_is_found_to_lie_where_it_was_taken(zoom, turn, shift):
    """Known shift, zoom and turn, exposure and noise: found within a fifth of a pixel.

    Noise of 2 % over 16000 pixels of texture allows a hundredth; cubic resampling twice costs most of the rest.
    """
    wide = _texture(3, 2 * SIZE)
    middle = np.array([[1.0, 0, SIZE / 2], [0, 1, SIZE / 2]])
    still, _ = resample(wide, middle, SIZE, SIZE)
    true = _similarity(zoom, turn, shift)
    film, _ = resample(wide, compose(middle, _inverse(true)), SIZE, SIZE)
    film = np.clip(0.8 * film + 0.1 + np.random.default_rng(1).normal(0, 0.02, film.shape), 0, 1).astype(np.float32)
    found = align(film, still)
    assert _apart(found.matrix, true) < 0.2
    assert found.correlation > 0.9 and found.zoom == pytest.approx(zoom, abs=5e-3)


def test_a_larger_film_is_found_too(data_file):
    """A real film of another shape and four times the size: its middle, turned by two degrees, within a pixel of it."""
    import cv2

    path = data_file("videos/physdreamer_real_capture/carnations_0.mp4")
    film = read_film(path, 1024, 1)[0][0] / 255.0
    height, width = film.shape[:2]
    scale = 0.8 * width / SIZE
    true = compose(np.array([[scale, 0, 0.1 * width], [0, scale, 0.3 * height]]), _similarity(1, np.radians(2), (0, 0)))
    still, _ = resample(cv2.GaussianBlur(film.astype(np.float32), (0, 0), scale / 2.5), true, SIZE, SIZE)
    assert _apart(align(film, still).matrix, true) < scale  # one pixel of the view


def test_colours_are_matched_to_the_view(swaying):
    """Brightness and contrast of each colour come back; contrast is not stretched beyond what exposure explains."""
    frames, _matte, still, _plate = swaying
    film = np.clip(frames * [0.8, 0.9, 0.7] + [0.1, 0.0, 0.05], 0, 1).astype(np.float32)
    shown = np.ones((SIZE, SIZE), bool)
    assert np.abs(match_colours(film, still, shown) - frames).max() < 1e-3
    assert match_colours(0.5 + 0.01 * (film - 0.5), still, shown).std() < 0.02


@pytest.mark.parametrize("film", ["another picture", "far too close"])
def test_a_film_of_something_else_is_refused(film, swaying):
    """Unrelated texture, or a piece of a sixteenth of the view: one sentence that says where to put the camera."""
    _frames, _matte, still, _plate = swaying
    closer = resample(still, np.array([[0.25, 0, 20], [0, 0.25, 20]]), SIZE, SIZE)[0]
    first = _texture(9) if film == "another picture" else closer
    with pytest.raises(Misaligned, match="camera"):
        align(first, still)


@pytest.mark.parametrize(
    ("path", "noise"), [((1, 0, 0.8, -0.6), 0.02), ((1.02, 0, 0, 0), 0.0), ((1.01, 0.01, 2, 1), 0.02)]
)
def test_a_drifting_camera_is_held_still(swaying, path, noise):
    """A drift of one to three pixels is measured within a quarter pixel and taken out to within as much, while the
    plant goes on swaying."""
    frames, matte, _still, _plate = swaying
    drift = _drift(*path)
    held = steady(_filmed(frames, drift, noise), matte < 0.5, "drift.mp4")
    # Measured on this texture: 0.07 px without noise and up to 0.2 px with 2 % of it.
    assert held.moved == pytest.approx(_apart(drift[-1], np.eye(2, 3)), abs=0.25)
    assert held.left < 0.25
    assert np.linalg.norm(held.flow[:, matte > 0.5], axis=-1).max() > 3


def test_a_still_camera_is_left_alone(swaying):
    """No correction, so no pixel changes."""
    frames, matte, _still, _plate = swaying
    held = steady(frames, matte < 0.5, "still.mp4")
    assert held.frames is frames and held.moved < 0.1


def test_a_moving_camera_is_refused(swaying):
    """A pan of a tenth of the width; a background that goes two ways, as it does around a near subject."""
    frames, matte, _still, _plate = swaying
    with pytest.raises(ValueError, match=r"The camera moves in pan.mp4, by \d+% of the picture's width; use"):
        steady(_filmed(frames, _drift(1, 0, 13, 0)), matte < 0.5, "pan.mp4")
    halves = [_filmed(frames, _drift(1, 0, x, 0)) for x in (-3, 3)]
    parallax = np.where(np.arange(SIZE)[:, None, None] < 64, *halves)
    with pytest.raises(ValueError, match="The camera moves in around.mp4"):
        steady(parallax, matte < 0.5, "around.mp4")


def test_cuts_are_refused_and_swings_are_not(swaying, data_file):
    """Another picture from one frame on is named by its frames; so is a jolt to a similar view. Real swings pass."""
    frames, matte, _still, _plate = swaying
    other = np.concatenate([frames[:5], np.repeat(_texture(7)[None], 7, 0)])
    with pytest.raises(ValueError, match="two.mp4 has a cut between its frames 5 and 6; choose"):
        refuse_cut(other, "two.mp4")
    refuse_cut(frames, "plant.mp4")
    jolt = [np.eye(2, 3)] * 5 + [_similarity(1, 0, (6, 0))] * 7
    with pytest.raises(ValueError, match="jolt.mp4 has a cut between its frames 5 and 6"):
        steady(_filmed(frames, jolt), matte < 0.5, "jolt.mp4")
    for name in ("physdreamer_real_capture/carnations_0.mp4", "physdreamer_real_capture/telephone_0.mp4"):
        refuse_cut(read_film(data_file(f"videos/{name}"), 160, 24, step=5)[0], name)


def test_a_still_film_is_refused_and_a_swaying_one_measured(swaying):
    """Noise of 2 % is no motion; a sway of five pixels is."""
    frames, matte, still, _plate = swaying
    noisy = np.clip(still + np.random.default_rng(2).normal(0, 0.02, frames.shape), 0, 1).astype(np.float32)
    with pytest.raises(ValueError, match="Nothing moves in photo.mp4 where the camera sees the moving part; choose"):
        refuse_still(optical_flow(noisy), matte, "photo.mp4")
    assert 3 < refuse_still(optical_flow(frames), matte, "sway.mp4") < 8


def test_shapes_and_lengths_are_refused_in_a_sentence():
    """16:9 for a square view; one and two frames. A little off is cropped."""
    with pytest.raises(ValueError, match=r"a.mp4 is 1.78 times as wide as high and the camera's picture 1.00"):
        refuse_other_shape((1920, 1080), (256, 256), "a.mp4")
    refuse_other_shape((1920, 1080), (450, 256), "a.mp4")
    for count in (0, 1, 2):
        with pytest.raises(ValueError, match=f"a.mp4 has {count} frames? from the first one chosen; .* 3 or more"):
            refuse_short(count, "a.mp4")
    refuse_short(3, "a.mp4")


def test_the_background_is_the_views_and_the_plant_the_films(swaying):
    """A film of a darker wall: far from the plant the view's wall, on the plant and around it the film."""
    import cv2

    frames, matte, still, plate = swaying
    dark = frames * np.where(matte[..., None] > 0, 1, 0.5).astype(np.float32)
    kept = keep_background(dark, optical_flow(frames), still, matte)
    far = cv2.dilate(matte, np.ones((41, 41))) == 0
    np.testing.assert_allclose(kept[:, far], np.broadcast_to(plate[far], kept[:, far].shape), atol=1e-6)
    inside = cv2.erode(matte, np.ones((5, 5))) > 0
    np.testing.assert_allclose(kept[:, inside], dark[:, inside], atol=1e-3)
