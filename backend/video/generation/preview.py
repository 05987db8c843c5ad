"""A rough look at a video that is still being made, without the decoder: latents coloured by the picture they began as.

Decoders take seconds and memory. The first frame of the latents shows the given picture, so the linear map from its
channels to that picture's colours, fitted at each step, colours the other frames too.
"""

from __future__ import annotations

import numpy as np

from .family import Family

SIDE = 160
"""Height of the pictures."""
RIDGE = 1e-2
"""Keeps the map tame while the latents are noise."""


def look(latents, picture: np.ndarray, family: Family, frames: int) -> np.ndarray | None:
    """The first, a middle and the last frame side by side [SIDE, w, 3], 0..1; None for latents of unknown layout.

    latents: as the pipeline hands them to its callback, a tensor [1, C, T, h, w], [1, T, C, h, w] or, packed,
    [1, T h w (and more), C]. picture [H, W, 3], uint8: the first frame.
    """
    import cv2

    grid = _unpacked(latents, picture, family, frames)
    if grid is None:
        return None
    _count, height, width, channels = grid.shape
    colours = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).reshape(-1, 3) / 255.0
    first = _with_one(grid[0])
    weights = np.linalg.solve(first.T @ first + RIDGE * len(first) * np.eye(channels + 1), first.T @ colours)
    shown = [_with_one(grid[t]) @ weights for t in (0, len(grid) // 2, -1)]
    size = (max(round(SIDE * width / height), 1), SIDE)
    pictures = [cv2.resize(p.reshape(height, width, 3), size, interpolation=cv2.INTER_CUBIC) for p in shown]
    return np.clip(np.concatenate(pictures, 1), 0, 1)


def _with_one(frame: np.ndarray) -> np.ndarray:
    values = frame.reshape(-1, frame.shape[-1])
    return np.concatenate([values, np.ones((len(values), 1))], 1)


def _unpacked(latents, picture: np.ndarray, family: Family, frames: int) -> np.ndarray | None:
    """Latents as [T, h, w, C], float64."""
    values = latents[0].detach().float().cpu().numpy().astype(np.float64)
    shrink, skip = family.compression
    height, width, count = picture.shape[0] // shrink, picture.shape[1] // shrink, (frames - 1) // skip + 1
    if values.ndim == 2 and len(values) >= count * height * width:
        return values[: count * height * width].reshape(count, height, width, -1)
    if values.ndim != 4 or not np.isfinite(values).all():
        return None
    # Channels lie before or after time; the known number of frames tells.
    channels_first = values.shape[1] == count and values.shape[0] != count
    return values.transpose(1, 2, 3, 0) if channels_first else values.transpose(0, 2, 3, 1)
