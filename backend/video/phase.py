"""Displacement from local phase: for motion too small for block matching to see, down to a hundredth of a pixel.

Fleet & Jepson 1990 (Computation of component image velocity from local phase information) with the amplitude weights of
Wadhwa et al. 2013 (Phase-based video motion processing), as Davis et al. 2015 measure their modes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

WAVELENGTHS = (6.0, 12.0, 24.0)
"""Pixels, finest first. Motion up to half the coarsest one is unambiguous, and right while it is well below."""
ORIENTATIONS = 4
BANDWIDTH = 0.5
"""Of a filter, in units of its frequency (standard deviation)."""
WINDOW = 2.5
"""Standard deviation of the neighbourhood that shares one displacement, pixels."""


def phase_from_rest(grey: np.ndarray, rest: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (t, displacement of each pixel of frame `rest` in frame t [H, W, 2], float32 pixels), in order of time.

    grey [T, H, W], uint8. From coarse to fine, each scale measures what the coarser ones left over: phase turns by
    less than half a period there. For motion below some two pixels.
    """
    filters = [_filters(grey.shape[1:], wavelength) for wavelength in reversed(WAVELENGTHS)]
    still = [_responses(grey[rest], bank) for bank in filters]
    slopes = [[_slope(response) for response in responses] for responses in still]
    for t, frame in enumerate(grey):
        yield t, _displacement(frame, filters, still, slopes)


def _filters(shape: tuple[int, ...], wavelength: float) -> np.ndarray:
    """Transfer functions [O, H, W] of complex band-pass filters, one an orientation: Gaussians around +frequency."""
    fy, fx = np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None]
    frequency, spread = 1 / wavelength, BANDWIDTH / wavelength
    angles = np.pi * np.arange(ORIENTATIONS) / ORIENTATIONS
    return np.stack(
        [
            np.exp(-((fx - frequency * np.cos(a)) ** 2 + (fy - frequency * np.sin(a)) ** 2) / (2 * spread**2))
            - np.exp(-0.5 / BANDWIDTH**2) * np.exp(-(fx**2 + fy**2) / (2 * spread**2))  # no answer to brightness
            for a in angles
        ]
    ).astype(np.float32)


def _responses(frame: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """Complex local amplitude and phase [O, H, W] of a picture [H, W]."""
    return np.fft.ifft2(np.fft.fft2(frame.astype(np.float32)) * bank).astype(np.complex64)


def _slope(response: np.ndarray) -> np.ndarray:
    """Gradient of the local phase [H, W, 2], radians a pixel."""
    height, width = response.shape
    spectrum = np.fft.fft2(response)
    right = np.fft.ifft2(spectrum * 2j * np.pi * np.fft.fftfreq(width))
    down = np.fft.ifft2(spectrum * 2j * np.pi * np.fft.fftfreq(height)[:, None])
    power = np.maximum(np.abs(response) ** 2, 1e-6)
    slope = np.stack([(right * response.conj()).imag / power, (down * response.conj()).imag / power], -1)
    return slope.astype(np.float32)


def _displacement(frame: np.ndarray, filters: list, still: list, slopes: list) -> np.ndarray:
    import cv2

    total = np.zeros((*frame.shape, 2), np.float32)
    for bank, rest, slope in zip(filters, still, slopes, strict=True):
        # Least squares of  slope . d = -phase change  with weights amplitude^2 over a neighbourhood.
        terms = np.zeros((5, *frame.shape), np.float32)
        for after, before, gradient in zip(_responses(frame, bank), rest, slope, strict=True):
            gx, gy = gradient[..., 0], gradient[..., 1]
            known = gx * total[..., 0] + gy * total[..., 1]
            change = np.angle(after * before.conj() * np.exp(1j * known))
            weight = np.abs(after * before)
            terms += weight * np.stack([gx * gx, gx * gy, gy * gy, -gx * change, -gy * change])
        xx, xy, yy, bx, by = (cv2.GaussianBlur(term, (0, 0), WINDOW) for term in terms)
        ridge = 1e-3 * (xx + yy).mean()
        xx, yy = xx + ridge, yy + ridge
        determinant = xx * yy - xy * xy
        total += np.stack([yy * bx - xy * by, xx * by - xy * bx], -1) / determinant[..., None]
    return total
