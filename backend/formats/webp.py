"""The lossless WebP images inside a .sog: their size, and the decoder where Blender's is not at hand."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np


def size(data: bytes) -> tuple[int, int]:
    """Width and height [px] by the header of a lossless WebP image; raises ValueError for any other or cut-off file."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        if len(data) < 8 + int.from_bytes(data[4:8], "little"):
            raise ValueError("cut off")
        if data[12:16] == b"VP8L" and len(data) >= 25 and data[20] == 0x2F:
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        if data[12:16] == b"VP8X" and len(data) >= 30:
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    raise ValueError("not a lossless WebP image")


def require_decoder(path: Path) -> None:
    """Raises ValueError where OpenCV, which `decode` needs for the images of that file, is not installed."""
    if find_spec("cv2") is None:
        raise ValueError(
            f"{path.name} holds WebP images, which need the Python package opencv-python-headless; "
            "install that or export the file as .ply or .spz"
        )


def decode(data: bytes) -> np.ndarray:
    """Pixels, uint8 [H, W, 4] RGBA, top row first, by OpenCV; raises ValueError for what it cannot decode."""
    import cv2

    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ValueError("a damaged WebP image") from error
    if pixels is None or pixels.ndim != 3:
        raise ValueError("a damaged WebP image")
    if pixels.shape[2] == 3:
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    return pixels[..., [2, 1, 0, 3]]
