"""Speed of the MPM solver on large scenes: against others, against the machine, and as scenes grow.

All times are the best of several, because a shared machine only ever adds time; "per processor second" counts the
processor's time alone, summed over threads, which other people's work changes least.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from backend import taichi_runtime
from backend.mpm.grid import Grid
from backend.mpm.material import Material
from backend.mpm.model import Model
from backend.mpm.solver import Solver

from . import peers
from .figures import row

YOUNG, POISSON, DENSITY = 1e5, 0.3, 1000.0
SIDE = 0.5625
"""Of the cube of particles, in a domain of 1 m: two particles in a cell for 100,000 of them on 64 cells."""
SIZES = {10_000: 30, 100_000: 64, 1_000_000: 138}
"""Cells for so many particles, always about as many particles in a cell."""
PLASTIC = {
    "metal": Material("von_mises", {"yield_stress": 1e3, "hardening": 1e4}),
    "clay": Material("plasticine", {"yield_stress": 1e3, "softening": 1e3, "residual_stress": 1e2}),
    "sand": Material("drucker_prager", {"friction_angle": 0.6}),
    "snow": Material(
        "snow", {"critical_compression": 0.025, "critical_stretch": 0.0075, "hardening_coefficient": 10.0}
    ),
    "foam": Material("herschel_bulkley", {"yield_stress": 1e3, "viscosity": 10.0, "flow_exponent": 0.8}),
    "liquid": Material("liquid", {"exponent": 7.0, "viscosity": 0.1}),
}
FIRST_FRAME = """
import time
began = time.perf_counter()
from benchmarks.mpm import Jelly
Jelly(100_000).forward(frames=1, substeps=1)
print(time.perf_counter() - began)
"""
LONG_SCENE = """
import resource
from benchmarks.mpm import Jelly
Jelly(1_000_000).forward(frames=48, substeps=2)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""
ELASTIC_FLOP = {
    "F' = (I + dt C) F": 63,
    "rotation, three Newton steps of cofactor, division, change": 3 * 78,
    "tau = 2 mu (F - R) F^T + lam J (J - 1)": 88,
    "A and the momentum at the stencil's corner": 9 * 3 + 21,
    "weights, there and back": 2 * 3 * 12,
    "27 nodes there: weight, value along z, sum": 9 * 25 + 27 * 16,
    "27 nodes back: sums over x and y, then over z": 12 * 21 + 44,
    "C' and x'": 33,
}
"""Additions and multiplications that a particle needs in a substep."""


