"""The opacity field of a splat cloud on a voxel grid, after PhysGaussian (Xie et al. 2024, section 4.5 and its code).

d(x) = sum_i o_i exp(-1/2 (x - p_i)^T Sigma_i^-1 (x - p_i)). Two things differ: Sigma is widened by `SMOOTHING` voxels,
so that splats much smaller than a voxel are seen wherever they lie and no eigenvalue is ever zero; and a splat reaches
no farther than `REACH_MAX` voxels, where the original's loop can overflow for ever (its issue 47); one that is thicker
than that shows no surface and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..deformation import six_numbers, symmetric
from ..gaussians import Gaussians

SMOOTHING = 0.5
"""Standard deviation [voxels] that every splat is widened by."""
CUT = 2.5
"""Standard deviations at which a splat ends."""
REACH_MAX = 6
"""Voxels that a splat reaches to each side, at most."""
MARGIN = 3
"""Empty voxels around the cloud."""
CHUNK = 50_000


@dataclass(frozen=True)
class OpacityField:
    """Numbers on the voxels of a box; voxel (i, j, k) has its centre at origin + edge * (i, j, k)."""

    values: np.ndarray
    """d [nx, ny, nz], 1 being the peak of one opaque splat."""
    origin: np.ndarray
    """Centre of voxel (0, 0, 0) [3], metres."""
    edge: float
    """Edge of a voxel, metres."""

    def points(self, index: np.ndarray) -> np.ndarray:
        """Positions [..., 3] (m) of voxel coordinates [..., 3], whole or between."""
        return self.origin + self.edge * index


def opacity_field(gaussians: Gaussians, voxels: int) -> OpacityField:
    """The field of world-frame splats (metres) on a grid with `voxels` along the longest side of what is opaque.

    Splats that stand off by themselves are left out of the box.
    Raises ValueError for a cloud without extent.
    """
    low, high = np.percentile(gaussians.positions, [0.05, 99.95], axis=0).astype(np.float64)
    edge = float((high - low).max()) / voxels
    if not edge > 0:
        raise ValueError("the splats have no extent, so there is nothing to fill; select more of them")
    origin = low - MARGIN * edge
    shape = np.ceil((high - low) / edge).astype(int) + 2 * MARGIN + 1
    values = np.zeros(int(np.prod(shape)))
    place = (gaussians.positions - origin) / edge  # [N, 3] voxels
    inside = np.all((place > 0) & (place < shape - 1), axis=1)
    inside &= gaussians.scales.min(1) * CUT < REACH_MAX * edge
    place, opacity = place[inside], gaussians.opacity[inside]
    covariance = six_numbers(gaussians.select(inside).covariances().astype(np.float64)) / edge**2
    covariance[:, [0, 3, 5]] += SMOOTHING**2
    reach = np.ceil(CUT * np.sqrt(covariance[:, [0, 3, 5]].max(1)))
    reach = np.minimum(np.nan_to_num(reach, nan=1), REACH_MAX).astype(int)
    for r in np.unique(reach):
        own = np.flatnonzero(reach == r)
        for some in np.array_split(own, max(len(own) * (2 * r + 1) // CHUNK, 1)):
            _add(values, shape, place[some], opacity[some], covariance[some], r)
    return OpacityField(values.reshape(shape), origin, edge)


def _add(
    values: np.ndarray, shape: np.ndarray, place: np.ndarray, opacity: np.ndarray, covariance: np.ndarray, reach: int
) -> None:
    """Adds splats [n] that reach equally far, one layer of offsets at a time."""
    inverse = np.linalg.inv(symmetric(covariance))  # [n, 3, 3]
    centre = np.rint(place).astype(int)
    steps = np.arange(-reach, reach + 1)
    for x in steps:
        offset = np.stack(np.meshgrid(x, steps, steps, indexing="ij"), -1).reshape(-1, 3)
        cell = centre[:, None] + offset  # [n, m, 3]
        beside = cell - place[:, None]
        d2 = np.einsum("nmi,nij,nmj->nm", beside, inverse, beside, optimize=True)
        near = (d2 < CUT**2) & np.all((cell >= 0) & (cell < shape), axis=-1)
        flat = (cell[..., 0] * shape[1] + cell[..., 1]) * shape[2] + cell[..., 2]
        response = (opacity[:, None] * np.exp(-0.5 * d2))[near]
        values += np.bincount(flat[near], response, len(values))
