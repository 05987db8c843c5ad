"""The predicted sway as reference motion of a fit: at rest, set off by one gust, ringing down.

What a picture's prediction says is how the parts move together and how fast they are beside each other; how fast the
whole is, and how far it goes, is not in a picture and is the caller's to say. The courses in time are those of
`motion_texture`, whose strokes are here the prediction's main shapes.
"""

from __future__ import annotations

import numpy as np

from ..motion_texture import GUST_PERIODS, SUBSTEPS
from ..oscillator import response, wind
from ..plate import pull_push
from .guidance import Guidance
from .prediction import Prediction, predict

SHAPES = 3
"""Main shapes of the prediction that are used."""
KEPT = 0.02
"""Of the main shape's energy: what has less is left out."""
FASTEST = 3.0
"""Natural frequency of the fastest shape over the main one's, at most."""
SEEN = 0.5
"""Matte from which a pixel's predicted motion is that of what moves."""


def prediction_motion(
    still: np.ndarray,
    matte: np.ndarray,
    frames: int,
    fps: float,
    *,
    frequency: float,
    amplitude: float,
    seed: int = 0,
    onset: float = 0.0,
    damping: float = 0.06,
    gustiness: float = 0.04,
) -> np.ndarray:
    """Displacements [T, H, W, 2] float32, pixels from the still picture (x right, y down), for `warp.animate`.

    still [H, W, 3], display-referred, 0..1 or uint8; matte [H, W], 0..1: what moves, as rendered. frequency: of the
    main shape, hertz; amplitude: largest displacement of the matted part, pixels. Frame 0 is exactly at rest; the gust
    begins `onset` seconds after it. damping: ratio to critical; gustiness: of the wind that goes on, over the gust's.
    Raises ValueError where the prediction finds nothing that could move in the matte.
    """
    if not (matte > SEEN).any():
        raise ValueError("the mask of the moving part is empty; mark what should move")
    shapes, speeds = main_shapes(predict(still, Guidance(np.asarray(matte, np.float32))), matte)
    random = np.random.default_rng(seed)
    step = 1 / (fps * SUBSTEPS)
    count = (frames - 1) * SUBSTEPS
    time = (np.arange(count) + 0.5) * step - onset
    phase = time * frequency / GUST_PERIODS
    gust = np.where((phase > 0) & (phase < 1), np.sin(np.pi * np.clip(phase, 0, 1)) ** 2, 0)
    breeze = np.where(time > 0, wind(count, step, 3.0, random), 0)
    courses = []
    for speed in speeds:
        pushed = response(gust, step, frequency * speed, damping)[::SUBSTEPS]
        stirred = response(breeze, step, frequency * speed, damping)[::SUBSTEPS]
        courses.append(pushed / max(float(np.abs(pushed).max()), 1e-12) + gustiness * stirred)
    motion = np.tensordot(np.array(courses, np.float32).T, shapes, 1)
    inside = matte > SEEN
    largest = max(float(np.linalg.norm(field[inside], axis=-1).max()) for field in motion)
    return (motion * np.float32(amplitude / max(largest, 1e-12))).astype(np.float32)


def main_shapes(prediction: Prediction, matte: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Real shapes [S, H, W, 2], the largest first, and how fast each is beside the first [S].

    The main directions of all real motions that the prediction's modes give (principal components). Each is continued
    smoothly beyond the matte [H, W], where a moving edge looks for it.
    """
    import cv2

    size = np.sqrt((prediction.deviations**2).sum(0))  # [M]
    weighted = prediction.shapes * size[:, None, None, None]
    grid = prediction.mask.shape
    inside = (cv2.resize(np.asarray(matte, np.float32), grid[::-1], interpolation=cv2.INTER_AREA) > 0.3) & (
        np.abs(weighted).sum((0, 3)) > 0
    )
    if not inside.any():
        raise ValueError("nothing that moves was recognised in this view; take the wind texture as reference motion")
    parts = np.concatenate([weighted.real, weighted.imag])[:, inside].reshape(2 * len(weighted), -1)
    left, values, right = np.linalg.svd(parts, full_matrices=False)
    kept = min(int((values**2 > KEPT * values[0] ** 2).sum()), SHAPES)
    # Whichever way a component points is chance; gusts push all of them the way the picture's main motion goes.
    right = right[:kept] * np.where(right[:kept, 0::2].sum(1) < 0, -1, 1)[:, None]
    rhythm = (prediction.deviations**2 * prediction.frequencies[:, None]).sum(0) / np.maximum(size**2, 1e-20)
    share = (left[:, :kept] ** 2).reshape(2, len(size), kept).sum(0)
    speeds = np.clip((share * rhythm[:, None]).sum(0) / share.sum(0), 1e-3, None)
    shapes = np.zeros((kept, *matte.shape, 2), np.float32)
    for i in range(kept):
        small = np.zeros((*grid, 2), np.float32)
        small[inside] = (right[i] * values[i]).reshape(-1, 2)
        shapes[i] = cv2.resize(pull_push(small, inside), matte.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return shapes, np.clip(speeds / speeds[0], 1 / FASTEST, FASTEST)
