"""`Grid`: the background grid of nodes that particles exchange momentum on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .limits import NODES_MAX


@dataclass(frozen=True)
class Grid:
    """A regular grid of nodes in world space; node (i, j, k) lies at origin + cell * (i, j, k)."""

    origin: np.ndarray
    """Position of node (0, 0, 0) [3], metres, world, float64."""
    cell: float
    """Distance between neighbouring nodes, metres."""
    shape: tuple[int, int, int]
    """Nodes along x, y and z."""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.cell) and self.cell > 0):
            raise ValueError(f"the cell of a simulation grid is {self.cell:g} m; it must be above 0 m")
        nodes = np.prod(np.array(self.shape, float))
        if nodes > NODES_MAX:
            sides = " x ".join(str(n) for n in self.shape)
            raise ValueError(
                f"the simulation grid would have {nodes:.2g} nodes ({sides}); it must have {NODES_MAX:.0e} or fewer, "
                "so use fewer cells or a smaller room"
            )

    @staticmethod
    def around(low: np.ndarray, high: np.ndarray, cells: int, margin_cells: int) -> Grid:
        """The grid around the box low..high [3] with `cells` cells along its longest axis.

        `margin_cells` of them stay free on each side of the box, on every axis.
        Raises ValueError when the margin leaves no cell for the object.
        """
        low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
        if cells <= 2 * margin_cells:
            raise ValueError(
                f"a grid of {cells} cells has no room between two margins of {margin_cells}; use more cells"
            )
        cell = float((high - low).max()) / (cells - 2 * margin_cells)
        if cell <= 0:
            raise ValueError("the moving part has no extent; it needs at least two separate points")
        # Rounding must not add a cell where the extent is a whole number of cells.
        inner = np.maximum(np.ceil((high - low) / cell - 1e-6), 1).astype(int)
        counts = inner + 2 * margin_cells
        origin = 0.5 * (low + high) - 0.5 * cell * counts
        return Grid(origin, cell, (int(counts[0]) + 1, int(counts[1]) + 1, int(counts[2]) + 1))

    def nodes(self) -> np.ndarray:
        """Node positions [nx, ny, nz, 3], metres, world."""
        return np.stack(np.indices(self.shape), -1) * self.cell + self.origin

    def contains(self, positions: np.ndarray) -> np.ndarray:
        """Which positions [..., 3] have all the 27 nodes of their B-spline stencil in the grid, bool [...]."""
        base = np.floor((np.asarray(positions) - self.origin) / self.cell - 0.5)
        return np.all((base >= 0) & (base <= np.array(self.shape) - 3), axis=-1)
