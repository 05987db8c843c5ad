"""The same capture in several formats: which splat is which, and how far apart they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backend.gaussians import Gaussians


def matched(gaussians: Gaussians, reference: Gaussians) -> Gaussians:
    """The reference's splats in the order of a reordered copy; each may be taken once."""
    from scipy.spatial import cKDTree

    def features(g: Gaussians) -> np.ndarray:  # a few units of the first are the tolerance of the others
        return np.column_stack([g.positions * 400, g.colours * 8, g.opacity * 8, np.log(g.scales)])

    _, index = cKDTree(features(reference)).query(features(gaussians))
    assert len(np.unique(index)) == len(gaussians), "two splats of the copy are the same one of the original"
    return reference.select(index)


def angles(a: Gaussians, b: Gaussians) -> np.ndarray:
    """Angle between the rotations of splats [N], degrees."""
    p, q = a.rotations.astype(np.float64), b.rotations.astype(np.float64)
    chord = np.minimum(np.linalg.norm(p - q, axis=1), np.linalg.norm(p + q, axis=1))  # q and -q turn alike
    return np.degrees(4 * np.arcsin(np.minimum(chord / 2, 1)))


def from_y_up(gaussians: Gaussians) -> Gaussians:
    """Splats of a .spz in the axes of the .ply it was made from: y and z mirrored, harmonics of degree 0."""
    mirror = np.float32([1, -1, -1])
    return replace(
        gaussians,
        positions=gaussians.positions * mirror,
        rotations=gaussians.rotations * np.float32([1, 1, -1, -1]),
    )
