"""The elastic solver against closed forms, conservation laws and differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend import taichi_runtime
from backend.forces.push import FramePush
from backend.mpm.boundaries.colliders import Collider, Contact, HalfSpace
from backend.mpm.grid import Grid
from backend.mpm.model import Unstable
from backend.mpm.total_lagrangian import pencil, resolution, solver
from backend.mpm.total_lagrangian.solver import ElasticSolver
from tests.backend.elastic_cases import CELL, DENSITY, YOUNG, beam, body_of, box, cantilever_rate, damped_sine


@pytest.fixture(scope="module", autouse=True)
def taichi_f32():
    taichi_runtime.start("f32")
    yield
    taichi_runtime.start("f32")


def shown(body, count=2) -> np.ndarray:
    """Rates of the slowest modes as the solver shows them, rad/s."""
    young = np.full(len(body.elements), YOUNG)
    return pencil.lumped_rates(body, *pencil.sway(body, young, count))


@pytest.mark.parametrize(
    ("thick", "length", "tolerance"), [(0.5, 12, 0.03), (1, 16, 0.03), (2, 24, 0.02), (4, 32, 0.02)]
)
def test_cantilever_of_any_thickness(thick, length, tolerance):
    """One E bends a beam half a cell to four cells thick at the frequency of beam theory.

    Shear and rotation of the section, which that theory leaves out, take 1 % at a length of eight thicknesses; a cell
    is a longer part of the thin beams' length: its error is (1.9 cell / length)^2 / 8, and half as much again.
    """
    body = beam(thick, length, voxels=8 if thick == 4 else 4)
    assert np.allclose(shown(body), cantilever_rate(thick * CELL, length * CELL), rtol=tolerance)


def test_the_clamp_is_where_the_material_is_held():
    """Moving the grid by a fraction of a cell does not change a short thin beam's frequency: 2 %."""
    body = beam(0.6, 8)
    rates = []
    for shift in np.random.default_rng(0).uniform(0, CELL, (4, 3)):
        moved = replace(body, grid=Grid(body.grid.origin + shift - CELL, CELL, tuple(n + 1 for n in body.grid.shape)))
        rates.append(shown(moved)[0])
    assert np.ptp(rates) < 0.02 * np.mean(rates)


def test_axial_frequency():
    """A bar of 32 cells rings at sqrt(E / rho) / (4 L) within 1 %, in the solver itself."""
    body = beam(1, 32, voxels=2)
    length, speed = 32 * CELL, np.sqrt(YOUNG / DENSITY)
    rate = np.pi * speed / (2 * length)
    velocity = np.zeros_like(body.rest)
    velocity[:, 0] = 0.01 * speed * np.sin(np.pi / 2 * body.rest[:, 0] / length)
    fps = 12 * rate / (2 * np.pi)
    motion = ElasticSolver(body).simulate(YOUNG, velocity, 24, fps)
    course = ((motion.positions - body.rest)[..., 0] * velocity[:, 0]).sum(1)
    assert damped_sine(course, 1 / fps, rate)[0] == pytest.approx(rate, rel=0.01)


@pytest.fixture(scope="module")
def thin():
    """A beam a cell thick and 12 long, its solver and its first mode at the particles."""
    body = beam(1, 12, poisson=0.3)
    rates, fields = pencil.sway(body, np.full(len(body.elements), YOUNG), 1)
    shape = body.readout[0] @ fields[0]
    return ElasticSolver(body), pencil.lumped_rates(body, rates, fields)[0], shape / np.abs(shape).max()


def sway_of(thin, frames=24, **options) -> tuple[float, float]:
    """(rate, decay) of the beam set off in its first mode by 1 % of its length."""
    elastic, rate, shape = thin
    fps = 12 * rate / (2 * np.pi)
    motion = elastic.simulate(YOUNG, 0.01 * 12 * CELL * rate * shape, frames, fps, **options)
    course = np.einsum("tpc,pc->t", motion.positions - elastic.model.rest, shape)
    return damped_sine(course, 1 / fps, rate)


def test_the_solver_sways_at_the_modes_rate_and_does_not_tire(thin):
    """Free vibration: the frequency of the pencil to 1 %, and no numerical damping, at any substep.

    The course is not a sine to 1e-3, by rounding and what else was set off: a damping ratio of 1e-4 is that, a
    thousandth of what affine transfers lose.
    """
    _, rate, _ = thin
    substeps = thin[0].substeps_per_frame(np.full(len(thin[0].model), YOUNG), 12 * rate / (2 * np.pi))
    for count in (None, 2 * substeps):
        found, decay = sway_of(thin, substeps=count)
        assert found == pytest.approx(rate, rel=0.01)
        assert abs(decay) < 1e-4 * rate


