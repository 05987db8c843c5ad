"""A few of many points, spread evenly."""

from __future__ import annotations

import numpy as np


def farthest_first(points: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which of points [P, 3] are kept [count], each the farthest from those before (Gonzalez 1985), and the kept one
    that is nearest to each point [P]."""
    kept, owner = [0], np.zeros(len(points), int)
    distance = np.linalg.norm(points - points[0], axis=1)
    while len(kept) < min(count, len(points)):
        kept.append(int(distance.argmax()))
        to_new = np.linalg.norm(points - points[kept[-1]], axis=1)
        owner[to_new < distance] = len(kept) - 1
        distance = np.minimum(distance, to_new)
    return np.array(kept), owner
