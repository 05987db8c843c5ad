"""Sheets to look at: drawn pictures beside their true motion, and beside what a network predicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..predictor.network import PredictorNetwork
from .generator import FAMILIES, generate
from .train import UNTRAINED

COLUMNS = 3
"""Families beside each other."""


def write_sheet(path: Path, network: PredictorNetwork | None = None, height: int = 48, width: int = 72) -> None:
    """A picture of every family and one without plants: the picture, its true amplitude and, with a network, that.

    Amplitudes are bright where far, each picture's largest true one white. Writes `path` (.png or .jpg).
    """
    import cv2

    tiles = []
    for i, name in enumerate([*FAMILIES, ""]):
        sample = generate(UNTRAINED + 5000 + i, height, width, (name,) if name else ())
        true = np.sqrt((np.abs(sample.spectrum()) ** 2).sum((0, 3)) / 2)
        top = max(float(np.percentile(true, 99.8)), 1e-3)
        parts = [sample.image, _coloured(true / top)]
        if network is not None:
            parts.append(_coloured(predicted_amplitude(network, sample.image) / top))
        tiles.append(np.concatenate(parts, 1))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.concatenate(tiles[i : i + COLUMNS], 1) for i in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(path), np.concatenate(rows)[..., ::-1])


def predicted_amplitude(network: PredictorNetwork, image: np.ndarray) -> np.ndarray:
    """Root mean square displacement [H, W] in pixels that a network gives a picture [H, W, 3] uint8 of even sides."""
    import cv2
    import torch

    from ..predictor.guidance import GUIDES
    from ..predictor.prior import WIDTH
    from .likelihood import amplitude
    from .metrics import USUAL

    picture = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    inputs = torch.cat([picture, torch.zeros(1, GUIDES, *image.shape[:2])], 1)
    with torch.inference_mode():
        shapes, deviations, _noise, _logit = network(inputs)
        found = amplitude(shapes, deviations)[0].numpy() * USUAL * image.shape[1] / WIDTH
    return cv2.resize(found, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _coloured(values: np.ndarray) -> np.ndarray:
    import cv2

    levels = (255 * np.clip(values, 0, 1)).astype(np.uint8)
    return cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1]
