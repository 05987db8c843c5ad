"""Scenes of several materials and boundaries, each against a closed form, an experiment or a conservation law."""

from __future__ import annotations

import numpy as np
import pytest

from backend import taichi_runtime
from backend.mpm import storage
from backend.mpm.boundaries.colliders import Collider, Contact, SignedDistance, moved_part
from backend.mpm.boundaries.rigid_motion import RigidMotion
from backend.mpm.bundled import frames as bundled
from backend.mpm.bundled import packing
from backend.mpm.material import Material
from benchmarks.experiments import flow
from benchmarks.experiments.flow import SAND
from benchmarks.experiments.scenes import CELL, DENSITY, FPS, GRAVITY, block, box_walls, floor, solver_of

METAL = Material("von_mises", {"yield_stress": 500.0, "hardening": 1e3})
WATER = Material("liquid", {"exponent": 7.0, "viscosity": 0.1})


@pytest.fixture(scope="module", autouse=True)
def taichi_f32():
    taichi_runtime.start("f32")


@pytest.fixture(scope="module")
def medley():
    """A free cube of sand, metal and water in thirds that turns and shears: solver, velocity [P, 3], stiffness [P]."""
    points, grid = block((6, 6, 6), (9, 9, 9), (25, 25, 25))
    third = np.minimum((points[:, 0] / CELL - 9).astype(int) // 2, 2)
    solver = solver_of(points, grid, SAND, METAL, WATER, material=third)
    rng = np.random.default_rng(0)
    velocity = (points - points.mean(0)) @ rng.normal(0, 3, (3, 3)) + [0.3, -0.2, 0.1]
    return solver, velocity, np.array([2e4, 5e4, 1e4])[third]


def test_mixed_scene_keeps_its_momentum(medley):
    """The centre of mass of three materials that push each other moves on at its first velocity."""
    solver, velocity, young = medley
    motion = solver.simulate(young, velocity, 3, FPS)
    t = np.arange(1, 4)[:, None] / FPS
    exact = solver.model.rest.mean(0) + velocity.mean(0) * t
    # float32 rounds positions near 0.2 m by 1.5e-8, over some 300 substeps and with the sums of the grid.
    np.testing.assert_allclose(motion.positions.mean(1), exact, atol=2e-6)
    assert np.abs(motion.positions[-1] - solver.model.rest - velocity * t[-1]).max() > 0.5 * CELL


def test_mixed_scene_is_bit_equal_and_independent_of_order(medley, monkeypatch):
    """Two runs agree in every bit on two threads; sorting anew each frame and atomic adds change rounding only."""
    solver, velocity, young = medley
    monkeypatch.setattr(bundled, "BUNDLES_PER_LANE", 8)
    first = solver.simulate(young, velocity, 3, FPS)
    again = solver.simulate(young, velocity, 3, FPS)
    np.testing.assert_array_equal(again.positions, first.positions)
    np.testing.assert_array_equal(again.deformation, first.deformation)
    monkeypatch.setattr(packing, "DISORDER", 0.0)
    resorted = solver.simulate(young, velocity, 3, FPS)
    monkeypatch.setattr(storage, "on_cpu", lambda: False)
    shared = solver.simulate(young, velocity, 3, FPS)
    for motion in (resorted, shared):
        np.testing.assert_allclose(motion.positions, first.positions, atol=1e-5)


def test_constants_may_differ_from_particle_to_particle():
    """Two sands as two materials, and as one with a friction angle for each particle, are the same scene bit by bit."""
    points, grid = block((4, 4, 4), (12, 12, 3), (29, 29, 15))
    second = (points[:, 0] > points[:, 0].mean()).astype(int)
    angles = np.array([0.2, 0.7])
    sands = [Material("drucker_prager", {"friction_angle": angle}) for angle in angles]
    one = Material("drucker_prager", {"friction_angle": angles[second]})
    options = {"gravity": (0, 0, -GRAVITY), "colliders": [floor(3 * CELL, friction=0.4)]}
    apart = solver_of(points, grid, *sands, material=second)
    fallen = apart.simulate(2e4, np.zeros_like(points), 5, FPS, **options).positions
    together = solver_of(points, grid, one).simulate(2e4, np.zeros_like(points), 5, FPS, **options).positions
    np.testing.assert_array_equal(together, fallen)
    spread = np.abs(fallen[-1, :, 0] - points[:, 0].mean())
    assert spread[second == 0].max() > 1.2 * spread[second == 1].max()


def test_gradients_are_refused_where_there_are_none(medley):
    """A plastic material, several laws and a collider are named when a gradient is asked for."""
    solver, velocity, young = medley
    with pytest.raises(ValueError, match="no gradient through drucker_prager with von_mises with liquid"):
        solver.simulate(young, velocity, 1, FPS, record=True)
    sand = solver_of(*block((2, 2, 2), (5, 5, 5), (13, 13, 13)), SAND)
    with pytest.raises(ValueError, match="no gradient through drucker_prager"):
        sand.backward(np.zeros((1, 64, 3)))
    with pytest.raises(ValueError, match="simulate one by one"):
        sand.simulate_batch(np.full((2, 64), 1e4), np.zeros((64, 3)), 1, FPS)
    jelly = solver_of(*block((2, 2, 2), (5, 5, 5), (13, 13, 13)))
    with pytest.raises(ValueError, match="no gradient through colliders"):
        jelly.simulate(1e4, np.zeros((64, 3)), 1, FPS, record=True, colliders=[floor(0)])


def test_hydrostatic_column():
    """Water sinks to where dz/dz0 = (1 + gamma rho g (H - z0) / K)^(-1/gamma), the inverse of Tait's equation."""
    points, grid = block((4, 4, 16), (4, 4, 4), (13, 13, 28))
    height = 16 * CELL
    bulk = 20 * DENSITY * GRAVITY * height
    solver = solver_of(points, grid, WATER, poisson=1 / 3)
    low = np.full(3, 4 * CELL)
    walls = box_walls(low, low + [4 * CELL, 4 * CELL, 0], Contact.slip)
    # At Poisson's ratio 1/3 Young's modulus is the bulk modulus.
    motion = solver.simulate(
        bulk, np.zeros_like(points), 15, FPS, gravity=(0, 0, -GRAVITY), colliders=walls, damping=40.0
    )
    z0 = np.linspace(0, height, 2001)
    stretch = (1 + 7 * DENSITY * GRAVITY * (height - z0) / bulk) ** (-1 / 7)
    z = np.append(0, np.cumsum((stretch[1:] + stretch[:-1]) / 2) * z0[1])
    top = points[:, 2] > low[2] + height - CELL / 2
    sunk = (points - motion.positions[-1])[top, 2].mean()
    expected = np.interp(height - CELL / 4, z0, z0 - z)
    # Next to each wall a layer of a quarter of a cell gives way 30 % more: 0.15 of 4 cells across, 0.1 of 16 along.
    assert sunk == pytest.approx(expected, rel=0.05)


def test_bingham_flow_stops_under_yield():
    """Foam flows where rho g_x h is 3 Y / sqrt(3) and rests at a quarter of Y / sqrt(3); without Y it goes on."""
    limit, height = 200.0, 4 * CELL
    points, grid = block((8, 4, 4), (6, 6, 5), (60, 16, 14))
    steep = 3 * limit / np.sqrt(3) / (DENSITY * height)
    acceleration = np.zeros((31, len(points), 3))
    acceleration[..., 2] = -GRAVITY
    acceleration[:10, :, 0], acceleration[10:, :, 0] = steep, steep / 4 / 3
    speeds = []
    for strength in (limit, 0.0):
        foam = Material("herschel_bulkley", {"yield_stress": strength, "viscosity": 20.0, "flow_exponent": 1.0})
        motion = solver_of(points, grid, foam).simulate(
            5e4,
            np.zeros_like(points),
            30,
            FPS,
            acceleration=acceleration,
            colliders=[floor(5 * CELL, Contact.sticky)],
        )
        speeds.append(np.abs(np.diff(motion.positions[..., 0].mean(1)))[[7, -1]])
    (flowing, stopped), (_, viscous) = speeds
    assert flowing > 0.1 * CELL
    # What is left is the elastic ringing of the slab.
    assert stopped < 1e-3 * flowing
    assert viscous > 20 * stopped


def test_sand_column_runs_out():
    """A column of height h = r0 spreads to r0 (1 + 1.24 h / r0) (Lube et al. 2004), within 20 %, and comes to rest.

    Klar's cone of 25 degrees resists simple shear as tan(29.6 degrees), which is quartz sand's angle of repose:
    |dev tau| = 3 alpha p there and sqrt(2) tan(angle) p in Coulomb's law.
    """
    column = flow.sand_column(7)
    # The thin edge takes a fine grid: seven cells give 5 % less than ten.
    assert column.run_out.error == pytest.approx(0, abs=0.2)
    # A cell in 14 fall times, at most.
    assert abs(column.speed) < 0.01
    assert np.degrees(np.arctan(flow.simple_shear_friction(flow.FRICTION_ANGLE))) == pytest.approx(29.6, abs=0.01)


def test_sand_layer_flows_above_its_friction_angle():
    """A layer of sand on a rough slope rests at 26 degrees and flows at 35 as g (sin - mu cos), mu = tan(29.6 deg)."""
    # The ends lend a push, or lack one, of the order depth / length = 1 / 20.
    assert flow.sand_layer(35).friction.error == pytest.approx(0, abs=0.05)
    assert flow.sand_layer(26).acceleration < 0.01 * GRAVITY


def test_dam_break_front():
    """A water column spreads over the floor as fast as Martin and Moyce (1952) measured, within 15 %: Z(T) = x / a."""
    broken = flow.dam_break(8)
    assert broken.speed.error == pytest.approx(0, abs=0.15)
    assert broken.place.error == pytest.approx(0, abs=0.15)
    # Nothing gets faster than all its height allows, Ritter's 2 sqrt(g h) = 2 sqrt(2 g a).
    assert np.diff(broken.front).max() < 2 * np.diff(broken.times).max()


@pytest.mark.parametrize("friction", [0.3, 0.7])
def test_friction_on_a_slope(friction):
    """A block on a slope of 30 degrees slides at g (sin - mu cos) when mu is below tan 30 = 0.577, and sticks above."""
    along, acceleration = flow.block_on_slope(friction)
    if acceleration.expected:
        assert acceleration.error == pytest.approx(0, abs=0.01)
    else:
        # It slips before it bears its weight, then stays.
        assert along[-1] < 0.1 * CELL
        assert abs(along[-1] - along[2]) < 1e-3 * CELL


def test_contacts_differ():
    """On a smooth slope a block stuck stays, one that slips or separates slides; thrown up, only the last leaves."""
    points, grid = block((4, 4, 4), (6, 6, 5), (40, 16, 30))
    slide, up = np.zeros_like(points), np.tile([0.0, 0.0, 1.0], (len(points), 1))
    gravity = np.array([3.0, 0.0, -GRAVITY])
    moved = {}
    for contact in Contact:
        solver = solver_of(points, grid)
        for name, velocity in (("slide", slide), ("up", up)):
            motion = solver.simulate(1e5, velocity, 4, FPS, gravity=gravity, colliders=[floor(5 * CELL, contact)])
            moved[contact.name, name] = (motion.positions[-1] - points).mean(0) / CELL
    t = 4 / FPS
    free = gravity * t**2 / 2 / CELL
    assert abs(moved["sticky", "slide"][0]) < 0.1
    np.testing.assert_allclose([moved[name, "slide"][0] for name in ("slip", "separate")], free[0], rtol=0.02)
    np.testing.assert_allclose(moved["separate", "up"], free + np.array([0, 0, t / CELL]), rtol=0.03, atol=0.05)
    assert abs(moved["slip", "up"][2]) < 0.3


def ball(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points - [0.25, 0.25, 0.12], axis=-1) - 0.08


def crate(points: np.ndarray) -> np.ndarray:
    beyond = np.abs(points - [0.25, 0.25, 0.12]) - [0.06, 0.09, 0.05]
    return np.linalg.norm(np.maximum(beyond, 0), axis=-1) + np.minimum(beyond.max(-1), 0)


def blade(points: np.ndarray) -> np.ndarray:
    beyond = np.abs(points - [0.25, 0.25, 0.1]) - [0.2, 0.01, 0.08]
    return np.linalg.norm(np.maximum(beyond, 0), axis=-1) + np.minimum(beyond.max(-1), 0)


@pytest.mark.parametrize("distance", [ball, crate, blade])
def test_nothing_gets_inside(distance):
    """Sand dropped on a ball, on a crate and into a turning blade is never deeper inside than a cell in two seconds."""
    points, grid = block((6, 6, 5), (13, 13, 16), (33, 33, 33))
    frames = 50
    motion = RigidMotion.at_rest()
    if distance is blade:
        points[:, 2] -= 12 * CELL
        outside = blade(points) > 0
        points = points[outside]
        motion = RigidMotion.about(np.array([0.25, 0.25, 0.0]), np.array([0, 0, 1.0]), 4.0, frames, FPS)
    shape = SignedDistance.of(distance, np.full(3, 0.02), np.full(3, 0.48), 0.5 * CELL)
    low, high = np.full(3, 3 * CELL), np.full(3, 29 * CELL)
    colliders = [*box_walls(low, high, Contact.separate), Collider(shape, friction=0.3, motion=motion)]
    run = solver_of(points, grid, SAND).simulate(
        3e4, np.zeros_like(points), frames, FPS, gravity=(0, 0, -GRAVITY), colliders=colliders
    )
    deepest = []
    for frame, x in enumerate(run.positions.astype(np.float64)):
        R, c = motion.poses(frame, 1)
        deepest.append(distance((x - c[1]) @ R[1]).min())
    assert min(deepest) > -CELL
    # It did touch.
    assert min(deepest) < 0.5 * CELL


def test_moved_part_carries_what_it_holds():
    """Nodes that turn about an axis and rise take the particles among them along exactly; the rest follows."""
    points, grid = block((12, 3, 3), (8, 16, 16), (36, 36, 36))
    nodes = np.zeros(grid.shape, bool)
    nodes[:13] = True
    frames, pivot = 10, np.array([10.0, 17.5, 17.5]) * CELL
    turn = RigidMotion.about(pivot, np.array([0, 0, 1.0]), 3.0, frames, FPS)
    motion = RigidMotion(turn.rotations, turn.translations + np.linspace(0, 2 * CELL, frames + 1)[:, None] * [0, 0, 1])
    run = solver_of(points, grid).simulate(
        1e5, np.zeros_like(points), frames, FPS, colliders=[moved_part(grid, nodes, motion)]
    )
    inside = points[:, 0] < 11.5 * CELL
    for frame in range(frames):
        R, c = motion.poses(frame, 1)
        # Four hundred substeps of float32, each rounded by 1.5e-8 m.
        np.testing.assert_allclose(run.positions[frame][inside], points[inside] @ R[1].T + c[1], atol=3e-6)
    R, c = motion.poses(frames - 1, 1)
    rigid = points @ R[1].T + c[1]
    lag = np.linalg.norm(run.positions[-1] - rigid, axis=1)
    assert 0.05 * CELL < lag[points[:, 0] > 19 * CELL].max() < 5 * CELL


def test_visible_deformation_is_the_geometric_one():
    """Motion.deformation of sand in shear is dx/dx0 as its particles show it, though its elastic part stays still."""
    points, grid = block((6, 6, 6), (17, 17, 17), (41, 41, 41))
    velocity = np.zeros_like(points)
    velocity[:, 0] = 6.0 * (points[:, 2] - points[:, 2].mean())
    run = solver_of(points, grid, SAND).simulate(1e3, velocity, 4, FPS, colliders=[floor(0)])
    middle = np.linalg.norm(points - points.mean(0), axis=1) < 1.5 * CELL
    at, to = (x[middle] - x[middle].mean(0) for x in (points, run.positions[-1].astype(np.float64)))
    shown = np.linalg.lstsq(at, to, rcond=None)[0].T
    assert shown[0, 2] > 0.8
    # A particle's velocity gradient is that of its stencil, and the shear fades towards the free surfaces: 4 % less.
    np.testing.assert_allclose(run.deformation[-1][middle].mean(0), shown, atol=0.05)


def test_visible_stretch_is_cut_off_where_matter_flows():
    """Beyond tenfold the visible stretch of sand is cut off, that of a solid is not, and both keep their directions."""
    laws, kind = (SAND.law, Material().law), np.array([0, 1, 0])
    rows = np.zeros((3, packing.COLUMNS))
    rows[:, :9] = np.array([[0, 20, 0], [-0.5, 0, 0], [0, 0, 2.0]]).ravel()
    rows[2, :9] = np.eye(3).ravel()
    bundles = packing.Bundles(laws, kind, np.zeros_like(rows), rows, CELL)
    sand, solid, still = bundles.deformation()
    np.testing.assert_allclose(sand, [[0, 10, 0], [-0.5, 0, 0], [0, 0, 2]], atol=1e-5)
    np.testing.assert_allclose(solid, rows[1, :9].reshape(3, 3))
    np.testing.assert_allclose(still, np.eye(3))
    np.testing.assert_array_equal(bundles.deformation(), [sand, solid, still])
