"""Still things with much detail, which photographs have and a network that knows few of them takes for plants."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas
from .skeleton import bar, blob


def lattice(canvas: Canvas, rng: np.random.Generator, spot: np.ndarray, extent: float) -> None:
    """A truss, scaffold or suspension bridge: posts, rails and what runs between them, in one dark or light tone."""
    tone = rng.uniform(0.05, 0.7) * rng.uniform(0.8, 1, 3)
    wide, tall = extent * rng.uniform(0.6, 4), extent * rng.uniform(1, 5)
    left, top = spot[0] - wide / 2, spot[1] - tall * rng.uniform(0.2, 0.8)
    thick = extent * rng.uniform(0.01, 0.08) + 0.2
    columns, rows = rng.integers(2, 9), rng.integers(1, 7)
    x, y = left + wide * np.linspace(0, 1, columns), top + tall * np.linspace(0, 1, rows + 1)
    slope = rng.normal(0, 0.15)
    for at in x:
        canvas.line([at, top + slope * (at - left)], [at, top + tall], tone * rng.uniform(0.7, 1.3), thick)
    for at in y[:-1]:
        canvas.line([left, at], [left + wide, at + slope * wide], tone * rng.uniform(0.7, 1.3), 1.3 * thick)
    if rng.random() < 0.6:
        for i in range(columns - 1):
            for j in range(rows):
                ends = ((x[i], y[j]), (x[i + 1], y[j + 1])) if (i + j) % 2 else ((x[i], y[j + 1]), (x[i + 1], y[j]))
                canvas.line(*ends, tone * rng.uniform(0.6, 1.2), 0.6 * thick)


def tower(canvas: Canvas, rng: np.random.Generator, spot: np.ndarray, extent: float) -> None:
    """A pier, tower or trunk that is too thick for any wind: courses of stones, or bark."""
    height = canvas.height
    tone = rng.uniform(0.2, 0.9) * np.array([1, rng.uniform(0.8, 1), rng.uniform(0.6, 1)])
    half = extent * rng.uniform(0.3, 1.2)
    foot, top = np.array([spot[0], 1.1 * height]), np.array([spot[0] + rng.normal(0, 0.1) * extent, -0.1 * height])
    if rng.random() < 0.4:
        top[1] = spot[1]
    canvas.polygon(bar(foot, top, half * rng.uniform(1, 1.3), half), tone)
    canvas.polygon(bar(foot + [0.5 * half, 0], top + [0.5 * half, 0], 0.5 * half, 0.5 * half), 0.8 * tone)
    if rng.random() < 0.5:
        for y in np.arange(top[1], height, rng.uniform(0.15, 0.6) * extent):
            canvas.line([spot[0] - half, y], [spot[0] + half, y], tone * rng.uniform(0.6, 1.1), 0.6)
    else:
        for _ in range(rng.integers(8, 40)):
            at = np.array([spot[0] + rng.uniform(-0.9, 0.9) * half, rng.uniform(max(top[1], 0), height)])
            long = rng.uniform(0.1, 0.5) * extent
            canvas.line(at, at + [rng.normal(0, 0.1) * long, long], tone * rng.uniform(0.4, 1.3), rng.uniform(0.4, 1.2))


def mottled(canvas: Canvas, rng: np.random.Generator, spot: np.ndarray, extent: float) -> None:
    """A boulder or a heap with spots of light, lichen or shadow as small as leaves."""
    tone = rng.uniform(0.2, 0.8) * rng.uniform(0.8, 1, 3)
    half = extent * np.array([rng.uniform(0.8, 2.5), rng.uniform(0.5, 1.3)])
    canvas.polygon(blob(spot, *half, rng.normal(0, 0.1, 14)), tone)
    moss = np.clip(tone * np.array([rng.uniform(0.7, 1), rng.uniform(1, 1.3), rng.uniform(0.5, 0.9)]), 0, 1)
    for _ in range(rng.integers(10, 60)):
        turn, far = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random()) * 0.9
        at = spot + far * half * [np.cos(turn), np.sin(turn)]
        size = extent * rng.uniform(0.03, 0.15) * np.array([1, rng.uniform(0.4, 1)])
        shade = (moss if rng.random() < 0.4 else tone) * rng.uniform(0.4, 1.5)
        canvas.polygon(blob(at, *size, rng.normal(0, 0.25, 14)), np.clip(shade, 0, 1))


def boats(canvas: Canvas, rng: np.random.Generator, spot: np.ndarray, extent: float) -> None:
    """Hulls with masts and stays, at a jetty or far out."""
    for _ in range(rng.integers(1, 6)):
        at = spot + rng.normal(0, [2 * extent, 0.2 * extent])
        long, tone = extent * rng.uniform(0.5, 1.5), rng.uniform(0, 1, 3)
        hull = at + np.array([[-0.5, 0], [0.55, -0.05], [0.4, 0.2], [-0.45, 0.2]]) * long
        canvas.polygon(hull, tone)
        canvas.polygon(at + np.array([[-0.2, -0.15], [0.15, -0.15], [0.2, 0], [-0.25, 0]]) * long, 0.7 * tone)
        if rng.random() < 0.7:
            foot = at + [rng.uniform(-0.2, 0.2) * long, 0]
            head = foot - [0, long * rng.uniform(0.7, 1.8)]
            grey = rng.uniform(0.1, 0.9) * np.ones(3)
            canvas.line(foot, head, grey, rng.uniform(0.5, 1.2))
            for end in (-0.5, 0.5):
                canvas.line(head, at + [end * long, 0], grey, 0.4)


STRUCTURES = (lattice, tower, mottled, boats)
