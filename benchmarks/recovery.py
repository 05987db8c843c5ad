"""How well the staged fit finds what is known: stiffness of one part and of four, of a finer solver, what comes next.

References are filmed by the project itself, acted by other particles than those of the fit, with pixel noise, and
compressed as H.264. First velocities are unknown. The fit searches all stiffnesses that sway at a pace the clip can
show, here from 0.7 decades below the truth to 1.5 above it; in the rows "from a decade off" it is told to expect one
ten times too low, give or take a decade. The built-in clip goes through the job that the add-on starts.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from backend import arrays, taichi_runtime
from backend.api.fit import FitParams, Strategy
from backend.api.reference import ReferenceParams
from backend.context import JobContext
from backend.parts import split_moving
from backend.subject import Subject

from .figures import REAL_PLANT, row
from .fit import SIZE, _subject

FRAMES, FPS, NOISE = 16, 12.0, 0.01
LOG_YOUNG = 6.5
"""Sways 0.9 times in the clip."""
FOUR = (6.8, 6.3, 6.75, 6.2)
"""log10 Pa from the root to the tips."""
ACTORS, FINE_ACTORS, CELLS, SEED = 1500, 12000, 16, 7
ITERATIONS = 4
PUSH = (0.45, 0.18, 0.0)
"""Metres per second at the tips."""
CASES = ("built_in", "one_part", "one_part_from_afar", "four_parts", "four_parts_from_afar", "finer_solver")
"""Methods of `Bench`; the one that measures memory comes first, before another has used more."""
AFAR = -1.0
"""Decades that the stiffness to start from is off."""


def run(options: dict) -> list[dict]:
    """Rows of figure, value and unit.

    Options: `plant` (a .splat with -y up, "none" for the procedural plant), `cases` (of `CASES`; or, separated by
    commas, in the variable SWAY_RECOVERY). Progress goes to stderr, and each case's rows as soon as they are known.
    """
    taichi_runtime.start("f32")
    bench = Bench(_subject(Path(options["plant"]) if options.get("plant") else REAL_PLANT))
    chosen = options.get("cases") or [name for name in os.environ.get("SWAY_RECOVERY", "").split(",") if name]
    rows = []
    for name in chosen or CASES:
        began = time.perf_counter()
        own = getattr(bench, name)()
        took = f"{(time.perf_counter() - began) / 60:.1f} min"
        print(f"\r{name}, {took}:", *(f"{r['figure']} {r['value']:.4g} {r['unit']};" for r in own), file=sys.stderr)
        rows += own
    return rows


def _progress(fraction: float, text: str) -> None:
    print(f"\r{100 * fraction:3.0f} % {text:<50}", end="", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Bench:
    subject: Subject

    def one_part(self) -> list[dict]:
        """16 frames of 32 are fitted; the others are foretold."""
        from backend.fitting.chain import pictures_of
        from backend.fitting.push import Push

        film = self._film(self.subject.parts, (LOG_YOUNG,), 2 * FRAMES)
        found = self._fitted(self.subject.parts, film[:FRAMES])
        task = self._task(self._driven(self.subject.parts), film)
        push = Push.of(found.young, found.damping, found.started[0])
        foretold = np.stack(list(pictures_of(task).pictures(push)))[FRAMES - 1 :]
        miss = np.mean((foretold.clip(0, 1) - film[FRAMES:]) ** 2)
        error = abs(np.log10(found.young_by_part[0]) - LOG_YOUNG)
        return [
            row("Recovery, one part: error of log10 E", error, ""),
            row("Recovery, held-out second half: PSNR", -10 * np.log10(miss), "dB"),
        ]

    def four_parts(self) -> list[dict]:
        found = self._fitted(self._bands, self._film(self._bands, FOUR))
        errors = np.abs(np.log10(found.young_by_part) - FOUR)
        return [
            row("Recovery, four parts: MAE of log10 E", errors.mean(), ""),
            row("Recovery, four parts: largest error of log10 E", errors.max(), ""),
            *(row(f"Recovery, part {k}: error of log10 E", error, "") for k, error in enumerate(errors, 1)),
        ]

    def one_part_from_afar(self) -> list[dict]:
        found = self._fitted(self.subject.parts, self._film(self.subject.parts, (LOG_YOUNG,)), LOG_YOUNG + AFAR)
        error = abs(np.log10(found.young_by_part[0]) - LOG_YOUNG)
        return [row("Recovery, one part, from a decade off: error of log10 E", error, "")]

    def four_parts_from_afar(self) -> list[dict]:
        found = self._fitted(self._bands, self._film(self._bands, FOUR), float(np.mean(FOUR)) + AFAR)
        errors = np.abs(np.log10(found.young_by_part) - FOUR)
        return [row("Recovery, four parts, from a decade off: MAE of log10 E", errors.mean(), "")]

    def finer_solver(self) -> list[dict]:
        """The reference has twice the cells and eight times the particles."""
        film = self._film(self.subject.parts, (LOG_YOUNG,), particles=FINE_ACTORS, cells=2 * CELLS)
        found = self._fitted(self.subject.parts, film)
        error = abs(np.log10(found.young_by_part[0]) - LOG_YOUNG)
        return [row("Recovery from a finer solver: error of log10 E", error, "")]

    def built_in(self) -> list[dict]:
        """The whole fit of the built-in clip, as the add-on starts it."""
        from backend.jobs import fit, reference

        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            context = JobContext("benchmark", folder, lambda message: None)
            inputs = {"subject": str(arrays.save(folder / "subject.npz", self.subject.to_arrays()))}
            made, _ = reference.run(ReferenceParams(frequency=1.6, frames=24), inputs, context)
            began, busy = time.perf_counter(), time.process_time()
            results = fit.run(FitParams(strategy=Strategy.full), inputs | {"clip": str(made["clip"])}, context)[1]
            minutes, busy = (time.perf_counter() - began) / 60, (time.process_time() - busy) / 60
        ratio = results["frequency_hz"] / results["clip_frequency_hz"]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        return [
            row("Full fit of the built-in clip: time", minutes, "min"),
            row("Full fit of the built-in clip: processor time", busy, "min"),
            row("Full fit of the built-in clip: memory", peak, "GB"),
            row("Full fit of the built-in clip: frequency off by", 100 * abs(ratio - 1), "%"),
            row("Full fit of the built-in clip: nearer to it than a still picture", results["gain_db"], "dB"),
        ]

    @cached_property
    def _bands(self) -> np.ndarray:
        return split_moving(self.subject.gaussians.positions, self.subject.moving, len(FOUR))

    def _driven(self, parts: np.ndarray, **changes):
        from backend.fitting.driving import drive

        return drive(self.subject.gaussians, parts, **changes)

    def _task(self, driven, frames: np.ndarray, expected: float | None = None):
        """`expected` log10 of Young's modulus, pascals, give or take a decade."""
        from backend.fitting.prior import Prior
        from backend.fitting.task import Refining, Task
        from backend.video.clip import Clip

        subject = self.subject
        return Task(
            driven,
            Clip(frames, FPS),
            subject.camera,
            subject.gaussians,
            subject.background,
            ITERATIONS,
            0.45,
            _progress,
            refining=Refining(steps=0),
            prior=None if expected is None else Prior("a guess", np.full(len(driven.body), expected), 1.0),
        )

    def _film(
        self,
        parts: np.ndarray,
        log_young: tuple[float, ...],
        frames: int = FRAMES,
        *,
        particles: int = ACTORS,
        cells: int = CELLS,
    ) -> np.ndarray:
        """The plant [frames, H, W, 3] of log10 E of each part (Pa), pushed, with noise and as H.264 leaves it."""
        from backend.fitting.chain import pictures_of
        from backend.fitting.push import Push
        from backend.video.files import read_clip, write_mp4

        actor = self._driven(parts, particles=particles, cells=cells, seed=SEED)
        up = actor.model.rest[:, 2]
        height = (up - up.min()) / np.ptp(up)
        chain = pictures_of(self._task(actor, np.zeros((frames, SIZE, SIZE, 3), np.float32)))
        young = 10 ** np.array(log_young)[actor.part - 1]
        clean = np.stack([chain.still(), *chain.pictures(Push(young, height[:, None] ** 1.5 * PUSH))])
        noisy = clean + np.random.default_rng(3).normal(0, NOISE, clean.shape)
        with tempfile.TemporaryDirectory() as name:
            path = write_mp4(Path(name) / "reference.mp4", noisy.clip(0, 1), FPS)
            return read_clip(path, SIZE, SIZE, frames).frames

    def _fitted(self, parts: np.ndarray, film: np.ndarray, expected: float | None = None):
        """What the staged fit finds, but for the field."""
        from backend.fitting.staged import fit_staged

        return fit_staged(self._task(self._driven(parts), film, expected))
