"""How well the staged fit finds what is known: stiffness of one part and of four, of a finer solver, what comes next.

References are filmed by the project itself, acted by other particles than those of the fit, with pixel noise, and
compressed as H.264. First velocities are unknown, and no stiffness is given to start from: what the fit searches spans
more than a decade to each side. The built-in clip goes through the job that the add-on starts.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from backend import arrays, taichi_runtime
from backend.api.fit import FitParams, Strategy
from backend.api.reference import ReferenceParams
from backend.camera import Camera
from backend.context import JobContext
from backend.parts import split_moving
from backend.subject import Subject

from .figures import REAL_PLANT, row
from .fit import HEIGHT, SIZE, _subject

FRAMES, FPS, NOISE = 16, 12.0, 0.01
LOG_YOUNG = 6.5
"""Sways 0.9 times in the clip."""
FOUR = (6.8, 6.3, 6.75, 6.2)
"""log10 Pa from the root to the tips."""
SLOPE = (6.7, 6.3)
"""log10 Pa at the root and at the tips of a stiffness that varies evenly."""
ACTORS, FINE_ACTORS, CELLS, SEED = 1500, 12000, 16, 7
ITERATIONS, FIELD_STEPS = 4, 12

Log = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""log(part [P] counted from 0, height [P] from 0 to 1) -> log10 of Young's modulus [P]."""


def run(options: dict) -> list[dict]:
    """Rows of figure, value and unit.

    Options: `plant` (a .splat with -y up, "none" for the procedural plant), `cases` (names of the methods of `Bench`).
    """
    taichi_runtime.start("f32")
    bench = Bench(_subject(Path(options["plant"]) if options.get("plant") else REAL_PLANT))
    rows = []
    for name in options.get("cases", ("one_part", "four_parts", "finer_solver", "field", "two_clips", "built_in")):
        rows += getattr(bench, name)()
    return rows


