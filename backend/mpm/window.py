"""The part of the grid that the particles are in: the only nodes that are stored, cleared and updated."""

from __future__ import annotations

import numpy as np

from . import storage
from .grid import Grid

MARGIN = 3
"""Free nodes around the particles at rest; motion beyond them makes the window grow and repeats a frame."""
GROWTH = 4
"""Nodes added to a side that a particle reached."""
BLOCK = (4, 4, 8)
"""Nodes along the boxes of nodes that a substep updates or leaves alone as a whole."""


class Window:
    """A box of grid nodes [shape], its first node at `offset` in the grid, with its momentum grids on the device."""

    def __init__(self, grid: Grid, held: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Nodes low..high (inclusive, [3] each), clipped to the grid."""
        self._grid, self._held = grid, held
        self.low = np.maximum(low, 0)
        self.high = np.minimum(high, np.array(grid.shape) - 1)
        self.shape = tuple(int(n) for n in self.high - self.low + 1)
        self.nodes = int(np.prod(self.shape))
        inside = tuple(slice(int(a), int(b) + 1) for a, b in zip(self.low, self.high, strict=True))
        self.free = storage.zeros(self.nodes)
        storage.put(self.free, slice(None), ~held[inside].ravel())
        self._momentum = storage.zeros(0, self.nodes, 4)
        blocks = [-(-n // side) for n, side in zip(self.shape, BLOCK, strict=True)]
        self.touched = storage.zeros(int(np.prod(blocks)), dtype=np.int32)
        """The last substep in which a stencil began in each block of nodes, as counted by `substep`."""
        self.substep = 0

    @staticmethod
    def around(grid: Grid, held: np.ndarray, positions: np.ndarray) -> Window:
        """The window of particles at positions [P, 3], world, with a margin to move in."""
        base = np.floor((positions - grid.origin) / grid.cell - 0.5).astype(int)
        return Window(grid, held, base.min(0) - MARGIN, base.max(0) + 2 + MARGIN)

    @property
    def offset(self) -> list[int]:
        """First node [3], in the grid."""
        return [int(n) for n in self.low]

    def momentum(self, lanes: int):
        """Momentum and mass [lanes, nodes, 4] on the device, all zero between substeps."""
        if len(self._momentum) != lanes:
            self._momentum = storage.zeros(lanes, self.nodes, 4)
        return self._momentum

    def grown(self, sides: np.ndarray) -> Window | None:
        """A window with more room on the sides [6] (low, high per axis) that were reached; None where there is no room.

        Not all of them need room: a particle that leaves may throw others out on sides where none would have gone.
        """
        low, high = self.low - GROWTH * sides[0::2], self.high + GROWTH * sides[1::2]
        larger = Window(self._grid, self._held, low, high)
        reached = np.stack([larger.low < self.low, larger.high > self.high], 1).ravel()
        return larger if reached[sides.astype(bool)].any() else None
