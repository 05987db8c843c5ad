"""Which splats of a cloud: masks by place, opacity, size, colour, connection and loneliness, for crops and selections.

Every mask is [N] bool. Numbers are metres in the frame of the cloud, which is the world's wherever an artist says them.
"""

from __future__ import annotations

import numpy as np

from .gaussians import Gaussians
from .neighbours import mean_distances
from .srgb import to_linear
from .voxels import Voxels

SRGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LMS_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
"""Linear sRGB to cone responses, and their cube roots to lightness and two opponent colours (Ottosson 2020, Oklab)."""

REACH = 3
"""Standard deviations as far as which a splat is drawn: what lies within is beside it."""


def in_box(positions: np.ndarray, matrix: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Centres [N, 3] inside the box from `low` to `high` [3] of the frame that `matrix` [4, 4] takes to theirs."""
    return (np.abs(_normalised(positions, matrix, low, high)) <= 1).all(1)


def in_sphere(positions: np.ndarray, matrix: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Centres [N, 3] inside the ellipsoid that touches the sides of such a box."""
    return (_normalised(positions, matrix, low, high) ** 2).sum(1) <= 1


def between_heights(positions: np.ndarray, low: float, high: float) -> np.ndarray:
    """Centres [N, 3] from `low` to `high` along Z, both included."""
    return (positions[:, 2] >= low) & (positions[:, 2] <= high)


def fainter_than(gaussians: Gaussians, opacity: float) -> np.ndarray:
    """Splats under an opacity, 0..1."""
    return gaussians.opacity < opacity


def larger_than(gaussians: Gaussians, size: float) -> np.ndarray:
    """Splats whose largest standard deviation is over `size`."""
    return gaussians.scales.max(1) > size


def near_colour(gaussians: Gaussians, colour: np.ndarray, tolerance: float) -> np.ndarray:
    """Splats whose base colour is within `tolerance` of a display colour [3], 0..1, as the eye tells them apart.

    The distance is that in Oklab, in which black and white are 1 apart and 0.02 is just seen.
    """
    apart = oklab(gaussians.colours) - oklab(np.asarray(colour, float)[None])
    return np.linalg.norm(apart, axis=1) <= tolerance


def oklab(colours: np.ndarray) -> np.ndarray:
    """Lightness and opponent colours [N, 3] of display-referred sRGB colours [N, 3] (Ottosson 2020)."""
    colours = np.clip(colours, 0, None)
    return np.cbrt(to_linear(colours) @ SRGB_TO_LMS.T) @ LMS_TO_OKLAB.T


def connected(positions: np.ndarray, seeds: np.ndarray, gap: float, among: np.ndarray | None = None) -> np.ndarray:
    """Splats that hang together with the seeds [N] bool through cells of edge `gap` that touch, diagonally too.

    Only those in `among` [N] join what is beside them (all by default); a seed is always one of its piece.
    Raises ValueError for no seed and for no gap.
    """
    if not gap > 0:
        raise ValueError(f"splats {gap} m apart touch nowhere; give a gap of more than 0")
    if not seeds.any():
        raise ValueError("No splat is selected to start from; select some of the piece first.")
    joins = np.ones(len(positions), bool) if among is None else seeds | among
    voxels = Voxels.around(positions, gap)
    pieces = voxels.components(voxels.total(joins) > 0)[voxels.of_point]
    return joins & np.isin(pieces, np.unique(pieces[seeds]))


def floaters(gaussians: Gaussians, neighbours: int, deviations: float) -> np.ndarray:
    """Splats lonelier than most: mean distance to their nearest `neighbours`, less their own reach, more than
    `deviations` standard deviations over the mean of all (after Rusu et al. 2008, statistical outlier removal).

    Without the reach the few large splats of a smooth wall would be the loneliest of all.
    """
    alone = mean_distances(gaussians.positions, neighbours) - REACH * gaussians.scales.max(1)
    alone = np.maximum(alone, 0)
    return alone > alone.mean() + deviations * alone.std()


def kept_binding(arrays: dict[str, np.ndarray], keep: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays of a trajectory or a fit when of its splats only those in `keep` [N] are left.

    Raises ValueError where the motion belongs to a cloud of more splats.
    """
    moving = arrays["binding_splats"]
    if len(moving) and moving.max() >= len(keep):
        raise ValueError(f"the motion moves splat {moving.max()}, but there are {len(keep)}; simulate again")
    stays, number = keep[moving], np.cumsum(keep) - 1
    changed = {
        "binding_splats": number[moving[stays]].astype(moving.dtype),
        "binding_particles": arrays["binding_particles"][stays],
        "binding_weights": arrays["binding_weights"][stays],
    }
    return arrays | changed


def _normalised(positions: np.ndarray, matrix: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Centres [N, 3] in the frame in which a box's sides are 1 from its middle.

    Raises ValueError for a box without volume.
    """
    low, high = np.asarray(low, float), np.asarray(high, float)
    if not (high > low).all() or not abs(np.linalg.det(matrix[:3, :3])) > 0:
        raise ValueError("The cropper is flat, so nothing is inside it; give it some volume.")
    inverse = np.linalg.inv(matrix)
    local = positions @ inverse[:3, :3].T + inverse[:3, 3]
    return (local - (low + high) / 2) / ((high - low) / 2)
