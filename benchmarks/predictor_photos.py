"""Photographs animated at one press, for the manual: `python -m benchmarks.predictor_photos docs/predictor_photos.jpg`.

Each row: the mask that was cut out, the photograph, a frame at four times the strength, a row of pixels over the loop.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from backend.picture import Picture
from backend.spectral.picture import Controls, prepare, renderer
from backend.spectral.picture_planes import continued
from backend.spectral.predictor.guidance import Guidance
from backend.spectral.predictor.layer import guessed, predicted_layer
from backend.spectral.reading import read_picture

from .predictor_clips import DATA
from .predictor_sheet import shrunk

PHOTOS = "marigold_garden", "yellow_flower", "bamboo_pot"
FRAMES, FPS, STRENGTH = 72, 24.0, 4.0
TILE = 300, 210


def animated(image: np.ndarray) -> np.ndarray:
    """A row of tiles of one photograph [H, W, 3]."""
    import cv2

    found = guessed(image, Guidance())
    layer = predicted_layer(image, found.sample(0), moves=found.matte)
    layer = replace(layer, volume=continued(layer.volume))
    drawn = renderer(prepare(Picture(image, (layer,))), FRAMES, FPS, Controls(magnify=STRENGTH))
    frames = np.stack([drawn.frame(i) for i in range(FRAMES)])
    grey = frames.astype(np.float32).mean(-1)
    row = int(grey.std(0).mean(1).argmax())
    farthest = int(np.abs(grey - grey[0]).mean((1, 2)).argmax())
    mask = np.repeat(np.round(255 * layer.area).astype(np.uint8)[..., None], 3, 2)
    parts = mask, image, frames[farthest], np.ascontiguousarray(frames[:, row])
    return np.concatenate([cv2.resize(part, TILE, interpolation=cv2.INTER_AREA) for part in parts], 1)


def main(path: Path) -> None:
    import cv2

    rows = [animated(shrunk(read_picture(DATA / "photos" / n / f"{n}.jpg")[..., :3], 480)) for n in PHOTOS]
    quality = [cv2.IMWRITE_JPEG_QUALITY, 82]
    path.write_bytes(cv2.imencode(path.suffix, np.concatenate(rows)[..., ::-1], quality)[1].tobytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
