"""How motion runs in time: a few functions of time that the shapes in a picture are weighted with.

One interface, `Basis`. Fourier series for what sways (Li et al. 2024, section 3), B-splines (de Boor 1978; with as many
control values as the degree plus one they are Bezier curves) for what goes from A to B once, samples for recordings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Basis(Protocol):
    """M functions of time."""

    @property
    def duration(self) -> float:
        """Seconds."""
        ...

    @property
    def loops(self) -> bool:
        """Whether everything is back where it was after `duration`."""
        ...

    def at(self, time: float) -> np.ndarray:
        """Values of the functions at `time` seconds [M], complex or real; the motion is the real part of the sum."""
        ...


@dataclass(frozen=True)
class Fourier:
    """`exp(i 2 pi f t)` for each frequency, one for each slice of a spectral volume."""

    frequencies: np.ndarray
    """[M], hertz."""
    duration: float

    @property
    def loops(self) -> bool:
        cycles = self.frequencies * self.duration
        return bool(np.abs(cycles - np.round(cycles)).max() < 1e-6)

    def at(self, time: float) -> np.ndarray:
        # Whole periods taken off first: the last frame's successor is the first one to the last bit.
        return np.exp(2j * np.pi * ((self.frequencies * time) % 1))


@dataclass(frozen=True)
class BSpline:
    """Clamped B-spline basis functions: 1 at the first control at time 0, 1 at the last one at `duration`.

    Before and after they hold. `count` = `degree` + 1 is the Bernstein basis of one Bezier curve.
    """

    count: int
    duration: float
    degree: int = 3

    @property
    def loops(self) -> bool:
        return False

    def at(self, time: float) -> np.ndarray:
        """Cox-de Boor recursion."""
        degree = min(self.degree, self.count - 1)
        inner = np.linspace(0, 1, self.count - degree + 1)
        knots = np.concatenate([np.zeros(degree), inner, np.ones(degree)])
        u = float(np.clip(time / self.duration, 0, 1))
        values = ((knots[:-1] <= u) & (u < knots[1:])).astype(float)
        if u == 1:
            values[self.count - 1] = 1
        for k in range(1, degree + 1):
            span = knots[k:] - knots[:-k]
            share = np.divide(u - knots[:-k], span, out=np.zeros(len(span)), where=span > 0)
            values = share[:-1] * values[:-1] + (1 - share[1:]) * (span[1:] > 0) * values[1:]
        return values


@dataclass(frozen=True)
class Samples:
    """Recorded values, linear in between and held beyond: a performance, a drag."""

    values: np.ndarray
    """[T, M]."""
    fps: float
    loops: bool = False

    @property
    def duration(self) -> float:
        return len(self.values) / self.fps

    def at(self, time: float) -> np.ndarray:
        place = np.clip(time * self.fps, 0, len(self.values) - 1)
        first = min(int(place), len(self.values) - 2) if len(self.values) > 1 else 0
        share = place - first
        second = min(first + 1, len(self.values) - 1)
        return (1 - share) * self.values[first] + share * self.values[second]


@dataclass(frozen=True)
class Combined:
    """Sums of another basis' functions: each shape's own course in time, as few numbers."""

    weights: np.ndarray
    """[M, K], complex or real: a row for each shape."""
    inner: Basis

    @property
    def duration(self) -> float:
        return self.inner.duration

    @property
    def loops(self) -> bool:
        return self.inner.loops

    def at(self, time: float) -> np.ndarray:
        return self.weights @ self.inner.at(time)
