"""Animate one picture by moving a layer of it over the plate behind it.

The layer is carried as premultiplied colour, picture - (1 - matte) plate: at the matte's soft edge that is the moving
part's own light with nothing of the background in it, so no rim of background travels along.
"""

from __future__ import annotations

import numpy as np

ITERATIONS = 12
TOLERANCE = 1e-3
"""Pixels. The fixed point shrinks its error by the field's gradient (below 0.2 for natural sway) each time."""


def animate(image: np.ndarray, plate: np.ndarray, matte: np.ndarray, displacements: np.ndarray) -> np.ndarray:
    """Frames [T, H, W, 3] float32 of a picture whose matted part moves.

    image [H, W, 3], plate [H, W, 3] (the picture without the moving part), matte [H, W]: float, display-referred, 0..1;
    displacements [T, H, W, 2], pixels from the still picture (x right, y down), smooth beyond the matte's edge. Where
    the layer does not move, or is not, the picture stays as it is to the last bit.
    """
    if image.shape != plate.shape or matte.shape != image.shape[:2] or displacements.shape[1:3] != matte.shape:
        raise ValueError(
            f"the picture {image.shape}, its plate {plate.shape}, matte {matte.shape} and motion "
            f"{displacements.shape[1:]} differ in size; make them from the same view"
        )
    image, plate, matte = (np.asarray(a, np.float32) for a in (image, plate, matte))
    colour = np.clip(image - (1 - matte[..., None]) * plate, 0, matte[..., None])
    layer = np.concatenate([colour, matte[..., None]], -1)
    frames = np.repeat(image[None], len(displacements), 0)
    for frame, displacement in zip(frames, displacements, strict=True):
        source = invert(displacement)
        rows, columns = np.nonzero(_reached(matte, displacement) & source.any(-1))
        moved = sample_cubic(layer, columns + source[rows, columns, 0], rows + source[rows, columns, 1])
        cover = np.clip(moved[:, 3:], 0, 1)
        change = np.clip(moved[:, :3], 0, cover) - colour[rows, columns]
        change -= (cover - matte[rows, columns, None]) * plate[rows, columns]
        frame[rows, columns] = np.clip(image[rows, columns] + change, 0, 1)
    return frames


def invert(displacement: np.ndarray) -> np.ndarray:
    """The field b [H, W, 2] with b(q) = -d(q + b(q)): where, relative to itself, each pixel's content came from.

    Fixed-point iteration (Chen et al. 2008, "A simple fixed-point approach to invert a deformation field").
    """
    import cv2

    height, width = displacement.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    b = -displacement
    for _ in range(ITERATIONS):
        previous = b
        b = -cv2.remap(displacement, x + b[..., 0], y + b[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        if np.abs(b - previous).max() < TOLERANCE:
            break
    return b


def sample_cubic(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Values [M, C] of an image [H, W, C] at M places in units of pixel indices; edges are repeated.

    Catmull-Rom (Keys 1981 with a = -1/2): exact at the pixels and for linear ramps, unlike OpenCV's remap, which rounds
    places to 1/32 pixel.
    """
    height, width = image.shape[:2]
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    weights_x, weights_y = _catmull_rom(x - column), _catmull_rom(y - row)
    total = np.zeros((len(x), image.shape[2]), np.float32)
    for j in range(4):
        r = np.clip(row + j - 1, 0, height - 1)
        for i in range(4):
            c = np.clip(column + i - 1, 0, width - 1)
            total += (weights_y[j] * weights_x[i])[:, None] * image[r, c]
    return total


def _catmull_rom(t: np.ndarray) -> np.ndarray:
    """Weights [4, M] of the pixels at -1, 0, 1, 2 for a place t [M] in [0, 1)."""
    return np.stack(
        [
            t * (t * (2 - t) - 1) / 2,
            (t * t * (3 * t - 5) + 2) / 2,
            t * (t * (4 - 3 * t) + 1) / 2,
            t * t * (t - 1) / 2,
        ]
    ).astype(np.float32)


def _reached(matte: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    """Pixels [H, W] that the layer covers or may come to cover: the matte grown by the largest displacement."""
    import cv2

    size = 2 * (int(np.ceil(np.abs(displacement).max())) + 2) + 1
    return cv2.dilate((matte > 0).astype(np.uint8), np.ones((size, size), np.uint8)) > 0
