"""Pictures of Sway's materials for the asset library, drawn as splats: python -m tools.make_assets

One picture of 128 pixels a material in assets/: a leaf as a blade, sand as a pile, rubber as a ball. The library itself
is written by the add-on, in the Blender that uses it (scene/material_assets.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from backend import taichi_runtime
from backend.api.materials import Preset
from backend.camera import Camera
from backend.deformation import six_numbers
from backend.render.rasteriser import Rasteriser

FOLDER = Path(__file__).parents[1] / "assets"
SIZE, FINER = 128, 3
"""Pixels; how many times as large it is drawn first."""
COUNT = 12_000
SPECKLE = 0.06
"""Spread of the splats' brightness."""
LIGHT = np.array([0.45, -0.65, 0.75])
BACKGROUND = (0.19, 0.19, 0.19)
Points = tuple[np.ndarray, np.ndarray]
"""Places [N, 3] on a surface of about unit size and its normals there [N, 3]."""


def ball(rng: np.random.Generator, height: float = 1.0) -> Points:
    """A ball, or what is left of its height."""
    normals = _directions(rng)
    places = normals * [1, 1, height] * 0.8
    normals = normals / [1, 1, height]
    return places, normals / np.linalg.norm(normals, axis=1, keepdims=True)


def blade(rng: np.random.Generator) -> Points:
    """A bent leaf that ends in two points."""
    along, across = rng.uniform(-1, 1, COUNT), rng.uniform(-1, 1, COUNT)
    width = 0.5 * (1 - along**2) ** 0.8
    places = np.stack([along, across * width, 0.35 * (1 - along**2) - 0.25 * np.abs(across) * width], 1)
    normals = np.stack([0.7 * along, 0.25 * np.sign(across), np.ones(COUNT)], 1)
    return places @ _turn(0.5), normals / np.linalg.norm(normals, axis=1, keepdims=True) @ _turn(0.5)


def sheet(rng: np.random.Generator, waves: float) -> Points:
    """A square sheet in waves."""
    x, y = rng.uniform(-0.8, 0.8, (2, COUNT))
    phase = waves * (x + 0.4 * y)
    places = np.stack([x, y, 0.15 * np.sin(phase)], 1)
    normals = np.stack([-0.15 * waves * np.cos(phase), -0.06 * waves * np.cos(phase), np.ones(COUNT)], 1)
    return places, normals / np.linalg.norm(normals, axis=1, keepdims=True)


def rod(rng: np.random.Generator, radius: float) -> Points:
    """A slanting rod."""
    along, angle = rng.uniform(-1, 1, COUNT), rng.uniform(0, 2 * np.pi, COUNT)
    around = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    places = radius * around + along[:, None] * [0.35, 0, 0.85]
    return places, around


def pile(rng: np.random.Generator) -> Points:
    """A heap at its angle of repose."""
    radius, angle = np.sqrt(rng.uniform(0, 1, COUNT)), rng.uniform(0, 2 * np.pi, COUNT)
    out = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    places = radius[:, None] * out + np.stack([0 * radius, 0 * radius, 0.6 * (1 - radius) - 0.3], 1)
    places += rng.normal(0, 0.02, places.shape)
    normals = 0.5 * out + [0, 0, 0.86]
    return places, normals + rng.normal(0, 0.25, normals.shape)


LOOKS: dict[Preset, tuple[Callable[[np.random.Generator], Points], tuple[float, float, float]]] = {
    Preset.leaf: (blade, (0.30, 0.56, 0.18)),
    Preset.petal: (blade, (0.88, 0.42, 0.58)),
    Preset.green_stem: (lambda rng: rod(rng, 0.14), (0.45, 0.65, 0.25)),
    Preset.wood: (lambda rng: rod(rng, 0.3), (0.55, 0.36, 0.2)),
    Preset.rubber: (ball, (0.2, 0.2, 0.23)),
    Preset.jelly: (lambda rng: ball(rng, 0.7), (0.85, 0.15, 0.2)),
    Preset.cloth: (lambda rng: sheet(rng, 7.0), (0.3, 0.4, 0.7)),
    Preset.metal_sheet: (lambda rng: sheet(rng, 2.5), (0.72, 0.74, 0.78)),
    Preset.sand: (pile, (0.82, 0.68, 0.42)),
    Preset.snow: (pile, (0.92, 0.94, 0.98)),
    Preset.foam: (lambda rng: ball(rng, 0.85), (0.93, 0.9, 0.82)),
    Preset.clay: (lambda rng: ball(rng, 0.9), (0.68, 0.4, 0.28)),
    Preset.water: (lambda rng: ball(rng, 0.3), (0.25, 0.5, 0.75)),
}


def draw(preset: Preset) -> np.ndarray:
    """The material's picture [SIZE, SIZE, 3], display colours 0..1."""
    import cv2

    shape, colour = LOOKS[preset]
    rng = np.random.default_rng(0)
    places, normals = shape(rng)
    light = LIGHT / np.linalg.norm(LIGHT)
    shade = 0.35 + 0.65 * np.clip(normals @ light, 0, 1) + rng.normal(0, SPECKLE, len(places))
    gloss = np.clip(normals @ _halfway(light), 0, 1)[:, None] ** 24
    colours = np.clip(np.array(colour) * shade[:, None] + 0.25 * gloss, 0, 1)
    side = FINER * SIZE
    camera = Camera.look_at(np.array([0.0, -3.2, 1.6]), np.zeros(3), focal=1.35 * side, width=side, height=side)
    covariances = np.tile(six_numbers(np.eye(3) * 0.02**2), (len(places), 1))
    picture = Rasteriser(camera, len(places)).render(
        places, covariances, colours, np.full(len(places), 0.95), BACKGROUND
    )
    return cv2.resize(np.asarray(picture, np.float32), (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def main() -> None:
    """Draws all of them."""
    import cv2

    taichi_runtime.start()
    FOLDER.mkdir(exist_ok=True)
    for preset in Preset:
        values = np.clip(255 * draw(preset) + 0.5, 0, 255).astype(np.uint8)
        cv2.imwrite(str(FOLDER / f"{preset.name}.png"), values[..., ::-1])


def _directions(rng: np.random.Generator) -> np.ndarray:
    found = rng.normal(size=(COUNT, 3))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def _turn(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])


def _halfway(light: np.ndarray) -> np.ndarray:
    """Between the light and the camera."""
    found = light + np.array([0, -0.9, 0.45])
    return found / np.linalg.norm(found)


if __name__ == "__main__":
    main()
