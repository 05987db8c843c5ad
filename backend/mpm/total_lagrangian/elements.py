"""`Elements`: where strain energy and mass are summed.

An element is the material between neighbouring knots that sees the same copies of nodes. Its voxels are summed by eight
points, at the mean plus L (+-1, +-1, +-1) with L L^T the voxels' covariance, their own extent included: the volume and
its first and second moments are exact, so energy is wherever strain varies linearly, as in bending and twisting, and a
full cell has its Gauss points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..grid import Grid
from . import spline
from .solid import Solid
from .splitting import split_nodes

POINTS = 8
SIGNS = np.stack(np.meshgrid(*[[-1, 1]] * 3, indexing="ij"), -1).reshape(POINTS, 3)


@dataclass(frozen=True)
class Elements:
    """C elements of 27 nodes and 8 points each; n nodes in all."""

    nodes: np.ndarray
    """Nodes of each element [C, 27], 0..n-1."""
    span: np.ndarray
    """First node of each element on the grid [C, 3]."""
    volume: np.ndarray
    """[C], cubic metres."""
    points: np.ndarray
    """[C, 8, 3], metres, world."""
    of_voxel: np.ndarray
    """Element of each voxel of the solid [V]."""

    @staticmethod
    def of(solid: Solid, grid: Grid) -> Elements:
        """Elements of a solid on a grid. Raises ValueError where a cell of the grid is smaller than a voxel."""
        if grid.cell < solid.edge:
            raise ValueError("the grid is finer than the voxels of the material; use fewer grid cells")
        centres = solid.centres
        span = spline.spans(centres, grid)
        copies = split_nodes(span, solid.neighbours)
        nodes, first, of_voxel = np.unique(copies, axis=0, return_index=True, return_inverse=True)
        of_voxel = of_voxel.ravel()
        size = np.bincount(of_voxel)
        mean = np.stack([np.bincount(of_voxel, column) for column in centres.T], 1) / size[:, None]
        off = centres - mean[of_voxel]
        pairs = [np.bincount(of_voxel, off[:, i] * off[:, j]) for i in range(3) for j in range(3)]
        covariance = np.stack(pairs, 1).reshape(-1, 3, 3) / size[:, None, None] + np.eye(3) * solid.edge**2 / 12
        points = mean[:, None] + SIGNS @ np.linalg.cholesky(covariance).swapaxes(1, 2)
        return Elements(nodes, span[first], size * solid.edge**3, points, of_voxel)

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def count(self) -> int:
        """Number of nodes n."""
        return int(self.nodes.max()) + 1
