"""Particles for the solver from splats: evenly through what they enclose, each with its volume."""

from __future__ import annotations

import numpy as np

from ..fitting.particles import solid
from ..gaussians import Gaussians
from .interior import solid_of

SAMPLES = 12
"""Sample points for a particle, at least: its volume is a whole number of them."""
ITERATIONS = 4
"""Of Lloyd's, which evens the particles out."""


def particles(
    gaussians: Gaussians, mask: np.ndarray, *, filling: bool = True, count: int = 5000, voxels: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Positions [P, 3] (m) and volumes [P] (m^3) of about `count` particles of the masked [N] world-frame splats.

    `filling` puts them through all that the splats enclose; without it, and where they enclose nothing, matter is as
    thick as a voxel, of which there are `voxels` along the longest side. The volumes sum to the solid's volume.
    The same splats give the same particles.
    Raises ValueError when no masked splat is solid, or for splats without extent.
    """
    chosen = gaussians.select(np.asarray(mask, bool))
    if len(chosen):
        size = float(np.ptp(np.percentile(chosen.positions, [0.1, 99.9], axis=0), axis=0).max())
        chosen = chosen.select(solid(chosen.positions.astype(np.float64), chosen.opacity, size))
    if not len(chosen):
        raise ValueError("none of the chosen splats is solid; choose opaque ones")
    matter = solid_of(chosen, filling=filling, voxels=voxels, samples=SAMPLES * count)
    return evened(matter.points, matter.volumes, count)


def evened(points: np.ndarray, volumes: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `count` centres [P, 3] of sample points [Q, 3] and the volumes [P] that their samples [Q] sum to.

    Lloyd's iteration (1982) from the samples' means in the voxels of a lattice that has about so many.
    """
    from scipy.spatial import KDTree

    centres = _in_lattice(points, volumes, count)
    for _ in range(ITERATIONS):
        owner = KDTree(centres).query(points)[1]
        centres, _shares = _means(points, volumes, owner)
    owner = KDTree(centres).query(points)[1]
    return _means(points, volumes, owner)


def _in_lattice(points: np.ndarray, volumes: np.ndarray, count: int) -> np.ndarray:
    """The samples' means [P, 3] in the largest voxels, `count` at most, of a lattice with about so many."""
    edge = np.cbrt(volumes.sum() / count)
    for _ in range(6):
        cell = np.floor(points / edge).astype(np.int64)
        owner = np.unique(cell, axis=0, return_inverse=True)[1].ravel()
        means, shares = _means(points, volumes, owner)
        if count <= len(means) <= 1.1 * count or len(means) == len(points):
            break
        edge *= np.sqrt(len(means) / (1.05 * count))  # between a sheet's square and a body's cubic root
    return means[np.sort(np.argsort(-shares, kind="stable")[:count])]


def _means(points: np.ndarray, volumes: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means [P, 3] of the samples of each owner that has any, and their sums of volume [P]."""
    shares = np.bincount(owner, volumes)
    sums = np.stack([np.bincount(owner, volumes * points[:, axis]) for axis in range(3)], 1)
    used = shares > 0
    return sums[used] / shares[used, None], shares[used]
