"""What keeps its shape and is held, of chosen materials, made ready for the elastic solver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..api.assignment import Assignment
from ..api.materials import ELASTIC, Law, MaterialParams
from ..deformation import UNSTRETCHED
from ..fitting.driving import RESOLVED, VOXELS, Driven, NothingHolds, drive
from ..fitting.particles import occupied, solid
from ..gaussians import Gaussians
from ..mpm.total_lagrangian.body import Body
from ..mpm.total_lagrangian.pencil import stiffness_matrix, sway
from ..particles.interior import solid_of

ELEMENTS_MAX = 6_000
"""Cells of the grid on which stiffness is measured: what is more bulky than a bush is none the worse for a plain grid,
where it costs less."""
HELD_MIN = 0.5
"""Share of the moving splats that must be joined to what holds: of fewer the voxels have missed the connections."""
FILL_VOXELS = 80
"""Voxels along the longest side in which enclosed matter is found: finer than those of material, so that none of those
stays empty."""
ENCLOSED_MIN = 1.0
"""Enclosed voxels over those of the splats themselves: less is within leaves and stems, whose skins are solid."""
SEEN = 0.05
"""Stretch from which a splat's eye can tell it from turning."""
SHARE = 0.01
"""Of the particles that must be stretched so far."""


@dataclass(frozen=True)
class Swaying:
    driven: Driven
    young: np.ndarray
    """Young's modulus of each particle [P], pascals."""
    damping: float
    """For `ElasticSolver.simulate`, 1/s: what inner friction takes from the slowest sway."""


class Bulky(ValueError):
    """Matter too bulky for the elastic solver to pay."""


def springs(assignment: Assignment, parts: np.ndarray) -> bool:
    """Whether all moving parts of splats that belong to `parts` [N] keep their shape."""
    return all(assignment.of(int(part)).law in ELASTIC for part in np.unique(parts[parts > 0]))


def swaying_body(
    gaussians: Gaussians,
    parts: np.ndarray,
    assignment: Assignment,
    *,
    particles: int,
    cells: int,
    filling: bool = True,
    stiffening: np.ndarray | None = None,
) -> Swaying:
    """World-frame `gaussians` (metres, Z up) of parts [N], 0 holding still, with at most `particles` particles.

    `cells` counts grid cells along the longest axis; `filling` puts matter into what splats enclose. Parts may differ
    in stiffness and density; of Poisson's ratios, which bending hardly feels, the mean over the splats is taken.
    `stiffening` [N] is painted, see `Subject`; the `young` that comes back is without it.
    Raises ValueError as `drive` does, NothingHolds among them and where little is joined to what holds; Bulky.
    """
    made_of = [assignment.of(part).simulated() for part in range(int(parts.max()) + 1)]
    moving = parts > 0
    matter, size = _matter(gaussians, moving)
    inside = _enclosed(gaussians.select(matter), size) if filling else np.empty((0, 3))
    points = np.concatenate([gaussians.positions[matter], inside])
    if len(occupied(points, size / RESOLVED)[0]) > ELEMENTS_MAX:
        raise Bulky("The moving part is too bulky for the elastic solver.")
    number = np.bincount(parts[moving], minlength=len(made_of))
    driven = drive(
        gaussians,
        parts,
        particles=min(particles, len(points)),
        cells=cells,
        density=np.array([material.density for material in made_of]),
        poisson=float(np.average([material.poisson_ratio for material in made_of], weights=number)),
        inside=inside,
        stiffening=stiffening,
    )
    if len(driven.binding.splats) < HELD_MIN * moving.sum():
        raise NothingHolds("Most of the moving part touches nothing that holds.")
    young = np.array([material.young_modulus for material in made_of])[driven.part]
    friction = np.array([_retardation(material) for material in made_of])[driven.part]
    return Swaying(driven, young, sway_damping(driven.body, young, friction))


def sway_damping(body: Body, young: np.ndarray, retardation: np.ndarray) -> float:
    """Mass damping [1/s] that takes from the slowest sway what inner friction does.

    Young's moduli [P] (Pa) and retardation times T [P] (s) of Kelvin-Voigt solids: stress E (strain + T d strain / dt)
    lets a sway u of rate w lose energy as mass damping d does for d = w^2 (u^T K(E T) u) / (u^T K(E) u).
    """
    if not np.any(retardation > 0):
        return 0.0
    moduli = body.moduli(young)
    if np.ptp(young) == 0:
        rate, field = body.slowest[0][0] * np.sqrt(body.stiffness * young[0]), body.slowest[1][0].ravel()
    else:
        rates, fields = sway(body, moduli, 1)
        rate, field = rates[0], fields[0].ravel()
    with_friction, without = (
        field @ (stiffness_matrix(body, weight) @ field) for weight in (moduli * (body.spread @ retardation), moduli)
    )
    return float(rate**2 * with_friction / without)


def visibly(stretch: np.ndarray) -> bool:
    """Whether some of the particles' stretches [T, P, 6] can be seen."""
    off = np.abs(stretch - UNSTRETCHED).max(-1)  # [T, P]
    return bool((np.quantile(off, 1 - SHARE, axis=1) > SEEN).any())


def _retardation(material: MaterialParams) -> float:
    return material.retardation_time if material.law is Law.kelvin_voigt else 0.0


def _matter(gaussians: Gaussians, moving: np.ndarray) -> tuple[np.ndarray, float]:
    """Those of the moving splats [N] that stand for matter, and the moving part's size in metres."""
    positions = gaussians.positions.astype(np.float64)
    low, high = np.percentile(positions[moving], [0.1, 99.9], axis=0)
    size = float((high - low).max())
    return solid(positions, gaussians.opacity, size) & moving, size


def _enclosed(gaussians: Gaussians, size: float) -> np.ndarray:
    """Points [Q, 3] of what solid splats enclose, closer together than voxels of material; none where it is little."""
    nothing = np.empty((0, 3))
    try:
        found = solid_of(gaussians, voxels=FILL_VOXELS, samples=0)
    except ValueError:
        return nothing  # too few splats, or too faint, to enclose anything
    inside, edge = found.points[: found.enclosed], size / VOXELS
    shown = len(occupied(gaussians.positions, edge)[0])
    whole = len(occupied(np.concatenate([gaussians.positions, inside]), edge)[0])
    return inside if whole > (1 + ENCLOSED_MIN) * shown else nothing
