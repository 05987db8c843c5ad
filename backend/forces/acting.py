"""`ActingForces`: a scene's force fields and strokes on the particles of a running simulation, frame by frame."""

from __future__ import annotations

import numpy as np

from ..surroundings import Surroundings
from .effector import pushes
from .grip import Grip
from .push import FramePush


class ActingForces:
    """Gravity is not among them: solvers take it as one number."""

    def __init__(self, surroundings: Surroundings, rest: np.ndarray, fps: float) -> None:
        """Particles at rest [P, 3], metres, world. Raises ValueError for an arrow that grips none of them."""
        self._fields = surroundings.fields
        self._grips = [Grip(stroke, rest) for stroke in surroundings.strokes]
        self._dt = 1 / fps

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._fields or self._grips)

    def frame(self, frame: int, positions: np.ndarray, velocities: np.ndarray, deformation: np.ndarray) -> FramePush:
        """The push through frame `frame`, 0 the first, given the state at its start.

        positions [P, 3] (m) and velocities [P, 3] (m/s) in the world, deformation gradients [P, 3, 3] since rest.
        Fields at the end are taken where particles would be if they went straight on.
        """
        positions, velocities = np.asarray(positions, float), np.asarray(velocities, float)
        first = pushes(self._fields, positions, velocities, frame)
        second = pushes(self._fields, positions + self._dt * velocities, velocities, frame + 1)
        acceleration = np.stack([first.acceleration, second.acceleration])
        rate = 0.5 * (first.rate + second.rate)
        for grip in self._grips:
            stroke = grip.push(frame, self._dt, positions, deformation)
            acceleration = acceleration + stroke.acceleration
            rate = rate + stroke.rate
        return FramePush(acceleration, rate)
