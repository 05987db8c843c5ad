"""Train the diffusion on the generator's pictures, score it on families that it never saw, and write samples.

`python -m backend.spectral.diffusion --minutes 15 --out FOLDER`; again with more minutes it goes on. FOLDER gets
training.pt (the state), diffusion.safetensors (the weights), scores.json and samples.png.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from pathlib import Path

import numpy as np
import torch

from ..training.generator import HELD_OUT, VERSION, generate
from . import scores
from .model import LatentDiffusion
from .sampling import sample
from .scores import Forecast
from .training import Progress, Training

HELD_OUT_SEEDS = 2_000_000_000
"""Pictures from this number on are for scoring only."""
DRAWN = 4
"""Samples of a picture that its scores are taken from."""
SHOWN = 6
"""Pictures in the sheet."""
log = logging.getLogger("sway.diffusion")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m backend.spectral.diffusion", description=__doc__)
    parser.add_argument("--minutes", type=float, required=True, help="of training in all, earlier runs counted")
    parser.add_argument("--out", type=Path, required=True, help="folder for the state, weights, scores and samples")
    parser.add_argument("--size", default="96x64", help="WIDTHxHEIGHT of the generator's pictures, multiples of 16")
    parser.add_argument("--pictures", type=int, default=24, help="held-out pictures that are scored")
    parser.add_argument("--steps", type=int, default=25, help="of DDIM, for a sample")
    parser.add_argument("--threads", type=int, default=1, help="processor threads")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    width, height = (int(side) for side in options.size.split("x"))

    def source(number: int) -> tuple[np.ndarray, np.ndarray]:
        made = generate(number, height, width)
        return made.image, made.spectrum()

    training = Training(source, options.out)
    training.run(options.minutes, _report)
    model = training.averaged()
    found = score(model, options.pictures, options.steps, (height, width))
    card = {
        "generator": VERSION,
        "pictures": training.progress.pictures,
        "minutes": {stage: round(seconds / 60, 1) for stage, seconds in training.progress.seconds.items()},
        "steps": training.progress.steps,
        "held-out families": found,
    }
    model.save(options.out / "diffusion.safetensors", card)
    (options.out / "scores.json").write_text(json.dumps(card, indent=2), encoding="utf-8")
    write_sheet(model, options.out / "samples.png", options.steps, (height, width))
    log.info(json.dumps(card, indent=2))


def score(model: LatentDiffusion, pictures: int, steps: int, shape: tuple[int, int]) -> dict[str, float]:
    """Mean scores over pictures of families that were not trained on, and the seconds that a sample took."""
    rows = []
    for number in range(pictures):
        made = generate(HELD_OUT_SEEDS + number, *shape, families=HELD_OUT)
        true = made.spectrum()
        if not (made.owners > 0).any():
            continue
        began = time.perf_counter()
        drawn = [sample(model, made.image, seed=seed, steps=steps, longer=max(shape)) for seed in range(DRAWN)]
        seconds = (time.perf_counter() - began) / DRAWN
        forecast = Forecast.of_samples([volume.coefficients for volume in drawn])
        motion = scores.motion_map(true)
        rows.append(
            {
                "explained energy": scores.explained(true, forecast.basis),
                "moving-mask IoU": scores.overlap(motion, forecast.motion),
                "RMS-map correlation": scores.correlation(motion, forecast.motion),
                "leakage": scores.leakage(motion, forecast.motion),
                "amplitude": float(np.sqrt((forecast.motion**2).sum() / (motion**2).sum())),
                "seconds": seconds,
            }
        )
    return {name: round(float(np.mean([row[name] for row in rows])), 4) for name in rows[0]}


def write_sheet(model: LatentDiffusion, path: Path, steps: int, shape: tuple[int, int]) -> None:
    """For held-out pictures: the picture, how far it moves in truth, and how far in two samples."""
    import cv2

    rows = []
    for number in range(SHOWN):
        made = generate(HELD_OUT_SEEDS + number, *shape, families=HELD_OUT)
        true = scores.motion_map(made.spectrum())
        drawn = [sample(model, made.image, seed=seed, steps=steps, longer=max(shape)) for seed in (0, 1)]
        maps = [true, *(scores.motion_map(volume.coefficients) for volume in drawn)]
        shades = [np.clip(255 * found / max(true.max(), 1e-6), 0, 255).astype(np.uint8) for found in maps]
        tiles = [made.image[..., ::-1], *(cv2.applyColorMap(shade, cv2.COLORMAP_INFERNO) for shade in shades)]
        rows.append(np.concatenate([cv2.resize(tile, None, fx=2, fy=2) for tile in tiles], 1))
    path.write_bytes(cv2.imencode(".png", np.concatenate(rows))[1].tobytes())


def _report(stage: str, progress: Progress) -> None:
    if len(progress.losses[stage]) % 5 == 0:
        recent = np.mean(progress.losses[stage][-5:])
        log.info(f"{stage}: {progress.steps[stage]} steps, {progress.seconds[stage]:.0f} s, loss {recent:.4f}")


if __name__ == "__main__":
    main()
