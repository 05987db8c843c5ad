"""What a gradient through the solvers costs: speed forward and backward, memory, and the first one of a fresh install.

Both solvers move the same plant in the same frame: plain MPM, and the total-Lagrangian solver ("elastic") that the fit
uses, which is the one the targets are for. A particle-substep is one driving particle moved on by one substep and its
gradient carried back; the solver's own points of material are more. Options: `plant` as in `benchmarks.fit`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from backend import taichi_runtime
from benchmarks.fit import _subject

from .figures import REAL_PLANT, row

PARTICLES, CELLS, YOUNG = 8000, 32, 1e6
SUBSTEPS, REPEATS = 100, 5
"""In the frame that is timed; how often, the fastest counts: a shared machine only ever adds time."""
SOLVERS = ("elastic", "MPM")
SPEED = "M particle-substeps/s"
COLD = """
import time
from benchmarks.gradient import Case
case = Case("{solver}", "{plant}", particles=1500, cells=16)
began, busy = time.perf_counter(), time.process_time()
case.record()
case.backward()
print(time.perf_counter() - began, time.process_time() - busy)
"""


class Case:
    """One frame of the pushed plant in one of the solvers."""

    def __init__(self, solver: str, plant: str, *, particles: int = PARTICLES, cells: int = CELLS) -> None:
        from backend.fitting.driving import drive
        from backend.mpm.solver import Solver
        from backend.mpm.total_lagrangian.solver import ElasticSolver

        taichi_runtime.start("f32")
        subject = _subject(Path(plant) if plant else REAL_PLANT)
        driven = drive(subject.gaussians, subject.parts, particles=particles, cells=cells)
        self.solver = ElasticSolver(driven.body) if solver == "elastic" else Solver(driven.model)
        count = len(driven.model)
        self.young, self.velocity = np.full(count, YOUNG), np.zeros((count, 3))
        height = driven.model.rest[:, 2] - driven.model.rest[:, 2].min()
        self.velocity[:, 0] = 0.3 * height / height.max()
        # As long as so many stable substeps, so that both solvers do the same number of them.
        self.fps = 1 / (SUBSTEPS * self.solver.stable_dt(self.young))
        self.gradient = np.ones((1, count, 3))

    def forward(self, record: bool = False) -> None:
        self.solver.simulate(self.young, self.velocity, 1, self.fps, substeps=SUBSTEPS, record=record)

    def record(self) -> None:
        self.forward(record=True)

    def backward(self) -> None:
        self.solver.backward(self.gradient)

    @property
    def kept(self) -> int:
        """Bytes that the recorded frame holds."""
        run = self.solver._run
        assert run is not None
        held = [
            value for frame in run.frames for value in (frame if isinstance(frame, tuple) else vars(frame).values())
        ]
        return sum(_bytes(value) for value in held)


def run(options: dict) -> list[dict]:
    """Rows of figure, value and unit."""
    return [row for solver in SOLVERS for row in _solver(solver, options.get("plant", ""))]


def _solver(solver: str, plant: str) -> list[dict]:
    case = Case(solver, plant)
    best, busy = {}, {}
    for _ in range(REPEATS + 1):
        for name, call in (("forward", case.forward), ("record", case.record), ("backward", case.backward)):
            began, began_busy = time.perf_counter(), time.process_time()
            call()
            best[name] = min(best.get(name, np.inf), time.perf_counter() - began)
            busy[name] = min(busy.get(name, np.inf), time.process_time() - began_busy)
    moved = len(case.young) * SUBSTEPS
    label = f"Gradient, {solver} solver"
    rows = [
        row(f"{label}: particles", len(case.young), ""),
        row(f"{label}: forward and backward", 1e-6 * moved / (best["record"] + best["backward"]), SPEED),
        row(f"{label}: forward and backward, of one core", 1e-6 * moved / (busy["record"] + busy["backward"]), SPEED),
        row(f"{label}: forward alone", 1e-6 * moved / best["forward"], SPEED),
        row(f"{label}: backward, times the forward", best["backward"] / best["forward"], "x"),
        row(f"{label}: backward, times the forward's processor time", busy["backward"] / busy["forward"], "x"),
        row(f"{label}: kept", case.kept / moved, "B per particle and substep"),
    ]
    with tempfile.TemporaryDirectory() as cache:
        for start in ("cold", "later"):
            seconds, of_one_core = _first(solver, plant, cache)
            rows.append(row(f"{label}: {start} start", seconds, "s"))
            rows.append(row(f"{label}: {start} start, processor time", of_one_core, "s"))
    return rows


def _first(solver: str, plant: str, cache: str) -> tuple[float, float]:
    """Seconds from a process with this cache of compiled kernels to its first gradient, imports left out.

    With those that the processor spent on it, which others at work do not lengthen.
    """
    shown = subprocess.run(
        [sys.executable, "-c", COLD.format(solver=solver, plant=plant)],
        env={**os.environ, "SWAY_CACHE": cache},
        capture_output=True,
        text=True,
        check=True,
    )
    wall, busy = shown.stdout.split()[-2:]
    return float(wall), float(busy)


def _bytes(value: object) -> int:
    """Of an array of numpy's or Taichi's; 0 of anything else."""
    shape = getattr(value, "shape", None)
    if not shape:
        return 0
    return int(np.prod(shape)) * 4
