"""`Trajectory`: how driving particles move over frames, and how splats hang on them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import rotations as rot
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

    def __len__(self) -> int:
        return len(self.positions)

    def pose(self, gaussians: Gaussians, frame: float) -> tuple[np.ndarray, np.ndarray]:
        """Positions [N, 3] and rotations [N, 4] of all splats at a frame (fractions interpolate, ends hold).

        A splat moves by its particles' weighted mean displacement and turns by their blended rotation.
        """
        frame = float(np.clip(frame, 0, len(self) - 1))
        first = min(int(frame), max(len(self) - 2, 0))
        t = np.float32(frame - first)
        second = min(first + 1, len(self) - 1)
        displacement = (1 - t) * self.positions[first] + t * self.positions[second] - self.rest
        turn = _blend(self.rotations[[first, second]].swapaxes(0, 1), np.array([1 - t, t], np.float32))

        b = self.binding
        positions, rotations = gaussians.positions.copy(), gaussians.rotations.copy()
        positions[b.splats] += np.einsum("mk,mkc->mc", b.weights, displacement[b.particles])
        rotations[b.splats] = rot.multiply(_blend(turn[b.particles], b.weights), rotations[b.splats])
        return positions, rotations

    def transformed(self, matrix: np.ndarray) -> Trajectory:
        """The same motion seen from the frame that a 4x4 similarity maps to: rest, positions and axes of rotation.

        Raises ValueError for a shear, a mirror or a non-uniform scale.
        """
        rotation, scale = rot.similarity(matrix)
        turn = rot.quaternion_from_matrix(rotation)
        back = turn * np.array([1, -1, -1, -1])
        linear, shift = scale * rotation, np.asarray(matrix, float)[:3, 3]
        return replace(
            self,
            rest=(self.rest @ linear.T + shift).astype(np.float32),
            positions=(self.positions @ linear.T + shift).astype(np.float32),
            rotations=rot.multiply(rot.multiply(turn, self.rotations), back).astype(np.float32),
        )

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for `arrays.save`."""
        b = self.binding
        return {
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
        return Trajectory(a["rest"], a["positions"], a["rotations"], binding, float(a["fps"]))


def _blend(quaternions: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of nearby rotations: [..., K, 4] and [..., K] or [K] -> [..., 4].

    The signs are aligned with the first one; for rotations a few tens of degrees apart this is the spherical mean to
    second order.
    """
    sign = np.where((quaternions * quaternions[..., :1, :]).sum(-1) < 0, -1, 1).astype(np.float32)
    return rot.normalised(((weights * sign)[..., None] * quaternions).sum(-2))
