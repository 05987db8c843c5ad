"""From a simulation's own frames to the clip's: the motion sets in a fraction of a frame after the clip's first one.

The simulation writes a few frames for each of the clip's, from the onset on; a cubic spline through them gives
positions at the clip's times. The spline is linear in the positions, so it is one small matrix, the same for all
particles, and its transpose carries gradients back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RATE = 48.0
"""Simulated frames per second at least: 12 and more in a period of up to 4 Hz, where a spline is exact to 0.1 %."""


@dataclass(frozen=True)
class Timing:
    """A clip's frames after the first one, and the simulation's."""

    frames: int
    """The clip's frames after the first one."""
    fps: float
    """The clip's."""

    @property
    def finer(self) -> int:
        """Simulated frames per frame of the clip."""
        return max(1, int(np.ceil(RATE / self.fps - 1e-9)))

    @property
    def simulated_frames(self) -> int:
        return self.frames * self.finer

    @property
    def simulated_fps(self) -> float:
        return self.fps * self.finer

    def spline(self, delay: float, derivative: int = 0) -> np.ndarray:
        """Weights [frames, simulated_frames] on displacements, for motion that sets in `delay` clip frames late.

        With `derivative` 1, weights that give velocities, per second.
        """
        from scipy.interpolate import CubicSpline

        knots = np.arange(self.simulated_frames + 1) / self.simulated_fps
        since = self.since_onset(delay)
        weights = CubicSpline(knots, np.eye(len(knots)))(since, derivative)
        weights[since <= 0] = 0
        return weights[:, 1:]  # the displacement at knot 0 is zero

    def since_onset(self, delay: float | np.ndarray) -> np.ndarray:
        """Seconds from onsets `delay` [...] clip frames late to the clip's frames [..., frames]; 0 before."""
        return np.maximum(np.arange(1, self.frames + 1) - np.asarray(delay)[..., None], 0) / self.fps
