"""Derivatives: polar rotation, material law and the whole simulation, against central differences in float64."""

import numpy as np
import pytest

from backend import taichi_runtime
from backend.mpm import frames
from backend.mpm.grid import Grid
from backend.mpm.material import Material
from backend.mpm.materials.fixed_corotated import kirchhoff_stress, kirchhoff_stress_adjoint
from backend.mpm.model import Model
from backend.mpm.polar import polar_rotation, polar_rotation_adjoint
from backend.mpm.solver import Solver

ti = pytest.importorskip("taichi")

FRAMES, SUBSTEPS = 3, 10
Matrices = ti.types.ndarray(dtype=ti.types.matrix(3, 3, None), ndim=1)
Reals = ti.types.ndarray(ndim=1)


@pytest.fixture(scope="module", autouse=True)
def f32():
    """The case's gradient in float32; other modules find Taichi in float32 again."""
    taichi_runtime.start("f32")
    yield Case().gradient()
    taichi_runtime.start("f32")


@pytest.fixture
def f64():
    """Taichi in float64."""
    taichi_runtime.start("f64")


class Case:
    """A bending, twisting, damped stalk in gusts, its foot held, 10 % strain; a loss on positions and on F."""

    def __init__(self, law: str = "fixed_corotated") -> None:
        rng = np.random.default_rng(0)
        count = 250
        points = rng.random((count, 3)) * [0.1, 0.1, 0.2]
        grid = Grid.around(points.min(0), points.max(0), 12, 3)
        held = np.zeros(grid.shape, bool)
        held[:, :, :5] = True
        density = 1000 * rng.uniform(1, 2, count)
        volume = np.full(count, 2e-3 / count)
        self.solver = Solver(Model(points, volume, density, 0.3, grid, held, materials=(Material(law),)))
        self.young = 1e5 * rng.uniform(1, 2, count)
        self.velocity = np.stack([4 * points[:, 2], 3 * points[:, 0], np.zeros(count)], -1)
        self.acceleration = rng.normal(0, 3, (FRAMES + 1, count, 3)) + [0, 0, -9.81]
        self.weight_positions = rng.normal(0, 1, (FRAMES, count, 3))
        self.weight_deformation = rng.normal(0, 0.01, (FRAMES, count, 3, 3))
        self.fps = 1 / (SUBSTEPS * self.solver.stable_dt(3e5))

    def run(self, young, velocity, record=False):
        return self.solver.simulate(
            young,
            velocity,
            FRAMES,
            self.fps,
            substeps=SUBSTEPS,
            damping=3.0,
            acceleration=self.acceleration,
            record=record,
        )

    def loss(self, young, velocity) -> float:
        motion = self.run(young, velocity)
        return float(
            (self.weight_positions * motion.positions**2).sum()
            + (self.weight_deformation * motion.deformation**2).sum()
        )

    def gradient(self):
        motion = self.run(self.young, self.velocity, record=True)
        return self.solver.backward(
            2 * self.weight_positions * motion.positions, 2 * self.weight_deformation * motion.deformation
        )


def relative(a: float, b: float) -> float:
    return abs(a - b) / abs(b)


def test_checkpointed_gradient_is_bit_equal():
    """A gradient with nothing kept but frame starts equals the one with everything kept, in every bit."""
    case = Case()
    kept = case.gradient()
    case.solver.record_bytes = 0
    again = case.gradient()
    np.testing.assert_array_equal(again.young, kept.young)
    np.testing.assert_array_equal(again.velocity, kept.velocity)


def test_spread_gradient_agrees(f32, monkeypatch):
    """The gradient with one simulation spread over all threads equals the single-threaded one up to rounding."""
    monkeypatch.setattr(frames, "SPREAD_FROM", 1)
    monkeypatch.setattr(frames, "lanes", lambda frame: 3)
    spread = Case().gradient()
    for name in ("young", "velocity"):
        a, b = getattr(spread, name), getattr(f32, name)
        assert np.linalg.norm(a - b) < 1e-4 * np.linalg.norm(b)


@pytest.mark.parametrize("law", ["fixed_corotated", "neo_hookean"])
def test_gradient_against_differences(f64, law):
    """dL/dE and dL/dv0 along random directions equal central differences to 1e-6."""
    case = Case(law)
    gradient = case.gradient()
    rng = np.random.default_rng(1)
    # Truncation grows as step^2, rounding as 1e-16 / step * |L| / |slope|: 1e-5 leaves both near 1e-8 here.
    step = 1e-5
    for _ in range(2):
        along_young = rng.normal(size=case.young.shape) * case.young
        along_velocity = rng.normal(size=case.velocity.shape)
        by_young = case.loss(case.young + step * along_young, case.velocity)
        by_young -= case.loss(case.young - step * along_young, case.velocity)
        by_velocity = case.loss(case.young, case.velocity + step * along_velocity)
        by_velocity -= case.loss(case.young, case.velocity - step * along_velocity)
        assert relative((gradient.young * along_young).sum(), by_young / (2 * step)) < 1e-6
        assert relative((gradient.velocity * along_velocity).sum(), by_velocity / (2 * step)) < 1e-6


