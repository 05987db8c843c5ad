"""The solver's promises beside physics: determinism, safety, progress, memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from backend import taichi_runtime
from backend.mpm import forward, frames, storage, window
from backend.mpm.grid import Grid
from backend.mpm.model import Model, Unstable
from backend.mpm.solver import Solver

YOUNG = 5e4
FPS = 25.0


@pytest.fixture(scope="module", autouse=True)
def taichi_f32():
    taichi_runtime.start("f32")


def stalk(count: int = 400, seed: int = 0, margin: int = 4, **options) -> tuple[Solver, np.ndarray]:
    """Random particles in a standing box held at its foot, and a velocity [P, 3] that bends it."""
    rng = np.random.default_rng(seed)
    points = rng.random((count, 3)) * [0.06, 0.06, 0.2] + [1.0, 2.0, 3.0]
    grid = Grid.around(points.min(0), points.max(0), 20, margin)
    held = np.zeros(grid.shape, bool)
    held[:, :, : margin + 2] = True
    volume = np.full(count, 0.06 * 0.06 * 0.2 / count)
    solver = Solver(Model(points, volume, np.full(count, 1000.0), 0.3, grid, held), **options)
    velocity = np.zeros((count, 3))
    velocity[:, 0] = 2 * (points[:, 2] - 3.0)
    return solver, velocity


def test_runs_are_bit_equal():
    """Two runs, and a run on a second solver of the same model, agree in every bit."""
    solver, velocity = stalk()
    first = solver.simulate(YOUNG, velocity, 3, FPS)
    again = solver.simulate(YOUNG, velocity, 3, FPS)
    other = stalk()[0].simulate(YOUNG, velocity, 3, FPS)
    for motion in (again, other):
        np.testing.assert_array_equal(motion.positions, first.positions)
        np.testing.assert_array_equal(motion.deformation, first.deformation)


def test_threads_agree_with_one_thread(monkeypatch):
    """One simulation spread over all threads equals the same on one thread up to rounding, and itself in every bit."""
    solver, velocity = stalk()
    alone = solver.simulate(YOUNG, velocity, 3, FPS)
    monkeypatch.setattr(frames, "SPREAD_FROM", 1)
    monkeypatch.setattr(frames, "lanes", lambda frame: 3)
    spread = solver.simulate(YOUNG, velocity, 3, FPS)
    again = solver.simulate(YOUNG, velocity, 3, FPS)
    np.testing.assert_array_equal(again.positions, spread.positions)
    # Sums in another order differ by float32 rounding, 6e-8 of 3 m in space, carried over some 100 substeps.
    np.testing.assert_allclose(spread.positions, alone.positions, atol=2e-6)


def test_shared_grid_agrees_with_private_grids(monkeypatch):
    """The form for GPUs, one grid with atomic adds, gives the same motion up to rounding."""
    solver, velocity = stalk()
    private = solver.simulate(YOUNG, velocity, 2, FPS)
    monkeypatch.setattr(storage, "on_cpu", lambda: False)
    shared = solver.simulate(YOUNG, velocity, 2, FPS)
    np.testing.assert_allclose(shared.positions, private.positions, atol=2e-6)


def test_batch_equals_single_runs():
    """A batch over stiffness, velocity and damping gives what single runs give, bit by bit."""
    solver, velocity = stalk()
    young = YOUNG * np.array([1.0, 0.5, 0.8])[:, None] * np.ones(len(velocity))
    speeds = velocity * np.array([1.0, 0.5, -1.0])[:, None, None]
    damping = np.array([0.0, 2.0, 5.0])
    substeps = solver.substeps_per_frame(young, FPS)
    batch = solver.simulate_batch(young, speeds, 2, FPS, substeps=substeps, damping=damping)
    for b in range(3):
        single = solver.simulate(young[b], speeds[b], 2, FPS, substeps=substeps, damping=damping[b])
        np.testing.assert_array_equal(batch[b], single.positions)


def test_results_come_in_the_callers_order():
    """Shuffling the particles shuffles the result and changes nothing else but rounding."""
    solver, velocity = stalk()
    model = solver.model
    shuffle = np.random.default_rng(5).permutation(len(model))
    shuffled = Solver(Model(model.rest[shuffle], model.volume, model.density, 0.3, model.grid, model.held))
    plain = solver.simulate(YOUNG, velocity, 2, FPS)
    mixed = shuffled.simulate(YOUNG, velocity[shuffle], 2, FPS)
    np.testing.assert_allclose(mixed.positions, plain.positions[:, shuffle], atol=2e-6)
    np.testing.assert_allclose(mixed.deformation, plain.deformation[:, shuffle], atol=1e-4)


def test_held_nodes_hold():
    """Particles whose whole stencil is held do not move while the tip does."""
    solver, velocity = stalk()
    model = solver.model
    base = np.floor((model.rest - model.grid.origin) / model.grid.cell - 0.5).astype(int)
    inside = base[:, 2] + 2 < 6
    assert inside.sum() > 5
    motion = solver.simulate(YOUNG, velocity, 2, FPS)
    np.testing.assert_allclose(motion.positions[:, inside], np.broadcast_to(model.rest[inside], (2, inside.sum(), 3)))
    assert np.abs(motion.positions[-1, :, 0] - model.rest[:, 0]).max() > 0.5 * model.grid.cell


def test_window_grows_with_the_motion(monkeypatch):
    """A body that leaves the nodes around its rest moves as if the whole grid had been there from the start."""
    # Three cells of margin around the rest; 8 cells of travel.
    solver, _ = stalk(margin=9)
    model = solver.model
    free = Model(model.rest, model.volume, model.density, 0.3, model.grid, np.zeros_like(model.held))
    velocity = np.tile([3 * model.grid.cell * FPS, 0.0, -2 * model.grid.cell * FPS], (len(free), 1))
    velocity[:, 1] = model.rest[:, 2] - 3.0
    grown = Solver(free)
    small = grown._window.nodes
    motion = grown.simulate(YOUNG, velocity, 2, FPS)
    assert grown._window.nodes > small
    monkeypatch.setattr(window, "MARGIN", 100)
    np.testing.assert_array_equal(motion.positions, Solver(free).simulate(YOUNG, velocity, 2, FPS).positions)


def test_refuses_unsafe_substeps():
    """Courant numbers above one half and too few substeps are refused in one sentence that says what to do."""
    solver, velocity = stalk()
    with pytest.raises(ValueError, match="silently wrong"):
        solver.stable_dt(YOUNG, cfl=0.9)
    needed = solver.substeps_per_frame(YOUNG, FPS, cfl=0.5)
    with pytest.raises(ValueError, match=f"use at least {needed}"):
        solver.simulate(YOUNG, velocity, 1, FPS, substeps=needed - 1)
    solver.simulate(YOUNG, velocity, 1, FPS, substeps=needed)
    # A fast particle needs more substeps than a soft material does.
    fast = np.full_like(velocity, 3.0)
    with pytest.raises(ValueError, match="substeps per frame are too few"):
        solver.simulate(10.0, fast, 1, FPS, substeps=solver.substeps_per_frame(10.0, FPS))


def test_leaving_the_grid_is_an_error():
    """A body thrown out of its grid raises Unstable, and the solver works afterwards."""
    solver, velocity = stalk()
    model = solver.model
    loose = Solver(Model(model.rest, model.volume, model.density, 0.3, model.grid, np.zeros_like(model.held)))
    with pytest.raises(Unstable, match="left the simulation grid"):
        loose.simulate(YOUNG, np.full_like(velocity, 2.0), 20, FPS)
    with pytest.raises(Unstable, match="whole grid within a frame"):
        loose.simulate(YOUNG, np.full_like(velocity, 1e6), 1, FPS)
    assert np.isfinite(loose.simulate(YOUNG, 0 * velocity, 1, FPS).positions).all()


def test_collapse_is_an_error():
    """Particles crushed far below their volume raise Unstable instead of going on with nonsense."""
    solver, velocity = stalk()
    crush = -60.0 * (solver.model.rest - solver.model.rest.mean(0))
    with pytest.raises(Unstable, match="blew up"):
        solver.simulate(50.0, crush, 10, FPS)


def test_reports_progress_and_can_be_cancelled():
    """tick counts up to all substeps; what it raises ends the run and leaves the solver usable."""
    solver, velocity = stalk()
    seen = []
    solver.simulate(YOUNG, velocity, 4, FPS, substeps=80, tick=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (320, 320)
    assert all(a[0] < b[0] for a, b in zip(seen, seen[1:], strict=False))

    def cancel(done: int, total: int) -> None:
        raise KeyboardInterrupt

    expected = solver.simulate(YOUNG, velocity, 1, FPS)
    with pytest.raises(KeyboardInterrupt):
        solver.simulate(YOUNG, velocity, 4, FPS, tick=cancel)
    np.testing.assert_array_equal(solver.simulate(YOUNG, velocity, 1, FPS).positions, expected.positions)


def test_wrong_shapes_are_refused():
    """A model and an acceleration of the wrong shape, and a gradient of nothing, say what is wrong."""
    solver, velocity = stalk()
    model = solver.model
    with pytest.raises(ValueError, match="Model.held"):
        Model(model.rest, model.volume, model.density, 0.3, model.grid, np.zeros((2, 2, 2), bool))
    with pytest.raises(ValueError, match="outside the simulation grid"):
        Model(model.rest + 1, model.volume, model.density, 0.3, model.grid, model.held)
    with pytest.raises(ValueError, match="acceleration has shape"):
        solver.simulate(YOUNG, velocity, 2, FPS, acceleration=np.zeros((2, len(model), 3)))
    with pytest.raises(ValueError, match="record=True"):
        solver.backward(np.zeros((1, len(model), 3)))


def test_memory_goes_with_the_solver():
    """A recorded run's arrays are freed with their solver, and a second solver compiles nothing anew."""
    stalk()[0].simulate(YOUNG, stalk()[1], 1, FPS)
    compiled = len(forward.advance_each._primal.compiled_kernels)
    tracemalloc.start()
    try:
        for seed in range(3):
            solver, velocity = stalk(500 + seed, seed)
            solver.simulate(YOUNG, velocity, 4, FPS, record=True)
            held = tracemalloc.get_traced_memory()[0]
            del solver
            assert held > 10 * 2**20
            assert tracemalloc.get_traced_memory()[0] < 0.1 * held
    finally:
        tracemalloc.stop()
    assert len(forward.advance_each._primal.compiled_kernels) == compiled


def test_grid_around_a_box():
    """Grid.around gives the asked cells along the longest axis, the margin on every side, and centres the box."""
    grid = Grid.around([0.0, 0.0, 1.0], [0.1, 0.2, 1.5], 16, 3)
    assert grid.cell == pytest.approx(0.05)
    assert grid.shape == (2 + 6 + 1, 4 + 6 + 1, 16 + 1)
    nodes = grid.nodes()
    np.testing.assert_allclose((nodes[0, 0, 0] + nodes[-1, -1, -1]) / 2, [0.05, 0.1, 1.25])
    assert grid.contains([0.0, 0.0, 1.0]) and not grid.contains([0.0, 0.0, 2.0])
    with pytest.raises(ValueError, match="use more cells"):
        Grid.around([0, 0, 0], [1, 1, 1], 6, 3)
