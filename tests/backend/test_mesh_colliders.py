"""Triangle meshes as colliders: their signed distances, their motion, and what particles do at them."""

from __future__ import annotations

import numpy as np
import pytest

from backend import taichi_runtime
from backend.mpm.boundaries.colliders import Collider, Contact, HalfSpace, guard
from backend.mpm.boundaries.mesh import ColliderMesh
from backend.mpm.boundaries.mesh_distance import HOLD_CELLS, closest_points, collider_of, scale_and_motion
from backend.mpm.grid import Grid
from backend.mpm.material import Material
from backend.mpm.model import Model
from backend.mpm.solver import Solver

CELL = 1 / 16
FPS = 24.0
GRAVITY = (0.0, 0.0, -9.81)
REST = np.eye(4)[None]
NOBODY = np.zeros((0, 3))
SAND = Material("drucker_prager", {"friction_angle": np.radians(30)})


@pytest.fixture(scope="module", autouse=True)
def taichi_f32():
    taichi_runtime.start("f32")


def box(half) -> tuple[np.ndarray, np.ndarray]:
    """A box of half sizes [3] around the origin, two triangles a side, facing outwards."""
    vertices = np.stack(np.meshgrid(*[(-1, 1)] * 3, indexing="ij"), -1).reshape(-1, 3) * np.asarray(half, float)
    sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return vertices, np.array([t for a, b, c, d in sides for t in ((a, b, c), (a, c, d))])


