"""Layered warp: exact where nothing moves, no trace of the background in what moves."""

from __future__ import annotations

import numpy as np
import pytest

from backend.spectral.motion_texture import Stroke, motion_texture
from backend.spectral.warp import animate, invert, sample_cubic

SIZE = 48


def _layers() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A soft green disc over a busy plate: image, plate [48, 48, 3], matte [48, 48]; and the disc's own colour."""
    random = np.random.default_rng(0)
    plate = random.random((SIZE, SIZE, 3)).astype(np.float32)
    y, x = np.mgrid[:SIZE, :SIZE]
    matte = np.clip((14 - np.hypot(x - 24, y - 22)) / 4, 0, 1).astype(np.float32)
    return _over(matte, plate), plate, matte


def _over(matte: np.ndarray, plate: np.ndarray) -> np.ndarray:
    return matte[..., None] * np.array([0.1, 0.6, 0.2], np.float32) + (1 - matte[..., None]) * plate


def test_moved_layer_is_composited_anew():
    """Moved by whole pixels, the soft disc over the busy plate is what compositing it there gives: no halo, no tear."""
    image, plate, matte = _layers()
    displacements = np.zeros((2, SIZE, SIZE, 2), np.float32)
    displacements[1] = (5, -3)
    frames = animate(image, plate, matte, displacements)
    # Rounding of float32 sums and products of numbers below 1.
    np.testing.assert_allclose(frames[1], _over(np.roll(matte, (-3, 5), (0, 1)), plate), atol=2e-6)


def test_rest_and_still_pixels_are_exact():
    """Frame 0 is the picture to the last bit, and so is everything below the root in every frame."""
    image, plate, matte = _layers()
    stroke = Stroke(np.array([[24.0, 30.0], [24.0, 8.0]]), 1.6, 3.0)
    _volume, displacements = motion_texture([stroke], matte, 6, 24.0)
    frames = animate(image, plate, matte, displacements)
    np.testing.assert_array_equal(frames[0], image)
    np.testing.assert_array_equal(frames[:, 31:], np.broadcast_to(image[31:], (6, 17, SIZE, 3)))
    assert np.abs(frames[4] - image).max() > 0.1


def test_inverse_leads_back():
    """b(q) = -d(q + b(q)) for a smooth field of several pixels."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    field = np.stack([4 * np.sin(y / 9), 3 * np.cos(x / 11)], -1).astype(np.float32)
    b = invert(field)
    inner = (slice(6, -6), slice(6, -6))
    there = np.stack([4 * np.sin((y + b[..., 1]) / 9), 3 * np.cos((x + b[..., 0]) / 11)], -1)
    # Bilinear reading of the field errs by its second derivative / 8: 4 / 81 / 8 = 0.006 px, and OpenCV places to
    # 1/32 px at worst, times the field's slope of 0.44: 0.007 px.
    assert np.abs(b + there)[inner].max() < 0.015


def test_cubic_sampling_is_exact_on_pixels_and_ramps():
    """Values at whole pixels come back unchanged, a ramp is read exactly in between."""
    random = np.random.default_rng(1)
    image = random.random((8, 9, 1)).astype(np.float32)
    y, x = (a.ravel() for a in np.mgrid[:8, :9].astype(np.float32))
    np.testing.assert_array_equal(sample_cubic(image, x, y).ravel(), image.ravel())
    ramp = (np.arange(9, dtype=np.float32)[None, :, None] + np.zeros((8, 1, 1), np.float32)) / 9
    place = np.array([2.3, 5.71], np.float32)
    np.testing.assert_allclose(sample_cubic(ramp, place, place)[:, 0], place / 9, atol=1e-6)


def test_sizes_must_agree():
    """Layers of another size are refused."""
    image, plate, matte = _layers()
    with pytest.raises(ValueError, match="differ in size"):
        animate(image, plate[:-1], matte, np.zeros((2, SIZE, SIZE, 2), np.float32))
