"""How good a predicted motion is against a known one, apart from the phases, which are the wind's.

Every kind of prediction (a drawn sample, a distribution, a guess) is reduced to a `Forecast`: a basis that the true
slices should lie in, and how far each pixel moves. All coefficients are [K, H, W, 2], complex, pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RANK = 8
"""Most shapes of a forecast's basis."""
MOVES = 0.15
"""Of the largest motion in the picture: what moves more belongs to the moving mask."""


@dataclass(frozen=True)
class Forecast:
    """What is said about a picture's motion."""

    basis: np.ndarray
    """Complex or real shapes [M, H, W, 2] of any size, not necessarily orthogonal; M may be 0."""
    motion: np.ndarray
    """Root mean square displacement [H, W], pixels."""
    envelope: np.ndarray
    """Root mean square of |S_k| along one axis over the picture [K], pixels."""

    @staticmethod
    def of_samples(samples: list[np.ndarray]) -> Forecast:
        """From drawn volumes [K, H, W, 2] of one picture: their main shapes, and their motion on average."""
        stacked = np.stack(samples)
        flat = stacked.reshape(-1, np.prod(stacked.shape[2:]))
        values, vectors = np.linalg.eigh(flat @ flat.conj().T)
        order = np.argsort(values)[::-1][:RANK]
        order = order[values[order] > 1e-9 * max(values.max(), 1e-30)]
        shapes = (vectors[:, order].conj().T @ flat).reshape(-1, *stacked.shape[2:])
        power = (np.abs(stacked) ** 2).mean(0)
        return Forecast(shapes, np.sqrt(power.sum((0, 3)) / 2), np.sqrt(power.mean((1, 2, 3))))


def motion_map(coefficients: np.ndarray) -> np.ndarray:
    """Root mean square displacement over time [H, W], pixels."""
    return np.sqrt((np.abs(coefficients) ** 2).sum((0, 3)) / 2)


def explained(true: np.ndarray, basis: np.ndarray) -> float:
    """Share of the true slices' energy that lies in the span of a basis."""
    total = float((np.abs(true) ** 2).sum())
    if not len(basis) or not total:
        return 0.0
    flat = basis.reshape(len(basis), -1)
    left, size, _right = np.linalg.svd(flat.T, full_matrices=False)
    span = left[:, size > 1e-6 * max(size[0], 1e-30)]
    return float((np.abs(true.reshape(len(true), -1) @ span.conj()) ** 2).sum() / total)


def overlap(true: np.ndarray, found: np.ndarray) -> float:
    """Intersection over union of what moves in two motion maps [H, W]."""
    masks = [motion > MOVES * motion.max() if motion.max() > 0 else motion > 0 for motion in (true, found)]
    union = (masks[0] | masks[1]).sum()
    return float((masks[0] & masks[1]).sum() / union) if union else 1.0


def correlation(true: np.ndarray, found: np.ndarray) -> float:
    """Pearson's, of two maps [H, W]; 0 where one of them is even."""
    a, b = true - true.mean(), found - found.mean()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float((a * b).sum()) / size if size > 1e-12 else 0.0


def leakage(true: np.ndarray, found: np.ndarray) -> float:
    """Share of the found motion's energy where nothing moves; both are motion maps [H, W]."""
    total = float((found**2).sum())
    return float((found[true <= 0] ** 2).sum()) / total if total else 0.0


def folded(coefficients: np.ndarray, mask: np.ndarray, instants: int = 12) -> float:
    """Share of the mask's pixels [H, W] over which the motion turns the picture inside out, at the worst instant.

    The determinant of the Jacobian of p + D(p) is negative there.
    """
    bins = np.arange(1, len(coefficients) + 1)
    inside = mask > 0.5
    worst = 0.0
    for turn in np.arange(instants) / instants:
        phase = np.exp(2j * np.pi * bins * turn)
        field = np.tensordot(phase, coefficients, 1).real
        dy, dx = np.gradient(field, axis=(0, 1))
        area = (1 + dx[..., 0]) * (1 + dy[..., 1]) - dx[..., 1] * dy[..., 0]
        worst = max(worst, float((area[inside] <= 0).sum()) / max(int(inside.sum()), 1))
    return worst


def envelope_factor(found: np.ndarray, wanted: np.ndarray) -> float:
    """The largest factor between two amplitude envelopes [K], either way."""
    ratio = np.maximum(found, 1e-12) / wanted
    return float(np.maximum(ratio, 1 / ratio).max())
