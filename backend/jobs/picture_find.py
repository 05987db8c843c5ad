"""Find the plant that a photograph shows: its mask as a picture, and the lines along which it sways."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import arrays
from ..api.picture_find import PictureFindParams
from ..context import JobContext
from ..spectral.automatic import automatic_picture
from .pictures import save_picture

PARAMS = PictureFindParams
LARGEST = 2048
"""Longer side of the picture that is looked at, pixels: detail beyond it tells a subject no better."""


def run(params: PictureFindParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Outputs: `mask` (.png, of the picture's size). Results: `lines`, lists of (x, y) from 0 to 1, y up."""
    import cv2

    image = arrays.load(inputs["image"])["image"]
    height, width = image.shape[:2]
    scale = min(1.0, LARGEST / max(height, width))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    with ctx.stage("Looking for what is in focus", 0.0, 0.9):
        seen = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
        (layer,) = automatic_picture(seen).layers
        ctx.progress(1.0)
    with ctx.stage("Writing the mask", 0.9, 1.0):
        mask = cv2.resize(layer.area, (width, height), interpolation=cv2.INTER_LINEAR)
        saved = save_picture(ctx.output("mask.png"), np.repeat(mask[..., None], 3, -1))
    lines = [(line.points / size * (1, -1) + (0, 1)).round(5).tolist() for line in layer.lines[: params.most_lines]]
    return {"mask": saved}, {"lines": lines, "share": round(float(mask.mean()), 4)}
