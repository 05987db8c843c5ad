"""Spectral volumes as normalised pictures: one of four channels for each frequency.

Li et al. 2024, section 4.1 (frequency-adaptive normalisation): power falls by orders of magnitude over the bins, so
each one is divided by its 95th percentile over the training set, and the signed square root spreads what is small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CHANNELS = 4
"""Real and imaginary part of x, then of y."""
PERCENTILE = 95
LEAST = 1e-4
"""Of the picture's width: a bin of nothing is not blown up beyond this."""


def to_slices(coefficients: np.ndarray) -> np.ndarray:
    """S_k(p) [..., H, W, 2] complex, pixels, as float32 [..., 4, H, W] in widths of the picture."""
    width = coefficients.shape[-2]
    parts = np.stack([coefficients.real, coefficients.imag], -1) / width  # [..., H, W, 2, 2]
    flat = parts.reshape(*parts.shape[:-2], CHANNELS)
    return np.moveaxis(flat, -1, -3).astype(np.float32)


def from_slices(slices: np.ndarray) -> np.ndarray:
    """The inverse: float [..., 4, H, W] in widths of the picture as complex64 [..., H, W, 2], pixels."""
    width = slices.shape[-1]
    parts = np.moveaxis(slices, -3, -1) * width
    return (parts[..., 0::2] + 1j * parts[..., 1::2]).astype(np.complex64)


@dataclass(frozen=True)
class Scale:
    """What the slices of each frequency are divided by."""

    levels: np.ndarray
    """[K], in widths of the picture."""

    @staticmethod
    def of(slices: np.ndarray) -> Scale:
        """The 95th percentile of what moves at all in training slices [N, K, 4, H, W].

        Of all pixels it would be 0 where most of every picture stands still, as a generator's do and filmed ones' not.
        """
        levels = np.empty(slices.shape[1])
        for k in range(slices.shape[1]):
            size = np.abs(slices[:, k])
            moving = size[size > 1e-7]
            levels[k] = np.percentile(moving, PERCENTILE) if moving.size else LEAST
        return Scale(np.maximum(levels, LEAST))

    def normalised(self, slices: np.ndarray) -> np.ndarray:
        """sign(S) sqrt(|S / s_k|) of slices [..., K, 4, H, W]."""
        ratio = slices / self.levels[:, None, None, None].astype(slices.dtype)
        return np.sign(ratio) * np.sqrt(np.abs(ratio))

    def restored(self, normal: np.ndarray) -> np.ndarray:
        """The inverse of `normalised`; works on numpy arrays and torch tensors alike."""
        levels = self.levels[:, None, None, None].astype(np.float32)
        if not isinstance(normal, np.ndarray):
            import torch

            levels = torch.from_numpy(levels).to(normal)
        return normal * abs(normal) * levels
