"""Small pictures for tests: a plant before a busy wall, a boat on water."""

from __future__ import annotations

import numpy as np

from backend.picture import Kind, Layer, Line, Picture, Wind

HEIGHT, WIDTH = 72, 96
STEM = Line(np.array([[48.0, 66.0], [48.0, 40.0], [49.0, 8.0]]))


def wall(channels: int = 3, dtype=np.uint8) -> np.ndarray:
    """A busy background [72, 96, channels]."""
    image = np.random.default_rng(0).integers(0, 200, (HEIGHT, WIDTH, channels)).astype(np.uint8)
    if channels == 4:
        image[..., 3] = 255
        image[:, :12, 3] = 0
    return image if dtype == np.uint8 else image.astype(np.float32) / 255


def plant_mask() -> np.ndarray:
    """A stem with two leaves, soft at the edge [72, 96]."""
    import cv2

    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[8:66, 46:51] = mask[24:32, 28:48] = mask[14:22, 48:70] = 255
    return cv2.GaussianBlur(mask, (0, 0), 0.7).astype(np.float32) / 255


def plant_picture(channels: int = 3, dtype=np.uint8, **settings) -> Picture:
    """A green plant that a wind from the left moves."""
    mask = plant_mask()
    image = wall(channels, dtype)
    full = 255 if dtype == np.uint8 else 1
    green = np.array([0.2, 0.7, 0.2, 1.0][:channels]) * full
    image = (mask[..., None] * green + (1 - mask[..., None]) * image).astype(dtype)
    return Picture(image, (Layer(Kind.plant, mask, (STEM,), **settings),), Wind(seed=3))


def lake_picture() -> Picture:
    """Sky with clouds, water below a horizon at row 30, a boat half on land at the right."""
    import cv2

    y, x = np.mgrid[:HEIGHT, :WIDTH]
    waves = 110 + 50 * np.sin(x / 5.0) * np.cos(y / 3.0)
    image = np.stack([waves, waves, waves * 1.3], -1).clip(0, 255).astype(np.uint8)
    image[:, 80:] = (120, 100, 60)
    sky, water, boat = (np.zeros((HEIGHT, WIDTH), np.float32) for _ in range(3))
    sky[:28], water[34:, :78], boat[44:52, 40:86] = 1, 1, 1
    image[44:52, 40:86] = (160, 60, 20)
    water = cv2.GaussianBlur(water, (0, 0), 1)
    line = Line(np.array([[40.0, 52.0], [86.0, 52.0]]))
    layers = (
        Layer(Kind.cloud, sky, horizon=30.0),
        Layer(Kind.water, water, horizon=30.0, amplitude=2.0),
        Layer(Kind.boat, boat, (line,), amplitude=3.0),
    )
    return Picture(image, layers, Wind(seed=1))
