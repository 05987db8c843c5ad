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


def strip(frames: np.ndarray, count: int) -> np.ndarray:
    """`count` frames of a clip [T, H, W, 3], evenly spaced, side by side [H, count W, 3]."""
    return np.concatenate(list(frames[np.linspace(0, len(frames) - 1, count).round().astype(int)]), 1)
