"""`Boundaries`: what a scene's colliders and moved parts are to the particles of a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...surroundings import Surroundings
from ..grid import Grid
from .colliders import Collider, guard, moved_part
from .mesh import ColliderMesh
from .mesh_distance import collider_of, scale_and_motion
from .parts import PartMotion
from .placed import Placed
from .rigid_motion import RigidMotion

PART_REACH = 0.75
"""Cells within which a node goes with a moved part's particle, unless another part's is nearer."""


@dataclass(frozen=True)
class Boundaries:
    colliders: tuple[Collider, ...]
    placed: tuple[Placed, ...]


def boundaries_of(
    surroundings: Surroundings, grid: Grid, rest: np.ndarray, part: np.ndarray, *, contain: bool = False
) -> Boundaries:
    """Boundaries for particles at rest [P, 3] (m, world) of parts [P]; `contain` adds walls just inside the grid.

    Raises ValueError, naming what it is about, for a mesh that is no collider and for a moved part without particles.
    """
    box = np.array([grid.origin, grid.origin + grid.cell * (np.array(grid.shape) - 1)])
    found = (collider_of(mesh, grid.cell, rest, box) for mesh in surroundings.colliders)
    colliders = [collider for collider in found if collider is not None]
    placed = []
    for moved in surroundings.moved:
        own = np.flatnonzero(part == moved.part)
        if not len(own):
            raise ValueError(f"part {moved.part} is to be moved, but nothing of it is simulated; give it some splats")
        motion = motion_of(moved)
        colliders.append(moved_part(grid, _nodes_of(grid, rest, part == moved.part), motion))
        placed.append(Placed(own, motion))
    return Boundaries((*colliders, *((guard(grid),) if contain else ())), tuple(placed))


def motion_of(moved: PartMotion) -> RigidMotion:
    """A part's rigid motion; raises ValueError for one that is not rigid."""
    mesh = ColliderMesh(
        vertices=np.zeros((1, 3)), triangles=np.zeros((1, 3), int), matrices=moved.matrices, name=f"part {moved.part}"
    )
    return scale_and_motion(mesh)[1]


def _nodes_of(grid: Grid, rest: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Mask [nx, ny, nz] of the nodes that go with particles `own` [P] of those at rest [P, 3]."""
    from scipy.spatial import KDTree

    nodes = np.zeros(grid.shape, bool)
    candidates = np.unique(np.concatenate(list(_corners(grid, rest[own]))), axis=0)
    at = candidates * grid.cell + grid.origin
    near = KDTree(rest[own]).query(at)[0]
    other = KDTree(rest[~own]).query(at)[0] if not own.all() else np.full(len(at), np.inf)
    chosen = candidates[(near <= PART_REACH * grid.cell) & (near <= other)]
    nodes[tuple(chosen.T)] = True
    return nodes


def _corners(grid: Grid, points: np.ndarray) -> Iterator[np.ndarray]:
    """The nodes [.., 3] of the cells that points [Q, 3] are in."""
    cell = np.floor((points - grid.origin) / grid.cell).astype(int)
    for corner in np.ndindex(2, 2, 2):
        yield cell + corner
