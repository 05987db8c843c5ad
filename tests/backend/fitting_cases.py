"""A stalk of splats on a foot that holds, small enough to fit in seconds."""

from __future__ import annotations

import numpy as np

from backend.camera import Camera
from backend.gaussians import Gaussians, sh_from_colours
from backend.rotations import normalised

HEIGHT, WIDTH = 0.2, 0.03
"""Of the stalk, metres."""


def stalk(count: int = 1200, seed: int = 0) -> tuple[Gaussians, np.ndarray]:
    """(splats, parts [N]): a speckled square stalk, part 1, on a grey slab that holds; metres, Z up."""
    rng = np.random.default_rng(seed)
    stem = rng.uniform([-WIDTH / 2, -WIDTH / 2, 0], [WIDTH / 2, WIDTH / 2, HEIGHT], (count, 3))
    slab = rng.uniform([-0.05, -0.05, -0.01], [0.05, 0.05, 0], (count // 3, 3))
    positions = np.concatenate([stem, slab]).astype(np.float32)
    parts = np.repeat([1, 0], [count, count // 3]).astype(np.int32)
    # Speckles far larger than a pixel give optical flow something to hold.
    speckle = rng.uniform(0, 1, (20, 3))[(np.floor(stem[:, 2] / 0.01)).astype(int) % 20]
    colours = np.concatenate([speckle, np.full((count // 3, 3), 0.6)])
    n = len(positions)
    turns = normalised(rng.normal(size=(n, 4))).astype(np.float32)
    scales = np.tile(np.float32([0.0015, 0.003, 0.006]), (n, 1))
    return Gaussians(positions, turns, scales, np.full(n, 0.8, np.float32), sh_from_colours(colours)), parts


def front_view(size: int) -> Camera:
    """The whole stalk, looking along +y."""
    return Camera.look_at((0, -0.6, 0.09), (0, 0, 0.09), 2.2 * size, size, size)
