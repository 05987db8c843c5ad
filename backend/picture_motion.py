"""`PictureMotion`: one layer's sway as a few complex shapes times periodic signals; what Blender plays and pokes.

A `SpectralVolume` is a product of low rank: strokes give few shapes however many frequencies the wind has, a video
gives one shape a mode. So D(p, t) = Re sum_m shape_m(p) Q_m(t), the modal form of Davis et al. 2015: Q_m loops by
itself, or is what a poked damped oscillator does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .spectral_volume import SpectralVolume

DIRECT = 6
"""A volume of no more frequencies is taken as modes: a shape each."""
SHAPES = 8
"""Most shapes of a volume of many frequencies."""
ENERGY = 1e-4
"""Share of the motion's energy that fewer shapes may lose."""


@dataclass(frozen=True)
class PictureMotion:
    """M shapes over a picture, their natural sways and their looping signals."""

    shapes: np.ndarray
    """Displacement for Q = 1 [M, H, W, 2], complex64, pixels of the H x W reference picture, x right, y down."""
    frequencies: np.ndarray
    """Natural frequency of each shape [M], hertz."""
    signals: np.ndarray
    """Complex amplitudes of Q_m [M, K] at the harmonics 0 .. K - 1 of the loop."""
    duration: float
    """Length of the loop, seconds."""
    mask: np.ndarray
    """How much each pixel belongs to the layer [H, W], float32, 0..1."""

    def coordinates(self, time: float | np.ndarray) -> np.ndarray:
        """Q_m at times [...] (seconds): [..., M], complex."""
        harmonics = np.arange(self.signals.shape[1]) / self.duration
        return np.exp(2j * np.pi * np.asarray(time, float)[..., None] * harmonics) @ self.signals.T

    def displacement(self, coordinates: np.ndarray) -> np.ndarray:
        """Displacement [H, W, 2], float32, for Q [M]."""
        q = np.asarray(coordinates, np.complex64)
        return np.tensordot(q.real, self.shapes.real, 1) - np.tensordot(q.imag, self.shapes.imag, 1)

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {
            "shapes": self.shapes,
            "frequencies": self.frequencies,
            "signals": self.signals,
            "duration": np.array(self.duration),
            "mask": self.mask,
        }

    @staticmethod
    def from_arrays(arrays: dict[str, np.ndarray]) -> PictureMotion:
        return PictureMotion(
            arrays["shapes"], arrays["frequencies"], arrays["signals"], float(arrays["duration"]), arrays["mask"]
        )


def from_volume(volume: SpectralVolume, duration: float) -> PictureMotion:
    """The volume's motion as shapes and signals that repeat after `duration` seconds.

    Frequencies go to the nearest whole multiple of 1 / duration above 0: the nearest loop. Raises ValueError for a
    duration that is not above 0.
    """
    if not duration > 0:
        raise ValueError(f"a loop of {duration:g} s is empty; make it longer")
    harmonics = np.maximum(np.rint(volume.frequencies * duration).astype(int), np.where(volume.frequencies > 0, 1, 0))
    mask = volume.mask.astype(np.float32)
    if len(harmonics) <= DIRECT:
        signals = np.zeros((len(harmonics), harmonics.max() + 1), complex)
        signals[np.arange(len(harmonics)), harmonics] = 1
        frequencies = np.maximum(volume.frequencies, 1 / duration)
        return PictureMotion(volume.coefficients.astype(np.complex64), frequencies, signals, duration, mask)
    return _reduced(volume, harmonics, duration, mask)


def _reduced(volume: SpectralVolume, harmonics: np.ndarray, duration: float, mask: np.ndarray) -> PictureMotion:
    """Few real shapes by the singular value decomposition of real and imaginary parts, as rows of one matrix."""
    bins, height, width, _ = volume.coefficients.shape
    rows = volume.coefficients.reshape(bins, -1)
    stacked = np.concatenate([rows.real, rows.imag])  # [2K, 2 H W]
    # By its small Gram matrix: the rows are few, their length is that of the picture.
    values, left = np.linalg.eigh((stacked @ stacked.T).astype(float))
    order = np.argsort(values)[::-1]
    left_out = 1 - np.cumsum(values[order]) / max(values.sum(), 1e-30)
    count = min(int((left_out > ENERGY).sum()) + 1, SHAPES, len(values))
    left = left[:, order[:count]]  # [2K, M], orthonormal
    shapes = (left.T @ stacked).reshape(count, height, width, 2)
    amplitudes = (left[:bins] + 1j * left[bins:]).T  # [M, K]
    signals = np.zeros((count, harmonics.max() + 1), complex)
    np.add.at(signals.T, harmonics, amplitudes.T)
    power = np.abs(amplitudes) ** 2
    frequencies = volume.frequencies[power.argmax(1)]
    return PictureMotion(shapes.astype(np.complex64), np.maximum(frequencies, 1 / duration), signals, duration, mask)
