"""What Young's modulus means to the elastic solver: beams of all thicknesses, one plant on many grids, and its sway.

Options: `plant` as in `benchmarks.fit`.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from backend import taichi_runtime
from benchmarks.fit import REAL_PLANT, _subject
from tests.backend.elastic_cases import CELL, DENSITY, YOUNG, beam, cantilever_rate, damped_sine

from .figures import row

GRIDS = (16, 20, 24, 32)
PERIODS, PER_PERIOD = 2.5, 24
"""Of the plant's free sway, and frames in each."""


def run(options: dict) -> list[dict]:
    """Rows of figure, value and unit."""
    taichi_runtime.start("f32")
    subject = _subject(Path(options["plant"]) if options.get("plant") else REAL_PLANT)
    return [*_beams(), *_plant(subject)]


def _beams() -> list[dict]:
    from backend.mpm.total_lagrangian import pencil
    from backend.mpm.total_lagrangian.solver import ElasticSolver

    rows = []
    for thick, length in ((0.5, 12), (1, 16), (2, 24), (4, 32)):
        body = beam(thick, length, voxels=8 if thick == 4 else 4)
        rates = pencil.lumped_rates(body, *pencil.sway(body, np.full(len(body.elements), YOUNG), 1))
        off = rates[0] / cantilever_rate(thick * CELL, length * CELL) - 1
        rows.append(row(f"Cantilever {thick:g} cells thick: frequency off beam theory by", 100 * abs(off), "%"))
    bar, length, speed = beam(1, 32, voxels=2), 32 * CELL, np.sqrt(YOUNG / DENSITY)
    rate = np.pi * speed / (2 * length)
    velocity = np.zeros_like(bar.rest)
    velocity[:, 0] = 0.01 * speed * np.sin(np.pi / 2 * bar.rest[:, 0] / length)
    fps = PER_PERIOD * rate / (2 * np.pi)
    motion = ElasticSolver(bar).simulate(YOUNG, velocity, 2 * PER_PERIOD, fps)
    course = ((motion.positions - bar.rest)[..., 0] * velocity[:, 0]).sum(1)
    found = damped_sine(course, 1 / fps, rate)[0]
    return [*rows, row("Bar of 32 cells: frequency off by", 100 * abs(found / rate - 1), "%")]


def _plant(subject) -> list[dict]:
    from backend.fitting.driving import drive
    from backend.fitting.modes import sway_modes
    from backend.mpm.total_lagrangian.solver import ElasticSolver

    rows, first, alone = [], [], []
    for cells in GRIDS:
        body = drive(subject.gaussians, subject.parts, cells=cells).body
        young = np.full(len(body), YOUNG)
        first.append(sway_modes(body, young, 1).frequency[0])
        alone.append(first[-1] / np.sqrt(body.stiffness))
        rows.append(row(f"Plant at 1 MPa, {cells} cells: slowest sway", first[-1], "Hz"))
        rows.append(row(f"Plant at 1 MPa, {cells} cells, not resolved: slowest sway", alone[-1], "Hz"))
    rows.append(row("Plant, slowest sway: spread over all grids", 100 * np.ptp(first) / min(first), "%"))
    body = drive(subject.gaussians, subject.parts).body
    young, elastic = np.full(len(body), YOUNG), ElasticSolver(body)
    modes = sway_modes(body, young, 1)
    shape, rate = modes.shapes[0], 2 * np.pi * modes.frequency[0]
    fps, frames = PER_PERIOD * modes.frequency[0], round(PERIODS * PER_PERIOD)
    velocity = 0.02 * rate * shape
    ratios = []
    for cfl in (0.45, 0.225):
        count = elastic.substeps_per_frame(young, fps, cfl)
        began = time.perf_counter()
        motion = elastic.simulate(young, velocity, frames, fps, substeps=count)
        seconds = time.perf_counter() - began
        course = np.einsum("tpc,pc->t", motion.positions - body.rest, shape)
        found, decay = damped_sine(course, 1 / fps, rate)
        ratios.append(decay / found)
        label = f"Plant, free sway at a Courant number of {cfl:g}"
        rows.append(row(f"{label}: numerical damping", 100 * ratios[-1], "% of critical"))
        rows.append(row(f"{label}: frequency off its mode's by", 100 * abs(found / rate - 1), "%"))
        speed = 1e-6 * body.elements.points[..., 0].size * count * frames / seconds
        rows.append(row(f"{label}: speed", speed, "M point-substeps/s"))
    rows.append(row("Plant, free sway: damping changes with dt by", 100 * abs(ratios[1] - ratios[0]), "% of critical"))
    return [*rows, *_gradient(elastic, young, velocity, fps)]


def _gradient(elastic, young: np.ndarray, velocity: np.ndarray, fps: float) -> list[dict]:
    """Cost of one frame's gradient."""
    count = elastic.substeps_per_frame(young, fps)
    gradient = np.ones((1, len(young), 3))
    times = {"forward": [], "recording": [], "backward": []}
    for _ in range(4):
        for name, call in (
            ("forward", lambda: elastic.simulate(young, velocity, 1, fps, substeps=count)),
            ("recording", lambda: elastic.simulate(young, velocity, 1, fps, substeps=count, record=True)),
            ("backward", lambda: elastic.backward(gradient)),
        ):
            began = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - began)
    best = {name: min(seconds) for name, seconds in times.items()}
    nodes = elastic.model.elements.count
    return [
        row("Elastic solver, adjoint, times the forward", best["backward"] / best["forward"], "x"),
        row("Elastic solver, recording, times the forward", best["recording"] / best["forward"], "x"),
        row("Elastic solver, kept for a gradient", 1e-3 * 16 * nodes, "kB per substep"),
    ]
