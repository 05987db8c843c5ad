"""Pictures moved by affine maps of pixel positions."""

from __future__ import annotations

import numpy as np


def resample(picture: np.ndarray, matrix: np.ndarray, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture [h, w, 3] read at matrix [2, 3] times each pixel position of [height, width]: cubic, and where it had
    something to read [height, width], 0..1.

    Positions count from the corner: pixel (0, 0) has its centre at (0.5, 0.5).
    """
    import cv2

    # OpenCV counts from the centre of the first pixel.
    index = np.asarray(matrix, float).copy()
    index[:, 2] += 0.5 * index[:, :2].sum(1) - 0.5
    size, flags = (width, height), cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(
        np.asarray(picture, np.float32), index, size, flags=cv2.INTER_CUBIC | flags, borderMode=cv2.BORDER_REPLICATE
    )
    inside = cv2.warpAffine(
        np.ones(picture.shape[:2], np.float32), index, size, flags=cv2.INTER_LINEAR | flags, borderValue=0
    )
    return np.clip(warped, 0, 1), inside


def compose(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The map [2, 3] that applies `inner` first."""
    return np.concatenate([outer[:, :2] @ inner[:, :2], (outer[:, :2] @ inner[:, 2] + outer[:, 2])[:, None]], 1)
