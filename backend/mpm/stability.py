"""How long a substep of explicit MPM may be.

The elastic limit is the Courant condition of the P-wave, dt = cfl * cell / c_p with
c_p = sqrt(E (1 - nu) / ((1 + nu) (1 - 2 nu) rho)). Blow-ups begin at about 1.0; between 0.85 and 1.0 the result is
silently wrong, so anything above 0.5 is refused. A law that stiffens has c_p at its stiffest.

Viscosity shortens it. A grid wave of frequency w = 2 c_p / cell and damping ratio z = w T / 2, T the retardation time
of the law, is stable up to dt = (2 / w) (sqrt(1 + z^2) - z); without viscosity that is cell / c_p again.
"""

from __future__ import annotations

import math

import numpy as np

from .limits import YOUNG
from .matter import retardation, stiffening
from .model import Model

CFL_DEFAULT = 0.45
CFL_LIMIT = 0.5
TRAVEL_LIMIT = 0.3
"""Cells that a particle may travel in one substep."""


def wave_speed(model: Model, young: np.ndarray) -> float:
    """Highest P-wave speed among the particles, m/s, for Young's moduli [..., P] in pascals."""
    return float(np.sqrt((_modulus(model, young) / model.density).max()))


def stable_dt(model: Model, young: np.ndarray, cfl: float = CFL_DEFAULT) -> float:
    """Longest safe substep in seconds; raises ValueError for a Courant number above 0.5."""
    if not 0 < cfl <= CFL_LIMIT:
        raise ValueError(
            f"a Courant number of {cfl:g} is outside 0 to {CFL_LIMIT}; above it the motion is silently wrong"
        )
    speed = wave_speed(model, young)
    return cfl * model.grid.cell / speed * _viscous_share(model, young)


def _modulus(model: Model, young: np.ndarray) -> np.ndarray:
    """Stiffness lam + 2 mu [..., P] in pascals at each law's stiffest."""
    young = np.asarray(young, np.float64)
    YOUNG.refuse(young)
    mu, lam = model.lame(young)
    return (lam + 2 * mu) * stiffening(model)


def _viscous_share(model: Model, young: np.ndarray) -> float:
    """What viscosity leaves of the elastic limit."""
    modulus = _modulus(model, young)
    damping = retardation(model, modulus) * np.sqrt(modulus / model.density) / model.grid.cell
    return float((np.sqrt(1 + damping**2) - damping).min())


def substeps_per_frame(
    model: Model, young: np.ndarray, fps: float, cfl: float = CFL_DEFAULT, speed: float = 0.0
) -> int:
    """Substeps in one frame that respect both the elastic limit and particles moving at `speed` m/s."""
    elastic = 1 / (fps * stable_dt(model, young, cfl))
    return max(_whole(elastic), substeps_at_speed(model, fps, speed))


def substeps_at_speed(model: Model, fps: float, speed: float) -> int:
    """Substeps in one frame in which particles moving at `speed` m/s cross no more than `TRAVEL_LIMIT` cells each."""
    return _whole(speed / (fps * TRAVEL_LIMIT * model.grid.cell))


def _whole(substeps: float) -> int:
    # A frame that is exactly a whole number of substeps long must not get one more by rounding.
    return max(1, math.ceil(substeps * (1 - 1e-12)))


def refuse_long_substeps(model: Model, young: np.ndarray, fps: float, substeps: int, speed: float) -> None:
    """Raise ValueError when `substeps` in one frame are too few for the stiffness or the speed."""
    if substeps < (needed := substeps_per_frame(model, young, fps, CFL_LIMIT, speed)):
        raise ValueError(f"{substeps} substeps per frame are too few to stay stable; use at least {needed}")
