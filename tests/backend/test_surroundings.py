"""What acts on a running simulation, how it keeps itself stable, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from backend import taichi_runtime
from backend.forces import grip
from backend.forces.acting import ActingForces
from backend.mpm import solver as solving
from backend.mpm import stability
from backend.mpm.boundaries.colliders import guard
from backend.mpm.boundaries.mesh_distance import collider_of
from backend.mpm.boundaries.scene import boundaries_of
from backend.mpm.bundled.frames import BundledRun
from backend.mpm.grid import Grid
from backend.mpm.model import Model, Unstable
from backend.mpm.solver import Solver
from backend.surroundings import (
    ColliderMesh,
    Cut,
    FieldKind,
    ForceField,
    PartMotion,
    Stroke,
    StrokeKind,
    Surroundings,
)

CELL = 1 / 16
FPS = 24.0
G = np.array([0, 0, -9.81])
NONE = np.zeros(3)
REST = np.eye(4)[None]


@pytest.fixture(scope="module", autouse=True)
def taichi_f32():
    taichi_runtime.start("f32")


def block(low, high) -> np.ndarray:
    """Eight particles a cell [P, 3] in a box."""
    axes = [np.arange(a + CELL / 4, b, CELL / 2) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)


def solver_of(points: np.ndarray, low=(-1, -1, -1), high=(1, 1, 1), held_above: float = np.inf) -> Solver:
    """Jelly in a box of grid, held above a height."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    grid = Grid(low, CELL, tuple(int(n) for n in np.ceil((high - low) / CELL) + 1))
    volume, density = np.full(len(points), (CELL / 2) ** 3), np.full(len(points), 1000.0)
    return Solver(Model(points, volume, density, 0.3, grid, grid.nodes()[..., 2] >= held_above))


def run(solver: Solver, surroundings: Surroundings, frames: int, *, young=3e4, part=None, velocity=NONE, contain=False):
    """Motion of a solver's particles in surroundings."""
    model = solver.model
    part = np.ones(len(model), int) if part is None else part
    bounds = boundaries_of(surroundings, model.grid, model.rest, part, contain=contain)
    return solver.simulate(
        young,
        np.tile(np.asarray(velocity, float), (len(model), 1)),
        frames,
        FPS,
        gravity=surroundings.gravity,
        colliders=bounds.colliders,
        placed=bounds.placed,
        cuts=surroundings.cuts,
        forces=ActingForces(surroundings, model.rest, FPS),
    )


def wind(strength, **options) -> ForceField:
    """Wind along X."""
    matrix = np.eye(4)
    matrix[:3, :3] = [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]
    return ForceField(kind=FieldKind.wind, matrices=matrix[None], strength=np.asarray(strength, float), **options)


def test_wind_that_rises_moves_a_free_body_as_its_integral_says():
    """Wind animated from 0 to 6 m/s^2 over six frames is linear in time between: x = j t^3 / 6."""
    points = block((-0.1, -0.1, -0.1), (0.15, 0.15, 0.15))
    solver = solver_of(points)
    motion = run(solver, Surroundings(gravity=NONE, fields=(wind(np.arange(7.0)),)), 6)
    t = np.arange(1, 7) / FPS
    exact = FPS * t**3 / 6
    # Symplectic steps are ahead by half a substep of the velocity gained, FPS t^2 / 2.
    ahead = 0.25 * t**2 / solver.substeps_per_frame(np.full(len(points), 3e4), FPS)
    np.testing.assert_allclose((motion.positions - points).mean(1)[:, 0] - exact, ahead, atol=0.1 * ahead.max())


def test_drag_and_flow_lead_to_terminal_velocity():
    """A body falls in still air of drag k as g / k (t - (1 - exp(-k t)) / k), and flow does the same to wind."""
    points = block((-0.1, -0.1, 0.3), (0.15, 0.15, 0.55))
    still = ForceField(kind=FieldKind.drag, matrices=REST, strength=np.zeros(1), quadratic_drag=2.0)
    t = np.arange(1, 13) / FPS
    solver = solver_of(points, (-1, -1, -1), (2, 1, 1))
    substeps = solver.substeps_per_frame(np.full(len(points), 3e4), FPS)
    for scene, axis, a, k in (
        (Surroundings(gravity=G, fields=(still,)), 2, -9.81, 2.0),
        (Surroundings(gravity=NONE, fields=(wind([8.0], flow=4.0),)), 0, 8.0, 4.0),
    ):
        moved = (run(solver, scene, 12).positions - points).mean(1)
        exact = a / k * (t - (1 - np.exp(-k * t)) / k)
        # A substep's gain arrives at its start: half a substep early, and what it gains late is not slowed.
        late = np.abs(a) * t / (FPS * substeps)
        assert (np.abs(moved[:, axis] - exact) < late).all()
        np.testing.assert_allclose(np.delete(moved, axis, 1), 0, atol=1e-4)


