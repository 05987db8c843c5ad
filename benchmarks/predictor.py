"""How well motion is predicted from a picture: on drawn pictures of known motion, on clips, and beside simple guesses.

Drawn pictures are of families that the predictor was not trained on. Of clips, real ones and a simulated plant, the
motion is measured by the extractor of docs/picture_editor.md, whose errors count. A sheet to look at goes to
out/predictor/, with real photographs, of which nobody knows the truth.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from backend.spectral.diffusion import scores
from backend.spectral.diffusion.scores import Forecast
from backend.spectral.predictor.layer import predicted_layer
from backend.spectral.predictor.prediction import predict
from backend.spectral.predictor.prior import AMPLITUDES, DURATION, FREQUENCIES, WIDTH
from backend.spectral.training.generator import HELD_OUT, SEEN, generate

from . import predictor_clips, predictor_sheet
from .predictor_forecasts import BASELINES, FEW, Guess, diffused, in_short, on_mask, one_click, predicted, shifted

ROOT = Path(__file__).resolve().parents[1]
FIRST = 2_000_000_000
"""Number of the first drawn picture; training stays far below."""
PICTURES, EMPTY, COMPARED = 120, 40, 24
"""Drawn with plants, without, and those that the slow guesses are compared on."""
SHAPE = 64, 96
PHOTOS = ("dandelion_seeding", "bamboo_pot", "marigold_garden", "yellow_flower", "forest_stream")


def run(options: dict) -> list[dict]:
    """Rows of figure, value and unit.

    Options: `weights` of the predictor and `diffusion` weights, files other than those that come with Sway; `sheet`,
    a folder; `clips`, whether to look at clips.
    """
    weights = options.get("weights")

    def fast(image: np.ndarray) -> Forecast:
        return predicted(image, weights)

    guesses: dict[str, Guess] = {"predictor": fast, "one click": lambda image: one_click(image, weights), **BASELINES}
    path = options.get("diffusion") or os.environ.get("SWAY_DIFFUSION")
    if path:
        guesses["diffusion"] = diffused(Path(path))
    rows: list[dict] = []
    sheet = predictor_sheet.Sheet()
    for label, families in (("Held-out families", HELD_OUT), ("Seen families", SEEN)):
        made = [generate(FIRST + n, *SHAPE, families=families) for n in range(PICTURES)]
        made = [sample for sample in made if (sample.coarse_owners > 0).any()]
        rows += _drawn(label, made, fast)
        if families == HELD_OUT:
            rows += _compared(made[:COMPARED], guesses)
            short = [scores.explained(s.spectrum(2), in_short(s.image, weights).basis) for s in made[:COMPARED]]
            rows.append(_row(f"{COMPARED} held-out pictures, {FEW} main modes: explained energy", np.mean(short), ""))
            for sample in made[:8]:
                sheet.add(
                    sample.image,
                    scores.motion_map(sample.spectrum(2)),
                    {n: g(sample.image) for n, g in guesses.items()},
                )
            rows += _guided(made[:COMPARED], weights)
            rows += _layers(made[:COMPARED], weights)
    rows += _empty(weights)
    if options.get("clips", True):
        for clip in [*predictor_clips.real_clips(FREQUENCIES), predictor_clips.simulated_clip(FREQUENCIES)]:
            rows += _clip(clip, guesses, sheet, weights)
    rows += _photographs(guesses, sheet, weights)
    rows += _speed(weights)
    sheet.write(Path(options.get("sheet") or ROOT / "out" / "predictor"))
    return rows


def _drawn(label: str, made: list, guess: Guess) -> list[dict]:
    """The predictor's figures on drawn pictures."""
    found = [(sample.spectrum(2), guess(sample.image)) for sample in made]
    motions = [(scores.motion_map(true), forecast.motion) for true, forecast in found]
    moving = [true > 0 for true, _motion in motions]
    rows = [
        _row(f"{label}: explained energy", np.mean([scores.explained(true, f.basis) for true, f in found]), ""),
        _row(f"{label}: moving-mask IoU", np.mean([scores.overlap(*pair) for pair in motions]), ""),
        _row(f"{label}: RMS-map correlation", np.mean([scores.correlation(*pair) for pair in motions]), ""),
        _row(f"{label}: leakage", 100 * np.mean([scores.leakage(*pair) for pair in motions]), "%"),
    ]
    # Energy over what really moves, in both: how strong each bin is, not how far the mask is off.
    area = np.mean([m.mean() for m in moving])
    envelope = np.sqrt(np.mean([f.envelope**2 for _true, f in found], 0) / area)
    truth = np.sqrt(np.mean([(np.abs(true) ** 2).mean((1, 2, 3)) for true, _f in found], 0) / area)
    rows.append(_row(f"{label}: envelope off the truth by", scores.envelope_factor(envelope, truth), "times"))
    return rows


