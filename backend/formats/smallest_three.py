"""Unit quaternions by their three smallest components, as compressed.ply, .spz and .sog store them.

The fourth, largest in size, follows from the length of 1 and is taken as positive: q and -q turn alike.
"""

from __future__ import annotations

import numpy as np

OTHERS = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])
"""Indices of the components other than one, in order."""


def restore(three: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Quaternions [N, 4], float32, from components [N, 3], in order, and the index [N] of the one left out."""
    q = np.empty((len(three), 4), np.float32)
    np.put_along_axis(q, OTHERS[largest], three.astype(np.float32), 1)
    left_out = np.sqrt(np.maximum(1 - (three * three).sum(1), 0))
    np.put_along_axis(q, largest[:, None].astype(np.intp), left_out[:, None].astype(np.float32), 1)
    return q


def split(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Components [N, 3], each within 1/sqrt(2), and index [N] of the one left out, of unit quaternions [N, 4]."""
    largest = np.argmax(np.abs(q), 1)
    sign = np.where(np.take_along_axis(q, largest[:, None], 1) < 0, -1, 1)
    return np.take_along_axis(q, OTHERS[largest], 1) * sign, largest
