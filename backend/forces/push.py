"""`Push`: what forces do to points: dv/dt = acceleration - rate v."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Push:
    acceleration: np.ndarray
    """[P, 3], m/s^2."""
    rate: np.ndarray
    """How fast a velocity relaxes [P], 1/s; towards acceleration / rate, which is the air's where air drags."""

    @staticmethod
    def none(count: int) -> Push:
        return Push(np.zeros((count, 3)), np.zeros(count))

    def __add__(self, other: Push) -> Push:
        return Push(self.acceleration + other.acceleration, self.rate + other.rate)


@dataclass(frozen=True)
class FramePush:
    """A push through a frame, for solvers."""

    acceleration: np.ndarray
    """At the frame's start and end [2, P, 3], linear in time between, m/s^2."""
    rate: np.ndarray
    """[P], 1/s."""
