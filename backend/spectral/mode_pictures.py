"""Modes for people to look at: the power spectrum as a plot, a mode's shape as a picture."""

from __future__ import annotations

import numpy as np

from ..spectral_volume import SpectralVolume
from .power_spectrum import PowerSpectrum

PLOT = (460, 520)
"""Height and width, pixels: a sidebar shows it at half that size."""
MARGINS = (36, 16, 52, 68)
"""Top, right, bottom, left."""
BACKGROUND, GRID, INK = (28, 28, 30), (61, 61, 66), (220, 220, 225)
POWER, FLOOR, COHERENCE, PEAK = (115, 190, 255), (107, 107, 117), (41, 43, 48), (255, 158, 64)
"""RGB, 0..255."""


def highest_shown(spectrum: PowerSpectrum, peaks: np.ndarray) -> float:
    """Where the plot's frequency axis ends, hertz."""
    return float(min(spectrum.frequencies[-1], max(6.0, 1.6 * float(np.max(peaks, initial=0.0)))))


def axis_place(highest: float) -> tuple[float, float]:
    """Where 0 hertz is in a plot up to `highest` hertz, and how far a hertz goes, both in widths of the picture."""
    _top, right, _bottom, left = MARGINS
    return left / PLOT[1], (PLOT[1] - left - right) / PLOT[1] / highest


def spectrum_plot(spectrum: PowerSpectrum, peaks: np.ndarray) -> np.ndarray:
    """The spectrum up to `highest_shown`, its peaks numbered from 1 in the order given: [H, W, 3], 0..1.

    Power in decades, with the noise floor; coherence as grey columns behind it.
    """
    import cv2

    f, highest = spectrum.frequencies, highest_shown(spectrum, peaks)
    shown = (f > 0) & (f <= highest)
    power = np.log10(np.maximum(spectrum.power, 1e-12))
    low, high = np.floor(power[shown].min()), np.ceil(power[shown].max() + 0.2)
    top, right, bottom, left = MARGINS
    box_h, box_w = PLOT[0] - top - bottom, PLOT[1] - left - right
    plot = np.full((*PLOT, 3), BACKGROUND, np.uint8)

    def place(frequency: np.ndarray, decade: np.ndarray) -> np.ndarray:
        x = left + np.asarray(frequency) / highest * box_w
        y = top + (high - np.asarray(decade)) / max(high - low, 1) * box_h
        return np.round(np.stack(np.broadcast_arrays(x, y), -1)).astype(np.int32)

    def write(text: str, at: tuple[int, int], colour=INK, size: float = 0.55) -> None:
        cv2.putText(plot, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)

    for k in np.flatnonzero(shown):
        x0, x1 = (int(place(edge, low)[0]) for edge in (f[k] - f[1] / 2, f[k] + f[1] / 2))
        height = int(spectrum.coherence[k] * box_h)
        plot[top + box_h - height : top + box_h, max(x0, left) : max(min(x1 - 1, left + box_w), left)] = COHERENCE
    for decade in np.arange(low, high + 1):
        y = int(place(0, decade)[1])
        cv2.line(plot, (left, y), (left + box_w, y), GRID, 1)
        write(f"{10**decade:g}", (4, y + 5), size=0.5)
    for hertz in np.arange(0, np.floor(highest) + 1):
        x = int(place(hertz, low)[0])
        cv2.line(plot, (x, top + box_h), (x, top + box_h + 4), INK, 1)
        write(f"{hertz:g}", (x - 5, top + box_h + 22))
    write("hertz", (left + box_w - 46, PLOT[0] - 8))
    write("power, square pixels; grey: it repeats", (left, top - 12))
    cv2.polylines(plot, [place(f[shown], np.log10(spectrum.floor[shown] + 1e-12))], False, FLOOR, 1, cv2.LINE_AA)
    cv2.polylines(plot, [place(f[shown], power[shown])], False, POWER, 2, cv2.LINE_AA)
    for number, peak in enumerate(peaks, 1):
        x, y = place(peak, np.interp(peak, f, power))
        cv2.circle(plot, (int(x), int(y)), 5, PEAK, -1, cv2.LINE_AA)
        write(
            f"{number}: {peak:.2f}", (int(np.clip(x - 20, left, left + box_w - 50)), max(int(y) - 10, 34)), PEAK, 0.45
        )
    return plot.astype(np.float32) / 255


def mode_picture(volume: SpectralVolume, k: int) -> np.ndarray:
    """Mode k as a picture [H, W, 3], 0..1: the hue is the phase, the value the amplitude (Davis et al. 2015, figure 3).

    The phase is that of the motion along the direction in which the mode moves most: opposite hues move oppositely.
    """
    import cv2

    shape = volume.coefficients[k]
    flat = shape.reshape(-1, 2)
    moment = (flat.conj().T @ flat).real
    direction = np.linalg.eigh(moment)[1][:, -1]
    along = shape @ direction.astype(np.float32)
    amplitude = np.sqrt((np.abs(shape) ** 2).sum(-1))
    strongest = max(float(np.quantile(amplitude[volume.mask > 0.5], 0.99)), 1e-9)
    # The strongest pixels' phase is the mode's own, arbitrary one: turned to hue 0.
    own = np.angle((along * np.abs(along)).sum())
    hue = np.degrees(np.angle(along) - own) % 360
    value = np.clip(amplitude / strongest, 0, 1)
    hsv = np.stack([hue, np.full_like(value, 0.85), value], -1).astype(np.float32)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def mode_over_picture(volume: SpectralVolume, k: int, picture: np.ndarray) -> np.ndarray:
    """The mode's picture laid over a darkened still [H, W, 3] uint8: where in it the mode is. [H, W, 3], 0..1."""
    shape = mode_picture(volume, k)
    cover = shape.max(-1, keepdims=True)
    still = picture.astype(np.float32) / 255
    return shape * (0.4 + 0.6 * cover) + still * 0.45 * (1 - cover)
