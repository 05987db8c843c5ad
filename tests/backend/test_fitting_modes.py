"""Sway modes against beam theory, against the solver's own free vibration, and the scaling law."""

from __future__ import annotations

import numpy as np
import pytest

from backend import taichi_runtime
from backend.fitting.modes import sway_modes
from backend.mpm.grid import Grid
from backend.mpm.model import Model
from backend.mpm.solver import Solver

YOUNG, DENSITY = 1e6, 1000.0
THICK, LENGTH, CELL = 3, 15, 0.01
"""Of the beam, in cells, and a cell in metres."""


@pytest.fixture(scope="module")
def beam() -> Model:
    """A square cantilever along z, clamped at the foot, two particles per cell and axis, Poisson's ratio 0."""
    spacing = CELL / 2
    lines = [(np.arange(2 * n) + 0.5) * spacing for n in (THICK, THICK, LENGTH + 3)]
    rest = np.stack(np.meshgrid(*lines, indexing="ij"), -1).reshape(-1, 3)
    grid = Grid(np.full(3, -4 * CELL), CELL, (THICK + 9, THICK + 9, LENGTH + 12))
    held = np.zeros(grid.shape, bool)
    held[:, :, : 4 + 3 + 1] = True  # up to and with z = 3 cells: the clamp
    count = len(rest)
    return Model(rest, np.full(count, spacing**3), np.full(count, DENSITY), 0.0, grid, held)


@pytest.fixture(scope="module")
def modes(beam):
    return sway_modes(beam, np.full(len(beam), YOUNG), 6)


def test_cantilever_frequency(modes):
    """f1 = (1.8751^2 / 2 pi) sqrt(E I / (rho A L^4)), twice, since the section is square.

    Shear (Timoshenko, L/h = 5) makes it 2.5 % slower, and MLS-MPM with three cells across some 3 % more.
    """
    h, length = THICK * CELL, LENGTH * CELL
    expected = 1.8751**2 / (2 * np.pi) * np.sqrt(YOUNG / DENSITY * h**2 / 12) / length**2
    assert np.allclose(modes.frequency[:2], expected, rtol=0.07)
    assert modes.frequency[2] > 3 * expected


def test_cantilever_shape(beam, modes):
    """The first two shapes are the clamped-free beam's bending: at half the length 0.340 of the tip's way.

    Shear, in this short a beam, adds its straighter line: 0.02. Means over slices average the section's turning out.
    """
    z = beam.rest[:, 2] - 3 * CELL
    at = np.abs(z - 0.5 * LENGTH * CELL) < CELL / 2
    tip = z > LENGTH * CELL - CELL / 2
    sway = np.linalg.norm(np.stack([modes.shapes[:2, where, :2].mean(1) for where in (at, tip)]), axis=-1)
    assert np.allclose(sway[0] / sway[1], 0.35, atol=0.02)
    assert np.abs(modes.shapes[:2][:, z < 0]).max() < 0.02


def test_stiffer_means_faster(beam, modes):
    """Time scales with the square root of stiffness, the substep being kept a fixed part of the stable one."""
    computed = sway_modes(beam, np.full(len(beam), 4 * YOUNG), 6)
    scaled = modes.stiffened(4)
    assert np.allclose(computed.frequency[:2], scaled.frequency[:2], rtol=1e-6)
    assert np.allclose(computed.frequency[:2], 2 * modes.frequency[:2], rtol=1e-6)
    assert np.allclose(computed.decay[:2], scaled.decay[:2], rtol=1e-4)


def test_the_solver_sways_as_predicted(beam, modes):
    """Frequency and damping of the solver's free vibration, set off in the first mode, are the mode's.

    A damped sine fitted to one and a half periods of an amplitude of 1 % of the length: geometry and the velocity's
    first trip to the grid without its gradient leave 2 % of frequency, 0.01 of damping ratio.
    """
    from scipy.optimize import least_squares

    taichi_runtime.start("f32")
    solver, shape, rate = Solver(beam), modes.shapes[0], 2 * np.pi * modes.frequency[0]
    fps = 24 * modes.frequency[0]
    motion = solver.simulate(YOUNG, 0.01 * LENGTH * CELL * rate * shape, 36, fps)
    course = np.einsum("tpc,pc->t", motion.positions - beam.rest, shape) / (shape**2).sum()
    course /= np.abs(course).max()
    time = (np.arange(36) + 1) / fps

    def miss(p):
        return p[0] * np.exp(-p[1] * time) * np.sin(p[2] * time + p[3]) - course

    found = least_squares(miss, [1, modes.decay[0], rate, 0]).x
    assert found[2] == pytest.approx(rate, rel=0.02)
    assert found[1] / rate == pytest.approx(modes.decay[0] / rate, abs=0.01)


def test_refuses_what_is_held_everywhere(beam):
    """A subject inside what holds it has no mode; the message says so."""
    model = Model(beam.rest, beam.volume, beam.density, 0.0, beam.grid, np.ones(beam.grid.shape, bool))
    with pytest.raises(ValueError, match="does not swing"):
        sway_modes(model, np.full(len(beam), YOUNG))
