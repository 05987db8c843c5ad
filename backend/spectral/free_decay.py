"""How fast and how long something swings after one push: the damped frequency and the decay of a recorded swing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FAINT = 0.08
"""Of the first swing: where a whole period stays below, noise is left."""
LARGEST = 0.95
"""Of the largest excursion, which the first swing reaches."""
FEWEST_PERIODS = 2.0


@dataclass(frozen=True)
class FreeDecay:
    """A exp(-decay t) cos(2 pi frequency t + phase), fitted to a stretch of a signal."""

    frequency: float
    """Hertz, with damping."""
    decay: float
    """1/s: the amplitude falls to 1/e in its inverse."""
    begin: int
    end: int
    """The stretch: begin <= sample < end."""
    explained: float
    """Of the stretch's variance, 0..1."""

    @property
    def ratio(self) -> float:
        """Damping ratio, 1 at critical damping."""
        rate = 2 * np.pi * self.frequency
        return float(self.decay / np.hypot(rate, self.decay))


def free_decay(signal: np.ndarray, rate: float, near: float) -> FreeDecay:
    """The swing in a signal [T], `rate` samples a second, near a frequency in hertz, from its largest excursion on.

    Least squares over frequency and decay; amplitude, phase and an offset in closed form (variable projection, Golub
    and Pereyra 1973). Raises ValueError where fewer than two periods are left above the noise.
    """
    from scipy.optimize import least_squares

    signal = np.asarray(signal, float)
    signal = signal - np.median(signal)
    # Excursions that do not decay differ by where samples happen to fall: the first of them counts.
    begin = int(np.flatnonzero(np.abs(signal) >= LARGEST * np.abs(signal).max())[0])
    period = max(round(rate / near), 1)
    after = np.abs(signal[begin:])
    largest = np.array([after[k : k + period].max() for k in range(len(after))])
    faint = np.flatnonzero(largest < FAINT * after[0])
    end = begin + (int(faint[0]) if len(faint) else len(after))
    if end - begin < FEWEST_PERIODS * period:
        raise ValueError("the swing dies within two periods; choose a longer clip, or one with a stronger push")
    time = np.arange(end - begin) / rate
    target = signal[begin:end]

    def miss(unknown: np.ndarray) -> np.ndarray:
        frequency, decay = unknown
        envelope, angle = np.exp(-decay * time), 2 * np.pi * frequency * time
        basis = np.stack([envelope * np.cos(angle), envelope * np.sin(angle), np.ones_like(time)], 1)
        return basis @ np.linalg.lstsq(basis, target, rcond=None)[0] - target

    found = least_squares(miss, [near, 0.3 * near], bounds=([0.5 * near, 0], [2 * near, 10 * near]), x_scale=near)
    left = float((miss(found.x) ** 2).sum() / ((target - target.mean()) ** 2).sum())
    return FreeDecay(float(found.x[0]), float(found.x[1]), begin, end, 1 - left)
