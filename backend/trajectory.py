"""`Trajectory`: how driving particles move over frames, and how splats hang on them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import rotations as rot
from .deformation import principal_axes, six_numbers, symmetric
from .gaussians import Gaussians


@dataclass(frozen=True)
class Binding:
    """Which driving particles carry which splats, and how much each."""

    splats: np.ndarray
    """Indices of the splats that move [M], int32; all others hold still."""
    particles: np.ndarray
    """Driving particles of each moving splat [M, K], int32."""
    weights: np.ndarray
    """Their weights [M, K], float32, rows sum to 1."""


@dataclass(frozen=True)
class Trajectory:
    """Motion of P driving particles over T frames, world space, metres, Z up."""

    rest: np.ndarray
    """Positions at rest [P, 3], float32."""
    positions: np.ndarray
    """Positions per frame [T, P, 3], float32."""
    rotations: np.ndarray
    """Rotation since rest per frame, unit quaternions wxyz [T, P, 4], float32: the polar rotation of F."""
    binding: Binding
    fps: float
    """Frames per second of the scene that the frames are counted in."""
    stretch: np.ndarray | None = None
    """Right stretch U of F = R U since rest per frame [T, P, 6] (xx, xy, xz, yy, yz, zz), float32; None where particles
    only turn."""

    def __len__(self) -> int:
        return len(self.positions)

    def pose(self, gaussians: Gaussians, frame: float) -> tuple[np.ndarray, np.ndarray]:
        """Positions [N, 3] and rotations [N, 4] of all splats at a frame (fractions interpolate, ends hold).

        A splat moves by its particles' weighted mean displacement and turns by their blended rotation R. Where they
        stretch, its own deformation is A = R U with their mean stretch U, and it moves as the affine map with that
        gradient through the particles' weighted mean; the rotation is then that of its colours, and `posed` gives its
        shape.
        """
        positions, turns, _ = self._carried(gaussians, frame)
        rotations = gaussians.rotations.copy()
        moving = self.binding.splats
        rotations[moving] = rot.multiply(turns, rotations[moving])
        return positions, rotations

    def posed(self, gaussians: Gaussians, frame: float) -> Gaussians:
        """The cloud at a frame: covariances A Sigma A^T, colours as they are at rest."""
        positions, turns, deformation = self._carried(gaussians, frame)
        rotations, scales = gaussians.rotations.copy(), gaussians.scales.copy()
        moving = self.binding.splats
        if deformation is None:
            rotations[moving] = rot.multiply(turns, rotations[moving])
        else:
            half_axes = rot.matrix_from_quaternion(rotations[moving]) * scales[moving, None]
            rotations[moving], scales[moving] = principal_axes(deformation @ half_axes)
        return replace(gaussians, positions=positions, rotations=rotations, scales=scales)

    def _carried(self, gaussians: Gaussians, frame: float) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Positions [N, 3] of all splats, turns [M, 4] and deformations A [M, 3, 3] of those that move."""
        frame = float(np.clip(frame, 0, len(self) - 1))
        first = min(int(frame), max(len(self) - 2, 0))
        t = np.float32(frame - first)
        second = min(first + 1, len(self) - 1)
        displacement = (1 - t) * self.positions[first] + t * self.positions[second] - self.rest
        turn = _blend(self.rotations[[first, second]].swapaxes(0, 1), np.array([1 - t, t], np.float32))

        b = self.binding
        moved = np.einsum("mk,mkc->mc", b.weights, displacement[b.particles])
        turns = _blend(turn[b.particles], b.weights)
        deformation = None
        if self.stretch is not None:
            stretch = (1 - t) * self.stretch[first] + t * self.stretch[second]
            mean = np.einsum("mk,mkc->mc", b.weights, stretch[b.particles])
            deformation = rot.matrix_from_quaternion(turns) @ symmetric(mean)
            offset = gaussians.positions[b.splats] - np.einsum("mk,mkc->mc", b.weights, self.rest[b.particles])
            moved += np.einsum("mij,mj->mi", deformation, offset) - offset
        positions = gaussians.positions.copy()
        positions[b.splats] += moved
        return positions, turns, deformation

    def transformed(self, matrix: np.ndarray) -> Trajectory:
        """The same motion seen from the frame that a 4x4 similarity maps to: rest, positions and axes of rotation.

        Raises ValueError for a shear, a mirror or a non-uniform scale.
        """
        rotation, scale = rot.similarity(matrix)
        turn = rot.quaternion_from_matrix(rotation)
        back = turn * np.array([1, -1, -1, -1])
        linear, shift = scale * rotation, np.asarray(matrix, float)[:3, 3]
        stretch = self.stretch
        if stretch is not None:
            turned = np.einsum("ai,tpij,bj->tpab", rotation, symmetric(stretch), rotation, optimize=True)
            stretch = six_numbers(turned).astype(np.float32)
        return replace(
            self,
            stretch=stretch,
            rest=(self.rest @ linear.T + shift).astype(np.float32),
            positions=(self.positions @ linear.T + shift).astype(np.float32),
            rotations=rot.multiply(rot.multiply(turn, self.rotations), back).astype(np.float32),
        )

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for `arrays.save`."""
        b = self.binding
        optional = {} if self.stretch is None else {"stretch": self.stretch}
        return {
            **optional,
            "rest": self.rest,
            "positions": self.positions,
            "rotations": self.rotations,
            "binding_splats": b.splats,
            "binding_particles": b.particles,
            "binding_weights": b.weights,
            "fps": np.array(self.fps),
        }

    @staticmethod
    def from_arrays(a: dict[str, np.ndarray]) -> Trajectory:
        binding = Binding(a["binding_splats"], a["binding_particles"], a["binding_weights"])
        return Trajectory(a["rest"], a["positions"], a["rotations"], binding, float(a["fps"]), stretch=a.get("stretch"))


def _blend(quaternions: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of nearby rotations: [..., K, 4] and [..., K] or [K] -> [..., 4].

    The signs are aligned with the first one; for rotations a few tens of degrees apart this is the spherical mean to
    second order.
    """
    sign = np.where((quaternions * quaternions[..., :1, :]).sum(-1) < 0, -1, 1).astype(np.float32)
    return rot.normalised(((weights * sign)[..., None] * quaternions).sum(-2))
