"""How well the fit finds a known stiffness, and how well it follows the built-in clips.

The known stiffness is filmed by the project itself, with pixel noise, but acted by other particles than those of the
fit. The clips go through the jobs that the add-on starts, on the real plant, or the procedural one where it is absent.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from backend import arrays, formats, taichi_runtime
from backend.api.fit import FitParams, Strategy
from backend.api.reference import ReferenceParams
from backend.camera import Camera
from backend.context import JobContext
from backend.gaussians import Gaussians
from backend.parts import guess_parts
from backend.sample import potted_plant
from backend.subject import Subject

from .figures import REAL_PLANT, row

HEIGHT, SIZE, FPS = 0.3, 256, 24.0
"""Of the subject with its pot [m], of the pictures [px], of the scene."""
QUICK = (Strategy.modal, Strategy.gradient)
"""Strategies that take minutes; `benchmarks/recovery.py` has the staged fit."""
FREQUENCIES = (0.7, 1.6, 2.4, 3.9)
LOG_YOUNG, FRAMES, NOISE = 6.5, 24, 0.01
"""The known stiffness, log10 Pa: a decade and a half above where the gradient strategy starts."""
ACTORS, ACTOR_SEED = 2200, 7


def run(options: dict) -> list[dict]:
    """Rows of figure, value and unit.

    Options: `plant` (a .splat with -y up, "none" for the procedural plant), `frequencies` of the clips [Hz],
    `strategies` for them (names); the known stiffness is found by those of `QUICK`.
    """
    taichi_runtime.start("f32")
    subject = _subject(Path(options["plant"]) if options.get("plant") else REAL_PLANT)
    rows = [figure for strategy in QUICK for figure in _known_stiffness(subject, strategy)]
    for name in options.get("strategies", ["modal"]):
        for frequency in options.get("frequencies", FREQUENCIES):
            rows += _clip(subject, Strategy[name], frequency)
    return rows


def _subject(path: Path) -> Subject:
    """The plant, `HEIGHT` tall, seen from the front."""
    gaussians = _upright(formats.read(path).gaussians) if path.is_file() else potted_plant()
    low, high = np.quantile(gaussians.positions, [0.001, 0.999], axis=0)
    scale = HEIGHT / (high - low)[2]
    placed = np.eye(4)
    placed[:3, :3] *= scale
    placed[:3, 3] = -scale * np.array([*(low + high)[:2] / 2, low[2]])
    gaussians = gaussians.transformed(placed)
    middle = np.array([0, 0, HEIGHT / 2])
    camera = Camera.look_at(middle + [0, -0.53, 0], middle, 1.5 * SIZE, SIZE, SIZE)
    return Subject(gaussians, guess_parts(gaussians), camera, np.ones(3), FPS)


def _upright(gaussians: Gaussians) -> Gaussians:
    """From -y up to z up."""
    turn = np.eye(4)
    turn[:3, :3] = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    return gaussians.transformed(turn)


def _known_stiffness(subject: Subject, strategy: Strategy) -> list[dict]:
    from backend.fitting.chain import pictures_of
    from backend.fitting.driving import drive
    from backend.fitting.push import Push
    from backend.fitting.strategies import STRATEGIES
    from backend.fitting.task import Task
    from backend.render.view import render_view
    from backend.video.clip import Clip

    gaussians, still = subject.gaussians, render_view(subject).still

    def task(driven, clip) -> Task:
        return Task(driven, clip, subject.camera, gaussians, subject.background, 3, 0.45, lambda fraction, text: None)

    actor = drive(gaussians, subject.parts, particles=ACTORS, seed=ACTOR_SEED)
    model = actor.model
    up = (model.rest[:, 2:] - model.rest[:, 2].min()) / np.ptp(model.rest[:, 2])
    push = Push(np.full(len(model), 10**LOG_YOUNG), up**1.5 * [0.45, 0.18, 0])
    empty = Clip(np.repeat(still[None], FRAMES, 0), FPS)
    clean = np.stack([still, *pictures_of(task(actor, empty)).pictures(push)])
    noisy = clean + np.random.default_rng(3).normal(0, NOISE, clean.shape)

    began = time.perf_counter()
    clip = Clip(noisy.clip(0, 1).astype(np.float32), FPS)
    found = STRATEGIES[strategy](task(drive(gaussians, subject.parts), clip))
    seconds = time.perf_counter() - began
    error = abs(float(np.log10(found.young_by_part[0])) - LOG_YOUNG)
    return [
        row(f"Known stiffness, {strategy.name}: error of log10 E", error, ""),
        row(f"Known stiffness, {strategy.name}: time", seconds, "s"),
    ]


def _clip(subject: Subject, strategy: Strategy, frequency: float) -> list[dict]:
    from backend.jobs import fit, reference

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        context = JobContext("benchmark", folder, lambda message: None)
        inputs = {"subject": str(arrays.save(folder / "subject.npz", subject.to_arrays()))}
        made, _ = reference.run(ReferenceParams(frequency=frequency), inputs, context)
        began = time.perf_counter()
        results = fit.run(FitParams(strategy=strategy), inputs | {"clip": str(made["clip"])}, context)[1]
        seconds = time.perf_counter() - began
    label = f"{frequency:g} Hz clip, {strategy.name}"
    ratio = results["frequency_hz"] / results["clip_frequency_hz"]
    return [
        row(f"{label}: free sway's frequency off by", 100 * abs(ratio - 1), "%"),
        row(f"{label}: nearer to it than a still picture", results["gain_db"], "dB"),
        row(f"{label}: time", seconds, "s"),
    ]
