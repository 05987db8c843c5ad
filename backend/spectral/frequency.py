"""How fast something sways: measured on a short signal, and how a clip must be timed to show it."""

from __future__ import annotations

import numpy as np

LEAST_PERIODS = 0.75
"""A motion slower than this many periods per window cannot be told from drift."""
DAMPING_RATIOS = np.array([0.0, 0.03, 0.08, 0.15, 0.3])
"""Tried at first."""
REFINEMENTS = 5
LATEST_START = 10
"""Samples: later beginnings are not tried."""


def clip_rate(frequency: float, scene_fps: float, frames: int = 24, periods: float = 1.5) -> int:
    """Every how many scene frames a clip of `frames` frames must be taken to show `periods` periods of `frequency` Hz.

    1, 2, 3...: the smallest step that is enough. The clip then runs at scene_fps / step frames per second.
    """
    if not (frequency > 0 and scene_fps > 0 and frames >= 2):
        raise ValueError(
            f"a clip of {frames} frames at {scene_fps} frames per second cannot show a sway of {frequency} Hz; "
            "ask for values above 0"
        )
    return max(1, int(np.ceil(periods * scene_fps / (frequency * (frames - 1)) - 1e-9)))


def dominant_frequency(signal: np.ndarray, rate: float) -> float:
    """Frequency in hertz of the damped oscillation that explains most of a signal [T] sampled at `rate` per second.

    Meant for 1.5 periods and more, at rest for at most the first fifth, where the bins of a Fourier transform are too
    coarse: a least-squares fit of an offset and a damped sinusoid of any phase that sets in at one of the first ones.
    Returns 0 for a signal that does not move.
    """
    signal = np.asarray(signal, float)
    if signal.ndim != 1 or len(signal) < 8:
        raise ValueError(f"a signal of shape {signal.shape} is too short to tell its frequency; 8 samples are needed")
    if np.ptp(signal) <= 1e-9 * max(np.abs(signal).max(), 1e-12):
        return 0.0
    count = len(signal)
    cycles = np.arange(LEAST_PERIODS, 0.48 * count, 1 / 6)  # over the window
    fits = [_refined(signal, start, cycles) for start in range(min(max(count // 5, 1), LATEST_START))]
    return float(min(fits)[1] * rate / count)


def _refined(signal: np.ndarray, start: int, cycles: np.ndarray) -> tuple[float, float]:
    """(squared error, cycles per window) of the best fit that sets in at sample `start`, near one of `cycles` [F]."""
    errors = _misfit(signal, start, cycles, DAMPING_RATIOS)
    i, j = np.unravel_index(errors.argmin(), errors.shape)
    centre, damping = cycles[i], DAMPING_RATIOS[j]
    spread = np.array([1 / 6, 0.07])
    for _ in range(REFINEMENTS):
        near = np.maximum(centre + np.linspace(-1, 1, 11) * spread[0], LEAST_PERIODS)
        ratios = np.clip(damping + np.linspace(-1, 1, 11) * spread[1], 0, 0.5)
        errors = _misfit(signal, start, near, ratios)
        i, j = np.unravel_index(errors.argmin(), errors.shape)
        centre, damping = near[i], ratios[j]
        spread = spread * 0.3
    return float(errors[i, j]), float(centre)


def _misfit(signal: np.ndarray, start: int, cycles: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """Squared error [F, D] of the best offset, cosine and sine for each number of cycles [F] and damping ratio [D].

    Samples before `start` count with their distance from the first one, the signal at rest.
    """
    count = len(signal)
    time = np.arange(count - start) / count
    angle = 2 * np.pi * cycles[:, None, None] * time  # [F, 1, T]
    decay = np.exp(-damping[None, :, None] * angle)  # [F, D, T]
    basis = np.stack([decay * np.cos(angle), decay * np.sin(angle), np.ones_like(decay)], -2)  # [F, D, 3, T]
    target = signal[start:]
    right = basis @ target
    # A little ridge: three columns are nearly dependent where the window holds less than a period.
    gram = basis @ basis.swapaxes(-1, -2) + 1e-6 * count * np.eye(3)
    amplitudes = np.linalg.solve(gram, right[..., None])
    fit = (amplitudes * basis).sum(-2)
    return ((fit - target) ** 2).sum(-1) + ((signal[:start] - signal[0]) ** 2).sum()
