"""What a drawn arrow does to particles: weights of its grip, blows, and pulls that give way before things tear."""

from __future__ import annotations

import numpy as np

from .push import Push
from .stroke import Stroke, StrokeKind

HAND = 40.0
"""How fast what is gripped takes on the hand's velocity, 1/s."""
STRETCH_FREE, STRETCH_LIMIT = 1.2, 1.5
"""Stretch up to which a pull is whole, and from which there is none."""
LOOKED_AT = 20000
"""Particles whose stretch is looked at, about."""


class Grip:
    """A stroke and the particles in its grip."""

    def __init__(self, stroke: Stroke, rest: np.ndarray) -> None:
        """Particles at rest [P, 3]. Raises ValueError for an arrow that grips none of them."""
        self.stroke = stroke
        away = np.linalg.norm(rest - stroke.point, axis=1)
        if not (away < stroke.radius).any():
            raise ValueError(
                f"an arrow grips nothing: what moves is {away.min():.3g} m from its point and its radius is "
                f"{stroke.radius:.3g} m; draw it nearer, or enlarge the radius"
            )
        self.weights = np.clip(1 - (away / stroke.radius) ** 2, 0, None) ** 2
        self._gripped = np.flatnonzero(self.weights)
        self._rest = rest[self._gripped]

    def push(self, frame: int, dt: float, positions: np.ndarray, deformation: np.ndarray) -> Push:
        """The push [P] through a frame of dt seconds, given positions [P, 3] and deformation gradients [P, 3, 3]."""
        stroke = self.stroke
        now, then = (np.clip((frame + k - stroke.start) / stroke.frames, 0, 1) for k in (0, 1))
        total = Push.none(len(positions))
        if now == then:
            return total
        held = self._gripped
        if stroke.kind is StrokeKind.impulse:
            total.acceleration[held] = self.weights[held, None] * stroke.vector * ((then - now) / dt)
            return total
        goal = self._rest + np.asarray(stroke.vector) * (then * then * (3 - 2 * then))
        rate = HAND * self.weights[held] * gate(deformation)
        total.acceleration[held] = rate[:, None] * (goal - positions[held]) / dt
        total.rate[held] = rate
        return total


def gate(deformation: np.ndarray) -> float:
    """What is left of a pull on a body of deformation gradients [P, 3, 3]: less as the most stretched of them gives."""
    F = np.asarray(deformation[:: max(1, len(deformation) // LOOKED_AT)], np.float64)
    stretch = float(np.sqrt(np.linalg.eigvalsh(F.transpose(0, 2, 1) @ F).max()))
    return float(np.clip((STRETCH_LIMIT - stretch) / (STRETCH_LIMIT - STRETCH_FREE), 0, 1))
