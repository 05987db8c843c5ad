"""`Body`: a splat cloud made of known materials, ready for the solver."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..api.assignment import Assignment
from ..api.materials import ELASTIC, MaterialParams
from ..fitting.driving import attached
from ..fitting.particles import driving_particles, inverse_distance, solid, volumes
from ..fitting.stencil import stencil
from ..gaussians import Gaussians
from ..mpm.grid import Grid
from ..mpm.material import Material
from ..mpm.model import Model
from ..particles.filling import particles as fill
from ..particles.painting import painted_factor
from ..trajectory import Binding

VOXELS = 72
"""Voxels along the longest axis by which the volume of scattered splats is measured."""
NEIGHBOURS = 8
"""Particles that carry a splat."""
REACH = 0.5
"""Cells within which a grid node beside what holds is held."""
MARGIN = 3
"""Free cells between the room to move in and the grid's side."""
CREEP = 0.75
"""Retardation time over the time that sound takes through a cell, at which viscosity halves the stable substep."""
NODES_MAX = 2e7
"""Grid nodes at most; the solver keeps only those near the particles, but the map of held ones is whole."""


@dataclass(frozen=True)
class Body:
    """P driving particles of a subject and the splats that hang on them."""

    model: Model
    young: np.ndarray
    """Young's modulus of each particle [P], pascals."""
    part: np.ndarray
    """Part of each particle [P], int32."""
    binding: Binding
    notes: tuple[str, ...] = ()
    """What the user should know, one sentence each."""

    @property
    def held(self) -> bool:
        """Whether anything holds it."""
        return bool(self.model.held.any())


def body_of(
    gaussians: Gaussians,
    parts: np.ndarray,
    assignment: Assignment,
    *,
    particles: int,
    cells: int,
    room: np.ndarray,
    filling: bool = True,
    whole: bool = False,
    stiffening: np.ndarray | None = None,
) -> Body:
    """About `particles` particles of world-frame `gaussians` (metres, Z up) whose splats belong to `parts` [N].

    Part 0 holds what touches it, a part below 0 does not. What keeps its shape and touches nothing that holds stays
    still where something holds, because captures are full of crumbs. With `whole` part 0 gets particles too, and
    nothing holds. `cells` counts grid cells along the longest axis; `room` [2, 3] (metres, world) is the box that
    particles may move in; `filling` puts particles behind the splats' surface too; `stiffening` [N] is painted, see
    `Subject`.
    Raises ValueError when nothing moves, or nothing solid, and for a room too large for its cells.
    """
    positions = gaussians.positions.astype(np.float64)
    moving = (parts > 0) | whole
    if not moving.any():
        raise ValueError("No splat is marked as moving; press Guess Parts first.")
    low, high = np.percentile(positions[moving], [0.1, 99.9], axis=0)
    size = float((high - low).max())
    if not size > 0:
        raise ValueError("All that moves is in one place; mark more of the subject as moving.")
    matter = solid(positions, gaussians.opacity, size)
    if not (matter & moving).any():
        raise ValueError("The moving splats are nearly transparent, so there is nothing to simulate.")
    centres, volume = _particles(gaussians, moving, positions[matter & moving], size / VOXELS, filling, particles)
    grid = _grid(np.vstack([centres, room]), size / cells)
    held = _held(grid, positions[matter & ~moving & (parts >= 0)])
    part = _parts_of(positions[matter & moving], parts[matter & moving], centres)
    elastic = np.array([assignment.of(int(p)).law in ELASTIC for p in part])
    kept = ~elastic | attached(stencil(centres, grid), held) if held.any() else np.ones(len(centres), bool)
    if not kept.any():
        raise ValueError("The moving part touches nothing that holds; let the two parts meet, or use larger cells.")

    splats, notes = _carried(positions, np.flatnonzero(moving), centres, kept)
    rest, part = centres[kept], part[kept]
    index, weights = inverse_distance(positions[splats], rest, NEIGHBOURS)
    binding = Binding(splats.astype(np.int32), index, weights)
    painted = painted_factor(rest, binding, stiffening)
    used = sorted(set(part.tolist()))
    stiffest = 1.0 if painted is None else float(painted.max())
    made_of = [_affordable(assignment.of(p).simulated(), grid.cell, stiffest) for p in used]
    number = np.searchsorted(used, part)
    model = Model(
        rest=rest,
        volume=volume[kept],
        density=_each(made_of, "density")[number],
        poisson=_each(made_of, "poisson_ratio")[number],
        grid=grid,
        held=held,
        materials=tuple(Material.of(params) for params in made_of),
        material=number,
    )
    young = _each(made_of, "young_modulus")[number]
    return Body(model, young if painted is None else young * painted, part, binding, notes)