def test_a_moved_part_is_where_it_is_put_and_takes_the_rest_along():
    """A foot that turns and shifts is on its matrices at each frame, strained by nothing; the body on it follows."""
    points = block((-0.125, -0.125, -0.5), (0.125, 0.125, 0.125))
    foot = points[:, 2] < -0.3125
    matrices = np.tile(np.eye(4), (13, 1, 1))
    for k in range(13):
        angle = np.pi / 4 * k / 12
        matrices[k, :2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        matrices[k, 0, 3] = 0.2 * k / 12
    scene = Surroundings(gravity=NONE, moved=(PartMotion(part=2, matrices=matrices),))
    motion = run(solver_of(points), scene, 24, young=1e5, part=np.where(foot, 2, 1))
    for frame in (0, 5, 23):
        pose = matrices[min(frame + 1, 12)]
        exact = points[foot] @ pose[:3, :3].T + pose[:3, 3]
        # float32 rounds positions near 1 m by 6e-8.
        np.testing.assert_allclose(motion.positions[frame, foot], exact, atol=5e-7)
        np.testing.assert_allclose(
            motion.deformation[frame, foot], np.tile(pose[:3, :3], (foot.sum(), 1, 1)), atol=1e-6
        )
    top = points[:, 2] > 0.06
    assert (motion.positions[-1, top] - points[top]).mean(0)[0] == pytest.approx(0.2, abs=0.1)
    # The top's turn, from how its corners moved; it swings around the foot's 45 degrees.
    before, after = (x[top][:, :2] - x[top][:, :2].mean(0) for x in (points, motion.positions[-1]))
    turn = np.arctan2((before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]).sum(), (before * after).sum())
    assert 0.2 < turn < 1.4


def test_a_pinned_part_stays():
    """A part with a motion of one row is pinned: it holds the body up against gravity, bit by bit at rest."""
    points = block((-0.125, -0.125, -0.25), (0.125, 0.125, 0.375))
    pinned = points[:, 2] > 0.1875
    scene = Surroundings(gravity=G, moved=(PartMotion(part=3, matrices=REST),))
    motion = run(solver_of(points), scene, 12, part=np.where(pinned, 3, 1))
    np.testing.assert_array_equal(motion.positions[-1, pinned], points[pinned].astype(np.float32))
    assert -0.1 < (motion.positions[-1] - points)[:, 2].min() < -0.001


def test_a_cut_parts_what_hangs():
    """The lower half of a hanging body falls freely once a blade is through, and hangs on without one."""
    points = block((-0.125, -0.125, -0.25), (0.125, 0.125, 0.5))
    lower = points[:, 2] < 0.0
    solver = solver_of(points, held_above=0.375)
    cut = Cut(corner=np.array([-0.3, -0.3, 0.08]), edge=np.array([0, 0.6, 0]), way=np.array([0.6, 0, 0]), start=0.0,
              frames=2.0)  # fmt: skip
    cut_through = run(solver, Surroundings(gravity=G, cuts=(cut,)), 10, young=6e4)
    whole = run(solver, Surroundings(gravity=G), 10, young=6e4)
    fallen, sagged = ((m.positions[-1] - points)[lower, 2].mean() for m in (cut_through, whole))
    # Free fall from the frame in which the blade is through; the loose kerf holds on a little.
    free = -9.81 * (8 / FPS) ** 2 / 2
    assert sagged > 0.1 * free
    assert fallen == pytest.approx(free, rel=0.3)
    assert (cut_through.positions[-1] - points)[points[:, 2] > 0.2, 2].min() > -2 * CELL


def test_strain_gate_stops_a_pull_before_things_tear(monkeypatch):
    """A hand that pulls a pinned body by twice its length gives way; without the gate it stretches it far more."""
    points = block((-0.125, -0.125, -0.25), (0.125, 0.125, 0.25))
    scene = Surroundings(
        gravity=NONE,
        strokes=(Stroke(kind=StrokeKind.drag, point=np.array([0, 0, 0.25]), vector=np.array([0, 0, 0.7]), radius=0.2,
                        start=0.0, frames=12.0),),
        moved=(PartMotion(part=2, matrices=REST),),
    )  # fmt: skip
    part = np.where(points[:, 2] < -0.125, 2, 1)

    def longest() -> float:
        motion = run(solver_of(points, high=(1, 1, 1.5)), scene, 12, part=part)
        return float(motion.positions[..., 2].max()) - points[:, 2].max()

    gated = longest()
    monkeypatch.setattr(grip, "gate", lambda deformation: 1.0)
    assert 0.05 < gated < 0.6 * longest()


def test_guard_keeps_a_thrown_body_in_the_grid():
    """A body thrown out of the grid ends the simulation, unless the grid is guarded: then it stops at its side."""
    points = block((-0.1, -0.1, -0.1), (0.15, 0.15, 0.15))
    solver = solver_of(points)
    with pytest.raises(Unstable):
        run(solver, Surroundings(gravity=NONE), 12, velocity=(4, 0, 0))
    motion = run(solver, Surroundings(gravity=NONE), 12, velocity=(4, 0, 0), contain=True)
    assert 0.8 < motion.positions[..., 0].max() < 1 - 1.5 * CELL


