"""`Gaussians`: a cloud of anisotropic 3-D Gaussian splats, the noun that readers make and everything else uses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import rotations as rot
from . import spherical_harmonics
from .spherical_harmonics import SH_C0


@dataclass(frozen=True)
class Gaussians:
    """Struct of arrays; N splats share every first axis. float32 throughout.

    Colour is display-referred (what trainers optimise against, sRGB-encoded), as in Kerbl et al. 2023.
    """

    positions: np.ndarray
    """Centres [N, 3], metres (or the capture's own unit), frame of the file or of the world as the holder says."""
    rotations: np.ndarray
    """Unit quaternions [N, 4], wxyz: from the splat's principal axes to the frame of `positions`."""
    scales: np.ndarray
    """Standard deviations along the principal axes [N, 3], linear, same unit as positions."""
    opacity: np.ndarray
    """Peak opacity [N], 0..1 (after the sigmoid)."""
    sh: np.ndarray
    """Spherical-harmonic coefficients [N, (degree+1)^2, 3], raw as trained; index 0 is the constant one."""

    def __post_init__(self) -> None:
        n = len(self.positions)
        expected = {"positions": (n, 3), "rotations": (n, 4), "scales": (n, 3), "opacity": (n,)}
        for name, shape in expected.items():
            got = getattr(self, name).shape
            if got != shape:
                raise ValueError(f"Gaussians.{name} has shape {got}, expected {shape}")
        if self.sh.ndim != 3 or self.sh.shape[0] != n or self.sh.shape[2] != 3:
            raise ValueError(f"Gaussians.sh has shape {self.sh.shape}, expected ({n}, K, 3)")
        if (self.sh_degree + 1) ** 2 != self.sh.shape[1]:
            raise ValueError(f"Gaussians.sh has {self.sh.shape[1]} coefficients, not 1, 4, 9, 16 or 25")

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def sh_degree(self) -> int:
        return int(np.sqrt(self.sh.shape[1])) - 1

    @property
    def colours(self) -> np.ndarray:
        """Base colour [N, 3], display-referred, clipped below at 0 as the trainers' rasterisers do."""
        return np.maximum(0.5 + SH_C0 * self.sh[:, 0], 0).astype(np.float32)

    def covariances(self) -> np.ndarray:
        """Covariance matrices R S S^T R^T [N, 3, 3] (Kerbl et al. 2023, eq. 6)."""
        half = rot.matrix_from_quaternion(self.rotations) * self.scales[:, None, :]
        return half @ half.transpose(0, 2, 1)

    def select(self, index: np.ndarray) -> Gaussians:
        """The splats at a boolean mask [N] or integer index."""
        return Gaussians(
            self.positions[index], self.rotations[index], self.scales[index], self.opacity[index], self.sh[index]
        )

    def transformed(self, matrix: np.ndarray, *, rotate_sh: bool = False) -> Gaussians:
        """Moved by a 4x4 similarity (rotation, uniform scale, translation).

        Spherical harmonics of degree 1 and more stay in the frame they were in, where whoever shows them evaluates
        them, unless `rotate_sh` takes them along.
        Raises ValueError for a shear, a mirror or a non-uniform scale, which rotations and scales cannot follow.
        """
        rotation, scale = rot.similarity(matrix)
        turn = rot.quaternion_from_matrix(rotation)
        sh = spherical_harmonics.rotate_sh(self.sh, rotation) if rotate_sh else self.sh
        return replace(
            self,
            positions=(self.positions @ (scale * rotation).T + np.asarray(matrix, float)[:3, 3]).astype(np.float32),
            rotations=rot.multiply(turn, self.rotations).astype(np.float32),
            scales=(self.scales * scale).astype(np.float32),
            sh=sh,
        )

    def seen_from(self, eye: np.ndarray) -> Gaussians:
        """The cloud with one colour a splat: the one seen from `eye` [3], in the frame of positions and harmonics."""
        if not self.sh_degree:
            return self
        direction = self.positions - np.asarray(eye, np.float32)
        direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-12)
        seen = 0.5 + spherical_harmonics.evaluate_sh(self.sh, direction)
        return replace(self, sh=sh_from_colours(np.maximum(seen, 0)))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for `arrays.save`."""
        return {name: getattr(self, name) for name in ("positions", "rotations", "scales", "opacity", "sh")}

    @staticmethod
    def from_arrays(arrays: dict[str, np.ndarray]) -> Gaussians:
        return Gaussians(*(arrays[name] for name in ("positions", "rotations", "scales", "opacity", "sh")))


def sh_from_colours(colours: np.ndarray) -> np.ndarray:
    """Degree-0 coefficients [N, 1, 3] that show the given display colours [N, 3]."""
    return ((np.asarray(colours, np.float32) - 0.5) / SH_C0).astype(np.float32)[:, None, :]
