"""Rotations as matrices and unit quaternions (w, x, y, z), in numpy."""

from __future__ import annotations

import numpy as np


def normalised(q: np.ndarray) -> np.ndarray:
    """Unit quaternions [..., 4]; a zero quaternion becomes the identity."""
    q = np.asarray(q)
    length = np.linalg.norm(q, axis=-1, keepdims=True)
    identity = np.array([1, 0, 0, 0], q.dtype)
    return np.where(length > 1e-12, q / np.maximum(length, 1e-12), identity)


def matrix_from_quaternion(q: np.ndarray) -> np.ndarray:
    """Rotation matrices [..., 3, 3] of unit quaternions [..., 4] (wxyz)."""
    w, x, y, z = np.moveaxis(np.asarray(q), -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, -1) for row in rows], -2)


def quaternion_from_matrix(m: np.ndarray) -> np.ndarray:
    """Unit quaternions [..., 4] (wxyz, w >= 0) of rotation matrices [..., 3, 3].

    Each component's magnitude comes from the diagonal; the largest one fixes the signs of the others (Shepperd 1978),
    which stays accurate at every angle.
    """
    m = np.asarray(m)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    four_squares = np.stack([1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz], -1)
    wx, wy, wz = (m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1])
    xy, xz, yz = (m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2])
    s0, s1, s2, s3 = np.moveaxis(four_squares, -1, 0)
    candidates = np.stack(
        [
            np.stack([s0, wx, wy, wz], -1),
            np.stack([wx, s1, xy, xz], -1),
            np.stack([wy, xy, s2, yz], -1),
            np.stack([wz, xz, yz, s3], -1),
        ],
        -2,
    )
    best = np.argmax(four_squares, -1)[..., None, None]
    q = normalised(np.take_along_axis(candidates, best, -2)[..., 0, :])
    return np.where(q[..., :1] < 0, -q, q)


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Quaternion product a*b [..., 4]: rotate by b, then by a."""
    aw, ax, ay, az = np.moveaxis(np.asarray(a), -1, 0)
    bw, bx, by, bz = np.moveaxis(np.asarray(b), -1, 0)
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        -1,
    )


def vector_from_quaternion(q: np.ndarray) -> np.ndarray:
    """Rotation vectors [..., 3] (axis times angle, radians, at most pi long) of unit quaternions [..., 4] (wxyz)."""
    q = np.asarray(q)
    q = np.where(q[..., :1] < 0, -q, q)
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, q[..., :1])
    return q[..., 1:] * np.where(sine > 1e-12, angle / np.maximum(sine, 1e-12), 2)


def quaternion_from_vector(vector: np.ndarray) -> np.ndarray:
    """Unit quaternions [..., 4] (wxyz) of rotation vectors [..., 3] (axis times angle, radians)."""
    angle = np.linalg.norm(vector, axis=-1, keepdims=True)
    return np.concatenate([np.cos(angle / 2), np.sinc(angle / (2 * np.pi)) * np.asarray(vector) / 2], -1)


def continuous(q: np.ndarray) -> np.ndarray:
    """Quaternions [T, ..., 4] with the sign that follows from the one before along the first axis, for blending."""
    turned_over = (q[1:] * q[:-1]).sum(-1) < 0
    sign = np.cumprod(np.where(turned_over, -1, 1), axis=0).astype(q.dtype)
    return np.concatenate([q[:1], sign[..., None] * q[1:]])


def similarity(matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """Rotation matrix [3, 3] and scale of a 4x4 similarity (rotation, uniform scale, translation).

    Raises ValueError for a shear, a mirror or a non-uniform scale, which rotations and scales cannot follow.
    """
    linear = np.asarray(matrix, float)[:3, :3]
    scale = float(np.cbrt(np.linalg.det(linear)))
    if scale <= 0 or not np.allclose(linear @ linear.T, scale**2 * np.eye(3), atol=1e-4 * scale**2):
        raise ValueError("the object's transform is mirrored, sheared or scaled unevenly; apply or reset its scale")
    return linear / scale, scale
