"""How far the points of a cloud are from their nearest neighbours, where that matters: for those that are alone.

A voxel grid is so coarse that most points share their cell with many: how dense it is there says how far apart they
are. The others look for their neighbours in the cells around, and those that find too few look again in a grid twice as
coarse. A million points take seconds in numpy alone, without a tree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .voxels import OFFSETS, cells_of, keys_of

AROUND = np.concatenate([np.zeros((1, 3), int), OFFSETS])
"""A cell and its 26 neighbours [27, 3]."""
CROWD = 2
"""A cell shows its neighbours at most about this many times k of its points, and so it goes on in coarser grids: points
that are farther off than the cell is wide see little difference, and those that are alone in a cell stay there."""
DENSE, SEARCHES = (0.75, 0.93), 12
"""Part of the points that share their cell with k others in the first grid, at least and at most; tries to find it."""
BLOCK = 1 << 21
"""Pairs of points that are looked at at a time: bounds the memory."""


def mean_distances(points: np.ndarray, k: int) -> np.ndarray:
    """Mean distance [N] of each of the points [N, 3] to its `k` nearest others (to all where there are fewer).

    Estimated, from the number in its cell, for a point with k others in it: there points are taken to lie on a surface.
    Else exact, but for neighbours in cells of more than `CROWD` k points, of which only so many are looked at.
    """
    count = len(points)
    k = min(k, count - 1)
    if k < 1:
        return np.zeros(count)
    points = np.asarray(points, np.float32) - np.median(points, axis=0).astype(np.float32)
    size, extent = _first_size(points, k), float(np.ptp(points, axis=0).max())
    grid = _Grid.of(points, np.arange(count), size)
    means = np.empty(count)
    means[grid.order] = np.repeat(size * (2 / 3) * np.sqrt(k / (np.pi * grid.counts)), grid.counts)
    left = grid.order[np.repeat(grid.counts <= k, grid.counts)]
    while len(left):
        shown = grid.thinned(CROWD * k)
        mean, farthest = _Grid.of(points, shown, size).nearest(points, left, k)
        whole = size > extent  # every point is in the cells around
        found = (farthest <= size) | whole
        means[left[found]] = mean[found]
        left = left[~found]
        size *= 2
        grid = _Grid.of(points, shown, size)
    return means


@dataclass(frozen=True)
class _Grid:
    """Points sorted by cell."""

    size: float
    keys: np.ndarray
    """Of the occupied cells [V], ascending."""
    begins: np.ndarray
    """Place of each cell's first point [V] in `order`."""
    counts: np.ndarray
    """Points in each cell [V]."""
    order: np.ndarray
    """Numbers of the points [M], cell by cell."""

    @staticmethod
    def of(points: np.ndarray, chosen: np.ndarray, size: float) -> _Grid:
        """Of the points with the numbers `chosen` [M]."""
        keys = keys_of(cells_of(points[chosen], size))
        order = np.argsort(keys, kind="stable")
        unique, begins, counts = np.unique(keys[order], return_index=True, return_counts=True)
        return _Grid(size, unique, begins, counts, chosen[order])

    def thinned(self, crowd: int) -> np.ndarray:
        """Numbers of the points without all but every so many in cells of more than `crowd`."""
        rank = np.arange(len(self.order)) - np.repeat(self.begins, self.counts)
        return self.order[rank % np.repeat(np.maximum(self.counts // crowd, 1), self.counts) == 0]

    def nearest(self, points: np.ndarray, wanted: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean distance to, and distance of the farthest of, the k nearest in the cells around each wanted point [Q].

        Infinite where there are fewer than k.
        """
        cells, cell = np.unique(keys_of(cells_of(points[wanted], self.size)), return_inverse=True)
        home = np.searchsorted(self.keys, cells)
        inside = cells_of(points[self.order[self.begins[home]]], self.size)  # [C, 3]
        around = keys_of(inside[:, None] + AROUND)  # [C, 27]
        place = np.minimum(np.searchsorted(self.keys, around), len(self.keys) - 1)
        there = self.keys[place] == around
        taken = np.where(there, self.counts[place], 0)
        total = taken.sum(1)  # [C]
        mean, farthest = np.full(len(wanted), np.inf), np.full(len(wanted), np.inf)
        by_total = np.argsort(total[cell], kind="stable")
        by_total = by_total[np.searchsorted(total[cell][by_total], k) :]
        start = 0
        while start < len(by_total):
            # As many as fit when all have as many candidates as the last of them.
            length = max(BLOCK // int(total[cell[by_total[start]]]), 1)
            while length > 1 and length * total[cell[by_total[min(start + length, len(by_total)) - 1]]] > 2 * BLOCK:
                length //= 2
            block = by_total[start : start + length]
            own, row = np.unique(cell[block], return_inverse=True)
            others = self._candidates(place[own], taken[own])[row]  # [B, M], -1 where there is none
            apart = points[others] - points[wanted[block], None]
            squares = np.where(others < 0, np.inf, np.einsum("bmc,bmc->bm", apart, apart))
            squares[others == wanted[block, None]] = np.inf
            if squares.shape[1] > k:
                squares = np.partition(squares, k - 1, axis=1)[:, :k]
            distances = np.sqrt(squares)
            mean[block], farthest[block] = distances.mean(1), distances.max(1)
            start += length
        return mean, farthest

    def _candidates(self, place: np.ndarray, taken: np.ndarray) -> np.ndarray:
        """Points in the cells `place` [C, 27], as many as `taken` says: all or none. [C, M], filled up with -1."""
        total = taken.sum(1)
        flat = taken.ravel()
        number = np.arange(flat.sum()) - np.repeat(np.cumsum(flat) - flat, flat)
        cells = np.repeat(place.ravel(), flat)
        found = self.order[self.begins[cells] + number]
        rows = np.repeat(np.arange(len(place)), total)
        columns = np.arange(len(found)) - np.repeat(np.cumsum(total) - total, total)
        candidates = np.full((len(place), int(total.max())), -1)
        candidates[rows, columns] = found
        return candidates


def _first_size(points: np.ndarray, k: int) -> float:
    """Edge of the cells of the first grid, in which most points share their cell with k others."""
    low, high = np.quantile(points[:: max(len(points) // 100_000, 1)], [0.01, 0.99], axis=0)
    extent = max(float((high - low).max()), float(np.ptp(points, axis=0).max()) * 1e-3, 1e-9)
    size = extent * np.sqrt(k / len(points))  # of a surface, so many lie in a cell
    for _ in range(SEARCHES):
        counts = np.unique(keys_of(cells_of(points, size)), return_counts=True)[1]
        dense = counts[counts > k].sum() / len(points)
        if DENSE[0] <= dense <= DENSE[1]:
            break
        size *= 1.3 if dense < DENSE[0] else 0.8
    return size
