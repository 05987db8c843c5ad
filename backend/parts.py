"""Which splats move: a first guess for an artist to correct, and a division of what moves for the material fit.

A plant stands in something that is not green: going down from its top, the first slice with little green is the rim of
its pot, and what is above and hangs together moves. A subject without green narrows where it leaves what it stands in.
"""

from __future__ import annotations

import numpy as np

from .gaussians import Gaussians
from .voxels import Voxels

SLICES = 50
"""Slices of the subject's height in which the rim is looked for."""
SOLID = 0.1
"""Opacity from which a splat counts as matter; haze below it joins nothing."""
CELLS, PER_CELL = 100, 3
"""Voxels along the longest side, fewer where a voxel would hold fewer splats than this: the splats of one leaf must lie
closer than a voxel, two leaves mostly do not."""
REACH = 3
"""Voxels within which fringes, gaps and crumbs go with what is beside them."""

GREEN_BEGINS, GREEN_ENDS = 0.3, 0.2
"""Green share of matter that makes the highest slice of a plant, and below which its lowest one is passed."""
TRUNK = 0.35
"""A slice narrower than this part of the crown above it is a trunk."""
NECK, NECK_SLICES, NECK_HIGHEST = 0.6, 5, 0.7
"""Width of a neck over that of the body below it; slices that each of the two is judged by; highest place for one."""
HELD_BASE = 0.1
"""Part of the height that holds still where nothing tells a base from the rest."""
PIECE_OF_GREEN, PIECE_OF_ANY = 0.005, 0.05
"""Least mass, over the largest piece's, of another that moves too: of a green one, and in a subject without green."""


def guess_parts(gaussians: Gaussians, *, up: tuple[float, float, float] = (0, 0, 1)) -> np.ndarray:
    """Part of each splat [N], int32: 0 holds still, 1 moves. World space; `up` is a unit vector.

    Above the rim (`rim_height`) the largest connected piece moves, and so do others of its kind that are not tiny
    (leaves whose stalk the capture lost, second stems) and what hangs from them, green, below the rim. Fringes go with
    what they are beside. All else holds still: the pot, bits of it that stand above the rim, and floaters.
    """
    parts = np.zeros(len(gaussians), np.int32)
    solid = gaussians.opacity > SOLID
    if not solid.any():
        return parts
    height = gaussians.positions @ np.asarray(up, np.float32)
    rim, is_plant = _rim(gaussians, height)
    voxels = _voxels(gaussians.positions, solid)
    matter = np.where(solid, gaussians.opacity, 0)
    mass = voxels.total(matter)
    above = voxels.total(np.where(height > rim, matter, 0)) > 0.5 * mass
    if not above.any():
        return parts

    pieces = voxels.components(above)
    piece_mass = np.bincount(pieces[above], mass[above])
    green = voxels.total(matter * _is_green(gaussians.colours))
    green_mass = np.bincount(pieces[above], green[above])
    main = np.argmax(green_mass if is_plant else piece_mass)
    if is_plant:
        moves = (green_mass > 0.5 * piece_mass) & (piece_mass > PIECE_OF_GREEN * piece_mass[main])
    else:
        moves = piece_mass > PIECE_OF_ANY * piece_mass[main]
    moves[main] = True

    kind = np.where(mass > 0, 0, -1)  # 0 holds, 1 moves, -1 goes with its neighbours
    kind[above] = np.where(moves[pieces[above]], 1, -1)
    if is_plant:
        hanging = voxels.components((kind == 1) | ((kind == 0) & (green > 0.5 * mass)))
        kind[(hanging >= 0) & np.isin(hanging, hanging[kind == 1])] = 1
    parts[voxels.spread(kind, REACH)[voxels.of_point] == 1] = 1
    return parts


def rim_height(gaussians: Gaussians, *, up: tuple[float, float, float] = (0, 0, 1)) -> float:
    """Height along `up` [m] below which the subject holds still: the rim of its pot, or the ground.

    By green, for a plant: down the slices from the highest green one to the lowest joined to it, then down the trunk if
    there is one. Else by width: the height at which the subject is suddenly narrower. Else a tenth of its height.
    Raises ValueError when no splat is solid.
    """
    if not (gaussians.opacity > SOLID).any():
        raise ValueError("the splats are nearly transparent throughout, so no rim can be found; give a height instead")
    return _rim(gaussians, gaussians.positions @ np.asarray(up, np.float32))[0]


def split_moving(positions: np.ndarray, moving: np.ndarray, count: int) -> np.ndarray:
    """Divide what moves into `count` (1 to 4) bands: labels [N], int32, 1 at the root to `count` at the tips; 0 holds.

    `positions` [N, 3] in world space, Z up; `moving` [N] bool. A band is a range of the distance from the root through
    the plant, not of height: stiffness falls from stem to branch to leaf along that way, and a leaf that hangs down to
    the pot is still a tip. Each band gets the same share of the plant's voxels, enough to be seen moving.
    """
    labels = np.zeros(len(positions), np.int32)
    if not moving.any():
        return labels
    voxels = _voxels(positions, moving)
    plant = voxels.total(moving) > 0
    distance = voxels.distances(_roots(voxels, plant), plant)[plant]
    loose = np.isinf(distance)
    distance[loose] = distance[~loose][_nearest(voxels.cells[plant][loose], voxels.cells[plant][~loose])]
    band = np.zeros(len(voxels), np.int32)
    band[plant] = 1 + np.searchsorted(np.quantile(distance, np.arange(1, count) / count), distance, side="right")
    labels[moving] = band[voxels.of_point[moving]]
    return labels


