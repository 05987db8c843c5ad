"""Sand poured on meshes: how deep does any particle get into what it must not enter?"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from backend.mpm.boundaries.colliders import Collider, HalfSpace, guard
from backend.mpm.boundaries.mesh import ColliderMesh
from backend.mpm.boundaries.mesh_distance import collider_of
from backend.mpm.grid import Grid
from backend.mpm.material import Material
from backend.mpm.model import Model
from backend.mpm.solver import Solver

CELL = 1 / 16
FPS = 24.0
FRAMES = 48
GRAVITY = (0.0, 0.0, -9.81)
FLOOR = -0.5
SAND = Material("drucker_prager", {"friction_angle": np.radians(30)})
REST = np.eye(4)[None]

Mesh = tuple[np.ndarray, np.ndarray]


class Obstacle(NamedTuple):
    mesh: Mesh
    matrices: np.ndarray
    distance: Callable[[np.ndarray], np.ndarray]
    """Exact signed distance [..] of points [.., 3] in its own frame."""
    sand: tuple[tuple[float, float, float], tuple[float, float, float]]
    """Corners of the block of sand."""


class Depths(NamedTuple):
    """In cells."""

    ever: float
    """The deepest that a particle was at any frame."""
    last: float
    """After two seconds."""
    below_floor: float
    travel: float
    """How far particles went, on average."""


def box(half) -> Mesh:
    """A box of half sizes [3] around the origin, two triangles a side, facing outwards."""
    vertices = np.stack(np.meshgrid(*[(-1, 1)] * 3, indexing="ij"), -1).reshape(-1, 3) * np.asarray(half, float)
    sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return vertices, np.array([t for a, b, c, d in sides for t in ((a, b, c), (a, c, d))])


def ball(rings: int = 12) -> Mesh:
    """A ball of radius 1 in rings and twice as many segments, facing outwards; its poles are triangles of no area."""
    down, around = np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)
    a, b = (grid.ravel() for grid in np.meshgrid(down, around, indexing="ij"))
    vertices = np.stack([np.sin(a) * np.cos(b), np.sin(a) * np.sin(b), np.cos(a)], 1)
    k, j = (grid.ravel() for grid in np.indices((rings, 2 * rings)))
    corner = [(k + down) * 2 * rings + (j + right) % (2 * rings) for down in (0, 1) for right in (0, 1)]
    return vertices, np.concatenate([np.stack([corner[i] for i in t], 1) for t in ((0, 2, 1), (1, 2, 3))])


def from_box(points: np.ndarray, half) -> np.ndarray:
    """Exact signed distance [...] of points [..., 3] from a box around the origin."""
    beyond = np.abs(points) - half
    return np.linalg.norm(np.maximum(beyond, 0), axis=-1) + np.minimum(beyond.max(-1), 0)


def block(low, high) -> np.ndarray:
    """Eight particles a cell [P, 3] in a box."""
    axes = [np.arange(a + CELL / 4, b, CELL / 2) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)


def solver_of(points: np.ndarray, low, high, material: Material) -> Solver:
    """A body of one material on the grid low..high."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    grid = Grid(low, CELL, tuple(int(n) for n in np.ceil((high - low) / CELL) + 1))
    volume, density = np.full(len(points), (CELL / 2) ** 3), np.full(len(points), 1000.0)
    return Solver(Model(points, volume, density, 0.3, grid, np.zeros(grid.shape, bool), (material,)))


def turning(rate: float) -> np.ndarray:
    """Matrices [FRAMES + 1, 4, 4] of what turns about Z at `rate` turns/s."""
    angle = 2 * np.pi * rate * np.arange(FRAMES + 1) / FPS
    matrices = np.tile(np.eye(4), (FRAMES + 1, 1, 1))
    matrices[:, 0, 0] = matrices[:, 1, 1] = np.cos(angle)
    matrices[:, 1, 0] = np.sin(angle)
    matrices[:, 0, 1] = -np.sin(angle)
    return matrices


_SEGMENTS = 32
_ABOVE = ((-0.25, 0.05, 0.35), (0.25, 0.35, 0.65))
OBSTACLES = {
    "box": Obstacle(box([0.3, 0.3, 0.2]), REST, lambda y: from_box(y, [0.3, 0.3, 0.2]), _ABOVE),
    "sphere": Obstacle(
        (0.3 * ball(_SEGMENTS // 2)[0], ball(_SEGMENTS // 2)[1]),
        REST,
        # The flat faces are this much inside the ball.
        lambda y: np.linalg.norm(y, axis=-1) - 0.3 * np.cos(np.pi / _SEGMENTS) ** 2,
        _ABOVE,
    ),
    "rotating blade": Obstacle(
        box([0.45, 0.02, 0.3]),
        turning(1.0),
        lambda y: from_box(y, [0.45, 0.02, 0.3]),
        ((0, 0.1, -0.3), (0.4, 0.4, 0.1)),
    ),
}


def poured(name: str) -> Depths:
    """Sand on an obstacle for two seconds; the blade is a third of a cell thick and turns once a second."""
    obstacle = OBSTACLES[name]
    points = block(*obstacle.sand)
    solver = solver_of(points, (-1, -1, -0.75), (1, 1, 1), SAND)
    vertices, triangles = obstacle.mesh
    mesh = ColliderMesh(vertices=vertices, triangles=triangles, matrices=obstacle.matrices, friction=0.3)
    floor = Collider(HalfSpace(np.array([0, 0, FLOOR]), np.array([0, 0, 1])), friction=0.5)
    colliders = [collider_of(mesh, CELL, points), floor, guard(solver.model.grid)]
    motion = solver.simulate(
        np.full(len(points), 2e4), np.zeros_like(points), FRAMES, FPS, gravity=GRAVITY, colliders=colliders
    )
    depths = []
    for frame, x in enumerate(motion.positions):
        pose = obstacle.matrices[min(frame + 1, len(obstacle.matrices) - 1)]
        depths.append(-obstacle.distance((x - pose[:3, 3]) @ pose[:3, :3]).min() / CELL)
    return Depths(
        float(max(depths)),
        float(depths[-1]),
        float((FLOOR - motion.positions[..., 2].min()) / CELL),
        float(np.linalg.norm(motion.positions[-1] - points, axis=1).mean() / CELL),
    )
