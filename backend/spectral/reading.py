"""Photographs from files, whatever their bits, colours and palette, as the arrays that `Picture` holds."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

LARGEST = 64_000_000
"""Pixels: a picture of 8000 x 6000 is read, one of 20000 x 20000 would not leave memory for its layers."""


def read_picture(path: str | os.PathLike[str]) -> np.ndarray:
    """The photograph [H, W, 3 or 4], RGB or RGBA with straight alpha, upright: uint8, or float32 in 0..1 for 16 bits.

    Grey, palette and CMYK pictures become RGB. Raises FileNotFoundError where there is none, ValueError naming the file
    for what is no picture or too large.
    """
    import cv2

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no picture at {path}")
    _check_size(path)
    # Not imread: it cannot open names beyond ASCII on Windows.
    data = np.fromfile(path, np.uint8)
    raw = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if raw is None:
        return _other(path)
    if raw.ndim == 3 and raw.shape[2] == 4 and path.suffix.lower() not in (".jpg", ".jpeg"):
        return _typed(path, raw[..., [2, 1, 0, 3]])
    # Decoded again: this way turns what cameras store on its side, and makes grey and CMYK three channels.
    raw = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    return _other(path) if raw is None else _typed(path, raw[..., ::-1])


def _typed(path: Path, image: np.ndarray) -> np.ndarray:
    """uint8 as it is; more bits as float32 in 0..1."""
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image)
    if image.dtype == np.uint16:
        return image.astype(np.float32) / 65535
    if image.dtype in (np.float32, np.float64):
        if not np.isfinite(image).all():
            raise ValueError(f"{path.name} holds pixels that are not finite numbers; save it anew")
        return np.clip(image, 0, 1).astype(np.float32)
    raise ValueError(f"{path.name} has pixels of type {image.dtype}; save it as an 8- or 16-bit PNG or a JPEG")


def _check_size(path: Path) -> None:
    """Raises ValueError for a picture too large to take apart, from its header alone."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(path) as picture:
            width, height = picture.size
    except (OSError, SyntaxError, ValueError):
        return
    if width * height > LARGEST:
        raise ValueError(
            f"{path.name} has {width} x {height} pixels; make it smaller than {LARGEST // 1_000_000} megapixels"
        )


def _other(path: Path) -> np.ndarray:
    """What OpenCV cannot decode and Pillow can."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture)
            alpha = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
            return np.array(upright.convert("RGBA" if alpha else "RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"{path.name} is not a picture that can be read; save it as PNG or JPEG") from error
