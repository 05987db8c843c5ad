"""A painted meadow with reeds in front: a picture that is animated at once, since its layers are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..picture_motion import PictureMotion
from ..spectral.motion_texture import Stroke
from .moving import course

WIDTH, HEIGHT = 960, 600
CELLS = 40
"""Cells of the motion along the picture's height."""
SECONDS = 5.0
SWAY = 22.0
"""Farthest that the tallest reed's tip moves [pixels]."""
DAMPING = 0.08
CLUMPS = (
    ("Reeds Behind", 0.33, 0.62, 0.85, (0.42, 0.50, 0.28), 5),
    ("Reeds", 0.70, 0.88, 1.0, (0.30, 0.42, 0.16), 9),
    ("Reed in Front", 0.16, 0.97, 1.15, (0.20, 0.32, 0.10), 21),
)
"""Name, place across the picture, height over the picture's, thickness, colour and seed of each clump."""


@dataclass(frozen=True)
class PaintedLayer:
    """A layer that moves."""

    name: str
    pixels: np.ndarray
    """[H, W, 4], float32, display-referred, straight alpha."""
    motion: PictureMotion
    lines: list[list[tuple[float, float]]]
    """Its stalks from root to tip, (x, y) 0..1, y up."""


@dataclass(frozen=True)
class Painting:
    plate: np.ndarray
    """What is behind the layers [H, W, 3], float32, display-referred."""
    layers: list[PaintedLayer]
    """From back to front."""

    def photo(self) -> np.ndarray:
        """The whole picture [H, W, 3]."""
        image = self.plate
        for layer in self.layers:
            alpha = layer.pixels[..., 3:]
            image = alpha * layer.pixels[..., :3] + (1 - alpha) * image
        return image


def meadow(fps: float) -> Painting:
    """The picture and how it sways; it repeats after five seconds."""
    frames = round(SECONDS * fps)
    return Painting(_background(), [_clump(*clump, frames, fps) for clump in CLUMPS])


def _clump(
    name: str, place: float, tall: float, thick: float, colour: tuple, seed: int, frames: int, fps: float
) -> PaintedLayer:
    random = np.random.default_rng(seed)
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    pixels[..., :3] = colour
    root = np.array([place * WIDTH, HEIGHT + 4.0])
    stalks = []
    for k, lean in enumerate((-0.10, 0.05, 0.16)):
        length = tall * HEIGHT * (1 - 0.16 * abs(k - 1)) * random.uniform(0.92, 1.0)
        stalks.append(_curve(root + (18 * (k - 1), 0), lean * length, length))
    blades = [_curve(root + (random.uniform(-26, 26), 0), lean * HEIGHT, tall * HEIGHT * random.uniform(0.4, 0.62))
              for lean in random.uniform(-0.22, 0.22, 7)]  # fmt: skip
    for blade in blades:
        shade = np.array(colour) * random.uniform(0.75, 1.25)
        _draw(pixels, blade, np.linspace(6.0, 0.4, len(blade)) * thick, shade)
    for stalk in stalks:
        _draw(pixels, stalk, np.full(len(stalk), 2.3 * thick), np.array(colour) * 0.9)
        head = stalk[-7:-2]
        _draw(pixels, head, np.full(len(head), 9.0 * thick), np.array([0.36, 0.20, 0.10]))
    middle = Stroke(stalks[1], 1.0, 1.0)
    rows, columns = CELLS, round(CELLS * WIDTH / HEIGHT)
    x = (np.arange(columns) + 0.5) * WIDTH / columns
    y = (np.arange(rows) + 0.5) * HEIGHT / rows
    field = middle.field_at(*np.meshgrid(x, y)) * SWAY * tall**2
    across = np.exp(-(((x - stalks[1][-1, 0]) / 55) ** 2))[None, :, None] * field
    natural = 0.75 / tall
    courses = [
        course(f, DAMPING, frames / fps, fps, frames, s) for f, s in ((natural, seed), (1.9 * natural, seed + 1))
    ]
    motion = PictureMotion(
        shapes=np.stack([field, 0.35 * across]).astype(np.float32),
        courses=np.stack(courses, -1).astype(complex),
        box=(0.0, 0.0, float(WIDTH), float(HEIGHT)),
        size=(WIDTH, HEIGHT),
        mask=pixels[::4, ::4, 3].copy(),
        fps=fps,
        natural=np.array([natural, 1.9 * natural]),
    )
    lines = [[(px / WIDTH, 1 - py / HEIGHT) for px, py in stalk.clip(1, None)[::3].tolist()] for stalk in stalks]
    return PaintedLayer(name, pixels, motion, lines)


