"""`Solid`: the voxels of material that moves, which of them hang together, and where they touch what holds them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...voxels import OFFSETS, keys_of


@dataclass(frozen=True)
class Solid:
    """V voxels of one size. Two that share a face, an edge or a corner are one piece of material."""

    cells: np.ndarray
    """Integer positions of the voxels [V, 3]."""
    origin: np.ndarray
    """Corner of voxel (0, 0, 0) [3], metres, world."""
    edge: float
    """Of a voxel, metres."""
    holding: np.ndarray
    """Integer positions of voxels that hold what touches them [H, 3]; none of them is among `cells`."""

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def centres(self) -> np.ndarray:
        """Centres of the voxels [V, 3], metres, world."""
        return self.origin + self.edge * (self.cells + 0.5)

    @property
    def neighbours(self) -> np.ndarray:
        """Voxels around each one [V, 26] in the order of `voxels.OFFSETS`, V where there is none."""
        return _find(self.cells, self.cells[:, None] + OFFSETS)

    @property
    def contacts(self) -> tuple[np.ndarray, np.ndarray]:
        """(voxel [K], point [K, 3] in metres) half-way between a voxel and a holding one beside it, of all such pairs.

        Where material lies on a flat holding face, all of a voxel's nine points are in that face.
        """
        if not len(self.holding):
            return np.empty(0, np.int64), np.empty((0, 3))
        found = _find(self.holding, self.cells[:, None] + OFFSETS) < len(self.holding)
        voxel, side = np.nonzero(found)
        return voxel, self.origin + self.edge * (self.cells[voxel] + 0.5 + 0.5 * OFFSETS[side])

    def held_pieces(self) -> np.ndarray:
        """Mask [V] of the voxels joined, through others, to one that touches what holds."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        count, neighbours = len(self), self.neighbours
        one, side = np.nonzero(neighbours < count)
        joined = (np.ones(len(one), bool), (one, neighbours[one, side]))
        piece = connected_components(coo_matrix(joined, shape=(count, count)), directed=False)[1]
        return np.isin(piece, piece[self.contacts[0]])

    def select(self, mask: np.ndarray) -> Solid:
        """The solid of some voxels [V] only."""
        return Solid(self.cells[mask], self.origin, self.edge, self.holding)


def _find(cells: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Index into `cells` [V, 3] of each of `wanted` [..., 3], V where it is not among them."""
    keys = keys_of(cells)
    order = np.argsort(keys)
    sought = keys_of(wanted)
    place = np.minimum(np.searchsorted(keys[order], sought), len(keys) - 1)
    return np.where(keys[order][place] == sought, order[place], len(keys))
