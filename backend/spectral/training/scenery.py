"""What stays still in the generator's pictures: backgrounds, and things that could be taken for plants."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas
from .plants import leaf_colour, petal_colour
from .skeleton import bar, blob, leaf
from .structures import STRUCTURES


def noise(rng: np.random.Generator, height: int, width: int, roughness: float) -> np.ndarray:
    """Grey noise of several octaves [height, width], 0..1; finer octaves are `roughness` times weaker each."""
    import cv2

    total = np.zeros((height, width), np.float32)
    weight, cells = 1.0, rng.integers(2, 5)
    while cells < max(height, width):
        grid = rng.random((max(cells * height // width, 2), cells), np.float32)
        total += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        weight, cells = weight * roughness, cells * 2
    total -= total.min()
    return total / (total.max() + 1e-6)


def background(canvas: Canvas, rng: np.random.Generator) -> None:
    """Sky, wall, wood, water, rocks, blurred garden or plain noise, with a ground in front or without."""
    height, width = canvas.height, canvas.width
    kind = rng.integers(10)
    first, second = rng.uniform(0, 1, 3), rng.uniform(0, 1, 3)
    if rng.random() < 0.35:
        first, second = leaf_colour(rng) * rng.uniform(0.3, 1.2), leaf_colour(rng) * rng.uniform(0.3, 1.2)
    rows = np.linspace(0, 1, canvas.pixels.shape[0])[:, None]
    if kind == 0:
        sky = np.array([rng.uniform(0.3, 0.8), rng.uniform(0.5, 0.9), rng.uniform(0.7, 1)])
        canvas.fill((1 - rows)[..., None] * sky + rows[..., None] * rng.uniform(0.6, 1, 3))
        cover = noise(rng, *canvas.pixels.shape[:2], 0.5)
        canvas.blend(np.ones(3) * rng.uniform(0.8, 1), np.clip((cover - rng.uniform(0.4, 0.8)) * 3, 0, 0.8))
    else:
        canvas.fill((1 - rows)[..., None] * first + rows[..., None] * second * np.ones((1, canvas.pixels.shape[1], 1)))
        canvas.blend(
            rng.uniform(0, 1, 3), noise(rng, *canvas.pixels.shape[:2], rng.uniform(0.3, 0.9)) * rng.uniform(0.1, 0.9)
        )
    if kind == 1:
        step = rng.uniform(0.06, 0.2) * height
        for i, y in enumerate(np.arange(0, height, step)):
            canvas.line([0, y], [width, y], rng.uniform(0.2, 0.8, 3), 0.6)
            for x in np.arange(-(i % 2) * step, width, 2 * step):
                canvas.line([x, y], [x, y + step], rng.uniform(0.2, 0.8, 3), 0.6)
    elif kind == 2:
        dark = first * 0.6
        for x in np.cumsum(rng.uniform(0.04, 0.2, 12)) * width:
            canvas.polygon(bar(np.array([x, 0.0]), np.array([x + rng.normal(0, 1), height]), 0.5, 0.6), dark)
    elif kind == 3:
        for _ in range(rng.integers(6, 40)):
            spot = rng.uniform(0, 1, 2) * [width, height]
            colour = (leaf_colour(rng) if rng.random() < 0.7 else petal_colour(rng)) * rng.uniform(0.5, 1.4)
            canvas.polygon(blob(spot, *(rng.uniform(0.02, 0.14, 2) * height)), np.clip(colour, 0, 1))
        canvas.blur(rng.uniform(0.02, 0.08) * height)
    elif kind == 4:
        for _ in range(rng.integers(1, 4)):
            heights = height * (rng.uniform(0.3, 0.8) + 0.3 * (noise(rng, 2, 24, 0.6)[0] - 0.5))
            ridge = np.stack([np.linspace(0, width, 24), heights], -1)
            outline = np.concatenate([ridge, [[width, height], [0, height]]])
            canvas.polygon(outline, rng.uniform(0.05, 0.8) * rng.uniform(0.7, 1, 3))
    elif kind == 7:
        _evening(canvas, rng)
    elif kind == 8:
        _water(canvas, rng, 0.0)
    elif kind == 9:
        _boulders(canvas, rng)
    if rng.random() < 0.5:
        horizon = rng.uniform(0.55, 0.95) * height
        ground = rng.uniform(0.1, 0.8) * rng.uniform(0.6, 1, 3) if rng.random() < 0.6 else leaf_colour(rng) * 0.7
        tilt = rng.normal(0, 0.03) * height
        outline = np.array([[0, horizon - tilt], [width, horizon + tilt], [width, height], [0, height]])
        canvas.polygon(outline, ground)
        patch = noise(rng, *canvas.pixels.shape[:2], rng.uniform(0.6, 1.0)) * rng.uniform(0, 0.6)
        patch[: int(canvas.pixels.shape[0] * horizon / height)] = 0
        canvas.blend(ground * rng.uniform(0.4, 1.4), patch)
        if rng.random() < 0.25:
            _boulders(canvas, rng, horizon / height)
    if rng.random() < 0.4:
        canvas.blur(rng.uniform(0.0, 0.05) * height)


def _evening(canvas: Canvas, rng: np.random.Generator) -> None:
    """A sky with a low sun, bands of lit and dark clouds, perhaps over water."""
    height, width = canvas.height, canvas.width
    rows = np.linspace(0, 1, canvas.pixels.shape[0])[:, None, None]
    glow = np.array([rng.uniform(0.8, 1), rng.uniform(0.45, 0.9), rng.uniform(0.1, 0.6)])
    canvas.fill((1 - rows) * rng.uniform(0.1, 0.8, 3) + rows * glow * np.ones((1, canvas.pixels.shape[1], 1)))
    for _ in range(rng.integers(1, 4)):
        # Stretched noise: clouds near the horizon are seen from the side.
        flat = np.repeat(noise(rng, *canvas.pixels.shape[:2], 0.6), 3, 1)[:, : canvas.pixels.shape[1]]
        shade = rng.uniform(0.05, 0.4) * np.ones(3) if rng.random() < 0.5 else glow * rng.uniform(0.7, 1.1)
        canvas.blend(np.clip(shade, 0, 1), np.clip((flat - rng.uniform(0.3, 0.7)) * 4, 0, 0.9))
    if rng.random() < 0.5:
        sun = np.array([rng.uniform(0, 1) * width, rng.uniform(0.2, 0.8) * height])
        canvas.polygon(blob(sun, *(rng.uniform(0.02, 0.12) * height * np.ones(2))), np.clip(1.2 * glow, 0, 1))
        canvas.blur(rng.uniform(0.005, 0.03) * height)
    if rng.random() < 0.5:
        _water(canvas, rng, rng.uniform(0.4, 0.8))


def _water(canvas: Canvas, rng: np.random.Generator, horizon: float) -> None:
    """Ripples below a horizon, a share of the height; the generator knows no waves, its water is still."""
    height, width = canvas.height, canvas.width
    colour = rng.uniform(0.05, 0.8) * np.array([rng.uniform(0.5, 1), rng.uniform(0.7, 1), 1])
    if horizon:
        canvas.polygon(np.array([[0, horizon], [1, horizon], [1, 1], [0, 1]]) * [width, height], colour)
    for _ in range(rng.integers(15, 50)):
        depth = rng.random()
        y = height * (horizon + (1 - horizon) * depth)
        half = np.array([rng.uniform(0.05, 0.4) * (0.3 + depth), 0.012 * (0.2 + depth)]) * height
        tone = np.clip(colour * rng.uniform(0.5, 1.6) + rng.uniform(-0.1, 0.2), 0, 1)
        canvas.polygon(blob(np.array([rng.uniform(0, width), y]), *half), tone)


def _boulders(canvas: Canvas, rng: np.random.Generator, top: float = 0.0) -> None:
    """A slope of many mottled stones, lit from one side, with dark gaps, below a share of the height."""
    height, width = canvas.height, canvas.width
    tone = rng.uniform(0.3, 0.8) * rng.uniform(0.85, 1, 3)
    extent = rng.uniform(0.03, 0.2) * height
    for y in np.sort(rng.uniform(top, 1, rng.integers(15, 60))):
        at = np.array([rng.uniform(0, width), y * height])
        half, rough = extent * rng.uniform(0.4, 1.5) * (0.5 + y), rng.normal(0, 0.15, 14)
        light = rng.uniform(0.6, 1.2)
        canvas.polygon(blob(at, 1.1 * half, 0.8 * half, rough), tone * 0.4 * light)
        canvas.polygon(blob(at - 0.12 * half, 0.95 * half, 0.65 * half, rough), np.clip(tone * light, 0, 1))
        for _ in range(rng.integers(1, 6)):
            spot = at + rng.normal(0, 0.35 * half, 2)
            mottle = tone * rng.uniform(0.5, 1.4) * light
            canvas.polygon(blob(spot, 0.3 * half, 0.15 * half, rng.normal(0, 0.2, 14)), np.clip(mottle, 0, 1))


def roughen(canvas: Canvas, rng: np.random.Generator) -> None:
    """Give everything so far a texture: grain, bark, stone, weave."""
    detail = noise(rng, *canvas.pixels.shape[:2], rng.uniform(0.8, 1.3)) - 0.5
    strength = rng.uniform(0, 0.6)
    canvas.pixels[:] = np.clip(canvas.pixels * (1 + strength * detail)[..., None], 0, 255)


def distractor(canvas: Canvas, rng: np.random.Generator) -> None:
    """One still thing, in front of what is there: a rock, post, pot, building, script, cable, structure and so on."""
    height, width = canvas.height, canvas.width
    spot = rng.uniform(0.05, 0.95, 2) * [width, height]
    colour = rng.uniform(0.1, 0.95, 3) if rng.random() < 0.5 else rng.uniform(0.1, 0.9) * rng.uniform(0.85, 1, 3)
    extent = rng.uniform(0.05, 0.3) * height
    kind = rng.integers(13)
    if kind > 9:
        STRUCTURES[rng.integers(len(STRUCTURES))](canvas, rng, spot, extent)
    elif kind == 0:
        for _ in range(rng.integers(1, 5)):
            at = spot + rng.normal(0, extent, 2) * [1, 0.2]
            rough = rng.normal(0, 0.1, 14)
            half = extent * rng.uniform(0.4, 1)
            canvas.polygon(blob(at, half, 0.7 * half, rough), colour * 0.8)
            canvas.polygon(
                blob(at - [0.1 * half, 0.2 * half], 0.7 * half, 0.4 * half, rough), np.clip(colour * 1.15, 0, 1)
            )
    elif kind == 1:
        thick = rng.uniform(0.006, 0.06) * height
        foot = np.array([spot[0], height * rng.uniform(0.7, 1.05)])
        top = np.array([spot[0] + rng.normal(0, 0.02) * height, height * rng.uniform(-0.1, 0.6)])
        canvas.polygon(bar(foot, top, thick, thick), colour)
        canvas.polygon(bar(foot + [thick / 2, 0], top + [thick / 2, 0], thick / 2, thick / 2), colour * 0.8)
        if rng.random() < 0.4:
            canvas.polygon(blob(top, 3 * thick, 2 * thick), rng.uniform(0.2, 1, 3))
    elif kind == 2:
        step, thick = rng.uniform(0.05, 0.15) * width, rng.uniform(0.005, 0.02) * height
        low = height * rng.uniform(0.6, 1)
        for x in np.arange(rng.uniform(0, step), width, step):
            canvas.polygon(bar(np.array([x, low]), np.array([x, low - 0.3 * height]), thick, thick), colour)
        for share in (0.08, 0.22):
            canvas.line([0, low - share * height], [width, low - share * height], colour, 2 * thick)
    elif kind == 3:
        pot(canvas, rng, spot + [0, 0], 1.2 * extent)
    elif kind == 4:
        corner = spot - [extent, extent]
        box = corner + np.array([[0, 0], [2, 0], [2, 3], [0, 3]]) * extent
        canvas.polygon(box, colour)
        for i in range(3):
            for j in range(3):
                at = corner + (np.array([i, j]) * 0.62 + 0.2) * extent
                canvas.polygon(
                    at + np.array([[0, 0], [0.35, 0], [0.35, 0.4], [0, 0.4]]) * extent, colour * rng.uniform(0.3, 0.9)
                )
    elif kind == 5:
        for _ in range(rng.integers(1, 6)):
            at = spot + rng.normal(0, extent, 2)
            ball = petal_colour(rng)
            canvas.polygon(blob(at, 0.4 * extent, 0.4 * extent), ball)
            canvas.polygon(blob(at - 0.12 * extent, 0.15 * extent, 0.15 * extent), np.clip(ball * 1.3, 0, 1))
    elif kind == 6:
        letters = "".join(chr(c) for c in rng.integers(48, 123, rng.integers(2, 9)))
        canvas.script(letters, spot - [0.3 * width, 0], colour, rng.uniform(0.1, 0.4) * height)
    elif kind == 7:
        ends = np.array([[0, rng.uniform(0, 1) * height], [width, rng.uniform(0, 1) * height]])
        shares = np.linspace(0, 1, 9)[:, None]
        points = ends[0] + shares * (ends[1] - ends[0]) + 0.1 * height * np.array([0, 1]) * (1 - (2 * shares - 1) ** 2)
        for first, second in zip(points[:-1], points[1:], strict=True):
            canvas.line(first, second, colour, rng.uniform(0.5, 1.2))
    elif kind == 8:
        half = np.array([rng.uniform(0.5, 2), rng.uniform(0.3, 1.5)]) * extent
        canvas.polygon(spot + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half, colour)
        canvas.polygon(spot + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half * 0.85, rng.uniform(0, 1, 3))
    else:
        # A picture of a plant or fallen leaves on the ground: shaped like leaves, yet nothing holds them in the wind.
        green = leaf_colour(rng)
        for _ in range(rng.integers(2, 9)):
            at = spot + rng.normal(0, extent, 2) * [1.5, 0.3]
            turn = rng.uniform(0, 2 * np.pi)
            tip = at + 0.4 * extent * np.array([np.cos(turn), 0.35 * np.sin(turn)])
            canvas.polygon(leaf(at, tip, 0.12 * extent), np.clip(green * rng.uniform(0.5, 1.2), 0, 1))


def pot(canvas: Canvas, rng: np.random.Generator, top: np.ndarray, width: float) -> None:
    """A pot, vase or basket whose rim's middle is at `top`; it covers what is there."""
    tall = width * rng.uniform(0.6, 1.5)
    narrow = rng.uniform(0.55, 1.05)
    colour = rng.uniform(0.15, 0.95, 3) if rng.random() < 0.5 else np.array([0.7, 0.4, 0.25]) * rng.uniform(0.5, 1.3)
    colour = np.clip(colour, 0, 1)
    half = width / 2
    body = top + np.array([[-half, 0], [half, 0], [narrow * half, tall], [-narrow * half, tall]])
    canvas.polygon(body, colour)
    canvas.polygon(
        top + np.array([[0.2 * half, 0], [half, 0], [narrow * half, tall], [0.2 * half, tall]]), 0.85 * colour
    )
    if rng.random() < 0.7:
        rim = top + np.array([[-1.12, -0.05], [1.12, -0.05], [1.12, 0.18], [-1.12, 0.18]]) * [half, tall]
        canvas.polygon(rim, np.clip(1.1 * colour, 0, 1))


def shadow(canvas: Canvas, rng: np.random.Generator, foot: np.ndarray, reach: float) -> None:
    """A soft dark spot where a plant stands."""
    dark = (
        canvas.pixels[min(int(foot[1]), canvas.height - 1) * 2, min(max(int(foot[0]), 0), canvas.width - 1) * 2] / 255
    )
    canvas.polygon(blob(foot, reach, 0.15 * reach), 0.7 * dark)