def test_damping_is_what_is_asked_for(thin):
    """The amplitude falls as exp(-damping t / 2): 1 %."""
    damping = 0.2 * thin[1]
    assert sway_of(thin, damping=damping)[1] == pytest.approx(damping / 2, rel=0.01)


def test_static_sag():
    """A cantilever sags by rho g A L^4 / (8 E I) + rho g L^2 / (2 k G) at its tip (Timoshenko), within 4 %."""
    thick, length, gravity = 2 * CELL, 20 * CELL, 0.02
    body = beam(2, 20)
    sag = DENSITY * gravity * length**4 / (8 * YOUNG * thick**2 / 12) + DENSITY * gravity * length**2 / (
        2 * YOUNG / 2.4
    )
    rate = cantilever_rate(thick, length)
    # Near critical damping, for six of its time constants.
    motion = ElasticSolver(body).simulate(
        YOUNG, np.zeros_like(body.rest), 1, rate / 8, damping=1.8 * rate, gravity=(0, 0, -gravity)
    )
    field = (body.rest - motion.positions[0])[:, 2]
    tip = body.rest[:, 0] > length - CELL
    # The slope at the tip is 4 / (3 L) of the sag.
    expected = sag * (1 - 4 / (3 * length) * np.mean(length - body.rest[tip, 0]))
    assert field[tip].mean() == pytest.approx(expected, rel=0.04)


def test_free_motion_conserves_momentum():
    """A free body that spins, stretches and flies keeps linear and angular momentum to 1e-5."""
    body = beam(2, 4, held=False, poisson=0.3)
    elastic, mass = ElasticSolver(body), body.mass[:, None]
    centred = body.rest - body.rest.mean(0)
    velocity = (
        np.cross([2.0, -3.0, 5.0], centred) + centred @ np.random.default_rng(0).normal(0, 2, (3, 3)) + [0.2, 0.1, -0.1]
    )
    elastic.simulate(YOUNG, velocity, 2, 100.0, record=True)
    spans, slots = body.elements.span[:, None] + pencil.spline.SLOTS, body.elements.nodes
    node = np.zeros((body.elements.count, 3))
    node[slots] = body.grid.origin + spans * body.grid.cell

    def momenta(u, v):
        x, p = node + u[:, :3].astype(np.float64), mass * v[:, :3].astype(np.float64)
        return p.sum(0), np.cross(x, p).sum(0)

    (_, v0, u), (u1, v1, _) = elastic._run.frames
    first, last = momenta(u[0, 0], v0), momenta(u1, v1)
    scale = body.mass.sum() * np.abs(velocity).max()
    np.testing.assert_allclose(last[0], first[0], atol=1e-5 * scale)
    np.testing.assert_allclose(last[1], first[1], atol=1e-5 * scale * 4 * CELL)


def test_a_push_is_felt_as_an_acceleration():
    """Free fall under gravity and a push that ramps up over a frame: symplectic Euler's double sums to 1e-4."""
    body = beam(2, 3, held=False)
    ramp = np.zeros((3, len(body), 3))
    ramp[1:, :, 0] = 8.0
    count, fps, elastic = 40, 100.0, ElasticSolver(body)
    motion = elastic.simulate(
        YOUNG, np.zeros_like(body.rest), 2, fps, substeps=count, acceleration=ramp, gravity=(0, 0, -9.81)
    )
    dt, steps = 1 / (fps * count), np.arange(2 * count)
    pushes = 8.0 * np.minimum((steps + 0.5) / count, 1)
    travelled = (motion.positions - body.rest).mean(1)
    for column, a in ((0, pushes), (2, np.full(2 * count, -9.81))):
        path = dt * np.cumsum(dt * np.cumsum(a))
        np.testing.assert_allclose(travelled[:, column], path[[count - 1, -1]], rtol=1e-4)
    np.testing.assert_allclose(motion.deformation, np.broadcast_to(np.eye(3), motion.deformation.shape), atol=1e-5)


def test_time_rescaling(thin):
    """Four times the stiffness and twice the velocity give the same path, twice as fast: 1e-5."""
    elastic, rate, shape = thin
    rest, rng = elastic.model.rest, np.random.default_rng(1)
    young = YOUNG * rng.uniform(0.5, 1, len(rest))
    velocity, fps = 0.1 * rate * 12 * CELL * shape, 12 * rate / (2 * np.pi)
    substeps = elastic.substeps_per_frame(young, fps)
    slow = elastic.simulate(young, velocity, 4, fps, substeps=substeps).positions
    fast = elastic.simulate(4 * young, 2 * velocity, 4, 2 * fps, substeps=substeps).positions
    np.testing.assert_allclose(fast, slow, atol=1e-5 * np.abs(slow - rest).max())