@dataclass(frozen=True)
class Bench:
    subject: Subject

    def one_part(self) -> list[dict]:
        """16 frames of 32 are fitted; the others are foretold."""
        from backend.fitting.chain import Push, pictures_of

        film = self._film(self.subject.parts, lambda part, height: np.full(len(part), LOG_YOUNG), 2 * FRAMES)
        found, _ = self._fitted(self.subject.parts, [film[:FRAMES]], 0)
        task = self._task(self._driven(self.subject.parts), film, 0)
        push = Push.of(found.young, found.damping, found.started[0])
        foretold = np.stack(list(pictures_of(task).pictures(push)))[FRAMES - 1 :]
        miss = np.mean((foretold.clip(0, 1) - film[FRAMES:]) ** 2)
        error = abs(np.log10(found.young_by_part[0]) - LOG_YOUNG)
        return [
            row("Recovery, one part: error of log10 E", error, ""),
            row("Recovery, held-out second half: PSNR", -10 * np.log10(miss), "dB"),
        ]

    def four_parts(self) -> list[dict]:
        film = self._film(self._bands, lambda part, height: np.array(FOUR)[part])
        found, _ = self._fitted(self._bands, [film], 0)
        return [row("Recovery, four parts: MAE of log10 E", self._four_error(found), "")]

    def finer_solver(self) -> list[dict]:
        """The reference has twice the cells and eight times the particles."""
        film = self._film(
            self.subject.parts,
            lambda part, height: np.full(len(part), LOG_YOUNG),
            particles=FINE_ACTORS,
            cells=2 * CELLS,
        )
        found, _ = self._fitted(self.subject.parts, [film], 0)
        error = abs(np.log10(found.young_by_part[0]) - LOG_YOUNG)
        return [row("Recovery from a finer solver: error of log10 E", error, "")]

    def field(self) -> list[dict]:
        """A stiffness that varies evenly from root to tip, and what one value for all would be off by."""

        def log(part: np.ndarray, height: np.ndarray) -> np.ndarray:
            return SLOPE[0] + (SLOPE[1] - SLOPE[0]) * height

        film = self._film(self.subject.parts, log)
        found, driven = self._fitted(self.subject.parts, [film], FIELD_STEPS)
        true = log(driven.part, _height(driven))
        return [
            row("Recovery, even slope: MAE of log10 E of the field", np.abs(np.log10(found.young) - true).mean(), ""),
            row("Recovery, even slope: MAE of the best single value", np.abs(np.median(true) - true).mean(), ""),
        ]

    def two_clips(self) -> list[dict]:
        """Four parts from two pushes seen by two cameras."""
        camera = self._aside

        def log(part: np.ndarray, height: np.ndarray) -> np.ndarray:
            return np.array(FOUR)[part]

        films = [self._film(self._bands, log), self._film(self._bands, log, camera=camera, push=(0.1, 0.45, 0))]
        found, _ = self._fitted(self._bands, films, 0)
        return [row("Recovery, four parts, two clips and cameras: MAE of log10 E", self._four_error(found), "")]

    def built_in(self) -> list[dict]:
        """The whole fit of the built-in clip, as the add-on starts it."""
        from backend.jobs import fit, reference

        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            context = JobContext("benchmark", folder, lambda message: None)
            inputs = {"subject": str(arrays.save(folder / "subject.npz", self.subject.to_arrays()))}
            made, _ = reference.run(ReferenceParams(frequency=1.6, frames=24), inputs, context)
            began = time.perf_counter()
            results = fit.run(FitParams(strategy=Strategy.full), inputs | {"clip": str(made["clip"])}, context)[1]
            minutes = (time.perf_counter() - began) / 60
        ratio = results["frequency_hz"] / results["clip_frequency_hz"]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        return [
            row("Full fit of the built-in clip: time", minutes, "min"),
            row("Full fit of the built-in clip: memory", peak, "GB"),
            row("Full fit of the built-in clip: frequency off by", 100 * abs(ratio - 1), "%"),
            row("Full fit of the built-in clip: nearer to it than a still picture", results["gain_db"], "dB"),
        ]

    @cached_property
    def _bands(self) -> np.ndarray:
        return split_moving(self.subject.gaussians.positions, self.subject.moving, len(FOUR))

    @property
    def _aside(self) -> Camera:
        """A quarter turn to the right of the subject's own camera."""
        middle = np.array([0, 0, HEIGHT / 2])
        return Camera.look_at(middle + [0.53, 0, 0], middle, 1.5 * SIZE, SIZE, SIZE)

    def _driven(self, parts: np.ndarray, **changes):
        from backend.fitting.driving import drive

        return drive(self.subject.gaussians, parts, **changes)

    def _task(self, driven, frames: np.ndarray, steps: int, others: tuple = (), camera: Camera | None = None):
        from backend.fitting.task import Refining, Task
        from backend.video.clip import Clip

        subject = self.subject
        return Task(
            driven,
            Clip(frames, FPS),
            camera or subject.camera,
            subject.gaussians,
            subject.background,
            ITERATIONS,
            0.45,
            lambda fraction, text: None,
            others=others,
            refining=Refining(steps=steps),
        )

    def _film(
        self,
        parts: np.ndarray,
        log: Log,
        frames: int = FRAMES,
        *,
        particles: int = ACTORS,
        cells: int = CELLS,
        camera: Camera | None = None,
        push: tuple[float, float, float] = (0.45, 0.18, 0),
    ) -> np.ndarray:
        """The plant [frames, H, W, 3] of a stiffness, pushed, with noise and as H.264 leaves it."""
        from backend.fitting.chain import Push, pictures_of
        from backend.video.files import read_clip, write_mp4

        actor = self._driven(parts, particles=particles, cells=cells, seed=SEED)
        height = _height(actor)
        chain = pictures_of(self._task(actor, np.zeros((frames, SIZE, SIZE, 3), np.float32), 0, camera=camera))
        young = 10 ** log(actor.part - 1, height)
        clean = np.stack([chain.still(), *chain.pictures(Push(young, height[:, None] ** 1.5 * push))])
        noisy = clean + np.random.default_rng(3).normal(0, NOISE, clean.shape)
        with tempfile.TemporaryDirectory() as name:
            path = write_mp4(Path(name) / "reference.mp4", noisy.clip(0, 1), FPS)
            return read_clip(path, SIZE, SIZE, frames).frames

    def _fitted(self, parts: np.ndarray, films: list[np.ndarray], steps: int):
        """(what the staged fit finds in films, the first by the subject's camera, the second from aside; driven)."""
        from backend.fitting.staged import fit_staged
        from backend.fitting.task import Observation
        from backend.video.clip import Clip

        others = tuple(Observation(Clip(film, FPS), self._aside, motion=1) for film in films[1:])
        driven = self._driven(parts)
        return fit_staged(self._task(driven, films[0], steps, others)), driven

    def _four_error(self, found) -> float:
        return float(np.abs(np.log10(found.young_by_part) - FOUR).mean())


def _height(driven) -> np.ndarray:
    """Of the particles [P], from 0 at the root to 1."""
    up = driven.model.rest[:, 2]
    return (up - up.min()) / np.ptp(up)