def _compared(made: list, guesses: dict[str, Guess]) -> list[dict]:
    """The same pictures by everybody, and by a shift of the true mask, which knows the answer."""
    rows = []
    for name, guess in {**guesses, "shifted true mask": None}.items():
        figures = []
        for sample in made:
            true = sample.spectrum(2)
            motion = scores.motion_map(true)
            forecast = shifted(motion > 0, SHAPE[1]) if guess is None else guess(sample.image)
            pair = motion, forecast.motion
            figures.append((scores.explained(true, forecast.basis), scores.overlap(*pair), scores.correlation(*pair)))
        for figure, value in zip(
            ("explained energy", "moving-mask IoU", "RMS-map correlation"), np.mean(figures, 0), strict=True
        ):
            rows.append(_row(f"{len(made)} held-out pictures, {name}: {figure}", value, ""))
    return rows


def _guided(made: list, weights: Path | None) -> list[dict]:
    """With a mask that says what moves, as a person paints it."""
    figures = []
    for sample in made:
        true = sample.spectrum(2)
        pair = (
            scores.motion_map(true),
            (forecast := predicted(sample.image, weights, np.float32(sample.owners > 0))).motion,
        )
        figures.append((scores.explained(true, forecast.basis), scores.overlap(*pair), scores.correlation(*pair)))
    names = "explained energy", "moving-mask IoU", "RMS-map correlation"
    return [_row(f"Mask given: {n}", v, "") for n, v in zip(names, np.mean(figures, 0), strict=True)]


def _layers(made: list, weights: Path | None) -> list[dict]:
    """As layers of a picture: what the cut mask gains, what folds over, how exactly loops close."""
    folds, gaps, spills, overlaps, powers = [], [], [], [], []
    for number, sample in enumerate(made):
        found = predict(sample.image, weights=weights, size=round(np.sqrt(SHAPE[0] * SHAPE[1])))
        try:
            layer = predicted_layer(sample.image, found.sample(number), moves=found.matte)
        except ValueError:
            overlaps.append(0.0)
            continue
        volume = layer.volume
        folds.append(scores.folded(volume.coefficients, volume.mask))
        true = scores.motion_map(sample.spectrum(2))
        shown = scores.motion_map(volume.coefficients * volume.mask[..., None])
        spills.append(scores.leakage(true, shown))
        overlaps.append(scores.overlap(true, shown))
        inside = volume.mask > 0.5
        powers.append((np.abs(volume.coefficients[:, inside]) ** 2).mean((1, 2)) * (WIDTH / volume.width) ** 2)
        for seconds in (DURATION, 3.0, 8.0):
            looped = volume.looped(seconds)
            gaps.append(np.abs(looped.displacement(seconds) - looped.displacement(0.0)).max())
    return [
        _row("As a layer: moving-mask IoU", np.mean(overlaps), ""),
        _row("As a layer: leakage", 100 * np.mean(spills), "%"),
        _row("As a layer: fold-over at default amplitude", 100 * np.mean(folds), "%"),
        _row(
            "As a layer: envelope off films of plants by",
            scores.envelope_factor(np.sqrt(np.mean(powers, 0)), _films()),
            "times",
        ),
        _row("Predicted loop closes to", max(gaps), "px"),
        _row("Guided diffusion's loop closes to", _guided_gap(made[0].image), "px"),
    ]


def _films() -> np.ndarray:
    """Amplitude of each frequency in films of plants [K], pixels on a picture of 256, from their statistics if here."""
    path = predictor_clips.DATA / "priors" / "fft_std.npy"
    if not path.is_file():
        return AMPLITUDES
    deviations = np.load(path)
    return 2 * np.sqrt(2) * deviations[1 : len(AMPLITUDES) + 1] / len(deviations)


def _guided_gap(image: np.ndarray) -> float:
    """Of a sample that was led to 3 s, whatever its weights."""
    from backend.spectral.diffusion.model import LatentDiffusion
    from backend.spectral.diffusion.sampling import sample

    volume = sample(LatentDiffusion().eval(), image, steps=3, duration=3.0)
    return float(np.abs(volume.displacement(3.0) - volume.displacement(0.0)).max())


