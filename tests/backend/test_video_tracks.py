"""Flow and tracks against known motion, and the camera's own motion."""

from __future__ import annotations

import numpy as np
import pytest

from backend.spectral.frequency import dominant_frequency
from backend.spectral.motion_texture import Stroke, motion_texture
from backend.spectral.warp import animate, sample_cubic
from backend.video.files import read_clip
from backend.video.tracks import camera_motion, optical_flow, sample_tracks, track_confidence

SIZE = 128


def _texture(seed: int) -> np.ndarray:
    """Smooth random colours [128, 128, 3], features of some 4 pixels."""
    import cv2

    noise = np.random.default_rng(seed).random((SIZE, SIZE, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 2)
    return (blurred - blurred.min()) / np.ptp(blurred)


@pytest.fixture(scope="module")
def swaying():
    """A textured plant swaying over a textured plate: frames, matte and true displacements."""
    matte = np.zeros((SIZE, SIZE), np.float32)
    matte[16:112, 52:76] = matte[40:60, 24:104] = 1
    plate = _texture(1) * 0.4 + 0.6
    image = np.where(matte[..., None] > 0, _texture(2) * 0.7, plate)
    stroke = Stroke(np.array([[64.0, 112.0], [64.0, 16.0]]), 1.6, 5.0)
    _volume, displacements = motion_texture([stroke], matte, 16, 24.0)
    return animate(image, plate, matte, displacements), matte, displacements


@pytest.fixture(scope="module")
def flow(swaying):
    return optical_flow(swaying[0])


def _plant_pixels(matte: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(matte > 0.5)
    return np.stack([columns, rows], 1)[::7] + 0.5


def test_tracks_follow_the_true_displacement(swaying, flow):
    """Median end-point error at most a quarter pixel where the plant moves by up to five."""
    _frames, matte, displacements = swaying
    pixels = _plant_pixels(matte)
    error = np.linalg.norm(sample_tracks(flow, pixels) - sample_tracks(displacements, pixels), axis=-1)
    assert np.median(error[1:]) <= 0.25
    assert np.linalg.norm(displacements, axis=-1).max() > 4


def test_consistent_tracks_are_trusted_and_hidden_ones_are_not(swaying, flow):
    """Most plant tracks lead back to where they began; what the plant comes to cover does not."""
    frames, matte, displacements = swaying
    confidence = track_confidence(flow, optical_flow(frames, reverse=True), _plant_pixels(matte))
    assert np.median(confidence) > 0.9
    # Background just right of the upper stem, behind the plant when it leans farthest to the right.
    t = displacements[:, 20, 64, 0].argmax()
    hidden = np.stack([np.full(12, 77.5), np.arange(20, 32) + 0.5], 1)
    covered = track_confidence(flow[t : t + 1], optical_flow(frames[[0, t]], reverse=True)[1:], hidden)
    assert np.median(covered) < 0.5


def test_sampling_is_exact_for_a_linear_field():
    """Bilinear reading of a linear field gives its value at any place, centres at half pixels."""
    y, x = np.mgrid[:9, :12] + 0.5
    field = np.stack([2 * x - y, x + 3 * y], -1)[None]
    places = np.array([[3.2, 4.9], [0.5, 0.5], [11.5, 8.5], [7.0, 2.25]])
    expected = np.stack([2 * places[:, 0] - places[:, 1], places[:, 0] + 3 * places[:, 1]], -1)
    np.testing.assert_allclose(sample_tracks(field, places)[0], expected, atol=1e-5)


def test_still_camera_is_told_from_a_moving_one(swaying, flow):
    """A still camera reads below a tenth of a pixel although the plant moves; a drift with zoom reads as its size."""
    frames, matte, _displacements = swaying
    still = matte < 0.5
    assert camera_motion(flow, still, frames[0]).max() < 0.1

    shift, zoom = np.array([1.5, -1.0]), 1.02
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    source = [((axis + 0.5 - 64 - s) / zoom + 64 - 0.5).ravel() for axis, s in zip((x, y), shift, strict=True)]
    moved = np.stack([frames[0], sample_cubic(frames[3], *source).reshape(frames[0].shape)])
    # Corners lie 64 px from the centre on either axis and move by shift + 0.02 * (+-64, +-64).
    corners = np.array([[-64, -64], [64, -64], [-64, 64], [64, 64], [0, 0]]) * (zoom - 1) + shift
    expected = np.linalg.norm(corners, axis=1).mean()
    assert camera_motion(optical_flow(moved), still, moved[0])[1] == pytest.approx(expected, abs=0.2)


def test_blank_background_counts_as_still():
    """Where the background holds no texture there is nothing to measure, and none is reported."""
    frames = np.ones((2, 32, 32, 3), np.float32)
    assert not camera_motion(np.full((2, 32, 32, 2), 3.0, np.float32), np.ones((32, 32), bool), frames[0]).any()


def test_real_swing_has_one_frequency(data_file):
    """Two separate stretches of a real swinging cord give the same frequency to 3 %, and a still camera."""
    frequencies = []
    for start in (0, 60):
        path = data_file("videos/physdreamer_real_capture/telephone_0.mp4")
        clip = read_clip(path, 96, 96, 24, start=start, step=2)
        flow = optical_flow(clip.frames)
        size = np.linalg.norm(flow, axis=-1).mean(0)
        moving = size > 0.5 * size.max()
        frequencies.append(dominant_frequency(flow[:, moving, 0].mean(1), clip.fps))
        assert camera_motion(flow, size < 0.1 * size.max(), clip.frames[0]).max() < 0.2
    assert frequencies[0] == pytest.approx(frequencies[1], rel=0.03)
    assert 0.9 < frequencies[0] < 1.2
