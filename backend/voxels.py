"""A sparse voxel grid over a point cloud: which points hang together, and how far apart they are along the cloud."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

OFFSETS = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), -1).reshape(27, 3)
OFFSETS = OFFSETS[np.any(OFFSETS != 0, 1)]
"""From a cell to its 26 neighbours [26, 3]: faces, edges and corners."""

SPAN = 1 << 20
"""Cells along an axis that a 63-bit key of three indices has room for, with a margin for neighbours."""


@dataclass(frozen=True)
class Voxels:
    """The V occupied cells of N points."""

    size: float
    """Edge of a cell, in the unit of the points."""
    cells: np.ndarray
    """Integer indices [V, 3] of the occupied cells."""
    of_point: np.ndarray
    """Cell of each point [N], 0..V-1."""
    neighbours: np.ndarray
    """Occupied cells around each one [V, 26], in the order of `OFFSETS`; V where there is none."""

    @staticmethod
    def around(points: np.ndarray, size: float) -> Voxels:
        """Cells with edge `size` that hold at least one of the points [N, 3]."""
        index = cells_of(points - np.median(points, axis=0), size)
        keys, first, of_point = np.unique(keys_of(index), return_index=True, return_inverse=True)
        cells = index[first]
        around = keys_of(cells[:, None] + OFFSETS)
        place = np.minimum(np.searchsorted(keys, around), len(keys) - 1)
        return Voxels(size, cells, of_point, np.where(keys[place] == around, place, len(keys)))

    def __len__(self) -> int:
        return len(self.cells)

    def total(self, weights: np.ndarray) -> np.ndarray:
        """Sum of the points' weights [N] in each cell [V]."""
        return np.bincount(self.of_point, weights, len(self))

    def touches(self, mask: np.ndarray) -> np.ndarray:
        """Cells [V] with a neighbour in `mask` [V]."""
        return np.append(mask, False)[self.neighbours].any(1)

    def components(self, mask: np.ndarray) -> np.ndarray:
        """Connected components [V] of the cells in `mask` [V]: 0, 1, ... in no particular order; -1 outside.

        Each cell takes the lowest label around it and hands it to the cell that its old label names; then labels are
        followed to their roots. The number of rounds grows with the logarithm of a component's diameter.
        """
        outside = len(self)
        labels = np.append(np.where(mask, np.arange(outside), outside), outside)
        while True:
            lowest = np.minimum(labels[:-1], labels[self.neighbours].min(1))
            lowest[~mask] = outside
            if np.array_equal(lowest, labels[:-1]):
                break
            np.minimum.at(labels, labels[:-1][mask], lowest[mask])
            while not np.array_equal(root := labels[labels], labels):
                labels = root
        components = np.full(outside, -1)
        components[mask] = np.unique(labels[:-1][mask], return_inverse=True)[1]
        return components

    def distances(self, sources: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Length [V] of the shortest way from cells in `sources` through those in `mask`; inf where there is none."""
        step = np.linalg.norm(OFFSETS, axis=1) * self.size
        distance = np.append(np.where(sources & mask, 0.0, np.inf), np.inf)
        while True:
            nearer = np.minimum(distance[:-1], (distance[self.neighbours] + step).min(1))
            nearer[~mask] = np.inf
            if np.array_equal(nearer, distance[:-1]):
                return nearer
            distance[:-1] = nearer

    def spread(self, labels: np.ndarray, rounds: int) -> np.ndarray:
        """Labels [V] with each -1 replaced from `rounds` cells around; the lowest label wins where several meet."""
        unknown = np.iinfo(labels.dtype).max
        for _ in range(rounds):
            lowest = np.append(np.where(labels < 0, unknown, labels), unknown)[self.neighbours].min(1)
            labels = np.where((labels < 0) & (lowest < unknown), lowest, labels)
        return labels


def cells_of(points: np.ndarray, size: float) -> np.ndarray:
    """Indices [N, 3] of the cells of edge `size` that points [N, 3] lie in; what is far away is brought near."""
    return np.clip(np.floor(points / size), -SPAN // 2, SPAN // 2).astype(np.int64)


def keys_of(index: np.ndarray) -> np.ndarray:
    """One integer for each cell [...] of indices [..., 3]."""
    x, y, z = np.moveaxis(index.astype(np.int64) + SPAN, -1, 0)
    return (x * (2 * SPAN) + y) * (2 * SPAN) + z
