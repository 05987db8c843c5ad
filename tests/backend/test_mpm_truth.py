"""The solver against closed forms and conservation laws; the experiments, with their formulas, are the benchmark's."""

from __future__ import annotations

import numpy as np
import pytest

from backend import taichi_runtime
from backend.mpm.solver import Solver
from benchmarks.experiments import elastic, motion
from benchmarks.experiments.scenes import FPS

YOUNG = 1e5
both_engines = pytest.mark.parametrize("apart", [False, True], ids=["small", "bundled"])


@pytest.fixture(scope="module", autouse=True)
def taichi_f32():
    taichi_runtime.start("f32")


@pytest.fixture(scope="module")
def cube() -> Solver:
    """512 free particles amid a roomy grid."""
    return motion.cube()


@both_engines
def test_free_fall(apart):
    """A free body in gravity follows the symplectic Euler parabola z0 + v0 t + g t (t + dt) / 2."""
    # 280 substeps may round positions below 0.25 m the same way, by 7.5e-9 m each, of 0.066 m travelled: 3.2e-5.
    assert motion.free_fall(apart) < 3.2e-5


def test_free_fall_in_float64():
    """Without rounding the parabola holds to 1e-6 of the distance travelled."""
    taichi_runtime.start("f64")
    # What is left is the momentum of nodes that carry less than 1e-6 of a particle, which is dropped.
    assert motion.free_fall(False) < 1e-6
    taichi_runtime.start("f32")


def test_acceleration_is_linear_between_frames(cube):
    """Acceleration that ramps up over one frame and stays moves a free body by its double integral."""
    count, substeps, peak = len(cube.model), 70, 8.0
    ramp = np.zeros((3, count, 3))
    ramp[1:, :, 0] = peak
    moved = cube.simulate(YOUNG, np.zeros((count, 3)), 2, FPS, substeps=substeps, acceleration=ramp)
    travelled = (moved.positions[:, :, 0] - cube.model.rest[:, 0]).mean(1)
    frame, dt = 1 / FPS, 1 / (FPS * substeps)
    # a t^3 / (6 T) during the ramp, v T + a T^2 / 2 after it; symplectic Euler runs ahead by dt / 2 times the velocity.
    exact = peak * frame**2 * np.array([1 / 6, 1 / 6 + 1 / 2 + 1 / 2])
    ahead = peak * frame * np.array([1 / 2, 3 / 2]) * dt / 2
    # What remains is the midpoint rule's dt^2 term, 1 / (4 substeps^2) of the first frame's travel.
    np.testing.assert_allclose(travelled, exact + ahead, rtol=3e-4)


@both_engines
@pytest.mark.parametrize("substeps", [60, 120])
def test_damping_of_free_flight(substeps, apart):
    """Damping slows a free body as exp(-damping t), however many substeps a frame has."""
    # Rounding of at most 240 substeps, each 1.2e-7 of the velocity.
    assert motion.flight_damping(substeps, apart).error == pytest.approx(0, abs=3e-5)


@both_engines
def test_momentum_is_conserved(apart):
    """With nothing held, linear and angular momentum of a body that spins and deforms stay what they were.

    sum m v and sum m (x cross v + cell^2 / 4 axial(C)), relative to mass times top speed (times size), to 1e-5.
    """
    linear, angular = motion.momentum_drift(apart)
    assert linear < 1e-5
    assert angular < 1e-5


def test_rotation_by_hand_makes_no_stress():
    """A body turned through a whole turn has F = R, so tau = 2 mu (F - R) F^T + lam J (J - 1) I stays below 1e-4 E."""
    assert motion.rotation_stress() < 1e-4


def test_axial_frequency():
    """A clamped-free bar of 32 cells rings at sqrt(E / rho) / (4 L), within 1 %; half as fine, it is half as right."""
    fine, coarse = elastic.axial_frequency(32).error, elastic.axial_frequency(16).error
    # The free end is blurred over a cell, so the error is of first order: 0.5 % and 1.1 % were measured.
    assert fine == pytest.approx(0, abs=0.01)
    assert 1.5 < coarse / fine < 3


@both_engines
def test_damping_rate(apart):
    """Damping makes a free oscillation's amplitude fall as exp(-damping t / 2), within 2 %."""
    # The grid's own losses, 0.15 % of the amplitude a half period, are cancelled to first order.
    assert elastic.damping_rate(12.0, apart).error == pytest.approx(0, abs=0.02)


def test_cantilever_frequency():
    """A cantilever 4 cells high and 32 long bends at Timoshenko's first frequency within 2 %."""
    # The grid's own error: 1.3 % were measured, and 0.5 % for a beam of 8 cells.
    assert elastic.cantilever_frequency(4, 8).error == pytest.approx(0, abs=0.02)


@both_engines
def test_time_rescaling(apart):
    """x(t; 4 E, 2 v0) = x(2 t; E, v0): four times the stiffness, twice the velocity: the same path, twice as fast."""
    # Powers of two scale float32 exactly, so even rounding is the same; 1e-5 is asked for.
    assert motion.time_rescaling(apart) < 1e-5


def test_static_sag():
    """A cantilever sags by rho g L^4 / (8 E I / A) + rho g L^2 / (2 k G) at its tip (Timoshenko), within 4 %."""
    # The grid's own error of w, 1.3 % for 4 cells, is twice that in the compliance 1 / w^2.
    assert elastic.static_sag().error == pytest.approx(0, abs=0.04)


def test_confined_settlement():
    """A column between smooth walls sinks by rho g H^2 / (2 (lam + 2 mu)) under its weight, within 3 %."""
    assert elastic.confined_settlement().error == pytest.approx(0, abs=0.03)


def test_viscous_decay():
    """A Kelvin-Voigt bar rings down as exp(-zeta w t), zeta = w T / 2: its energy at twice that rate, within 3 %."""
    # 1 % is the bar's own error of w, 2 % in w^2.
    assert elastic.viscous_decay().error == pytest.approx(0, abs=0.03)
