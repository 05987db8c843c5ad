"""Small pictures of results for people to look at: PNG files in a job's folder."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np


def save_picture(path: Path, image: np.ndarray) -> Path:
    """Write a display-referred picture [H, W, 3], 0..1, as PNG, atomically."""
    import cv2

    encoded = cv2.imencode(".png", np.round(np.clip(image[..., ::-1], 0, 1) * 255).astype(np.uint8))[1]
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(encoded.tobytes())
    os.replace(partial, path)
    return path


def contact_sheet(frames: np.ndarray, count: int) -> np.ndarray:
    """`count` frames [H, W, 3] of a clip [T, H, W, 3], evenly spaced, in two rows."""
    chosen = frames[np.linspace(0, len(frames) - 1, count).round().astype(int)]
    rows = [np.concatenate(list(row), 1) for row in np.split(chosen, 2)]
    return np.concatenate(rows, 0)
