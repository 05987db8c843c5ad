"""Predict how a photograph would sway: its motion as slices of a spectral volume, and the mask of what moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import arrays
from ..api.picture_predict import PicturePredictParams
from ..context import JobContext
from ..picture import Kind, Layer, Picture
from ..spectral.layers import reduced
from ..spectral.predictor.guidance import Guidance
from ..spectral.predictor.layer import guessed, likely, motion_map, predicted_layer
from ..spectral_volume import SpectralVolume
from .pictures import save_picture

PARAMS = PicturePredictParams
LARGEST = 2048
"""Longer side of the picture that is looked at, pixels."""


def run(params: PicturePredictParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Input: `picture`, whose first layer, if it has one, holds what a person marked: a mask to keep, lines.

    Outputs: `modes` (.npz) and `mask` (.png, of the picture's size).
    """
    import cv2

    whole = Picture.from_arrays(arrays.load(inputs["picture"]))
    picture = reduced(whole, LARGEST)
    marked = picture.layers[0] if picture.layers else Layer(Kind.plant)
    with ctx.stage("Predicting motion", 0.0, 0.5):
        volume, moves = _drawn(params, picture, marked, ctx)
    with ctx.stage("Cutting out what moves", 0.5, 0.95):
        layer = predicted_layer(picture.image, volume, mask=marked.mask, lines=marked.lines, outside=marked.outside)
        ctx.progress(1.0)
    with ctx.stage("Writing the layer", 0.95, 1.0):
        found = layer.volume
        wide = cv2.resize(layer.area, (whole.width, whole.height), interpolation=cv2.INTER_LINEAR)
        outputs = {"mask": save_picture(ctx.output("mask.png"), np.repeat(wide[..., None], 3, -1))}
        outputs["modes"] = arrays.save(
            ctx.output("modes.npz"),
            {
                "coefficients": found.coefficients,
                "frequencies": found.frequencies,
                "duration": np.array(found.duration),
                "mask": found.mask,
            },
        )
    sizes = np.sqrt((np.abs(found.coefficients) ** 2).sum(-1)).max((1, 2)) * whole.width / found.width
    return outputs, {
        "share": round(float(wide.mean()), 4),
        "motion_px": round(float((motion_map(found) * (found.mask > 0.5)).max() * whole.width / found.width), 3),
        "frequencies_hz": [round(float(f), 3) for f in found.frequencies],
        "amplitudes_px": [round(float(a), 3) for a in sizes],
    }


def _drawn(
    params: PicturePredictParams, picture: Picture, marked: Layer, ctx: JobContext
) -> tuple[SpectralVolume, np.ndarray]:
    """A motion of the picture, from the diffusion where its weights are given, and how likely each pixel moves."""
    if params.diffusion:
        from ..spectral.diffusion.model import LatentDiffusion
        from ..spectral.diffusion.sampling import sample

        model = LatentDiffusion.load(Path(params.diffusion))
        volume = sample(model, picture.image, seed=params.seed, progress=ctx.progress)
        return volume, likely(volume)
    strokes = tuple(np.asarray(line.points, float) for line in marked.lines)
    found = guessed(picture.image, Guidance(marked.mask, strokes, picture.wind.direction), params.subject)
    volume = found.sample(params.seed)
    return volume, found.matte if likely(volume).any() else np.zeros_like(found.matte)
