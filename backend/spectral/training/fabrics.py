"""Families of things that are no plants and move in the wind: flags, lanterns and signs that hang, laundry."""

from __future__ import annotations

import numpy as np

from .plants import Frame, petal_colour
from .skeleton import Shape, Skeleton, bar, blob
from .sway import BINS, OMEGA, SPECTRUM, Gusts, Motion, unit_complex

NEAR = 0.4
"""Share of the flags."""


def lantern(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """Things on strings: lanterns, baskets, signs, feathers."""
    plant = Skeleton()
    top = frame.foot - [0, frame.height]
    for _ in range(rng.integers(1, 4)):
        start = top + [rng.normal(0, 0.4 * frame.height), 0]
        joints = plant.chain(
            -1, np.pi / 2 + rng.normal(0, 0.05), frame.height * rng.uniform(0.2, 0.6), 0.3, 2, start=start
        )
        for joint in joints:
            plant.bar(joint, 0.35, 0.35, rng.uniform(0, 0.6, 3))
        last, end = joints[-1], plant.ends[joints[-1]]
        half, colour = frame.height * rng.uniform(0.08, 0.2, 2), petal_colour(rng)
        if rng.random() < 0.5:
            plant.carry(last, blob(end + [0, half[1]], *half), colour)
            for share in (-0.5, 0, 0.5):
                plant.carry(
                    last,
                    blob(end + [share * half[0], half[1]], 0.12 * half[0], 0.9 * half[1]),
                    colour * rng.uniform(0.7, 0.9),
                    0,
                )
        else:
            corners = np.array([[-1, 0], [1, 0], [1, 2], [-1, 2]]) * half
            plant.carry(last, end + corners, colour)
            plant.carry(last, end + [0, 0.3 * half[1]] + corners * [0.7, 0.6], petal_colour(rng), 0)
    return plant


def flag(rng: np.random.Generator, frame: Frame, gusts: Gusts) -> tuple[list[Shape], Motion]:
    """A pole with a cloth in which waves run away from it, growing on their way (strips with a linear field each)."""
    side = 1 if gusts.heading[0] > 0 else -1
    top = frame.foot - [0, frame.height]
    # Some are seen from so near that the cloth fills the picture.
    near = rng.random() < NEAR
    tall = (frame.size if near else frame.height) * rng.uniform(0.2, 0.55)
    long = tall * rng.uniform(1.0, 2.2)
    strips = 16 if near else 10
    edges = np.linspace(0, 1, strips + 1)
    sag = rng.uniform(0, 0.5) * tall
    ripple, waves, phase = rng.uniform(0.0, 0.08) * tall, rng.uniform(0.5, 2.5), rng.uniform(0, 6)
    taper = rng.uniform(0.0, 1.0) if rng.random() < 0.25 else 0.0

    def line(share: np.ndarray) -> np.ndarray:
        y = top[1] + sag * share**1.5 + ripple * share * np.sin(2 * np.pi * waves * share + phase)
        return np.stack([top[0] + side * long * share, y], -1)

    upper = line(edges)
    lower = upper + np.stack([-0.1 * sag * edges, tall * (1 - taper * edges)], -1)
    upper = upper + np.stack([0 * edges, 0.5 * taper * tall * edges], -1)
    shapes = [
        Shape(
            -1,
            bar(frame.foot, top - [0, 0.03 * frame.height], 0.012 * frame.height + 0.3, 0.008 * frame.height + 0.3),
            rng.uniform(0.2, 0.9, 3),
        )
    ]
    colours = [petal_colour(rng) for _ in range(3)]
    style = rng.integers(3)
    slope = np.gradient(upper[:, 1] - sag * edges**1.5)
    # Folds run aslant through the cloth and are seen by their light alone.
    folds, slant, depth = rng.uniform(0.5, 4), rng.normal(0, 1.5), rng.uniform(0, 0.35)
    bands = 6 if near else 3
    for i in range(strips):
        for band in range(bands):
            a, b = band / bands, (band + 1) / bands
            fold = depth * np.sin(2 * np.pi * folds * edges[i] + slant * (a + b) + phase)
            light = np.clip(1 - 2.0 * slope[i] / tall * strips / 10 + fold, 0.5, 1.35)
            polygon = np.stack(
                [upper[i] + a * (lower[i] - upper[i]), upper[i + 1] + a * (lower[i + 1] - upper[i + 1])]
                + [upper[i + 1] + b * (lower[i + 1] - upper[i + 1]), upper[i] + b * (lower[i] - upper[i])]
            )
            colour = colours[[0, 3 * band // bands, 3 * i // strips][style]]
            shapes.append(Shape(i, polygon, np.clip(colour * light, 0, 1)))
    speed = gusts.speed * rng.uniform(0.3, 1) + 0.2 * long
    number = OMEGA * long / speed
    wave = gusts.along + 0.5 * SPECTRUM * unit_complex(rng, BINS)

    growth = rng.uniform(0.5, 1.4)

    def moved(share: np.ndarray) -> np.ndarray:
        """[len(share), K, 2]"""
        up = wave * share[:, None] ** growth * np.exp(-1j * number * share[:, None])
        fore = 0.35 * wave * 1j * share[:, None] ** 1.5 * np.exp(-1j * number * share[:, None])
        return np.stack([side * fore, up], -1)

    values = moved(edges)
    table = np.zeros((strips, BINS, 6), complex)
    table[..., :2] = values[:-1]
    step = side * long / strips
    gradient = (values[1:] - values[:-1]) / step
    table[..., 2], table[..., 4] = gradient[..., 0], gradient[..., 1]
    return shapes, Motion(upper[:-1], table)
