"""`Push`: what a fit looks for, as the simulation is given it, and the derivatives by it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .result import Started


@dataclass(frozen=True)
class Push:
    """What sets the subject in motion, and what resists."""

    young: np.ndarray
    """Young's moduli [P], pascals."""
    velocity: np.ndarray
    """Initial velocity [P, 3], m/s."""
    damping: float = 0.0
    """1/s, see `ElasticSolver.simulate`."""
    delay: float = 0.0
    """Onset after the clip's frame 0, frames of the clip."""
    acceleration: np.ndarray | None = None
    """Of wind, at the borders of the simulation's frames [frames + 1, P, 3], m/s^2."""

    @staticmethod
    def of(young: np.ndarray, damping: float, started: Started) -> Push:
        return Push(young, started.velocity, damping, started.delay, started.acceleration)


@dataclass(frozen=True)
class PushGradient:
    """Derivatives of the summed loss with respect to a `Push`."""

    young: np.ndarray
    """[P], per pascal."""
    velocity: np.ndarray
    """[P, 3], per m/s."""
    damping: float
    """Per 1/s."""
    delay: float
    """Per frame."""
