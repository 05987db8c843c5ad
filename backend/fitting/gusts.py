"""`Gusts`: wind as an unknown, for clips that are driven throughout instead of swaying freely.

A body acceleration that is the same for the whole subject, in two horizontal directions, linear in time between knots.
What a mode does under it is a convolution (Duhamel's integral), linear in the knots' values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..mpm.total_lagrangian.body import Body
from .modes import Modes
from .timing import Timing

SPACING = 0.1
"""Seconds between knots: wind of up to 3 Hz."""
KNOTS_MAX = 16
FINER = 4
"""Samples of a convolution in a simulated frame."""


@dataclass(frozen=True)
class Gusts:
    """Accelerations (m/s^2) at K knots along D directions are G = D K numbers, knot after knot for each direction."""

    timing: Timing
    body: Body
    modes: Modes
    directions: np.ndarray
    """Unit vectors [D, 3]."""

    @staticmethod
    def horizontal(timing: Timing, body: Body, modes: Modes) -> Gusts:
        return Gusts(timing, body, modes, np.eye(3)[:2])

    def __len__(self) -> int:
        return len(self.directions) * len(self._knots)

    @cached_property
    def _knots(self) -> np.ndarray:
        """Seconds since the motion's onset [K]."""
        duration = self.timing.simulated_frames / self.timing.simulated_fps
        return np.linspace(0, duration, int(np.clip(round(duration / SPACING), 2, KNOTS_MAX - 1)) + 1)

    def _hats(self, seconds: np.ndarray) -> np.ndarray:
        """Value [K, ...] of each knot's hat function."""
        return np.stack([np.interp(seconds, self._knots, unit) for unit in np.eye(len(self._knots))])

    def acceleration(self, numbers: np.ndarray) -> np.ndarray:
        """Of the particles at the borders of the simulation's frames [frames + 1, P, 3], m/s^2."""
        seconds = np.arange(self.timing.simulated_frames + 1) / self.timing.simulated_fps
        course = numbers.reshape(len(self.directions), -1) @ self._hats(seconds)  # [D, frames + 1]
        return np.repeat((course.T @ self.directions)[:, None], len(self.body), 1)

    @cached_property
    def _gains(self) -> np.ndarray:
        """Acceleration of each mode under 1 m/s^2 along each direction [D, M]: phi^T M d / phi^T M phi."""
        mass = self.body.mass  # lumped, as the solver has it: on coarse grids some percent above the consistent one
        fields = np.stack([self.body.lift(shape) for shape in self.modes.shapes])  # [M, n, 3]
        along = np.einsum("mnc,n,dc->dm", fields, mass, self.directions)
        return along / np.einsum("mnc,n->m", fields**2, mass)

    def courses(self, rates: np.ndarray, decay: float, since: np.ndarray) -> np.ndarray:
        """What each mode does under each number: [..., G, M, frames], metres per m/s^2.

        At seconds `since` [..., frames]; `rates` [M] are the modes' (rad/s), and amplitudes fall as exp(-decay t).
        """
        step = 1 / (FINER * self.timing.simulated_fps)
        count = FINER * self.timing.simulated_frames + 1
        t = step * np.arange(count)
        answer = np.exp(-decay * t) * np.sin(rates[:, None] * t) / rates[:, None]  # [M, F]
        hats = self._hats(t)  # [K, F]
        hats[:, 0] *= 0.5
        size = 2 * count
        moved = step * np.fft.irfft(np.fft.rfft(hats, size)[:, None] * np.fft.rfft(answer, size), size)[..., :count]
        place = np.clip(since / step, 0, count - 1.000001)
        low = place.astype(int)
        part = place - low
        at = moved[..., low] * (1 - part) + moved[..., low + 1] * part  # [K, M, ..., frames]
        at = np.moveaxis(at, (0, 1), (-3, -2))  # [..., K, M, frames]
        driven = self._gains[:, None, :, None] * at[..., None, :, :, :]  # [..., D, K, M, frames]
        return driven.reshape(*driven.shape[:-4], len(self), *driven.shape[-2:])