def test_repeats_and_batches_are_bit_equal(thin, monkeypatch):
    """Two runs agree in every bit, and so does each of a batch; threads that share a body change rounding only."""
    elastic, rate, shape = thin
    fps, velocity = 12 * rate / (2 * np.pi), 0.1 * rate * 12 * CELL * shape
    first, again = (elastic.simulate(YOUNG, velocity, 3, fps).positions for _ in range(2))
    batch = elastic.simulate_batch(np.full(len(shape), YOUNG), np.stack([velocity, -velocity]), 3, fps)
    monkeypatch.setattr(solver, "SPREAD_FROM", 1)
    shared, shared_again = (elastic.simulate(YOUNG, velocity, 3, fps).positions for _ in range(2))
    assert np.array_equal(first, again) and np.array_equal(first, batch[0]) and np.array_equal(shared, shared_again)
    np.testing.assert_allclose(shared, first, atol=1e-5 * np.abs(first - elastic.model.rest).max())


def test_neighbours_a_cell_apart_are_not_glued():
    """Two strips a cell apart sway as one alone, to 0.1 %; sharing nodes, they would be a sandwich, much stiffer."""
    edge = CELL / 4
    strip, hold = box((0, 0, 0), (48, 4, 2)), box((-1, -1, -1), (0, 5, 9))
    alone = body_of(strip, edge, hold)
    both = body_of(np.concatenate([strip, strip + [0, 0, 6]]), edge, hold)
    assert shown(both, 1)[0] == pytest.approx(shown(alone, 1)[0], rel=1e-3)


def test_a_fork_is_resolved():
    """Two leaves that a coarse grid welds at their root sway at a fine grid's rate once resolved.

    Two fine grids that lie differently agree to 5 %.
    """
    edge = CELL / 4
    leaves = [box((0, 0, z), (60, 6, z + 2)) for z in (0, 5)]
    cells = np.unique(np.concatenate([box((0, 0, 0), (2, 6, 7)), *leaves]), axis=0)
    body = body_of(cells, edge, box((-1, -1, -1), (0, 7, 8)), cell=3 * CELL)
    finer = body_of(cells, edge, body.solid.holding, cell=CELL / 2)
    fine = pencil.sway(finer, np.full(len(finer.elements), YOUNG), 1)[0]
    resolved = resolution.resolved(body, CELL / 2)
    assert resolved.stiffness < 0.9
    assert np.sqrt(resolved.stiffness) * shown(body, 1)[0] == pytest.approx(fine, rel=0.05)
    assert resolution.resolved(resolved, 4 * CELL) is resolved


@pytest.mark.parametrize("contact", [Contact.separate, Contact.sticky])
def test_a_floor_holds_what_falls_on_it(contact):
    """A block dropped on a floor comes to rest on it: no particle sinks in by more than a tenth of a cell.

    It is squeezed by rho g h / 2E of its height by its weight, and the particles are a voxel's half above its face.
    """
    body = beam(2, 2, held=False)
    floor = Collider(HalfSpace(np.array([0, 0, -0.5 * CELL]), np.array([0, 0, 1.0])), contact)
    options = {"gravity": (0, 0, -9.81), "colliders": [floor], "damping": 20.0}
    motion = ElasticSolver(body).simulate(YOUNG, np.zeros_like(body.rest), 12, 24.0, **options)
    lowest = motion.positions[..., 2].min(1) + 0.5 * CELL
    assert lowest.min() > -0.1 * CELL
    assert lowest[-1] < 0.1 * CELL
    assert np.abs(motion.positions[-1] - motion.positions[-2]).max() < 0.01 * CELL


def test_forces_of_the_moment_are_accelerations_and_drag(thin):
    """A push asked for frame by frame acts as the same one given beforehand, and a drag as damping: to rounding."""

    class Steady:
        def frame(self, frame, positions, velocities, deformation):
            return FramePush(acceleration[frame : frame + 2], np.full(len(positions), 3.0))

    elastic, rate, shape = thin
    rest, fps = elastic.model.rest, 12 * rate / (2 * np.pi)
    acceleration = np.random.default_rng(2).normal(0, 3, (4, *rest.shape))
    velocity = 0.1 * rate * 12 * CELL * shape
    given = elastic.simulate(YOUNG, velocity, 3, fps, acceleration=acceleration, damping=3.0).positions
    asked = elastic.simulate(YOUNG, velocity, 3, fps, forces=Steady()).positions
    np.testing.assert_allclose(asked, given, atol=1e-5 * np.abs(given - rest).max())


