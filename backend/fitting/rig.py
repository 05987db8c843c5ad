"""`Rig`: several views of one motion, as if one camera had followed all their tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..camera import Camera
from .observation import Tracks


@dataclass(frozen=True)
class Rig:
    """Cameras, each of which looks at its own stretch of a list of points."""

    cameras: tuple[Camera, ...]
    counts: tuple[int, ...]
    """How many points each camera looks at; they sum to V."""

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels [..., V, 2] of world points [..., V, 3]."""
        return np.concatenate([camera.project(own) for camera, own in self._own(points)], -2)

    def project_jacobian(self, points: np.ndarray) -> np.ndarray:
        """d pixel / d world point [V, 2, 3] of points [V, 3]."""
        return np.concatenate([camera.project_jacobian(own) for camera, own in self._own(points)])

    def _own(self, points: np.ndarray):
        ends = np.cumsum(self.counts)[:-1]
        return zip(self.cameras, np.split(points, ends, axis=-2), strict=True)


def together(cameras: Sequence[Camera], tracks: Sequence[Tracks]) -> tuple[Rig, Tracks]:
    """The tracks of several views of one motion as one."""
    rig = Rig(tuple(cameras), tuple(len(own.particles) for own in tracks))
    return rig, Tracks(
        np.concatenate([own.particles for own in tracks]),
        np.concatenate([own.displacement for own in tracks], 1),
        np.concatenate([own.weights for own in tracks], 1),
    )
