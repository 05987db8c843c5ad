"""Which splats touch which tile of the picture, in order of depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pairs:
    """Every (splat, tile) pair. A splat's pairs lie side by side, and splats come front to back."""

    splats: np.ndarray
    """The splats that show somewhere [V], int32, front to back; equal depths in order of index."""
    first: np.ndarray
    """Pairs of splats[r] are first[r] <= pair < first[r + 1] [V + 1], int32."""
    splat: np.ndarray
    """The splat of each pair [E], int32."""
    by_tile: np.ndarray
    """Pairs in order of tile, within a tile front to back [E], int32."""
    tile_start: np.ndarray
    """Pairs of tile t are by_tile[tile_start[t] : tile_start[t + 1]] [tiles + 1], int32; tiles row by row."""


def pair(box: np.ndarray, depth: np.ndarray, width: int, height: int, tile_width: int, tile_height: int) -> Pairs:
    """Pair splats of pixel boxes [N, 4] (x0, x1, y0, y1; empty where x0 = x1) and camera z [N] with their tiles."""
    columns, rows = -(-width // tile_width), -(-height // tile_height)
    splats = np.flatnonzero(box[:, 1] > box[:, 0]).astype(np.int32)
    splats = splats[np.argsort(depth[splats], kind="stable")]
    x0, x1, y0, y1 = box[splats].T
    left, top = x0 // tile_width, y0 // tile_height
    across = (x1 - 1) // tile_width - left + 1
    count = across * ((y1 - 1) // tile_height - top + 1)

    first = np.zeros(len(splats) + 1, np.int32)
    np.cumsum(count, out=first[1:])
    within = np.arange(first[-1], dtype=np.int32) - np.repeat(first[:-1], count)
    tile = np.repeat(top * columns + left, count)
    if columns == 1:
        tile += within
    else:
        down, along = np.divmod(within, np.repeat(across, count))
        tile += down * columns + along
    # numpy sorts 16-bit keys by radix, several times faster than wider ones.
    by_tile = np.argsort(tile.astype(np.min_scalar_type(columns * rows)), kind="stable").astype(np.int32)
    tile_start = np.zeros(columns * rows + 1, np.int32)
    np.cumsum(np.bincount(tile, minlength=columns * rows), out=tile_start[1:])
    return Pairs(splats, first, np.repeat(splats, count), by_tile, tile_start)