def _empty(weights: Path | None) -> list[dict]:
    """Pictures without anything that moves: what is likely to move, as a layer takes it, and how far."""
    largest = []
    for number in range(EMPTY):
        image = generate(FIRST + number, *SHAPE, families=()).image
        found = predict(image, weights=weights, size=round(np.sqrt(SHAPE[0] * SHAPE[1])))
        moves = np.where(found.mask > 0.5, found.amplitude(), 0)
        largest.append(WIDTH / SHAPE[1] * np.quantile(moves, 0.99))
    return [
        _row("No plant: motion on a picture of 256 px", np.mean(largest), "px"),
        _row("No plant: pictures in which more than 0.05 px moves", 100 * np.mean(np.array(largest) > 0.05), "%"),
    ]


def _clip(
    clip: predictor_clips.Measured, guesses: dict[str, Guess], sheet: predictor_sheet.Sheet, weights: Path | None
) -> list[dict]:
    """Where a clip has its energy, predicted from its rest picture."""
    true = scores.motion_map(clip.coefficients)
    rows, simple = [], []
    forecasts = {name: guess(clip.image) for name, guess in guesses.items()}
    for name, forecast in forecasts.items():
        # Simple guesses have masks of their own, and may keep them.
        raw = predictor_sheet.enlarged(forecast.motion, true.shape)
        found = [scores.correlation(true**2, motion**2) for motion in (on_mask(forecast, clip.image), raw)]
        value = max(found) if name in BASELINES else found[0]
        simple += [value] if name in BASELINES else []
        rows.append(_row(f"{clip.name}, {name}: energy map correlation", value, ""))
    rows.append(_row(f"{clip.name}: one click over the best simple guess", rows[1]["value"] - max(simple), ""))
    knowing = scores.correlation(true**2, (true > 0).astype(float))
    rows.append(_row(f"{clip.name}, shifted true mask: energy map correlation", knowing, ""))
    given = predicted(clip.image, weights, np.float32(true > 0)).motion
    given = predictor_sheet.enlarged(given, true.shape) * (true > 0)
    rows.append(
        _row(f"{clip.name}, true mask given: energy map correlation", scores.correlation(true**2, given**2), "")
    )
    sheet.add(clip.image, true, forecasts, clip.name, private=clip.name in predictor_clips.REAL)
    return rows


def _photographs(guesses: dict[str, Guess], sheet: predictor_sheet.Sheet, weights: Path | None) -> list[dict]:
    """Real photographs, into the sheet; how much of each moves, and what folds. Nobody knows the truth."""
    from backend.spectral.reading import read_picture

    folds = []
    for name in PHOTOS:
        path = predictor_clips.DATA / "photos" / name / f"{name}.jpg"
        if not path.is_file():
            continue
        image = predictor_sheet.shrunk(read_picture(path)[..., :3], 480)
        sheet.add(image, None, {n: guess(image) for n, guess in guesses.items()}, f"{name}, no ground truth")
        found = predict(image, weights=weights)
        try:
            layer = predicted_layer(image, found.sample(0), moves=found.matte)
        except ValueError:
            continue
        folds.append(scores.folded(layer.volume.coefficients, layer.volume.mask))
    return [_row("Photographs: fold-over at default amplitude", 100 * max(folds), "%")] if folds else []


def _speed(weights: Path | None) -> list[dict]:
    """Of a prediction for a picture of 1920 x 1080: the best of several, for a shared machine only adds.

    The processor time of all cores together, which others do not lengthen, bounds what it takes when nobody else works.
    """
    image = np.random.default_rng(0).integers(0, 255, (1080, 1920, 3), np.uint8)
    best = [np.inf, np.inf]
    for _ in range(8):
        began = time.perf_counter(), time.process_time()
        predict(image, weights=weights)
        best = [
            min(b, now - t) for b, now, t in zip(best, (time.perf_counter(), time.process_time()), began, strict=True)
        ]
    return [
        _row("Prediction, 1080p", 1e3 * best[0], "ms"),
        _row("Prediction, 1080p: processor time", 1e3 * best[1], "ms"),
    ]


def _row(figure: str, value: float, unit: str) -> dict:
    return {"figure": figure, "value": float(value), "unit": unit}
