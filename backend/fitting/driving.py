"""Driving particles of a splat cloud: what the solver moves, what holds it, and how the splats hang on it.

After PhysDreamer (Zhang et al. 2024): k-means particles carry the splats of the moving parts, and the splats that hold
still hold what touches them. Material is where splats are solid, in voxels about as thick as a leaf.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..gaussians import Gaussians
from ..mpm.grid import Grid
from ..mpm.model import Model
from ..mpm.total_lagrangian.body import Body
from ..mpm.total_lagrangian.resolution import resolved
from ..mpm.total_lagrangian.solid import Solid
from ..particles.painting import painted_factor
from ..trajectory import Binding
from .particles import driving_particles, inverse_distance, occupied, solid
from .stencil import Stencil

MARGIN = 2
"""Cells between the plant at rest and the side of a grid of the asked number of cells."""
SWAY_ROOM = 3
"""Further cells on each side, so that the plant may bend by a quarter of its size without leaving the grid."""
VOXELS = 72
"""Voxels of material along the longest axis: about as thick as a leaf, and the same on any grid."""
LINK = 0.02
"""Smallest stencil weight that ties a particle to a node; the corners of a stencil touch, but do not hold."""
SPLATS_PER_VOXEL = 2.0
"""Fewer leave holes: voxels are then larger."""
RESOLVED = 32
"""Cells along the longest axis of the grid whose slowest sway Young's modulus stands for, see `resolution.resolved`."""


class NothingHolds(ValueError):
    """Splats that nothing holds."""


@dataclass(frozen=True)
class Driven:
    """A splat cloud made ready for simulation."""

    model: Model
    """For `mpm.solver.Solver`: what breaks and flows."""
    body: Body
    """The same particles for `ElasticSolver`: what sways."""
    binding: Binding
    part: np.ndarray
    """Moving part of each particle [P], int32, 1 and up."""
    notes: tuple[str, ...] = ()
    """What the user should know about the preparation, one sentence each."""


def drive(
    gaussians: Gaussians,
    parts: np.ndarray,
    *,
    particles: int = 1500,
    cells: int = 16,
    density: float | np.ndarray = 1000.0,
    poisson: float = 0.3,
    neighbours: int = 8,
    reach: float = 0.5,
    seed: int = 0,
    inside: np.ndarray | None = None,
    stiffening: np.ndarray | None = None,
    stiffness: float | None = None,
) -> Driven:
    """Driving particles of world-frame `gaussians` (metres, Z up) whose splats belong to `parts` [N] (0 holds still).

    `cells` counts grid cells along the longest axis, `density` is in kg/m^3, of all or by part [parts]; for what breaks
    and flows, grid nodes within `reach` cells of a solid holding splat are held. `inside` [Q, 3] (metres) are points of
    matter that no splat shows. `stiffening` [N] is painted, see `Subject`; `stiffness` is the body's, where known.
    Whatever moves without being joined to what holds is left out and holds still, and a note says so.
    Raises ValueError when nothing moves; NothingHolds when nothing holds, or nothing that moves is tied to what holds.
    """
    from scipy.spatial import KDTree

    positions = gaussians.positions.astype(np.float64)
    moving = parts > 0
    if not moving.any():
        raise ValueError("no splat is marked as moving; paint the moving part first")
    low, high = np.percentile(positions[moving], [0.1, 99.9], axis=0)
    size = float((high - low).max())
    matter = solid(positions, gaussians.opacity, size)
    holds = matter & (parts == 0)
    if not holds.any():
        raise NothingHolds("nothing holds the moving part; leave the pot or the ground unmarked")
    body = positions[matter & moving]
    if not len(body):
        raise ValueError("what is marked as moving is only haze and strays; mark the solid splats of the moving part")

    filled = body if inside is None else np.concatenate([body, inside])
    centres = driving_particles(filled, size / VOXELS, particles, seed=seed)
    grid, finest = _grid(body, cells), _grid(body, max(cells, RESOLVED)).cell
    holding = positions[holds]
    material = _material(body, holding, size / VOXELS, finest, inside)
    joined = material.held_pieces()
    if not joined.any():
        raise NothingHolds("the moving part touches nothing that holds; let the two parts meet")
    owner = KDTree(material.centres).query(centres)[1]
    tied = joined[owner]
    rest = centres[tied]
    material = material.select(joined)
    nearest = KDTree(rest).query(material.centres)[1]

    splats = np.flatnonzero(moving)
    splats, notes = _without_loose(splats, positions, centres, tied)
    if len(centres) < particles:
        notes = (f"So few splats move that {len(rest):,} driving particles carry them all.", *notes)
    index, weights = inverse_distance(positions[splats], rest, neighbours)
    part = _part_of_particles(body, parts[matter & moving], rest)
    model = Model(
        rest=rest,
        # A particle that no voxel is nearest to still gets half of one, so that none is weightless.
        volume=np.maximum(np.bincount(nearest, minlength=len(rest)), 0.5) * material.edge**3,
        density=np.full(len(rest), density) if np.ndim(density) == 0 else np.asarray(density)[part],
        poisson=poisson,
        grid=grid,
        held=_held_nodes(grid, holding, reach),
    )
    swaying = Body(material, grid, rest, model.density, poisson, stiffness or 1.0)
    swaying = resolved(swaying, finest) if stiffness is None else swaying
    if not swaying.stiffness > 0:  # a sway that nothing brings back, whose square rounding has made negative
        raise NothingHolds("some of the moving part hangs by a thread; clean up what floats, or let the parts meet")
    binding = Binding(splats.astype(np.int32), index, weights)
    return Driven(model, swaying.painted_with(painted_factor(rest, binding, stiffening)), binding, part, notes)


