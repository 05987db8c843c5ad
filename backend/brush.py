"""A round brush over splats as a viewport shows them: where they are on the screen, and which of them are seen.

Screen positions are pixels from the lower left corner. `view` [4, 4] is the matrix that takes world space to clip
space, in perspective or orthographic, as OpenGL has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CELL = 8
"""Edge of the screen's cells in which it is found what hides what, in pixels."""
WIDEST = 3
"""Cells that a splat covers at most, to each side of its own."""
HALF = np.log(2)
"""Optical depth at which half of the light is gone: there the surface is."""
THICK = 3
"""A surface is this many standard deviations of its splats thick."""


@dataclass(frozen=True)
class Projected:
    """Splats as a view shows them."""

    pixels: np.ndarray
    """Centres [N, 2]."""
    depth: np.ndarray
    """Distance along the view from an unknown start [N], metres."""
    scale: np.ndarray
    """Pixels that a metre is there [N]."""
    shown: np.ndarray
    """Centres in front of the viewer and on the screen [N]."""
    size: tuple[int, int]
    """Width and height of the screen."""

    @staticmethod
    def of(positions: np.ndarray, view: np.ndarray, size: tuple[int, int]) -> Projected:
        """Positions [N, 3], world."""
        view = np.asarray(view, np.float32)
        clip = positions @ view[:, :3].T + view[:, 3]
        front = clip[:, 3] > 1e-6
        w = np.where(front, clip[:, 3], 1)
        half = np.array(size, np.float32) / 2
        pixels = (clip[:, :2] / w[:, None] + 1) * half
        depth = clip[:, 2] / np.linalg.norm(view[2, :3])
        scale = np.linalg.norm(view[0, :3]) * half[0] / w
        shown = front & (pixels >= 0).all(1) & (pixels < 2 * half).all(1)
        return Projected(pixels, depth, scale, shown, size)

    def seen(self, scales: np.ndarray, opacity: np.ndarray) -> np.ndarray:
        """Splats [N] that others do not hide; `scales` [N, 3] are their standard deviations, metres.

        In each cell of the screen light is followed until half of it is gone: what lies farther back than the thickness
        of the surface found there is hidden.
        """
        index = np.flatnonzero(self.shown)
        sigmas = np.sort(scales[index], axis=1)[:, 1:] * self.scale[index, None]  # the two that make its outline
        reach = np.clip(np.round(sigmas[:, 1] / CELL), 0, WIDEST).astype(int)
        covered = np.minimum(2 * np.pi * sigmas.prod(1) / ((2 * reach + 1) * CELL) ** 2, 1)
        through = -np.log1p(-np.minimum(opacity[index] * covered, 0.99))
        columns, rows = (length // CELL + 1 for length in self.size)
        x, y = (self.pixels[index] // CELL).astype(int).T
        cells, points = [], []
        for away in range(-WIDEST, WIDEST + 1):
            for aside in range(-WIDEST, WIDEST + 1):
                wide = reach >= max(abs(away), abs(aside))
                at, to = x + aside, y + away
                wide &= (at >= 0) & (at < columns) & (to >= 0) & (to < rows)
                cells.append((to * columns + at)[wide])
                points.append(np.flatnonzero(wide))
        cell, point = np.concatenate(cells), np.concatenate(points)
        order = np.argsort(self.depth[index][point], kind="stable")
        order = order[np.argsort(cell[order], kind="stable")]
        cell, point = cell[order], point[order]
        gone = np.cumsum(through[point])
        before = np.concatenate([[0.0], gone])[np.searchsorted(cell, cell)]
        dark = np.flatnonzero(gone - before >= HALF)
        surface = np.full(columns * rows, np.inf)
        first, at = np.unique(cell[dark], return_index=True)
        surface[first] = self.depth[index][point[dark[at]]]
        seen = np.zeros(len(self.shown), bool)
        seen[index] = self.depth[index] <= surface[y * columns + x] + THICK * scales[index].max(1)
        return seen

    def under(self, start: np.ndarray, end: np.ndarray, radius: float) -> np.ndarray:
        """Splats [N] that a brush of `radius` pixels passes on its way from `start` to `end` [2]."""
        return self.away(start, end, radius) <= radius

    def away(self, start: np.ndarray, end: np.ndarray, radius: float) -> np.ndarray:
        """How far splats [N] are from the way from `start` to `end` [2], pixels; infinite beyond about `radius`."""
        start, way = np.asarray(start, np.float32), np.asarray(end, np.float32) - np.asarray(start, np.float32)
        low, high = np.minimum(start, start + way) - radius, np.maximum(start, start + way) + radius
        found = self.shown & (self.pixels >= low).all(1) & (self.pixels <= high).all(1)
        near = self.pixels[found] - start
        along = np.clip(near @ way / max(float(way @ way), 1e-9), 0, 1)
        distance = np.full(len(found), np.inf, np.float32)
        distance[found] = np.linalg.norm(near - along[:, None] * way, axis=1)
        return distance

    def picked(self, at: np.ndarray, radius: float, among: np.ndarray) -> int | None:
        """The splat of those in `among` [N] that is nearest to a place [2] on the screen; None within no `radius`."""
        close = np.flatnonzero(self.under(at, at, radius) & among)
        if not len(close):
            return None
        return int(close[((self.pixels[close] - np.asarray(at)) ** 2).sum(1).argmin()])
