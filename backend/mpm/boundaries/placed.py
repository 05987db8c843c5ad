"""`Placed`: particles that are where a given motion has them, at every frame's border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .rigid_motion import RigidMotion

STATIONS = 64
"""Parts of a frame by which velocities are measured."""


@dataclass(frozen=True)
class Placed:
    """Between the borders the nodes of a sticky collider carry them; here they lose what drift and strain they got.

    Otherwise frozen particles beside moving ones take on their velocity gradient, and in time their strain.
    """

    particles: np.ndarray
    """Indices [K]."""
    motion: RigidMotion
    """From where they rest; its first row is the identity."""

    def at_end(self, rest: np.ndarray, frame: int, fps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(x [K, 3], v [K, 3], rotation [3, 3], velocity gradient [3, 3]) at a frame's end, from rest [P, 3]; SI."""
        R, c = self.motion.poses(frame, STATIONS)
        own = rest[self.particles]
        x = own @ R[-1].T + c[-1]
        rate = fps * STATIONS
        return x, (x - own @ R[-2].T - c[-2]) * rate, R[-1], (R[-1] @ R[-2].T - np.eye(3)) * rate
