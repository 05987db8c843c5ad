"""Few keyframes for many sampled frames: a curve through some of them that stays near all the others."""

from __future__ import annotations

import numpy as np


def keyed_frames(values: np.ndarray, tolerance: float | np.ndarray) -> np.ndarray:
    """Sorted indices of the frames to key, of samples [T, D], ends included.

    The cubic Hermite curve through the keyed frames with the slopes of `slopes` passes every sample within `tolerance`
    (one number or [D]). Greedy: the worst frame of a segment is keyed until none is too far off, as Douglas & Peucker
    (1973) do with straight lines.
    """
    values = np.asarray(values, float)
    tolerance = np.broadcast_to(tolerance, values.shape[1])
    slope, kept, open_segments = slopes(values), {0, len(values) - 1}, [(0, len(values) - 1)]
    while open_segments:
        first, last = open_segments.pop()
        if last - first < 2:
            continue
        inside = np.arange(first + 1, last)
        off = np.abs(hermite(values, slope, first, last, inside) - values[inside]) / tolerance
        worst = int(off.max(1).argmax())
        if off[worst].max() > 1:
            kept.add(first + 1 + worst)
            open_segments += [(first, first + 1 + worst), (first + 1 + worst, last)]
    return np.array(sorted(kept))


def slopes(values: np.ndarray) -> np.ndarray:
    """Slopes per frame [T, D] of samples [T, D]: central differences, one-sided at the ends."""
    values = np.asarray(values, float)
    return np.gradient(values, axis=0) if len(values) > 1 else np.zeros_like(values)


def hermite(values: np.ndarray, slope: np.ndarray, first: int, last: int, frames: np.ndarray) -> np.ndarray:
    """The cubic through samples `first` and `last` with their slopes, at frames [n] between them: [n, D]."""
    span = last - first
    s = ((np.asarray(frames) - first) / span)[:, None]
    return (
        (1 + 2 * s) * (1 - s) ** 2 * values[first]
        + s * (1 - s) ** 2 * span * slope[first]
        + s * s * (3 - 2 * s) * values[last]
        + s * s * (s - 1) * span * slope[last]
    )
