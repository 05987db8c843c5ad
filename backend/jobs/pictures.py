"""Small pictures of results for people to look at: PNG files in a job's folder."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

MOVES = 0.02
"""Standard deviation over time from which a pixel counts as moving."""
ROOM = 1.15
"""Side of a close-up over that of what it shows."""


def save_picture(path: Path, image: np.ndarray) -> Path:
    """Write a display-referred picture [H, W, 3], 0..1, as PNG, atomically."""
    import cv2

    encoded = cv2.imencode(".png", np.round(np.clip(image[..., ::-1], 0, 1) * 255).astype(np.uint8))[1]
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(encoded.tobytes())
    os.replace(partial, path)
    return path


def strip(frames: np.ndarray, count: int) -> np.ndarray:
    """`count` frames of a clip [T, H, W, 3], evenly spaced, side by side [H, count W, 3]."""
    return np.concatenate(list(frames[np.linspace(0, len(frames) - 1, count).round().astype(int)]), 1)


def where_it_moves(frames: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of a square of the picture that holds what moves in a clip [T, H, W, 3], with a little room."""
    moves = frames.std(0).max(-1) > MOVES
    if not moves.any():
        moves[:] = True
    limits = frames.shape[1:3]
    spans = [np.flatnonzero(moves.any(axis)) for axis in (1, 0)]
    side = min(int(ROOM * max(span[-1] - span[0] + 1 for span in spans)) + 1, *limits)
    starts = [
        int(np.clip((span[0] + span[-1] + 1 - side) // 2, 0, limit - side))
        for span, limit in zip(spans, limits, strict=True)
    ]
    rows, columns = (slice(start, start + side) for start in starts)
    return rows, columns
