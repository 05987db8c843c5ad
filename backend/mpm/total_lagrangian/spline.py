"""Quadratic B-splines on the rest grid, in numpy: which 27 nodes a point sees, how much of each, and their gradients.

Jiang et al. 2016 (MPM course notes), eq. (123). Between two knots, a cell apart and half a cell off the nodes, splines
are polynomials; evaluated a little outside of their span they go on as these polynomials, which still add up to 1 and
reproduce linear fields.
"""

from __future__ import annotations

import numpy as np

from ..grid import Grid

SLOTS = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), -1).reshape(27, 3)
"""Offsets of a stencil's 27 nodes from its first one, in nodes."""


def spans(points: np.ndarray, grid: Grid) -> np.ndarray:
    """First node [Q, 3] of the stencils of points [Q, 3] (metres, world)."""
    return np.floor((points - grid.origin) / grid.cell - 0.5).astype(np.int64)


def axis_weights(points: np.ndarray, span: np.ndarray, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Weights and their slopes [1/m] of three nodes along each axis [..., axis, node], for points [..., 3]."""
    f = (points - grid.origin) / grid.cell - span  # 0.5 .. 1.5
    weights = np.stack([0.5 * (1.5 - f) ** 2, 0.75 - (f - 1) ** 2, 0.5 * (f - 0.5) ** 2], -1)
    return weights, np.stack([f - 1.5, 2 - 2 * f, f - 0.5], -1) / grid.cell


def weights(points: np.ndarray, span: np.ndarray, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Shape functions [..., 27] and their gradients [..., 27, 3] (1/m) at points [..., 3] of spans [..., 3]."""
    w, d = axis_weights(points, span, grid)
    x, y, z = SLOTS.T
    wx, wy, wz = w[..., 0, x], w[..., 1, y], w[..., 2, z]
    gradient = np.stack([d[..., 0, x] * wy * wz, wx * d[..., 1, y] * wz, wx * wy * d[..., 2, z]], -1)
    return wx * wy * wz, gradient
