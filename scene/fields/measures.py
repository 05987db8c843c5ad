"""How fast the particles of a motion go and how much they are strained, frame by frame, and what splats show of it.

Strain is the largest principal logarithmic strain, by size: max |ln l| over the stretches l along the principal axes.
Where a motion carries the stretch U of its particles, l are the eigenvalues of U. Where it carries only their turning
R, U is that of the least-squares affine map of the nearest particles, taken back by R (moving least squares, as in
Mueller et al. 2004, "Point based animation", section 4): it misses what varies between particles.
"""

from __future__ import annotations

import numpy as np
from mathutils.kdtree import KDTree

from ...backend import rotations as rot
from ...backend.deformation import symmetric
from ...backend.trajectory import Trajectory

NEIGHBOURS = 10
FLAT = 1e-2
"""Part of the neighbours' extent squared that is added in directions in which there are none: no strain there."""
LOOKS = 24
"""Frames that are looked at for the ends of the ramp."""
MOST = 99.0
"""Percentile of particles, in the frame where it is largest, at the ramp's bright end."""


class Measures:
    """Of one trajectory in world space."""

    def __init__(self, trajectory: Trajectory) -> None:
        self.trajectory = trajectory
        self._near: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def speed(self, frame: float) -> np.ndarray:
        """Of the particles [P] over the frame around a frame of the motion, m/s."""
        begin, end = (self._positions(frame + step) for step in (-0.5, 0.5))
        last = len(self.trajectory) - 1
        span = min(frame + 0.5, last) - max(frame - 0.5, 0)  # half a frame at both ends
        if span <= 0:
            return np.zeros(len(self.trajectory.rest), np.float32)
        return np.linalg.norm(end - begin, axis=1) * np.float32(self.trajectory.fps / span)

    def strain(self, frame: float) -> np.ndarray:
        """Largest principal logarithmic strain of the particles [P], by size, at a frame of the motion."""
        return np.abs(np.log(np.clip(eigenvalues(self._stretch(frame)), 1e-3, 1e3))).max(-1)

    def on_splats(self, values: np.ndarray, count: int) -> np.ndarray:
        """Values of the particles [P] as the splats [count] that hang on them have them; NaN where one holds still."""
        binding = self.trajectory.binding
        shown = np.full(count, np.nan, np.float32)
        shown[binding.splats] = np.einsum("mk,mk->m", binding.weights, values.astype(np.float32)[binding.particles])
        return shown

    def most(self, measure: str) -> float:
        """What nearly all particles stay below in all frames, of "speed" or "strain"."""
        frames = np.unique(np.linspace(0, len(self.trajectory) - 1, LOOKS).round())
        return max(float(np.percentile(getattr(self, measure)(frame), MOST)) for frame in frames)

    def _positions(self, frame: float) -> np.ndarray:
        first, second, t = self._between(frame)
        return (1 - t) * self.trajectory.positions[first] + t * self.trajectory.positions[second]

    def _between(self, frame: float) -> tuple[int, int, np.float32]:
        last = len(self.trajectory) - 1
        frame = float(np.clip(frame, 0, last))
        first = min(int(frame), max(last - 1, 0))
        return first, min(first + 1, last), np.float32(frame - first)

    def _stretch(self, frame: float) -> np.ndarray:
        """U [P, 3, 3]."""
        motion = self.trajectory
        first, second, t = self._between(frame)
        if motion.stretch is not None:
            return symmetric((1 - t) * motion.stretch[first] + t * motion.stretch[second])
        near, apart, inverse = self._neighbourhoods()
        places = self._positions(frame)
        turn = rot.matrix_from_quaternion(motion.rotations[second if t > 0.5 else first])  # [P, 3, 3]
        # R^T applied to rows is a product with R from the right.
        moved = np.matmul(places[near] - places[:, None], turn) - apart  # [P, K, 3]
        gradient = np.matmul(np.matmul(moved.swapaxes(1, 2), apart), inverse)
        return np.eye(3) + 0.5 * (gradient + gradient.swapaxes(1, 2))

    def _neighbourhoods(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Nearest particles [P, K], where they are from each at rest [P, K, 3] and their inverse moments [P, 3, 3]."""
        if self._near is None:
            rest = self.trajectory.rest
            tree = KDTree(len(rest))
            for index, place in enumerate(rest.tolist()):
                tree.insert(place, index)
            tree.balance()
            wanted = min(NEIGHBOURS + 1, len(rest))
            near = np.array([[index for _, index, _ in tree.find_n(place, wanted)] for place in rest.tolist()])
            apart = rest[near] - rest[:, None]
            moments = np.matmul(apart.swapaxes(1, 2), apart)
            moments += FLAT * np.trace(moments, axis1=1, axis2=2)[:, None, None] * np.eye(3) + 1e-12 * np.eye(3)
            self._near = near, apart, np.linalg.inv(moments)
        return self._near


def eigenvalues(matrices: np.ndarray) -> np.ndarray:
    """Eigenvalues [..., 3], largest first, of symmetric matrices [..., 3, 3], in closed form (Smith 1961)."""
    a = np.asarray(matrices, np.float64)
    mean = np.trace(a, axis1=-2, axis2=-1) / 3
    off = a - mean[..., None, None] * np.eye(3)
    size = np.sqrt((off**2).sum((-1, -2)) / 6)
    ratio = np.linalg.det(off) / (2 * np.maximum(size, 1e-30) ** 3)
    angle = np.arccos(np.clip(ratio, -1, 1)) / 3
    return mean[..., None] + 2 * size[..., None] * np.cos(angle[..., None] + np.array([0, -2, 2]) * np.pi / 3)