def ball(rings: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A ball of radius 1 in rings and twice as many segments, facing outwards; its poles are triangles of no area."""
    down, around = np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)
    a, b = (grid.ravel() for grid in np.meshgrid(down, around, indexing="ij"))
    vertices = np.stack([np.sin(a) * np.cos(b), np.sin(a) * np.sin(b), np.cos(a)], 1)
    k, j = (grid.ravel() for grid in np.indices((rings, 2 * rings)))
    corner = [(k + down) * 2 * rings + (j + right) % (2 * rings) for down in (0, 1) for right in (0, 1)]
    return vertices, np.concatenate([np.stack([corner[i] for i in t], 1) for t in ((0, 2, 1), (1, 2, 3))])


def made(vertices, triangles, *, subject=NOBODY, cell=CELL, **options) -> Collider:
    return collider_of(
        ColliderMesh(vertices=vertices, triangles=triangles, **{"matrices": REST} | options), cell, subject
    )


def places(shape) -> np.ndarray:
    return np.stack(np.indices(shape.values.shape), -1) * shape.cell + shape.origin


def from_box(points: np.ndarray, half) -> np.ndarray:
    """Exact signed distance [...] of points [..., 3] from a box around the origin."""
    beyond = np.abs(points) - half
    return np.linalg.norm(np.maximum(beyond, 0), axis=-1) + np.minimum(beyond.max(-1), 0)


def test_closest_points_are_closest():
    """No point of a fine lattice on a triangle is nearer than the closest point, which is on the triangle."""
    rng = np.random.default_rng(0)
    corners, x = rng.normal(size=(500, 3, 3)), 2 * rng.normal(size=(500, 3))
    found = closest_points(x, corners)
    u, v = (k.ravel() for k in np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 41)))
    u, v = u[u + v <= 1], v[u + v <= 1]
    lattice = np.einsum("kl,nlc->nkc", np.stack([1 - u - v, u, v], 1), corners)
    best = np.linalg.norm(lattice - x[:, None], axis=2).min(1)
    nearest = np.linalg.norm(found - x, axis=1)
    assert (nearest <= best + 1e-12).all()
    # A lattice of 40 steps has a point within half a step, 1/80 of the longest edge (up to 8), of any on the triangle.
    assert (best - nearest).max() < 0.1


def test_box_has_its_distance_however_its_faces_are_turned():
    """A box has its exact distance within a cell of its surface: inside out, turned at random, and with loose faces."""
    half = np.array([0.5, 0.3, 0.2])
    vertices, triangles = box(half)
    random = triangles.copy()
    random[::3] = random[::3, ::-1]
    loose = vertices[triangles].reshape(-1, 3), np.arange(36).reshape(-1, 3)
    for mesh in ((vertices, triangles), (vertices, triangles[:, ::-1]), (vertices, random), loose):
        shape = made(*mesh).shape
        exact = from_box(places(shape), half)
        near = np.abs(exact) < CELL
        np.testing.assert_allclose(shape.values[near], exact[near], atol=1e-12)
        beside = np.abs(exact) > 1e-9
        np.testing.assert_array_equal((shape.values < 0)[beside], (exact < 0)[beside])


def test_hollows_stay_hollow_and_overlaps_are_one():
    """A ball inside out within a ball is its cavity; two balls that overlap are solid where they do."""
    vertices, triangles = ball()
    shell = np.concatenate([vertices, 0.5 * vertices]), np.concatenate([triangles, triangles[:, ::-1] + len(vertices)])
    pair = np.concatenate([vertices, vertices + [0.7, 0, 0]]), np.concatenate([triangles, triangles + len(vertices)])
    # The chords of 24 segments lie up to 1 - cos(pi / 24)^2 = 1.7 % inside the radius.
    for mesh, solid in (
        (shell, lambda x: np.maximum(np.linalg.norm(x, axis=-1) - 1, 0.5 - np.linalg.norm(x, axis=-1))),
        (pair, lambda x: np.minimum(np.linalg.norm(x, axis=-1), np.linalg.norm(x - [0.7, 0, 0], axis=-1)) - 1),
    ):
        shape = made(*mesh, cell=1 / 8).shape
        exact = solid(places(shape))
        clear = np.abs(exact) > 0.02
        np.testing.assert_array_equal((shape.values < 0)[clear], (exact < 0)[clear])


def test_a_missing_face_does_not_empty_a_solid():
    """A ball without one of its 528 faces is still solid, since two of three rays know better."""
    vertices, triangles = ball()
    shape = made(vertices, np.delete(triangles, 200, axis=0), cell=1 / 8).shape
    middle = np.linalg.norm(places(shape), axis=-1) < 0.8
    assert (shape.values[middle] < 0).all()


@pytest.mark.parametrize("turned", [False, True])
def test_open_surfaces_are_shells_behind_what_was_drawn(turned):
    """A plane and a bowl, whichever way they face, begin where they are seen and reach two cells away from sand."""
    flat = np.array([[-1.0, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]), np.array([[0, 1, 2], [0, 2, 3]])
    vertices, triangles = ball(24)
    bowl = vertices, triangles[vertices[triangles][:, :, 2].max(1) < 1e-9]
    sand = np.random.default_rng(0).uniform(-0.3, 0.3, (200, 3)) - [0, 0, 0.35]
    thickness = HOLD_CELLS * CELL
    for (vertices, triangles), subject, out, low in (
        (flat, sand + [0, 0, 1], lambda x: x[..., 2], -1.0),
        (bowl, sand, lambda x: 1 - np.linalg.norm(x, axis=-1), -0.95),
    ):
        shape = made(vertices, triangles[:, ::-1] if turned else triangles, subject=subject).shape
        x = places(shape)
        signed = out(x)
        inner = (np.abs(x[..., :2]).max(-1) < 0.7) & (x[..., 2] > low) & (np.abs(signed) < 3 * CELL)
        inner &= x[..., 2] < 0.5 if low == -1 else x[..., 2] < -0.2
        exact = np.abs(signed + thickness / 2) - thickness / 2
        # Chords of 48 segments: 1 - cos(pi / 48)^2 = 0.4 %. Beyond two samples distances may be half a sample long.
        near = inner & (np.abs(signed) < 0.9 * CELL)
        np.testing.assert_allclose(shape.values[near], exact[near], atol=0.006)
        np.testing.assert_allclose(shape.values[inner], exact[inner], atol=0.006 + CELL / 4)


def test_open_surface_amid_the_subject_is_a_shell_to_both_sides():
    """A plane with sand above and below is thickened by one cell each way; a thickness of its own is kept."""
    mesh = np.array([[-1.0, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]), np.array([[0, 1, 2], [0, 2, 3]])
    around = np.random.default_rng(0).uniform(-0.5, 0.5, (200, 3))
    for thickness, reach in ((0.0, HOLD_CELLS / 2 * CELL), (0.5, 0.25)):
        shape = made(*mesh, subject=around, thickness=thickness).shape
        middle = tuple(n // 2 for n in shape.values.shape[:2])
        height = shape.origin[2] + shape.cell * np.arange(shape.values.shape[2])
        np.testing.assert_allclose(shape.values[middle], np.abs(height) - reach, atol=1e-12)


def test_thin_plates_are_thickened():
    """A blade a tenth of a cell thick is a solid of two cells, in whose middle no sample need lie."""
    half = np.array([0.5, 0.05 * CELL, 0.3])
    shape = made(*box(half)).shape
    thickness = 2 * 8 * half.prod() / (8 * (half[0] * half[1] + half[0] * half[2] + half[1] * half[2]))
    exact = from_box(places(shape), half) - (HOLD_CELLS * CELL - thickness) / 2
    near = np.abs(exact) < CELL / 2
    np.testing.assert_allclose(shape.values[near], exact[near], atol=half[1])


def test_matrices_give_scale_once_and_motion_by_frame():
    """An uneven, mirrored scale goes into the shape; the rest moves it, with the velocity of the matrices between."""
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    matrices = np.tile(np.eye(4), (3, 1, 1))
    for k in range(3):
        matrices[k, :3, :3] = np.linalg.matrix_power(turn, k) @ np.diag([2.0, -1.0, 0.5])
        matrices[k, :3, 3] = [0.1 * k, 0, 0]
    vertices, triangles = box([0.25, 0.3, 0.4])
    mesh = ColliderMesh(vertices=vertices, triangles=triangles, matrices=matrices)
    scale, motion = scale_and_motion(mesh)
    for k in range(3):
        R, c = motion.poses(k, 1)
        moved = vertices @ scale.T @ R[0].T + c[0]
        np.testing.assert_allclose(moved, vertices @ matrices[k, :3, :3].T + matrices[k, :3, 3], atol=1e-12)
    R, c = motion.poses(0, 100)
    x = R[0] @ [1, 0, 0] + c[0]
    velocity = ((R[1] @ [1, 0, 0] + c[1]) - x) * 100
    np.testing.assert_allclose(velocity, np.cross([0, 0, angle], R[0] @ [1, 0, 0]) + [0.1, 0, 0], atol=1e-3)
    exact = from_box(places(collider_of(mesh, CELL, NOBODY).shape), [0.5, 0.3, 0.2])
    assert exact.min() == pytest.approx(-0.2, abs=CELL / 2)


def test_impossible_colliders_are_refused_by_name():
    """No faces, no area, no extent, a flat or changing scale and a wild corner are each refused in one sentence."""
    vertices, triangles = box([1, 1, 1])
    growing = np.stack([np.eye(4), np.diag([2.0, 2, 2, 1])])
    for mesh, message in (
        ({"triangles": np.zeros((0, 3), int)}, "Bowl has no faces"),
        ({"triangles": triangles + 5}, "Bowl has a triangle with a corner that is none of its 8"),
        ({"vertices": np.full((8, 3), 2.0)}, "Bowl has no extent"),
        ({"vertices": np.outer(np.arange(8.0), [1, 1, 0])}, "Bowl has no volume and no area"),
        ({"vertices": np.full((8, 3), np.nan)}, "Bowl has a place that is not a finite number"),
        ({"matrices": np.diag([1.0, 1, 0, 1])[None]}, "Bowl has no volume: its scale is zero"),
        ({"matrices": growing}, "Bowl changes its scale"),
    ):
        with pytest.raises(ValueError, match=message):
            made(**{"vertices": vertices, "triangles": triangles} | mesh, name="Bowl")


def block(low, high) -> np.ndarray:
    """Eight particles a cell [P, 3] in a box."""
    axes = [np.arange(a + CELL / 4, b, CELL / 2) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)


def solver_of(points: np.ndarray, low, high, material: Material) -> Solver:
    low, high = np.asarray(low, float), np.asarray(high, float)
    grid = Grid(low, CELL, tuple(int(n) for n in np.ceil((high - low) / CELL) + 1))
    volume, density = np.full(len(points), (CELL / 2) ** 3), np.full(len(points), 1000.0)
    return Solver(Model(points, volume, density, 0.3, grid, np.zeros(grid.shape, bool), (material,)))


def turning(rate: float, frames: int) -> np.ndarray:
    """Matrices [frames + 1, 4, 4] of what turns about Z at `rate` turns/s."""
    angle = 2 * np.pi * rate * np.arange(frames + 1) / FPS
    matrices = np.tile(np.eye(4), (frames + 1, 1, 1))
    matrices[:, 0, 0] = matrices[:, 1, 1] = np.cos(angle)
    matrices[:, 1, 0] = np.sin(angle)
    matrices[:, 0, 1] = -np.sin(angle)
    return matrices


BALL = ball(16)
OBSTACLES = {
    "box": (box([0.3, 0.3, 0.2]), REST, lambda y: from_box(y, [0.3, 0.3, 0.2])),
    "sphere": ((0.3 * BALL[0], BALL[1]), REST, lambda y: np.linalg.norm(y, axis=-1) - 0.3 * np.cos(np.pi / 32) ** 2),
    "blade": (box([0.45, 0.02, 0.3]), turning(1.0, 48), lambda y: from_box(y, [0.45, 0.02, 0.3])),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_nothing_is_deeper_than_a_cell_after_two_seconds(name):
    """Sand poured on a box, a ball and a blade that turns once a second: no particle is ever a cell inside."""
    (vertices, triangles), matrices, distance = OBSTACLES[name]
    points = (
        block((-0.25, 0.05, 0.35), (0.25, 0.35, 0.65)) if name != "blade" else block((0, 0.1, -0.3), (0.4, 0.4, 0.1))
    )
    solver = solver_of(points, (-1, -1, -0.75), (1, 1, 1), SAND)
    obstacle = made(vertices, triangles, subject=points, matrices=matrices, friction=0.3)
    floor = Collider(HalfSpace([0, 0, -0.5], [0, 0, 1]), friction=0.5)
    colliders = [obstacle, floor, guard(solver.model.grid)]
    still = np.zeros_like(points)
    motion = solver.simulate(2e4, still, 48, FPS, gravity=GRAVITY, colliders=colliders)
    deepest = []
    for frame, x in enumerate(motion.positions):
        pose = matrices[min(frame + 1, len(matrices) - 1)]
        deepest.append(-distance((x - pose[:3, 3]) @ pose[:3, :3]).min() / CELL)
    assert max(deepest) < 1.0
    # What is thick enough holds particles at its surface, up to the sampling of its distance and what one frame sinks.
    assert deepest[-1] < 0.1
    assert (motion.positions[..., 2] > -0.5 - 0.25 * CELL).all()
    # It did meet them: far less sand is at rest above the floor's heap than fell.
    assert np.linalg.norm(motion.positions[-1] - points, axis=1).mean() > 4 * CELL


def test_contacts_differ_on_a_mesh():
    """On a mesh a sliding block stops where it sticks, slips on for ever, or is slowed by mu g; only one lets go."""
    vertices, triangles = box([1.0, 0.4, 0.2])
    points = block((-0.75, -0.125, 0.2), (-0.5, 0.125, 0.325))
    solver = solver_of(points, (-1.25, -0.6, -0.3), (1.25, 0.6, 0.9), Material())

    def slide(contact: Contact, friction: float, velocity, gravity=GRAVITY, frames=12) -> np.ndarray:
        table = made(vertices, triangles, contact=contact, friction=friction)
        push = np.tile(np.asarray(velocity, float), (len(points), 1))
        motion = solver.simulate(4e4, push, frames, FPS, gravity=gravity, colliders=[table])
        return (motion.positions - points).mean(1)

    t = 12 / FPS
    # Sticky: half a cell at most before the bottom holds; what is above shears by v sqrt(rho h^2 / G), a tenth of h.
    assert slide(Contact.sticky, 0.0, [1, 0, 0])[-1, 0] < CELL
    assert slide(Contact.slip, 0.0, [1, 0, 0])[-1, 0] == pytest.approx(t, rel=0.02)
    assert slide(Contact.separate, 0.0, [1, 0, 0])[-1, 0] == pytest.approx(t, rel=0.02)
    # Friction of nodes that the block's bounce unloads now and then is a tenth less than mu g.
    assert slide(Contact.separate, 0.1, [1, 0, 0])[-1, 0] == pytest.approx(t - 0.1 * 9.81 * t**2 / 2, rel=0.05)
    up = {"velocity": [0, 0, 1], "gravity": (0.0, 0.0, 0.0), "frames": 6}
    assert slide(Contact.separate, 0.0, **up)[-1, 2] == pytest.approx(6 / FPS, rel=0.05)
    assert slide(Contact.slip, 0.0, **up)[-1, 2] < CELL


def test_what_is_found_inside_is_moved_out():
    """Sand that a box is put into is at its surface, or out of it, half a second later."""
    half = np.array([0.2, 0.2, 0.2])
    points = block((-0.25, -0.25, 0.05), (0.25, 0.25, 0.3))
    assert (from_box(points, half) < -CELL).any()
    solver = solver_of(points, (-0.9, -0.9, -0.6), (0.9, 0.9, 0.9), SAND)
    solid = made(*box(half), subject=points)
    motion = solver.simulate(2e4, np.zeros_like(points), 12, FPS, colliders=[solid, guard(solver.model.grid)])
    # Interpolation rounds the box's edges off, by up to (sqrt(2) - 1) / 2 of a sample of half a cell.
    assert from_box(motion.positions[-1], half).min() > -0.2 * CELL
