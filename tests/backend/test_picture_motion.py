"""A layer's motion as shapes and signals: the same motion as the volume it was made from."""

from __future__ import annotations

import numpy as np
import pytest

from backend.picture_motion import PictureMotion, from_volume
from backend.spectral_volume import SpectralVolume

HEIGHT, WIDTH = 12, 16


def _volume(frequencies, rank: int | None = None, duration: float = 4.0) -> SpectralVolume:
    rng = np.random.default_rng(2)
    bins = len(frequencies)
    fields = rng.normal(size=(rank or bins, HEIGHT, WIDTH, 2))
    mixed = rng.normal(size=(2, bins, rank or bins))
    coefficients = np.einsum("ks,shwc->khwc", mixed[0] + 1j * mixed[1], fields).astype(np.complex64)
    return SpectralVolume(coefficients, np.array(frequencies), duration, np.ones((HEIGHT, WIDTH), np.float32))


@pytest.mark.parametrize("bins", [3, 20])
def test_same_motion_as_the_volume(bins):
    """On harmonics of the loop the displacement is the volume's, for modes of a video and for wind on three strokes."""
    volume = _volume(np.arange(1, bins + 1) / 4, rank=3)
    motion = from_volume(volume, 4.0)
    assert len(motion.shapes) == 3
    for time in (0.0, 0.37, 2.9):
        # float32 sums of `bins` terms of the size of the largest displacement
        true = volume.displacement(time)
        found = motion.displacement(motion.coordinates(time))
        assert np.abs(found - true).max() < 1e-5 * bins * np.abs(true).max()


def test_loop_closes_whatever_the_frequency():
    """Modes between the harmonics go to the nearest one: the end of the loop is its beginning."""
    motion = from_volume(_volume([1.13, 2.9], duration=5.0), 3.0)
    assert np.abs(motion.coordinates(3.0) - motion.coordinates(0.0)).max() < 1e-9
    assert motion.signals.argmax(1).tolist() == [3, 9]
    assert motion.frequencies.tolist() == [1.13, 2.9]  # a poke rings at the mode's own frequency


def test_arrays_round_trip():
    """Written and read back, nothing changes."""
    motion = from_volume(_volume([1.0, 2.0]), 4.0)
    again = PictureMotion.from_arrays(motion.to_arrays())
    assert np.array_equal(again.shapes, motion.shapes) and again.duration == motion.duration
    with pytest.raises(ValueError, match="a loop of 0 s is empty"):
        from_volume(_volume([1.0]), 0.0)
