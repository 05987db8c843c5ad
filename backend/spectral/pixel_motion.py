"""`PixelMotion`: shapes in a picture over a temporal basis, on a grid no finer than they need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..spectral_volume import SpectralVolume
from .basis import Basis, Fourier

CHECKED = 48
"""Instants at which a motion's extent is looked at."""


@dataclass(frozen=True)
class Grid:
    """Evenly spaced places over a box of the picture; each stands for the cell around it."""

    left: int
    top: int
    width: int
    height: int
    """Pixels."""
    rows: int
    columns: int

    @staticmethod
    def over(box: tuple[int, int, int, int], spacing: int) -> Grid:
        """Places `spacing` pixels apart over a box (left, top, right, bottom)."""
        left, top, right, bottom = box
        width, height = right - left, bottom - top
        return Grid(left, top, width, height, -(-height // spacing), -(-width // spacing))

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    @property
    def steps(self) -> tuple[float, float]:
        """Pixels from one place to the next, in x and in y."""
        return self.width / self.columns, self.height / self.rows

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """x and y [h, w] of the places, in pixels; the centre of pixel (0, 0) is (0.5, 0.5)."""
        x = self.left + (np.arange(self.columns) + 0.5) * self.steps[0]
        y = self.top + (np.arange(self.rows) + 0.5) * self.steps[1]
        return np.broadcast_to(x, self.shape), np.broadcast_to(y[:, None], self.shape)

    def reduced(self, image: np.ndarray) -> np.ndarray:
        """A full-size map [H, W] averaged over the grid's cells [h, w]."""
        import cv2

        part = image[self.top : self.top + self.height, self.left : self.left + self.width]
        return cv2.resize(part, self.shape[::-1], interpolation=cv2.INTER_AREA)


@dataclass(frozen=True)
class PixelMotion:
    """Displacement `D(p, t) = Re sum_m shape_m(p) b_m(t)`."""

    shapes: np.ndarray
    """[M, h, w, 2], complex64 or float32: (x, y) in pixels of the picture, at the grid's places."""
    basis: Basis
    grid: Grid

    @cached_property
    def _table(self) -> np.ndarray:
        """Real and imaginary parts as rows [M or 2 M, h w 2] of one float32 matrix."""
        flat = self.shapes.reshape(len(self.shapes), -1)
        if not np.iscomplexobj(flat):
            return np.ascontiguousarray(flat, np.float32)
        return np.concatenate([flat.real, -flat.imag]).astype(np.float32)

    def combine(self, values: np.ndarray) -> np.ndarray:
        """Displacement [h, w, 2] float32 for values [M] of the basis functions."""
        parts = [values.real, values.imag] if np.iscomplexobj(self.shapes) else [values.real]
        row = np.concatenate(parts).astype(np.float32)
        # Not a matrix product: its threads wait for each other longer than these few sums take.
        return np.einsum("m,mn->n", row, self._table).reshape(self.shapes.shape[1:])

    def at(self, time: float) -> np.ndarray:
        """Displacement [h, w, 2] float32 at `time` seconds."""
        return self.combine(self.basis.at(time))

    def scaled(self, factor: float) -> PixelMotion:
        return PixelMotion(self.shapes * np.float32(factor), self.basis, self.grid)

    def instants(self, count: int = CHECKED) -> np.ndarray:
        """Times [count], evenly over the duration, its end included."""
        return np.linspace(0, self.basis.duration, count)

    def extent(self) -> np.ndarray:
        """Largest displacement of each place over the duration [h, w], pixels (at the instants looked at)."""
        largest = np.zeros(self.shapes.shape[1:3], np.float32)
        for time in self.instants():
            step = self.at(time)
            np.maximum(largest, (step**2).sum(-1), out=largest)
        return np.sqrt(largest)


def volume_motion(volume: SpectralVolume, width: int, height: int, duration: float | None = None) -> PixelMotion:
    """A spectral volume over a picture of another size; with a `duration`, made to loop after it."""
    if duration is not None:
        volume = volume.looped(duration)
    scale = np.array([width / volume.width, height / volume.height], np.float32)
    grid = Grid(0, 0, width, height, volume.height, volume.width)
    return PixelMotion(volume.coefficients * scale, Fourier(volume.frequencies, volume.duration), grid)
