"""A stalk of splats on a foot that holds, small enough to fit in seconds, and films of it."""

from __future__ import annotations

import numpy as np

from backend import taichi_runtime
from backend.camera import Camera
from backend.fitting.chain import pictures_of
from backend.fitting.driving import drive
from backend.fitting.push import Push
from backend.fitting.task import Task
from backend.gaussians import Gaussians, sh_from_colours
from backend.rotations import normalised
from backend.video.clip import Clip

HEIGHT, WIDTH = 0.2, 0.03
"""Of the stalk, metres."""
SIZE, FRAMES, FPS = 96, 12, 30.0
"""Of a `Case`'s films."""
TRUTH = 6.0
"""log10 of Young's modulus in them, pascals: sways at 3 Hz, 1.1 periods in a film."""


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


class Case:
    """A stalk, and films of it acted by 220 particles to be explained by 150 others."""

    def __init__(self) -> None:
        taichi_runtime.start("f32")
        self.gaussians, self.parts = stalk()
        self.actor = drive(self.gaussians, self.parts, particles=220, cells=12, seed=7)
        self.driven = drive(self.gaussians, self.parts, particles=150, cells=12)

    def task(self, clip: Clip, camera: Camera, **changes) -> Task:
        given = {"driven": self.driven, "iterations": 2, "cfl": 0.45, "report": lambda fraction, text: None}
        given |= {"clip": clip, "camera": camera, "gaussians": self.gaussians, "background": np.ones(3)}
        return Task(**given | changes)

    def film(
        self, camera: Camera, speed: list[float], acceleration: np.ndarray | None = None, frames: int = FRAMES
    ) -> Clip:
        """Set off with `speed` [3] at the tip (m/s), with pixel noise of 0.01."""
        model = self.actor.model
        blank = Clip(np.zeros((frames, SIZE, SIZE, 3), np.float32), FPS)
        chain = pictures_of(self.task(blank, camera, driven=self.actor))
        height = np.clip(model.rest[:, 2:] / HEIGHT, 0, None)
        young = np.full(len(model), 10**TRUTH)
        push = Push(young, height**1.5 * speed, acceleration=acceleration)
        clean = np.stack([chain.still(), *chain.pictures(push)])
        noise = np.random.default_rng(3).normal(0, 0.01, clean.shape)
        return Clip((clean + noise).clip(0, 1).astype(np.float32), FPS)