class Case:
    """A bending, damped beam in gusts, 30 % strain; a loss on positions and on F."""

    def __init__(self) -> None:
        self.solver = ElasticSolver(beam(1, 4, poisson=0.3, particles=60))
        rest, rng = self.solver.model.rest, np.random.default_rng(0)
        self.young = 1e5 * rng.uniform(1, 2, len(rest))
        self.velocity = rng.normal(0, 0.05, rest.shape)
        self.velocity[:, 2] += 20 * rest[:, 0]
        self.acceleration = rng.normal(0, 3, (4, *rest.shape))
        self.weights = rng.normal(size=(3, *rest.shape)), 0.01 * rng.normal(size=(3, len(rest), 3, 3))
        self.fps = 1 / (12 * self.solver.stable_dt(3e5))

    def run(self, young, velocity, damping, record=False):
        return self.solver.simulate(
            *(young, velocity, 3, self.fps),
            substeps=12,
            damping=damping,
            acceleration=self.acceleration,
            record=record,
        )

    def loss(self, young, velocity, damping) -> float:
        motion = self.run(young, velocity, damping)
        return float((self.weights[0] * motion.positions**2).sum() + (self.weights[1] * motion.deformation**2).sum())

    def gradient(self):
        motion = self.run(self.young, self.velocity, 3.0, record=True)
        return self.solver.backward(2 * self.weights[0] * motion.positions, 2 * self.weights[1] * motion.deformation)


def test_threads_that_share_a_gradient_change_rounding_only(monkeypatch):
    """The gradient of a body that all threads share is that of one thread, and the same in every bit when repeated."""
    case = Case()
    alone = case.gradient()
    monkeypatch.setattr(solver, "SPREAD_FROM", 1)
    monkeypatch.setattr(solver.storage, "threads", lambda: 2)
    shared, again = case.gradient(), case.gradient()
    assert np.array_equal(shared.young, again.young) and np.array_equal(shared.velocity, again.velocity)
    for a, b in ((shared.young, alone.young), (shared.velocity, alone.velocity)):
        assert np.linalg.norm(a - b) < 1e-4 * np.linalg.norm(b)  # float32, as below
    assert shared.damping == pytest.approx(alone.damping, rel=1e-4)


def test_gradient_against_differences():
    """dL/dE, dL/dv0 and dL/d damping equal central differences in float64 to 1e-6; float32 to 1e-4 of the length."""
    single = Case().gradient()
    taichi_runtime.start("f64")
    case = Case()
    gradient, rng, step = case.gradient(), np.random.default_rng(1), 1e-5
    start = case.young, case.velocity, 3.0
    along = rng.normal(size=case.young.shape) * case.young, rng.normal(size=case.velocity.shape), 10.0
    for number, slope in enumerate((gradient.young, gradient.velocity, gradient.damping)):
        ends = [
            case.loss(*(value + sign * step * along[k] * (k == number) for k, value in enumerate(start)))
            for sign in (1, -1)
        ]
        expected = (ends[0] - ends[1]) / (2 * step)
        assert np.sum(slope * along[number]) == pytest.approx(expected, rel=1e-6)
    for a, b in ((single.young, gradient.young), (single.velocity, gradient.velocity)):
        assert np.linalg.norm(a - b) < 1e-4 * np.linalg.norm(b)
    # Nothing kept but the frames' starts: the same in every bit.
    case.solver.record_bytes = 0
    again = case.gradient()
    assert np.array_equal(again.young, gradient.young) and np.array_equal(again.velocity, gradient.velocity)
    taichi_runtime.start("f32")


def test_refusals(thin):
    """Impossible stiffness, too long substeps and a burst are told, each in a sentence."""
    elastic, rate, shape = thin
    with pytest.raises(ValueError, match="above zero"):
        elastic.stable_dt(np.zeros(len(shape)))
    with pytest.raises(ValueError, match="too few to stay stable; use at least"):
        elastic.simulate(YOUNG, 0 * shape, 1, 10.0, substeps=2)
    with pytest.raises(ValueError, match="Courant"):
        elastic.stable_dt(YOUNG, 0.9)
    with pytest.raises(Unstable, match="blew up"):
        elastic.simulate(YOUNG, 2e3 * shape, 2, 50.0)
    with pytest.raises(ValueError, match="record=True"):
        elastic.backward(np.zeros((1, len(shape), 3)))
