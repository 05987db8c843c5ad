"""The solver's quadratic B-spline stencil, in numpy: which 27 grid nodes a particle sees, and how much of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..mpm.grid import Grid


@dataclass(frozen=True)
class Stencil:
    """Q points, each with its 27 nodes."""

    nodes: np.ndarray
    """Flat (C order) node numbers [Q, 27], int64."""
    weights: np.ndarray
    """Shape-function values [Q, 27], rows sum to 1."""
    offsets: np.ndarray
    """Node minus point [Q, 27, 3], metres."""


def stencil(points: np.ndarray, grid: Grid) -> Stencil:
    """Stencil of points [Q, 3] (metres, world) that lie at least half a cell inside the grid."""
    local = (points - grid.origin) / grid.cell
    base = np.floor(local - 0.5).astype(np.int64)  # [Q, 3]
    f = local - base  # 0.5 .. 1.5
    axis = np.stack([0.5 * (1.5 - f) ** 2, 0.75 - (f - 1) ** 2, 0.5 * (f - 0.5) ** 2], 1)  # [Q, node, axis]
    step = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), -1).reshape(27, 3)
    weights = axis[:, step[:, 0], 0] * axis[:, step[:, 1], 1] * axis[:, step[:, 2], 2]
    index = base[:, None] + step  # [Q, 27, 3]
    nodes = np.ravel_multi_index(tuple(np.moveaxis(index, -1, 0)), grid.shape)
    return Stencil(nodes, weights, (index - local[:, None]) * grid.cell)
