"""Speed of the MPM solver, forward and backward, and how it compares with the usual way to write one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import numpy as np

from backend import taichi_runtime
from backend.mpm.grid import Grid
from backend.mpm.model import Model
from backend.mpm.solver import Solver

from .figures import best_time, row

YOUNG, POISSON, DENSITY, FPS = 1e5, 0.3, 1000.0, 24.0
SUBSTEPS = 100
FIRST_GRADIENT = """
import time
from benchmarks.solver import Block
began = time.perf_counter()
block = Block(1500, 16)
block.forward(record=True)
block.backward()
print(time.perf_counter() - began)
"""


class Block:
    """A solid cube of random particles that bends over a held foot for two frames of 100 substeps."""

    def __init__(self, count: int, cells: int) -> None:
        taichi_runtime.start("f32")
        side = 0.2
        points = np.random.default_rng(0).random((count, 3)) * side
        grid = Grid.around(np.zeros(3), np.full(3, side), cells, cells // 5)
        held = np.zeros(grid.shape, bool)
        held[:, :, : cells // 5 + 1] = True
        volume = np.full(count, side**3 / count)
        self.solver = Solver(Model(points, volume, np.full(count, DENSITY), POISSON, grid, held))
        self.velocity = np.zeros((count, 3))
        self.velocity[:, 0] = 2 * points[:, 2]
        # Frames are as long as 100 stable substeps, so that every size does the same number of them.
        self.fps = 1 / (SUBSTEPS * self.solver.stable_dt(YOUNG))

    @property
    def particle_substeps(self) -> int:
        return 2 * SUBSTEPS * len(self.velocity)

    def forward(self, record: bool = False) -> np.ndarray:
        options = {"substeps": SUBSTEPS, "record": record}
        return self.solver.simulate(YOUNG, self.velocity, 2, self.fps, **options).positions

    def backward(self) -> None:
        self.solver.backward(np.ones((2, len(self.velocity), 3)))

    def batch(self, size: int) -> None:
        young = np.full((size, len(self.velocity)), YOUNG)
        self.solver.simulate_batch(young, self.velocity, 2, self.fps, substeps=SUBSTEPS)


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit. The best of several runs each: a shared machine only ever adds time."""
    rows = []
    for count, cells in ((1500, 16), (10000, 32)):
        block = Block(count, cells)
        seconds = best_time(block.forward)
        size = f"{count:,} particles, {cells} cells"
        rows.append(row(f"Solver forward, {size}", 1e-6 * block.particle_substeps / seconds, "M particle-substeps/s"))
        recorded = best_time(lambda b=block: b.forward(record=True))
        rows.append(row(f"Solver recording, times the forward, {size}", recorded / seconds, "x"))
        rows.append(row(f"Solver adjoint, times the forward, {size}", best_time(block.backward) / seconds, "x"))
    block = Block(1500, 16)
    alone = best_time(block.forward)
    together = best_time(lambda: block.batch(8), 4) / 8
    rows.append(row("Solver batch of 8, times faster than one by one", alone / together, "x"))
    usual = Usual(block)
    rows.append(row("Solver, times faster than atomics and SVD", best_time(usual.forward) / alone, "x"))
    rest = block.solver.model.rest
    travelled, other = block.forward()[-1] - rest, usual.forward() - rest
    rows.append(
        row("Solver against atomics and SVD", np.abs(travelled - other).max() / np.abs(other).max(), "of the travel")
    )
    with tempfile.TemporaryDirectory() as cache:
        rows.append(row("Solver, first gradient of a fresh install", first_gradient(cache), "s"))
        rows.append(row("Solver, first gradient of a later session", first_gradient(cache), "s"))
    return rows


class Usual:
    """The same simulation as tutorials write it: particles in no order, atomic adds, SVD, the whole grid."""

    def __init__(self, block: Block) -> None:
        import taichi as ti

        model, dt = block.solver.model, 1 / (block.fps * SUBSTEPS)
        count, shape, cell = len(model), model.grid.shape, model.grid.cell
        x, v = ti.Vector.field(3, float, count), ti.Vector.field(3, float, count)
        C, F = ti.Matrix.field(3, 3, float, count), ti.Matrix.field(3, 3, float, count)
        momentum, mass = ti.Vector.field(3, float, shape), ti.field(float, shape)
        held = ti.field(int, shape)
        held.from_numpy(model.held.astype(np.int32))
        volume, m = float(model.volume[0]), float(model.mass[0])
        mu, lam = model.lame(YOUNG)

        @ti.kernel
        def clear():
            for node in ti.grouped(mass):
                mass[node] = 0.0
                momentum[node] = ti.Vector.zero(float, 3)

        @ti.kernel
        def scatter():
            for p in x:
                base = ti.cast(x[p] / cell - 0.5, int)
                fx = x[p] / cell - ti.cast(base, float)
                w = [0.5 * (1.5 - fx) ** 2, 0.75 - (fx - 1) ** 2, 0.5 * (fx - 0.5) ** 2]
                F[p] = (ti.Matrix.identity(float, 3) + dt * C[p]) @ F[p]
                U, _, W = ti.svd(F[p])
                J = F[p].determinant()
                tau = 2 * mu * (F[p] - U @ W.transpose()) @ F[p].transpose()
                tau += ti.Matrix.identity(float, 3) * lam * J * (J - 1)
                affine = -dt * volume * 4 / cell**2 * tau + m * C[p]
                for i, j, k in ti.static(ti.ndrange(3, 3, 3)):
                    offset = ti.Vector([i, j, k])
                    weight = w[i][0] * w[j][1] * w[k][2]
                    momentum[base + offset] += weight * (m * v[p] + affine @ ((offset - fx) * cell))
                    mass[base + offset] += weight * m

        @ti.kernel
        def update():
            for node in ti.grouped(mass):
                if mass[node] > 1e-6 * m and held[node] == 0:
                    momentum[node] /= mass[node]
                else:
                    momentum[node] = ti.Vector.zero(float, 3)

        @ti.kernel
        def gather():
            for p in x:
                base = ti.cast(x[p] / cell - 0.5, int)
                fx = x[p] / cell - ti.cast(base, float)
                w = [0.5 * (1.5 - fx) ** 2, 0.75 - (fx - 1) ** 2, 0.5 * (fx - 0.5) ** 2]
                new_v, new_C = ti.Vector.zero(float, 3), ti.Matrix.zero(float, 3, 3)
                for i, j, k in ti.static(ti.ndrange(3, 3, 3)):
                    offset = ti.Vector([i, j, k])
                    u = w[i][0] * w[j][1] * w[k][2] * momentum[base + offset]
                    new_v += u
                    new_C += 4 / cell * u.outer_product(offset - fx)
                v[p], C[p] = new_v, new_C
                x[p] += dt * new_v

        def forward() -> np.ndarray:
            x.from_numpy((model.rest - model.grid.origin).astype(np.float32))
            v.from_numpy(block.velocity.astype(np.float32))
            C.fill(0)
            F.from_numpy(np.tile(np.eye(3, dtype=np.float32), (count, 1, 1)))
            for _ in range(2 * SUBSTEPS):
                clear()
                scatter()
                update()
                gather()
            return x.to_numpy() + model.grid.origin

        self.forward = forward


def first_gradient(cache: str) -> float:
    """Seconds from an empty process with this cache of compiled kernels to a gradient, imports left out."""
    environment = {**os.environ, "SWAY_CACHE": cache}
    shown = subprocess.run(
        [sys.executable, "-c", FIRST_GRADIENT], env=environment, capture_output=True, text=True, check=True
    )
    return float(shown.stdout.split()[-1])