def test_substeps_shorten_as_particles_speed_up(monkeypatch):
    """Wind that makes a soft body fast makes its substeps short: it never goes farther than the limit in one."""
    points = block((-0.9, -0.1, -0.1), (-0.65, 0.15, 0.15))
    paces = []
    pace = BundledRun.pace
    monkeypatch.setattr(BundledRun, "pace", lambda self, substeps: (paces.append(substeps), pace(self, substeps)))
    motion = run(solver_of(points, high=(3, 1, 1)), Surroundings(gravity=NONE, fields=(wind([30.0]),)), 10, young=300.0)
    speed = np.diff(motion.positions[..., 0], axis=0).mean(1) * FPS
    assert paces[0] < paces[-1]
    travelled = speed / FPS / np.array(paces[-len(speed) :])
    assert travelled.max() < stability.TRAVEL_LIMIT * CELL


def test_a_frame_that_blew_up_is_tried_in_shorter_substeps(monkeypatch):
    """Substeps beyond the Courant limit blow up; halved again and again from the last good frame, they do not."""
    points = block((-0.1, -0.1, -0.1), (0.15, 0.15, 0.15))
    solver = solver_of(points)
    young = np.full(len(points), 3e5)
    velocity = (points - points.mean(0)) * [0, 2.0, -2.0]
    good = solver.simulate(young, velocity, 4, FPS, gravity=G, forces=None, colliders=[guard(solver.model.grid)])
    needed = solver.substeps_per_frame(young, FPS)
    monkeypatch.setattr(stability, "refuse_long_substeps", lambda *args: None)
    monkeypatch.setattr(stability, "substeps_per_frame", lambda *args, **options: 1)
    few = {"substeps": needed // 3, "gravity": G, "colliders": [guard(solver.model.grid)]}
    saved = solver.simulate(young, velocity, 4, FPS, **few)
    # Both are solutions of the same motion, with errors of first order in substeps of up to the Courant limit.
    np.testing.assert_allclose(saved.positions, good.positions, atol=0.1 * CELL)
    monkeypatch.setattr(solving, "RETRIES", 0)
    with pytest.raises(Unstable, match=r"blew up; lower the velocity .* \(frame \d"):
        solver.simulate(young, velocity, 4, FPS, **few)


def test_a_part_to_move_that_has_no_particles_is_refused():
    """Moving a part of which nothing is simulated names the part; so does a motion that does not start at rest."""
    solver = solver_of(block((-0.1, -0.1, -0.1), (0.15, 0.15, 0.15)))
    with pytest.raises(ValueError, match="part 7 is to be moved, but nothing of it is simulated"):
        run(solver, Surroundings(gravity=NONE, moved=(PartMotion(part=7, matrices=REST),)), 1)
    with pytest.raises(ValueError, match="part 7 is not at rest in its first frame"):
        PartMotion(part=7, matrices=2 * REST)


def made(**changes) -> Model:
    """A model of two particles, with changes."""
    grid = Grid(np.zeros(3), 0.1, (12, 12, 12))
    values = {
        "rest": np.full((2, 3), 0.5),
        "volume": np.full(2, 1e-3),
        "density": np.full(2, 1e3),
        "poisson": 0.3,
        "grid": grid,
        "held": np.zeros(grid.shape, bool),
    }
    return Model(**(values | changes))


def solid(**changes) -> ColliderMesh:
    """A collider whose corners are all in one place, with changes."""
    values = {"vertices": np.zeros((3, 3)), "triangles": np.array([[0, 1, 2]]), "matrices": REST, "name": "Bowl"}
    return ColliderMesh(**(values | changes))


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: made(poisson=0.5), "Poisson's ratio is 0.5; it must lie between 0 and 0.49"),
        (lambda: made(density=np.array([1e3, 0])), r"density is 0 kg/m\^3; it must lie between 0.01 and 100000 kg"),
        (lambda: made(volume=np.array([1e-3, 0])), r"a particle's volume is 0 m\^3; it must be above zero"),
        (lambda: made(rest=np.zeros((0, 3))), "the moving part is empty: it has 0 particles and needs 1 or more"),
        (lambda: stability.stable_dt(made(), np.zeros(2)), r"Young's modulus is 0 Pa; .* between 1 and 1e\+12 Pa"),
        (lambda: stability.stable_dt(made(), np.array([1e4, np.nan])), "Young's modulus is nan Pa"),
        (lambda: Grid.around(np.zeros(3), np.ones(3), 1000, 3), r"1e\+09 nodes \(1001 x 1001 x 1001\); .* 1e\+08"),
        (lambda: Grid(np.zeros(3), 0.0, (9, 9, 9)), "the cell of a simulation grid is 0 m; it must be above 0 m"),
        (lambda: solid(triangles=np.zeros((0, 3), int)), "Bowl has no faces"),
        (lambda: collider_of(solid(), CELL, np.zeros((0, 3))), "Bowl has no extent"),
        (lambda: Surroundings(gravity=np.array([0, 0, np.inf])), "must be three finite numbers in m/s"),
    ],
)  # fmt: skip
def test_the_impossible_is_refused_before_anything_starts(attempt, message):
    """Each impossible number is refused with its value, what is allowed and the unit."""
    with pytest.raises(ValueError, match=message):
        attempt()
