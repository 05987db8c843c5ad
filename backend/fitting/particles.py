"""From splats to driving particles: which splats are solid, where particles sit, which voxels they fill."""

from __future__ import annotations

import numpy as np

OPACITY_MIN = 0.1
"""Splats fainter than this are haze, not matter."""
NEIGHBOUR = 6
SPARSE, UNUSUAL = 0.02, 3.0
"""A splat floats by itself if its sixth neighbour is farther than this part of the subject's size, and than this many
times what is usual."""

PER_PARTICLE = 4
"""Voxels that a particle is the middle of, at least."""
FINEST = 1e-3
"""Of what they begin with, the side of the smallest voxels: points nearer to each other are one."""


def solid(positions: np.ndarray, opacity: np.ndarray, size: float) -> np.ndarray:
    """Mask [N] of splats that stand for matter: opaque enough and in company. `size`: the subject's extent, metres."""
    from scipy.spatial import KDTree

    mask = opacity > OPACITY_MIN
    opaque = positions[mask]
    if len(opaque) > NEIGHBOUR:
        distance = KDTree(opaque).query(opaque, k=[NEIGHBOUR])[0][:, 0]
        mask[mask] = distance < max(SPARSE * size, UNUSUAL * np.median(distance))
    return mask


def driving_particles(points: np.ndarray, edge: float, count: int, *, seed: int = 0) -> np.ndarray:
    """Positions [P, 3] of `count` particles among points [Q, 3] of matter, or of as many as there are places.

    They are spread over the voxels that points occupy, not over the points, whose density tells of detail rather than
    of matter. The voxels' side is `edge` (metres), or smaller where that leaves fewer than a few for each particle.
    """
    even, finest = evenly(points, edge), FINEST * edge
    while len(even) < min(PER_PARTICLE * count, len(points)) and edge > finest:
        edge *= 0.8
        even = evenly(points, edge)
    return k_means(even, min(count, len(even)), seed=seed)


def evenly(points: np.ndarray, edge: float) -> np.ndarray:
    """One point [V, 3] per voxel of side `edge` (metres) that points [Q, 3] occupy: the mean of those in it."""
    label = occupied(points, edge)[1]
    size = np.bincount(label)
    return np.stack([np.bincount(label, points[:, axis]) for axis in range(3)], 1) / size[:, None]


def k_means(points: np.ndarray, count: int, *, iterations: int = 8, seed: int = 0) -> np.ndarray:
    """Centres [count, 3] of points [Q, 3] by Lloyd's iteration (1982) on a k-d tree, from a seeded choice of points.

    The same seed gives the same centres, bit for bit.
    """
    from scipy.spatial import KDTree

    points = np.asarray(points, np.float64)
    centres = points[np.random.default_rng(seed).choice(len(points), count, replace=False)]
    for _ in range(iterations):
        label = KDTree(centres).query(points)[1]
        size = np.bincount(label, minlength=count)
        total = np.stack([np.bincount(label, points[:, axis], count) for axis in range(3)], 1)
        centres = np.where(size[:, None] > 0, total / np.maximum(size, 1)[:, None], centres)
    return centres


def occupied(points: np.ndarray, edge: float) -> tuple[np.ndarray, np.ndarray]:
    """Voxels [V, 3] (integers) of side `edge` (metres) that points [Q, 3] lie in, and that of each point [Q]."""
    cells, of_point = np.unique(np.floor(points / edge).astype(np.int64), axis=0, return_inverse=True)
    return cells, of_point.ravel()


def volumes(points: np.ndarray, centres: np.ndarray, edge: float) -> np.ndarray:
    """Volume [P], m^3, of each centre: the voxels of side `edge` (metres) occupied by points [Q, 3] nearest to it.

    A centre no voxel is nearest to still gets half a voxel, so that no particle is weightless.
    """
    from scipy.spatial import KDTree

    owner = KDTree(centres).query((occupied(points, edge)[0] + 0.5) * edge)[1]
    return np.maximum(np.bincount(owner, minlength=len(centres)), 0.5) * edge**3


def inverse_distance(points: np.ndarray, centres: np.ndarray, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    """Nearest centres [Q, K] int32 of points [Q, 3] and their inverse-distance weights [Q, K] float32, rows sum to 1.

    Distances are softened by a thousandth of the centres' extent, so that a point on a centre keeps finite weights.
    """
    from scipy.spatial import KDTree

    distance, index = KDTree(centres).query(points, k=np.arange(1, min(neighbours, len(centres)) + 1))
    weights = 1 / (distance + 1e-3 * np.ptp(centres, axis=0).max())
    return index.astype(np.int32), (weights / weights.sum(1, keepdims=True)).astype(np.float32)
