"""How strongly a picture moves at each frequency, whether that motion repeats, and where its peaks are.

Davis et al. 2015 (Image-Space Modal Bases for Plausible Manipulation of Objects in Video), section 5: the power
spectrum of all pixels' motion, from which modes are picked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST_CYCLES = 2.0
"""Below this many periods in the clip, the Hann window cannot tell a sway from drift."""
FLOOR_WIDTH = 0.4
"""Of the whole band: the neighbourhood whose median is the noise floor."""
ABOVE_FLOOR = 3.0
"""A peak's power over the floor."""
ROWS = 32
"""Rows of pixels transformed at a time."""


@dataclass(frozen=True)
class PowerSpectrum:
    """Global spectra of a clip's motion."""

    frequencies: np.ndarray
    """[F], hertz: the bins k / duration."""
    power: np.ndarray
    """[F], pixels squared: weighted mean over the picture of the squared amplitude."""
    coherence: np.ndarray
    """[F], 0..1: how alike the motion's shape is in the two halves of the clip; 1 for a true mode, 0 for noise."""

    @property
    def floor(self) -> np.ndarray:
        """Noise floor of the power [F]: a running median, which keeps its width at the ends of the band."""
        bins = len(self.power)
        width = min(max(int(FLOOR_WIDTH * bins), 5), bins)
        starts = np.clip(np.arange(bins) - width // 2, 0, bins - width)
        return np.median(np.lib.stride_tricks.sliding_window_view(self.power, width), axis=1)[starts]


def power_spectrum(motion: np.ndarray, fps: float, weight: np.ndarray) -> PowerSpectrum:
    """Spectra of motion [T, H, W, 2] (pixels); weight [H, W] says how far each pixel's motion can be trusted."""
    count = len(motion)
    window, half_window = taper(count), taper(count // 2)
    bins = count // 2 + 1
    power = np.zeros(bins)
    cross, first_power, second_power = np.zeros(bins, complex), np.zeros(bins), np.zeros(bins)
    for start in range(0, motion.shape[1], ROWS):
        rows = slice(start, start + ROWS)
        share = weight[rows, :, None] / max(weight.sum(), 1e-12)
        block = without_drift(motion[:, rows])
        power += (share * np.abs(_transform(block, window, count)) ** 2).sum((1, 2, 3))
        first, second = (_transform(part, half_window, count) for part in _halves(block))
        cross += (share * first * second.conj()).sum((1, 2, 3))
        first_power += (share * np.abs(first) ** 2).sum((1, 2, 3))
        second_power += (share * np.abs(second) ** 2).sum((1, 2, 3))
    coherence = np.abs(cross) / np.sqrt(np.maximum(first_power * second_power, 1e-30))
    return PowerSpectrum(np.fft.rfftfreq(count, 1 / fps), power, coherence)


def find_peaks(spectrum: PowerSpectrum, most: int, lowest: float, least_coherence: float = 0.0) -> np.ndarray:
    """Frequencies [M] of the peaks, strongest first, between the bins by a parabola through the log power.

    Local maxima ABOVE_FLOOR times over the noise floor, at `lowest` hertz or more, whose motion repeats.
    """
    f, power = spectrum.frequencies, spectrum.power
    step = f[1]
    lowest = max(lowest, LEAST_CYCLES * step)
    inner = np.arange(1, len(f) - 1)
    is_peak = (power[inner] > power[inner - 1]) & (power[inner] >= power[inner + 1])
    is_peak &= (power[inner] > ABOVE_FLOOR * spectrum.floor[inner]) & (f[inner] >= lowest - step / 2)
    is_peak &= spectrum.coherence[inner] >= least_coherence
    chosen = inner[is_peak]
    chosen = chosen[np.argsort(-power[chosen])][:most]
    left, middle, right = (np.log(np.maximum(power[chosen + offset], 1e-30)) for offset in (-1, 0, 1))
    return f[chosen] + step * (left - right) / np.minimum(2 * (left - 2 * middle + right), -1e-9)


def amplitude_at(motion: np.ndarray, fps: float, frequency: float) -> np.ndarray:
    """Complex amplitude of motion [T, H, W, 2] at any one frequency [Hz]: [H, W, 2] complex64.

    A Hann-windowed Fourier integral: the motion is `Re amplitude exp(i 2 pi f t)` with t = 0 at the first frame.
    """
    count = len(motion)
    window = taper(count)
    turns = np.exp(-2j * np.pi * frequency * np.arange(count) / fps)
    kernel = 2 * window * turns / window.sum()
    # The kernel made blind to offset and drift: the same as removing them from every pixel's motion.
    trend = _trend(count)
    kernel -= trend @ (trend.T @ kernel)
    real, imaginary = kernel.real.astype(np.float32), kernel.imag.astype(np.float32)
    return np.tensordot(real, motion, 1) + 1j * np.tensordot(imaginary, motion, 1)


def taper(count: int) -> np.ndarray:
    """Hann window [T]."""
    return np.sin(np.pi * (np.arange(count) + 0.5) / count) ** 2


def without_drift(motion: np.ndarray) -> np.ndarray:
    """Motion [T, ...] less the straight line that fits each pixel's best."""
    trend = _trend(len(motion)).astype(np.float32)
    return motion - np.tensordot(trend, np.tensordot(trend.T, motion, 1), 1)


def _trend(count: int) -> np.ndarray:
    """Orthonormal offset and slope [T, 2]."""
    ramp = np.arange(count) - (count - 1) / 2
    return np.stack([np.full(count, count**-0.5), ramp / np.linalg.norm(ramp)], 1)


def _transform(motion: np.ndarray, window: np.ndarray, count: int) -> np.ndarray:
    """Amplitudes [F, ...] at the bins of a clip of `count` frames; a shorter one is padded."""
    from scipy.fft import rfft  # unlike numpy's of old, in single precision

    tapered = motion * window[:, None, None, None].astype(np.float32)
    return rfft(tapered, count, axis=0) * np.float32(2 / window.sum())


def _halves(motion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    half = len(motion) // 2
    return without_drift(motion[:half]), without_drift(motion[-half:])
