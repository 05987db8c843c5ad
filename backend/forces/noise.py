"""The turbulence of Blender's force fields: three octaves of Perlin's improved noise (Perlin 2002).

n(x) = sum_k 2^-k N(2^k x / size) / sum_k 2^-k, k = 0, 1, 2, so it lies between -1 and 1. The permutation is Blender's
own, found from the gradients that `mathutils.noise` shows.
"""

from __future__ import annotations

import numpy as np

OCTAVES = 3
PERMUTATION = np.frombuffer(
    bytes.fromhex(
        "a2a0193bf8ebaaeef31c67281ded00de952edc3f3a82354d6cba36d0f60c7932d159f4088b63892fb8b49783f28f18c7"
        "51146587482042a880b54013b2227e57bc7f6b9d864cc8db7cd5254e5a557450cdb37abbc3cbb6e2e4ecfd980b96d39e"
        "5ca164f18161e1c42472498c904b843438ab78ca1f01d79311c158a931f9446dbf339c5f0994a38506c69a1e7b461530"
        "272b1b713c5bd66f62ac4fc2c00eb123a7df47b0776905e9e6e776730ffe6e9b56ef12a537fcaed9038edd10b9cec98d"
        "da2abd68179fbed40accd2e8433d70b7027d99d80d608a042c3e92e5af5307e029a6c5e3f5f74a41266a165e522d21ad"
        "f091ffea54fa661a4539cf75a488fb5d"
    ),
    np.uint8,
).astype(np.int64)
_axes = np.eye(3)
GRADIENTS = np.array(
    [
        (-1) ** (h & 1) * _axes[0 if h < 8 else 1]
        + (-1) ** (h >> 1 & 1) * _axes[1 if h < 4 else 0 if h in (12, 14) else 2]
        for h in range(16)
    ]
)
"""Perlin's edge midpoints of a cube [16, 3], four of them twice."""


def turbulence(points: np.ndarray, size: float) -> np.ndarray:
    """Noise [P] at points [P, 3] in metres, with features of `size` metres; a size of 0 means 1, as in Blender."""
    points = np.asarray(points, float) / (size or 1.0)
    octaves = [0.5**k * perlin(2**k * points) for k in range(OCTAVES)]
    return np.sum(octaves, 0) / sum(0.5**k for k in range(OCTAVES))


def perlin(points: np.ndarray) -> np.ndarray:
    """Perlin's improved noise [P], -1 to 1, at points [P, 3]; zero at whole numbers, with a period of 256."""
    base = np.floor(points)
    t = points - base
    base = base.astype(np.int64)
    fade = t * t * t * (t * (t * 6 - 15) + 10)
    total = np.zeros(len(points))
    for corner in np.ndindex(2, 2, 2):
        h = np.zeros(len(points), np.int64)
        for axis in range(3):
            h = PERMUTATION[(h + base[:, axis] + corner[axis]) % 256]
        share = np.prod(np.where(corner, fade, 1 - fade), axis=1)
        total += share * ((t - corner) * GRADIENTS[h & 15]).sum(1)
    return total