def _voxels(positions: np.ndarray, matter: np.ndarray) -> Voxels:
    """Voxels of all positions [N, 3], as fine as the mask `matter` [N] of them allows."""
    points = positions[matter]
    low, high = np.quantile(points, [0.001, 0.999], axis=0)
    size = max(float((high - low).max()), 1e-6) / CELLS
    per_cell = len(points) / len(Voxels.around(points, size))
    return Voxels.around(positions, size * max(1.0, np.sqrt(PER_CELL / per_cell)))  # surfaces: cells go with size^-2


def _is_green(colours: np.ndarray) -> np.ndarray:
    """Mask [N] of display colours [N, 3] that leaves have; the margin over red keeps grey and yellowed white out."""
    red, green, blue = colours.T
    return (green > 1.05 * red) & (green > blue)


def _rim(gaussians: Gaussians, height: np.ndarray) -> tuple[float, bool]:
    """The rim [m] and whether green told it."""
    solid = gaussians.opacity > SOLID
    low, high = np.quantile(height[solid], [0.001, 0.999])
    level = (height - low) / max(high - low, 1e-6)
    slices = np.clip((level * SLICES).astype(int), 0, SLICES - 1)
    matter = np.where(solid, gaussians.opacity, 0)
    mass = np.bincount(slices, matter, SLICES)
    green = np.bincount(slices, matter * _is_green(gaussians.colours), SLICES) / np.maximum(mass, 1e-6)
    width = _widths(gaussians.positions, slices, matter)
    lowest = _lowest_of_plant(green, width)
    base = lowest or _neck(width) or round(HELD_BASE * SLICES)
    return float(low + base / SLICES * (high - low)), lowest is not None


def _widths(positions: np.ndarray, slices: np.ndarray, matter: np.ndarray) -> np.ndarray:
    """Distance [SLICES] from a slice's centre of mass within which half of its matter lies."""
    width = np.zeros(SLICES)
    for k in np.unique(slices[matter > 0]):
        inside = (slices == k) & (matter > 0)
        points, weights = positions[inside], matter[inside]
        radius = np.linalg.norm(points - np.average(points, axis=0, weights=weights), axis=1)
        order = np.argsort(radius)
        total = np.cumsum(weights[order])
        width[k] = radius[order][np.searchsorted(total, 0.5 * total[-1])]
    return width


def _lowest_of_plant(green: np.ndarray, width: np.ndarray) -> int | None:
    """The lowest slice of a plant, trunk included; None without green, and where it is green down to the ground."""
    if green.max() < GREEN_BEGINS:
        return None
    lowest = int(np.flatnonzero(green >= GREEN_BEGINS).max())
    while lowest > 0 and green[lowest - 1] >= GREEN_ENDS:
        lowest -= 1
    crown = width[lowest:].max()
    while lowest > 0 and width[lowest - 1] < TRUNK * crown:
        lowest -= 1
    return lowest or None


def _neck(width: np.ndarray) -> int | None:
    """The lowest slice of the sharpest narrowing that lasts for `NECK_SLICES`; None where the subject has no neck."""
    slices = range(NECK_SLICES, round(NECK_HIGHEST * SLICES))
    below = np.array([width[k - NECK_SLICES : k].max() for k in slices])
    above = np.array([width[k : k + NECK_SLICES].max() for k in slices])
    ratio = above / np.maximum(below, 1e-6)
    neck = int(np.argmin(ratio))
    if ratio[neck] > NECK:
        return None
    while neck > 0 and ratio[neck - 1] < NECK:
        neck -= 1
    return slices[neck]


def _roots(voxels: Voxels, plant: np.ndarray) -> np.ndarray:
    """Voxels [V] of the plant where it leaves what holds it, or its lowest ones if nothing does.

    A contact nearer to the axis of what holds than half of that is a root; farther out, a leaf touches the pot's edge.
    """
    contact = plant & voxels.touches(~plant)
    if not contact.any():
        return plant & (voxels.cells[:, 2] <= voxels.cells[plant, 2].min() + 1)
    across = voxels.cells[:, :2]
    distance = np.linalg.norm(across - np.median(across[~plant], axis=0), axis=1)
    inner = contact & (distance < np.median(distance[~plant]))
    return inner if inner.any() else contact


def _nearest(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Index of the nearest of `others` [K, 3] to each of `points` [M, 3]."""
    others = others.astype(np.float64)
    squares = (others * others).sum(1)
    nearest = np.empty(len(points), np.int64)
    for start in range(0, len(points), 256):  # blocks bound the memory
        block = slice(start, start + 256)
        nearest[block] = (squares - 2 * points[block] @ others.T).argmin(1)
    return nearest
