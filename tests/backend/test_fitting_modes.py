"""Sway modes against beam theory, against the solver's own free vibration, and the scaling law."""

from __future__ import annotations

import numpy as np
import pytest

from backend import taichi_runtime
from backend.fitting.modes import sway_modes
from backend.mpm.total_lagrangian.solver import ElasticSolver
from tests.backend.elastic_cases import CELL, YOUNG, beam, cantilever_rate, damped_sine

LENGTH = 12
"""Of the beam, in cells; it is one cell thick."""


@pytest.fixture(scope="module")
def body():
    return beam(1, LENGTH)


@pytest.fixture(scope="module")
def modes(body):
    return sway_modes(body, np.full(len(body), YOUNG), 4)


def test_cantilever_frequency(modes):
    """The clamped-free beam's first frequency, twice, since the section is square, and its second, 6.27 times as high.

    Shear and the nodes' lumped masses take 1 % of the first and, a third of a wave in 4 cells, 6 % of the second.
    """
    expected = cantilever_rate(CELL, LENGTH * CELL) / (2 * np.pi)
    assert np.allclose(modes.frequency[:2], expected, rtol=0.02)
    assert np.allclose(modes.frequency[2:], 6.267 * expected, rtol=0.08)


def test_cantilever_shape(body, modes):
    """The first two shapes are the clamped-free beam's bending: at half the length 0.340 of the tip's way."""
    x = body.rest[:, 0] / (LENGTH * CELL)
    at, tip = np.abs(x - 0.5) < 0.04, x > 0.96
    sway = np.linalg.norm(np.stack([modes.shapes[:2, where, 1:].mean(1) for where in (at, tip)]), axis=-1)
    # The tip's particles lie 2 % from the end, 3 % of its way.
    assert np.allclose(sway[0] / sway[1], 0.340 / 0.97, atol=0.02)
    assert np.abs(modes.shapes[:2][:, x < 0.03]).max() < 0.01


def test_stiffer_means_faster(body, modes):
    """Time scales with the square root of stiffness."""
    computed = sway_modes(body, np.full(len(body), 4 * YOUNG), 2)
    assert np.allclose(computed.frequency, modes.stiffened(4).frequency[:2], rtol=1e-6)
    assert np.allclose(computed.frequency, 2 * modes.frequency[:2], rtol=1e-6)


def test_the_solver_sways_as_predicted(body, modes):
    """The solver's free vibration, set off in the first two modes at once, has the first one's frequency: 0.5 %."""
    taichi_runtime.start("f32")
    shape, rate = modes.shapes[0], 2 * np.pi * modes.frequency[0]
    fps = 24 * modes.frequency[0]
    motion = ElasticSolver(body).simulate(YOUNG, 0.01 * LENGTH * CELL * rate * (shape + modes.shapes[1]), 36, fps)
    course = np.einsum("tpc,pc->t", motion.positions - body.rest, shape)
    assert damped_sine(course, 1 / fps, rate)[0] == pytest.approx(rate, rel=0.005)
