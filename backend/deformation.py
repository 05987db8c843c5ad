"""Deformation gradients in numpy: rotation and stretch of F, and the ellipsoid that a splat becomes under it.

F = R U (polar decomposition) with a rotation R and the right stretch U, symmetric; six numbers say U. A Gaussian of
covariance Sigma becomes one of covariance F Sigma F^T (Xie et al. 2024, PhysGaussian).
"""

from __future__ import annotations

import numpy as np

from . import rotations as rot

SIX = ([0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2])
"""Rows and columns of the six numbers of a symmetric matrix: xx, xy, xz, yy, yz, zz."""
UNSTRETCHED = np.array([1, 0, 0, 1, 0, 1], np.float32)
"""The identity as six numbers."""

SWEEPS = 6
"""Of Jacobi's rotations: they converge quadratically, and in float32 four are enough for any matrix that was tried."""
NOTHING = 1e-30
"""Keeps quotients finite where a column has no length."""


def six_numbers(matrices: np.ndarray) -> np.ndarray:
    """Symmetric matrices [..., 3, 3] as xx, xy, xz, yy, yz, zz [..., 6]."""
    return matrices[..., SIX[0], SIX[1]]


def symmetric(six: np.ndarray) -> np.ndarray:
    """Symmetric matrices [..., 3, 3] of xx, xy, xz, yy, yz, zz [..., 6]."""
    return six[..., [[0, 1, 2], [1, 3, 4], [2, 4, 5]]]


def rotation_and_stretch(
    deformation: np.ndarray, limit: float | np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Quaternions R [..., 4] and stretches U [..., 6] of deformation gradients F = R U [..., 3, 3], float32.

    `limit` [...] holds the principal stretches between 1 / limit and limit. A particle turned inside out (det F < 0) is
    shown as its mirror image: its thinnest stretch changes sign.
    """
    u, s, vt = np.linalg.svd(np.asarray(deformation, np.float64))
    mirrored = np.linalg.det(u) * np.linalg.det(vt) < 0
    u[..., :, 2] *= np.where(mirrored, -1, 1)[..., None]
    if limit is not None:
        limit = np.asarray(limit)[..., None]
        s = np.clip(s, 1 / limit, limit)
    stretch = (vt.swapaxes(-1, -2) * s[..., None, :]) @ vt
    return rot.quaternion_from_matrix(u @ vt).astype(np.float32), six_numbers(stretch).astype(np.float32)


def principal_axes(half_axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotations [N, 4] and scales [N, 3], float32, of the ellipsoids B B^T that matrices B [N, 3, 3] stand for.

    One-sided Jacobi (Hestenes 1958): columns of B are turned against each other until they are orthogonal. The axes
    keep their order and stay near the columns that they come from, so that they follow a deformation over time.
    """
    columns = [np.ascontiguousarray(half_axes[:, :, k].T, np.float64) for k in range(3)]  # three of [3, N]
    for _ in range(SWEEPS):
        for i, j in ((0, 1), (0, 2), (1, 2)):
            a, b = columns[i], columns[j]
            dot = (a * b).sum(0)
            zeta = ((b * b).sum(0) - (a * a).sum(0)) / np.where(np.abs(dot) > NOTHING, 2 * dot, np.inf)
            t = np.where(np.abs(dot) > NOTHING, np.copysign(1 / (np.abs(zeta) + np.sqrt(1 + zeta**2)), zeta), 0)
            cosine = 1 / np.sqrt(1 + t * t)
            columns[i], columns[j] = cosine * (a - t * b), cosine * (t * a + b)
    scales = np.stack([np.sqrt((c * c).sum(0)) for c in columns], 1)
    axes = np.stack(columns, -1).swapaxes(0, 1) / np.maximum(scales, NOTHING)[:, None]  # [N, 3, 3]
    return rot.quaternion_from_matrix(_completed(axes, scales)).astype(np.float32), scales.astype(np.float32)


def _completed(axes: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Proper rotations [N, 3, 3] from orthogonal columns, the shortest of which may be lost or mirrored."""
    shortest = scales.argmin(1)
    every = np.arange(len(axes))
    first, second = axes[every, :, (shortest + 1) % 3], axes[every, :, (shortest + 2) % 3]
    axes[every, :, shortest] = np.cross(first, second)
    return axes
