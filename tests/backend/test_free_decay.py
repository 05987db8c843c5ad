"""The damped frequency and the decay of a recorded swing."""

from __future__ import annotations

import numpy as np
import pytest

from backend.spectral.free_decay import free_decay

RATE = 30.0


def swing(frequency: float, decay: float, count: int = 150) -> np.ndarray:
    """A swing that rests for ten samples and is let go at the next."""
    time = np.maximum(np.arange(count) - 10, 0) / RATE
    return 3 + 8 * np.exp(-decay * time) * np.cos(2 * np.pi * frequency * time) * (np.arange(count) >= 10)


@pytest.mark.parametrize(("frequency", "decay"), [(3.0, 1.4), (0.9, 0.2), (6.0, 0.0)])
def test_a_known_swing(frequency, decay):
    """Frequency and decay of a swing of any offset come back, from a guess 15 % off, and explain it all."""
    found = free_decay(swing(frequency, decay), RATE, 1.15 * frequency)
    # Rounding and the optimiser's tolerance of 1e-8.
    assert found.frequency == pytest.approx(frequency, rel=1e-5)
    assert found.decay == pytest.approx(decay, abs=1e-4)
    assert 10 <= found.begin <= 12 and found.explained > 1 - 1e-6  # samples need not fall on the first peak
    assert found.ratio == pytest.approx(decay / np.hypot(2 * np.pi * frequency, decay), abs=1e-4)


def test_noise_is_left_out():
    """Noise of 1 % of the first swing moves the frequency by less than 1 % and the decay by less than 5 %."""
    noisy = swing(3.0, 1.4) + np.random.default_rng(0).normal(0, 0.08, 150)
    found = free_decay(noisy, RATE, 3.0)
    assert found.end < 150, "the silent end was taken for a swing"
    # Standard errors of a damped sine over some 50 samples: noise / amplitude / sqrt(50 / 2) = 0.2 % of a radian.
    assert found.frequency == pytest.approx(3.0, rel=0.01) and found.decay == pytest.approx(1.4, rel=0.05)


def test_what_dies_at_once_is_refused():
    """A swing of less than two periods tells no decay."""
    with pytest.raises(ValueError, match="dies within two periods"):
        free_decay(swing(1.0, 8.0), RATE, 1.0)
