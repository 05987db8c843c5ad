"""What is solid of a splat cloud: splats show a surface, and matter lies behind it.

After PhysGaussian (Xie et al. 2024), whose test is made sturdier. A ray from inside crosses the surface an odd number
of times; here rays in all six directions vote, so that holes in a capture (what stood on a table has no underside) and
rays along a surface are outvoted, and a run of opaque voxels too long for a crossing counts as a way in and a way out,
so that a ray along a wall proves nothing. What has no way out at all is inside too, whatever floats in there. The
surface is where the splats' centres are, not where the smoothed opacity ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..gaussians import Gaussians
from .opacity import opacity_field

OPAQUE = 0.5
"""d above which a voxel is opaque: half of one opaque splat's peak."""
VOTES = 4
"""Of six rays that must cross the surface an odd number of times."""
CROSSING = 3.0
"""A run of opaque voxels longer than this times a surface's thickness, as it appears, is no single crossing."""
SURFACE_QUANTILE = 0.25
"""Of splats' depths: most are on the surface, some of a capture's lie deeper."""
EDGE, EDGE_SPLIT = 0.9, 2
"""Depth [voxels] up to which a voxel may be cut by the surface; points along such a voxel's edge, at least."""
DEEPEST_SURFACE = 3.0
"""Depth [voxels] beyond which a splat does not tell where the surface is."""


@dataclass(frozen=True)
class Solid:
    """Matter of a splat cloud, as sample points that each stand for some volume."""

    points: np.ndarray
    """Positions [Q, 3], metres, world."""
    volumes: np.ndarray
    """Volume of each [Q], cubic metres."""
    enclosed: int
    """How many of the points, the first ones, lie in what splats enclose; the others are as thin as a voxel."""

    @property
    def volume(self) -> float:
        """Volume of all, cubic metres."""
        return float(self.volumes.sum())


def solid_of(gaussians: Gaussians, *, filling: bool = True, voxels: int = 64, samples: int = 20_000) -> Solid:
    """Sample points, at least `samples` where there is room, of what world-frame splats (metres) enclose.

    What encloses nothing (leaves, cloth), and everything without `filling`, is as thick as a voxel, of which there are
    `voxels` along the longest side.
    Raises ValueError for splats without extent or too faint to make a surface.
    """
    from scipy.ndimage import binary_dilation, distance_transform_edt

    field = opacity_field(gaussians, voxels)
    opaque = field.values > OPAQUE
    if not opaque.any():
        raise ValueError("the splats are too faint to enclose anything; select more of them, or opaque ones")
    place = ((gaussians.positions - field.origin) / field.edge).T.astype(np.float64)  # [3, N] voxels
    # In the middle of a surface that looks t voxels thick, the nearest clear voxel is (t + 1) / 2 away along the grid,
    # and t / 2 across it.
    thickness = max(2 * _on_surface(np.asarray(distance_transform_edt(opaque)), place) - 0.5, 1.0)
    depth = _depth(opaque, place, thickness) if filling else np.full(opaque.shape, -np.inf)
    # As many voxels as its area has on the surface would do: each stands for its share of the apparent thickness.
    beside_body = np.asarray(binary_dilation(depth > 0.5, iterations=int(DEEPEST_SURFACE)), bool)
    thin = np.argwhere(opaque & ~beside_body)
    split = int(np.clip(np.ceil(np.cbrt((samples - len(thin)) / max((depth > 0).sum(), 1))), 1, 8))
    # Finer at the surface: voxels that are in or out as a whole would misplace it by up to half of one.
    body = _lattice(depth, depth > EDGE, split)
    rim = _lattice(depth, np.abs(depth) <= EDGE, max(split, EDGE_SPLIT))
    sizes = (split**-3.0, max(split, EDGE_SPLIT) ** -3.0, 1 / thickness)
    shares = np.concatenate([np.full(len(some), size) for some, size in zip((body, rim, thin), sizes, strict=True)])
    points = field.points(np.concatenate([body, rim, thin]))
    return Solid(points, shares * field.edge**3, len(body) + len(rim))


def inside(opaque: np.ndarray, longest_crossing: float) -> np.ndarray:
    """Which voxels [nx, ny, nz] that are not opaque are enclosed by those that are."""
    from scipy.ndimage import binary_fill_holes

    votes = np.zeros(opaque.shape, np.int8)
    for axis in range(3):
        before = _crossings_before(np.moveaxis(opaque, axis, 0), longest_crossing)
        after = _crossings_before(np.moveaxis(opaque, axis, 0)[::-1], longest_crossing)[::-1]
        votes += np.moveaxis(before % 2 + after % 2, 0, axis)
    return _smoothed_vote(votes, ~opaque) | (binary_fill_holes(opaque) & ~opaque)


def _crossings_before(opaque: np.ndarray, longest: float) -> np.ndarray:
    """Surfaces crossed on the way from the start of axis 0 to each voxel [n, ...]; those in a run count it whole."""
    run = np.zeros(opaque.shape[1:], np.int32)
    crossings = np.zeros(opaque.shape, np.int8)
    count = np.zeros(opaque.shape[1:], np.int8)
    for i in range(len(opaque)):
        ended = (run > 0) & ~opaque[i]
        count = count + np.where(ended, np.where(run > longest, 2, 1), 0).astype(np.int8)
        run = np.where(opaque[i], run + 1, 0)
        crossings[i] = count
    return crossings


def _smoothed_vote(votes: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """Empty voxels whose votes, averaged with those of the empty ones around them, reach a majority."""
    from scipy.ndimage import uniform_filter

    total = uniform_filter(np.where(empty, votes, 0).astype(np.float32), 3, mode="constant")
    share = uniform_filter(empty.astype(np.float32), 3, mode="constant")
    return empty & (total > (VOTES - 0.5) * np.maximum(share, 1e-6))


def _depth(opaque: np.ndarray, place: np.ndarray, thickness: float) -> np.ndarray:
    """Depth [nx, ny, nz] in voxels below the surface through splats at [3, N] (voxels); below 0 outside."""
    from scipy.ndimage import distance_transform_edt

    solid = opaque | inside(opaque, CROSSING * thickness)
    below, above = (np.asarray(distance_transform_edt(region), np.float64) for region in (solid, ~solid))
    # The distance to the nearest voxel of the other kind is half a voxel more than that to the border between them.
    depth = np.where(solid, below - 0.5, 0.5 - above)
    return depth - _on_surface(depth, place)


def _on_surface(depth: np.ndarray, place: np.ndarray) -> float:
    """Depth [voxels] in a field of depths that splats on the surface have."""
    from scipy.ndimage import map_coordinates

    depths = map_coordinates(depth, place, order=1)
    depths = depths[(depths > 0) & (depths < DEEPEST_SURFACE)]
    if not len(depths):
        return DEEPEST_SURFACE
    # On both sides of the surface alike: what lies deeper belongs to no surface.
    return float(np.median(depths[depths < 2 * np.quantile(depths, SURFACE_QUANTILE)]))


def _lattice(depth: np.ndarray, chosen: np.ndarray, split: int) -> np.ndarray:
    """Voxel coordinates [Q, 3] of points, `split` along an edge of each chosen voxel, where depth is above 0."""
    from scipy.ndimage import map_coordinates

    steps = (np.arange(split) + 0.5) / split - 0.5
    offsets = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    index = (np.argwhere(chosen)[:, None] + offsets).reshape(-1, 3)
    return index[map_coordinates(depth, index.T, order=1, mode="nearest") > 0]