class Jelly:
    """A cube of random particles, twisted and sheared, which nothing holds."""

    def __init__(self, count: int, material: Material | None = None) -> None:
        taichi_runtime.start("f32")
        self.cells = SIZES[count]
        self.points = np.random.default_rng(0).random((count, 3)) * SIDE + (1 - SIDE) / 2
        self.velocity = np.zeros((count, 3))
        self.velocity[:, 0] = 0.5 * np.sin(6 * self.points[:, 2])
        self.velocity[:, 1] = 0.5 * np.cos(5 * self.points[:, 0])
        self.volume = SIDE**3 / count
        grid = Grid(np.zeros(3), 1 / self.cells, (self.cells + 1,) * 3)
        held = np.zeros(grid.shape, bool)
        materials = (material or Material(),)
        sizes = np.full(count, self.volume), np.full(count, DENSITY)
        self.solver = Solver(Model(self.points, *sizes, POISSON, grid, held, materials))
        self.dt = self.solver.stable_dt(YOUNG)

    def forward(self, frames: int = 4, substeps: int = 40) -> np.ndarray:
        """Positions [P, 3] at the end."""
        fps = 1 / (substeps * self.dt)
        return self.solver.simulate(YOUNG, self.velocity, frames, fps, substeps=substeps).positions[-1]

    def rates(self, repeats: int = 4, frames: int = 4, substeps: int = 40) -> tuple[float, float]:
        """Millions of particle-substeps a second, and a processor second."""
        wall, processor = best_times(lambda: self.forward(frames, substeps), repeats)
        work = 1e-6 * frames * substeps * len(self.points)
        return work / wall, work / processor

    def scene(self, steps: int, repeats: int) -> peers.Scene:
        """The same for a peer."""
        given = (self.points, self.velocity, self.volume, DENSITY, YOUNG, POISSON, self.cells, self.dt)
        return peers.Scene(*given, steps, repeats)


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit."""
    jelly = Jelly(100_000)
    rows = [*against_peers(jelly), *against_the_machine(jelly, jelly.rates()[0])]
    first = jelly.forward()
    rows.append(row("MPM repeat, numbers that differ", np.count_nonzero(first != jelly.forward()), ""))
    for name, material in PLASTIC.items():
        rows.append(row(f"MPM {name}, 100,000 particles", Jelly(100_000, material).rates(3, 2)[0], "M/s"))
    small = Jelly(10_000).rates(8, 1)
    large = Jelly(1_000_000).rates(2, 1)
    rows.append(row("MPM time, 10,000 to 1,000,000 particles, over linear", small[0] / large[0], "x"))
    rows.append(row("MPM processor time, 10,000 to 1,000,000, over linear", small[1] / large[1], "x"))
    with tempfile.TemporaryDirectory() as cache:
        rows.append(row("MPM first frame of a fresh install", printed(FIRST_FRAME, cache), "s"))
        rows.append(row("MPM first frame of a later session", printed(FIRST_FRAME, cache), "s"))
        rows.append(row("MPM peak memory, 1,000,000 particles, 48 frames", 1e-9 * printed(LONG_SCENE, cache), "GB"))
    return rows


def against_peers(jelly: Jelly) -> list[dict]:
    """Ours in between each peer's runs, so that both meet the same load."""
    ours, steps, seconds = [jelly.rates()], 20, {}
    results = {}
    # mpm-pytorch takes seconds for each substep.
    for name, count, repeats in (("warp_mpm", steps, 4), ("mpm_pytorch", 2, 2), ("warp_mpm", steps, 4)):
        result = peers.simulate(name, jelly.scene(count, repeats))
        ours.append(jelly.rates(2))
        if result is not None:
            results[name] = result
            seconds[name] = min(seconds.get(name, np.inf), result.seconds / count)
    rate = max(wall for wall, _ in ours)
    rows = [
        row("MPM elastic, 100,000 particles, 64 cells", rate, "M/s"),
        row("MPM elastic, per processor second", max(processor for _, processor in ours), "M/s"),
    ]
    for name, title in (("warp_mpm", "plain Warp"), ("mpm_pytorch", "mpm-pytorch")):
        if name in seconds:
            theirs = 1e-6 * len(jelly.points) / seconds[name]
            rows.append(row(f"MPM, {title} itself", theirs, "M/s"))
            rows.append(row(f"MPM, times faster than {title}", rate / theirs, "x"))
    if "warp_mpm" in results:
        travelled = jelly.forward(1, steps) - jelly.points
        other = results["warp_mpm"].positions - jelly.points
        rows.append(
            row("MPM against plain Warp", np.abs(travelled - other).max() / np.abs(other).max(), "of the travel")
        )
    return rows


def against_the_machine(jelly: Jelly, rate: float) -> list[dict]:
    """What the memory and the arithmetic units would allow, were either the only limit."""
    import torch

    lanes = os.cpu_count() or 1
    # Motion and matter are read, deformation is written; x is read again, then x, v and C are written.
    particle = 4 * (16 + 16 + 10 + 3 + 15)
    # Momentum of every thread is added to, read and cleared, velocity written and read; each node once.
    node = 16 * (3 * lanes + 2)
    memory = particle + node * jelly.solver._window.nodes / len(jelly.points)
    flop = sum(ELASTIC_FLOP.values())
    a, b = torch.zeros(2**26), torch.ones(2**26)
    copied = 2 * a.nbytes / best_times(lambda: a.copy_(b), 5)[0]
    m = torch.ones(2048, 2048)
    multiplied = 2 * 2048**3 / best_times(lambda: m @ m, 5)[0]
    return [
        row("MPM elastic, bytes per particle-substep", memory, "B"),
        row("MPM elastic, FLOP per particle-substep", flop, ""),
        row("Machine: copying", 1e-9 * copied, "GB/s"),
        row("Machine: matrix product", 1e-9 * multiplied, "GFLOP/s"),
        row("MPM elastic, if memory were the limit", 1e-6 * copied / memory, "M/s"),
        row("MPM elastic, if arithmetic were the limit", 1e-6 * multiplied / flop, "M/s"),
        row("MPM elastic, of the lower of these", rate / (1e-6 * min(copied / memory, multiplied / flop)), ""),
    ]


def printed(script: str, cache: str) -> float:
    """The number that a fresh process prints last, with this cache of compiled kernels."""
    environment = {**os.environ, "SWAY_CACHE": cache}
    shown = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return float(shown.stdout.split()[-1])


def best_times(call: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Seconds, and processor seconds, of the fastest of some calls, after one that compiles."""
    call()
    walls, processors = [], []
    for _ in range(repeats):
        wall, processor = time.perf_counter(), time.process_time()
        call()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return min(walls), min(processors)