def test_float32_gradient_equals_float64(f32, f64):
    """The float32 adjoint is the float64 one to 1e-4 of its length."""
    exact = Case().gradient()
    for name in ("young", "velocity"):
        a, b = getattr(f32, name), getattr(exact, name)
        assert np.linalg.norm(a - b) < 1e-4 * np.linalg.norm(b)


@ti.kernel
def rotations(F: Matrices, R: Matrices, gR: Matrices, gF: Matrices):
    for n in range(F.shape[0]):
        R[n] = polar_rotation(F[n])
        gF[n] = polar_rotation_adjoint(F[n], R[n], gR[n])


@ti.kernel
def stresses(F: Matrices, tau: Matrices, G: Matrices, gF: Matrices, g_mu: Reals, g_lam: Reals, mu: float, lam: float):
    for n in range(F.shape[0]):
        R = polar_rotation(F[n])
        J = F[n].determinant()
        tau[n] = kirchhoff_stress(F[n], R, J, mu, lam)
        gF[n], g_mu[n], g_lam[n] = kirchhoff_stress_adjoint(F[n], R, J, mu, lam, G[n])


def deformations(count: int) -> np.ndarray:
    """Rotations times stretches of 0.5 to 2 [count, 3, 3]; the first is the identity, the second a pure rotation."""
    rng = np.random.default_rng(2)
    left, _, right = np.linalg.svd(rng.normal(size=(count, 3, 3)))
    left[:, :, 0] *= np.linalg.det(left @ right)[:, None]
    stretch = rng.uniform(0.5, 2, (count, 1, 3))
    stretch[:2] = 1
    F = (left * stretch) @ right
    F[0] = np.eye(3)
    return F


def polar(F: np.ndarray, gR: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    R, gF = np.empty_like(F), np.empty_like(F)
    rotations(F, R, gR, gF)
    return R, gF


def test_polar_rotation(f64):
    """R is the U V^T of the singular value decomposition, and its adjoint the transpose of the differences."""
    F = deformations(20)
    rng = np.random.default_rng(3)
    gR, dF = rng.normal(size=F.shape), rng.normal(size=F.shape)
    R, gF = polar(F, gR)
    u, _, vt = np.linalg.svd(F)
    np.testing.assert_allclose(R, u @ vt, atol=1e-12)
    step = 1e-5
    dR = (polar(F + step * dF, gR)[0] - polar(F - step * dF, gR)[0]) / (2 * step)
    np.testing.assert_allclose((gF * dF).sum((1, 2)), (gR * dR).sum((1, 2)), rtol=1e-6, atol=1e-8)


def stress(F: np.ndarray, G: np.ndarray, mu: float, lam: float):
    out = np.empty_like(F), np.empty_like(F), np.empty(len(F), F.dtype), np.empty(len(F), F.dtype)
    stresses(F, out[0], G, *out[1:], mu, lam)
    return out


def test_stress_is_the_energys_derivative(f64):
    """tau = dpsi/dF F^T for the fixed-corotated energy, and its adjoint is the transpose of its differences."""
    F = deformations(20)
    rng = np.random.default_rng(4)
    G, dF = rng.normal(size=F.shape), rng.normal(size=F.shape)
    mu, lam, step = 3.0, 2.0, 1e-5

    def energy(F):
        stretches = np.linalg.svd(F)[1]
        return mu * ((stretches - 1) ** 2).sum(1) + lam / 2 * (np.linalg.det(F) - 1) ** 2

    tau, gF, g_mu, g_lam = stress(F, G, mu, lam)
    work = (energy(F + step * dF @ F) - energy(F - step * dF @ F)) / (2 * step)
    np.testing.assert_allclose((tau * dF).sum((1, 2)), work, rtol=1e-6, atol=1e-7)
    d_tau = (stress(F + step * dF, G, mu, lam)[0] - stress(F - step * dF, G, mu, lam)[0]) / (2 * step)
    np.testing.assert_allclose((gF * dF).sum((1, 2)), (G * d_tau).sum((1, 2)), rtol=1e-6, atol=1e-7)
    # The stress is linear in both parameters.
    np.testing.assert_allclose(g_mu, (G * stress(F, G, 1.0, 0.0)[0]).sum((1, 2)), atol=1e-12)
    np.testing.assert_allclose(g_lam, (G * stress(F, G, 0.0, 1.0)[0]).sum((1, 2)), atol=1e-12)


def test_rotation_gives_no_stress():
    """A pure rotation is stress-free: |tau| below 1e-6 of the stiffness in float32."""
    taichi_runtime.start("f32")
    left, _, right = np.linalg.svd(np.random.default_rng(5).normal(size=(100, 3, 3)))
    F = (left * np.linalg.det(left @ right)[:, None, None] @ right).astype(np.float32)
    F = np.where(np.linalg.det(F)[:, None, None] > 0, F, -F)
    tau = stress(F, np.zeros_like(F), 1.0, 1.5)[0]
    # F itself is a rotation to 1e-7 only.
    assert np.abs(tau).max() < 2e-6
