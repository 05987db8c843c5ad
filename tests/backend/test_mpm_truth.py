"""The solver against closed forms and conservation laws; small cases in float32."""

from __future__ import annotations

import numpy as np
import pytest

from backend import taichi_runtime
from backend.mpm import particles
from backend.mpm.grid import Grid
from backend.mpm.model import Model
from backend.mpm.solver import Solver

YOUNG = 1e5
DENSITY = 1000.0
CELL = 1 / 64
FPS = 25.0


@pytest.fixture(scope="module", autouse=True)
def taichi_f32():
    taichi_runtime.start("f32")


def block(cells: tuple[int, int, int], per_cell: int, low: tuple[int, int, int], shape: tuple[int, int, int]) -> tuple:
    """Particles [P, 3] on a lattice that fills `cells` cells from node `low` of a grid of `shape` nodes; the grid."""
    axes = [(np.arange(n * per_cell) + 0.5) / per_cell + start for n, start in zip(cells, low, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3) * CELL
    return points, Grid(np.zeros(3), CELL, shape)


def solver_of(points: np.ndarray, grid: Grid, per_cell: int, *, poisson: float, held_below: int = 0) -> Solver:
    """A uniform solid whose nodes with x index below `held_below` are held."""
    held = np.zeros(grid.shape, bool)
    held[:held_below] = True
    count = len(points)
    volume = np.full(count, (CELL / per_cell) ** 3)
    return Solver(Model(points, volume, np.full(count, DENSITY), poisson, grid, held))


@pytest.fixture(scope="module")
def cube() -> Solver:
    """512 free particles amid a roomy grid."""
    points, grid = block((4, 4, 4), 2, (8, 8, 8), (21, 21, 21))
    return solver_of(points, grid, 2, poisson=0.3)


def period(values: np.ndarray, dt: float) -> float:
    """Period of an oscillation [T] sampled every dt from rest, by its first two crossings of zero after the start."""
    i = np.flatnonzero(values[1:-1] * values[2:] < 0)[:2] + 1
    crossings = dt * (i + 1 + values[i] / (values[i] - values[i + 1]))
    # The motion starts at zero, half a period before the first crossing and a whole one before the second.
    return crossings[1] if len(i) > 1 else 2 * crossings[0]


def test_free_fall(cube):
    """A free body in gravity follows the symplectic Euler parabola z0 + v0 t + g t (t + dt) / 2."""
    count, substeps = len(cube.model), 70
    velocity = np.tile([0.3, 0.0, 0.5], (count, 1))
    gravity = np.zeros((4, count, 3))
    gravity[..., 2] = -9.81
    motion = cube.simulate(YOUNG, velocity, 3, FPS, substeps=substeps, acceleration=gravity)
    t = np.arange(1, 4)[:, None, None] / FPS
    exact = cube.model.rest + velocity * t + 0.5 * gravity[:3] * t * (t + 1 / (FPS * substeps))
    # float32: 210 additions to numbers below 0.25, each rounded by at most 7.5e-9.
    np.testing.assert_allclose(motion.positions, exact, atol=2e-6)
    np.testing.assert_allclose(motion.deformation, np.broadcast_to(np.eye(3), motion.deformation.shape), atol=1e-5)


def test_acceleration_is_linear_between_frames(cube):
    """Acceleration that ramps up over one frame and stays moves a free body by its double integral."""
    count, substeps, peak = len(cube.model), 70, 8.0
    ramp = np.zeros((3, count, 3))
    ramp[1:, :, 0] = peak
    motion = cube.simulate(YOUNG, np.zeros((count, 3)), 2, FPS, substeps=substeps, acceleration=ramp)
    travelled = (motion.positions[:, :, 0] - cube.model.rest[:, 0]).mean(1)
    frame, dt = 1 / FPS, 1 / (FPS * substeps)
    # a t^3 / (6 T) during the ramp, v T + a T^2 / 2 after it; symplectic Euler runs ahead by dt / 2 times the velocity.
    exact = peak * frame**2 * np.array([1 / 6, 1 / 6 + 1 / 2 + 1 / 2])
    ahead = peak * frame * np.array([1 / 2, 3 / 2]) * dt / 2
    # What remains is the midpoint rule's dt^2 term, 1 / (4 substeps^2) of the first frame's travel.
    np.testing.assert_allclose(travelled, exact + ahead, rtol=3e-4)


@pytest.mark.parametrize("substeps", [60, 120])
def test_damping_of_free_flight(cube, substeps):
    """Damping slows a free body as exp(-damping t), however many substeps a frame has."""
    damping, speed = 20.0, 0.6
    velocity = np.zeros((len(cube.model), 3))
    velocity[:, 1] = speed
    motion = cube.simulate(YOUNG, velocity, 2, FPS, substeps=substeps, damping=damping)
    travelled = (motion.positions[-1, :, 1] - cube.model.rest[:, 1]).mean()
    # The n-th substep travels speed dt exp(-n damping dt): their sum is geometric.
    dt = 1 / (FPS * substeps)
    exact = speed * dt * np.exp(-damping * dt * np.arange(1, 2 * substeps + 1)).sum()
    assert travelled == pytest.approx(exact, rel=1e-4)


def test_momentum_is_conserved(cube):
    """With nothing held, linear and angular momentum of a body that spins and deforms stay what they were."""
    model, rng = cube.model, np.random.default_rng(0)
    centred = model.rest - model.rest.mean(0)
    spin = np.array([2.0, -3.0, 5.0])
    velocity = np.cross(spin, centred) + centred @ rng.normal(0, 2, (3, 3)) + [0.2, 0.1, -0.1]
    cube.simulate(YOUNG, velocity, 2, FPS, record=True)

    def momenta(state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, v, c = state[:, particles.X : particles.V], state[:, particles.V : particles.C], state[:, 6:15]
        c = c.reshape(-1, 3, 3)
        twist = np.stack([c[:, 2, 1] - c[:, 1, 2], c[:, 0, 2] - c[:, 2, 0], c[:, 1, 0] - c[:, 0, 1]], -1)
        mass = model.mass[0]
        # Jiang et al. 2015: a particle's affine motion carries m dx^2 / 4 axial(C) beside x cross m v.
        return mass * v.sum(0), mass * (np.cross(x, v) + CELL**2 / 4 * twist).sum(0)

    frames = cube._run.frames
    first = momenta(frames[0].start[0].astype(np.float64))
    last = momenta(frames[-1].state[0, -1].astype(np.float64))
    scale = model.mass.sum() * np.abs(velocity).max()
    np.testing.assert_allclose(last[0], first[0], atol=1e-5 * scale)
    np.testing.assert_allclose(last[1], first[1], atol=1e-5 * scale * np.ptp(model.rest))


def test_axial_frequency():
    """A clamped-free bar of 16 cells rings at sqrt(E / rho) / (4 L), within 2 % (1.1 % is the grid's own error)."""
    motion, dt, length = ringing_bar()
    exact = np.sqrt(YOUNG / DENSITY) / (4 * length)
    assert 1 / period(motion, dt) == pytest.approx(exact, rel=0.02)


def test_damping_rate():
    """Damping makes a free oscillation's amplitude fall as exp(-damping t / 2), within 2 %."""
    damping = 12.0
    free, dt, _ = ringing_bar()
    damped, _, _ = ringing_bar(damping)
    t = dt * (1 + np.arange(len(free)))
    # Both ring at almost the same phase; least squares of one against the other's decay cancels the grid's own losses.
    rates = np.linspace(0.8, 1.2, 401) * damping
    errors = [np.sum((free * np.exp(-rate * t / 2) - damped) ** 2) for rate in rates]
    assert rates[np.argmin(errors)] == pytest.approx(damping, rel=0.02)


def ringing_bar(damping: float = 0.0) -> tuple[np.ndarray, float, float]:
    """Elongation [T] of a bar 16 x 2 x 2 cells, clamped at one end, no Poisson effect; time step; length in metres."""
    clamped, cells = 3, 16
    points, grid = block((clamped + cells, 2, 2), 2, (2, 4, 4), (26, 11, 11))
    solver = solver_of(points, grid, 2, poisson=0.0, held_below=2 + clamped + 1)
    length, speed = cells * CELL, np.sqrt(YOUNG / DENSITY)
    along = np.clip(points[:, 0] / CELL - 2 - clamped, 0, None) / cells
    velocity = np.zeros_like(points)
    velocity[:, 0] = np.sin(np.pi / 2 * along) * 0.02 * speed
    fps = 24 * speed / (4 * length)
    motion = solver.simulate(YOUNG, velocity, 28, fps, damping=damping)
    tip = along > 1 - 1 / cells
    return (motion.positions - points)[:, tip, 0].mean(1), 1 / fps, length


def test_cantilever_frequency():
    """A cantilever beam 24 cells long and 4 high bends at its Euler-Bernoulli frequency within 5 %."""
    clamped, cells, height = 2, 24, 4
    points, grid = block((clamped + cells, 4, height), 2, (2, 4, 5), (34, 13, 15))
    solver = solver_of(points, grid, 2, poisson=0.3, held_below=2 + clamped + 1)
    length = cells * CELL
    along = np.clip(points[:, 0] / CELL - 2 - clamped, 0, None) / cells
    # First mode of a clamped-free beam, b = 1.8751; f = b^2 / (2 pi) sqrt(E I / (rho A L^4)), I / A = h^2 / 12.
    b, ratio = 1.8751041 * along, 0.7340955
    shape = (np.cosh(b) - np.cos(b) - ratio * (np.sinh(b) - np.sin(b))) / 2
    exact = 1.8751041**2 / (2 * np.pi) * np.sqrt(YOUNG / DENSITY) * height * CELL / np.sqrt(12) / length**2
    velocity = np.zeros_like(points)
    velocity[:, 2] = shape * 2 * np.pi * exact * 0.03 * length
    fps = 20 * exact
    motion = solver.simulate(YOUNG, velocity, 12, fps)
    tip = along > 1 - 1 / cells
    assert 1 / period((motion.positions - points)[:, tip, 2].mean(1), 1 / fps) == pytest.approx(exact, rel=0.05)


def test_time_rescaling():
    """Four times the stiffness and twice the velocity give the same path, twice as fast."""
    points, grid = block((3, 3, 6), 2, (5, 5, 3), (14, 14, 15))
    solver = solver_of(points, grid, 2, poisson=0.3)
    rng = np.random.default_rng(1)
    young = YOUNG * rng.uniform(0.5, 1.0, len(points))
    velocity = 0.4 * np.sin(points[:, ::-1] / CELL)
    slow = solver.simulate(young, velocity, 3, 50.0, substeps=30)
    fast = solver.simulate(4 * young, 2 * velocity, 3, 100.0, substeps=30)
    travelled = np.abs(slow.positions - points).max()
    # Powers of two scale float32 exactly, so even rounding is the same; 1e-5 is asked for.
    np.testing.assert_allclose(fast.positions, slow.positions, atol=1e-5 * travelled)


def test_static_sag():
    """A cantilever sags by rho g L^4 / (8 E I / A) + rho g L^2 / (2 k G) at its tip (Timoshenko), within 4 %."""
    clamped, cells, height, poisson = 2, 24, 4, 0.3
    points, grid = block((clamped + cells, 2, height), 2, (2, 5, 5), (34, 12, 15))
    solver = solver_of(points, grid, 2, poisson=poisson, held_below=2 + clamped + 1)
    length, gravity = cells * CELL, 0.1
    shear = YOUNG / (2 * (1 + poisson))
    bending = DENSITY * gravity * length**4 / (8 * YOUNG * (height * CELL) ** 2 / 12)
    sag = bending + DENSITY * gravity * length**2 / (2 * 5 / 6 * shear)
    # Near critical damping of the first mode, 0.7 Hz, for five of its time constants.
    motion = solver.simulate(YOUNG, np.zeros_like(points), 30, FPS, damping=9.0, gravity=(0, 0, -gravity))
    along = points[:, 0] / CELL - 2 - clamped
    tip = along > cells - 1
    # The slope at the tip is 4 / (3 L) of the sag; its particles lie half a cell from the end.
    expected = sag * (1 - 4 / (3 * cells) * np.mean(cells - along[tip]))
    assert (points - motion.positions[-1])[tip, 2].mean() == pytest.approx(expected, rel=0.04)