def _curve(root: np.ndarray, lean: float, length: float) -> np.ndarray:
    """A bent line [14, 2] from a root upwards."""
    t = np.linspace(0, 1, 14)
    return root + np.column_stack([lean * t**1.8, -length * t])


def _draw(pixels: np.ndarray, line: np.ndarray, half_width: np.ndarray, colour: np.ndarray) -> None:
    """Paint a line of changing half width [n] over a layer, its left side in the light."""
    low = np.maximum((line.min(0) - half_width.max() - 2).astype(int), 0)
    high = np.minimum((line.max(0) + half_width.max() + 3).astype(int), (WIDTH, HEIGHT))
    x, y = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
    nearest, width, side = np.full(x.shape, np.inf), np.zeros(x.shape), np.zeros(x.shape)
    for a, b, wa, wb in zip(line[:-1], line[1:], half_width[:-1], half_width[1:], strict=True):
        d = b - a
        t = np.clip(((x - a[0]) * d[0] + (y - a[1]) * d[1]) / (d @ d), 0, 1)
        dx, dy = x - a[0] - t * d[0], y - a[1] - t * d[1]
        distance = np.hypot(dx, dy)
        closer = distance < nearest
        nearest = np.where(closer, distance, nearest)
        width = np.where(closer, wa + t * (wb - wa), width)
        side = np.where(closer, dx, side)
    alpha = np.clip(width - nearest + 0.5, 0, 1)[..., None]
    light = (1.1 - 0.35 * side / np.maximum(width, 1))[..., None]
    part = pixels[low[1] : high[1], low[0] : high[0]]
    part[..., :3] = alpha * (colour * light).clip(0, 1) + (1 - alpha) * part[..., :3]
    part[..., 3:] = alpha + (1 - alpha) * part[..., 3:]


def _background() -> np.ndarray:
    """Evening sky, two hills, grass."""
    x, y = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    sky = np.stack([0.99 - 0.42 * (1 - y), 0.80 - 0.22 * (1 - y), 0.62 + 0.20 * (1 - y)], -1)
    glow = np.exp(-(((x - 0.62) * WIDTH / HEIGHT) ** 2 + (y - 0.50) ** 2) / 0.035)
    image = sky + glow[..., None] * (0.10, 0.12, 0.10)
    hills = (
        (0.60 + 0.05 * np.sin(5 * x + 1) + 0.015 * np.sin(17 * x), (0.56, 0.55, 0.55)),
        (0.70 + 0.04 * np.sin(3.3 * x + 3) + 0.010 * np.sin(23 * x + 1), (0.42, 0.46, 0.36)),
        (0.80 + 0.02 * np.sin(2 * x + 2), (0.40, 0.45, 0.20)),
    )
    for edge, colour in hills:
        inside = np.clip((y - edge) * HEIGHT, 0, 1)[..., None]
        shade = 1.08 - 0.45 * np.clip(y - edge, 0, 1)[..., None]
        image = inside * np.array(colour) * shade + (1 - inside) * image
    grain = np.random.default_rng(0).normal(0, 0.012, (HEIGHT, WIDTH, 1)) * (1 + 2 * (y > 0.8)[..., None])
    return (image + grain).clip(0, 1).astype(np.float32)