def _particles(
    gaussians: Gaussians, mask: np.ndarray, points: np.ndarray, edge: float, filling: bool, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Positions [P, 3] and volumes [P] of about `count` particles of the masked splats, solid ones at points [Q, 3]."""
    try:
        return fill(gaussians, mask, filling=filling, count=count)
    except ValueError:
        # Splats too small and far apart to make a surface still stand for what is around them.
        centres = driving_particles(points, edge, count)
        return centres, volumes(points, centres, edge)


def _affordable(material: MaterialParams, cell: float, stiffest: float) -> MaterialParams:
    """The material with inner friction that shortens a substep to half at most: `damping` of a run calms slow sways.

    Somewhere it may be painted `stiffest` times as stiff.
    """
    nu = material.poisson_ratio
    modulus = max(stiffest, 1.0) * material.young_modulus * (1 - nu) / ((1 + nu) * (1 - 2 * nu))
    crossing = cell * np.sqrt(material.density / modulus)
    return replace(material, retardation_time=min(material.retardation_time, float(CREEP * crossing)))


def _each(materials: list[MaterialParams], name: str) -> np.ndarray:
    return np.array([getattr(params, name) for params in materials], np.float64)


def _grid(points: np.ndarray, cell: float) -> Grid:
    """The grid of cells of side `cell` [m] around points [Q, 3] and a margin."""
    low = points.min(0) - MARGIN * cell
    counts = np.ceil((points.max(0) - low) / cell).astype(int) + MARGIN + 1
    if np.prod(counts.astype(float)) > NODES_MAX:
        raise ValueError(
            f"The simulation grid would have {' x '.join(str(n) for n in counts)} nodes; use fewer Grid Cells, or let "
            "things move less far."
        )
    return Grid(low, cell, tuple(int(n) for n in counts))


def _held(grid: Grid, holding: np.ndarray) -> np.ndarray:
    """Mask [nx, ny, nz] of nodes beside holding splats [H, 3]."""
    from scipy.spatial import KDTree

    held = np.zeros(grid.shape, bool)
    if not len(holding):
        return held
    reach = REACH * grid.cell
    near = np.floor((holding - grid.origin) / grid.cell).astype(int)
    corners = np.stack(np.indices((2, 2, 2)), -1).reshape(-1, 3)
    candidates = np.unique((near[:, None] + corners).reshape(-1, 3), axis=0)
    inside = np.all((candidates >= 0) & (candidates < np.array(grid.shape)), axis=1)
    candidates = candidates[inside]
    distance = KDTree(holding).query(candidates * grid.cell + grid.origin, distance_upper_bound=reach)[0]
    held[tuple(candidates[np.isfinite(distance)].T)] = True
    return held


def _parts_of(points: np.ndarray, parts: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Part [P] of the solid splat nearest to each particle (points [Q, 3] with parts [Q])."""
    from scipy.spatial import KDTree

    return parts[KDTree(points).query(centres)[1]].astype(np.int32)


def _carried(
    positions: np.ndarray, splats: np.ndarray, centres: np.ndarray, kept: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Those of the moving splats [M] whose nearest particle is kept, and a note about the others."""
    from scipy.spatial import KDTree

    if kept.all():
        return splats, ()
    stays = ~kept[KDTree(centres).query(positions[splats])[1]]
    note = f"{stays.sum()} splats ({100 * stays.mean():.1f} % of the moving part) touch nothing that holds; they stay."
    return splats[~stays], (note,)