def driven_anew(driven: Driven, gaussians: Gaussians, parts: np.ndarray, stiffening: np.ndarray | None) -> Driven:
    """The same cloud with other parts [N] and paint, on as fine a grid and of the same matter; raises as `drive`."""
    model = driven.model
    inner = max(model.grid.shape) - 1 - 2 * (MARGIN + SWAY_ROOM)
    density = np.full(max(int(parts.max()), int(driven.part.max())) + 1, model.density.mean())
    for part in np.unique(driven.part):
        density[part] = model.density[driven.part == part].mean()
    return drive(
        gaussians,
        parts,
        particles=len(model.rest),
        cells=inner + 2 * MARGIN,
        density=density,
        poisson=driven.body.poisson,
        stiffening=stiffening,
        stiffness=driven.body.stiffness,
    )


def attached(links: Stencil, held: np.ndarray) -> np.ndarray:
    """Mask [P] of particles joined, through nodes they share, to a held node. `held` [nx, ny, nz]."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(links.nodes)
    strong = links.weights > LINK
    particle = np.repeat(np.arange(count), strong.sum(1))
    node = links.nodes[strong]
    graph = csr_matrix((np.ones(len(node)), (particle, count + node)), shape=(count + held.size,) * 2)
    component = connected_components(graph, directed=False)[1]
    holding = np.unique(component[count + np.flatnonzero(held.ravel())])
    return np.isin(component[:count], holding)


def _material(
    moving: np.ndarray, holding: np.ndarray, edge: float, largest: float, inside: np.ndarray | None = None
) -> Solid:
    """Voxels that moving splats [M, 3] fill, beside those that holding ones [H, 3] do; the majority has a voxel.

    Their side is `edge` (metres), or up to `largest` where splats are too few to fill them. Points `inside` [Q, 3] fill
    theirs too.
    """
    while len(moving) < SPLATS_PER_VOXEL * len(occupied(moving, edge)[0]) and edge < largest:
        edge = min(1.2 * edge, largest)
    if inside is not None:
        moving = np.concatenate([moving, inside])
    cells, of_splat = occupied(np.concatenate([moving, holding]), edge)
    moves = np.bincount(of_splat[: len(moving)], minlength=len(cells))
    holds = np.bincount(of_splat[len(moving) :], minlength=len(cells))
    return Solid(cells[moves > holds], np.zeros(3), edge, cells[moves <= holds])


def _grid(body: np.ndarray, cells: int) -> Grid:
    """A grid whose cell is that of `cells` along the longest axis with `MARGIN`, widened by the room to sway.

    Around the splats, not the particles: any choice of particles then has the same grid, and stiffness its meaning.
    """
    low, high = body.min(0), body.max(0)
    return Grid.around(low, high, cells + 2 * SWAY_ROOM, MARGIN + SWAY_ROOM)


def _held_nodes(grid: Grid, holding: np.ndarray, reach: float) -> np.ndarray:
    """Mask [nx, ny, nz] of nodes within `reach` cells of a holding splat [H, 3]."""
    from scipy.spatial import KDTree

    nodes = grid.nodes().reshape(-1, 3)
    distance = KDTree(holding).query(nodes, distance_upper_bound=reach * grid.cell)[0]
    return np.isfinite(distance).reshape(grid.shape)


def _without_loose(
    splats: np.ndarray, positions: np.ndarray, centres: np.ndarray, tied: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The moving splats [M] whose nearest particle is tied, and a note about the others."""
    from scipy.spatial import KDTree

    if tied.all():
        return splats, ()
    loose = ~tied[KDTree(centres).query(positions[splats])[1]]
    share = 100 * loose.mean()
    note = f"{loose.sum()} splats ({share:.1f} % of the moving part) touch nothing that holds; they stay still."
    return splats[~loose], (note,)


def _part_of_particles(points: np.ndarray, parts: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Part [P] that most splats near each particle belong to (points [Q, 3] with parts [Q])."""
    from scipy.spatial import KDTree

    nearest = KDTree(points).query(rest, k=np.arange(1, min(9, len(points)) + 1))[1]
    votes = np.stack([(parts[nearest] == part).sum(1) for part in range(parts.max() + 1)], 1)
    return votes.argmax(1).astype(np.int32)
