"""What the solver is given (`Model`) and what it returns (`Motion`, `Gradient`, `Unstable`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .grid import Grid
from .limits import DENSITY, POISSON
from .material import Material


class Unstable(ValueError):
    """A simulation that blew up or left its grid; the message says which, and what to do."""


@dataclass(frozen=True)
class Model:
    """P particles at rest and the grid they move on; stiffness is given to each run instead."""

    rest: np.ndarray
    """Positions at rest [P, 3], metres, world, float64."""
    volume: np.ndarray
    """Volumes at rest [P], cubic metres."""
    density: np.ndarray
    """Densities [P], kg per cubic metre."""
    poisson: float | np.ndarray
    """Poisson's ratio, 0 to below 0.5, of all particles or of each [P]."""
    grid: Grid
    held: np.ndarray
    """Grid nodes whose velocity stays zero, bool [nx, ny, nz]."""
    materials: tuple[Material, ...] = (Material(),)
    """What there is among the particles."""
    material: np.ndarray | None = None
    """Index into `materials` of each particle [P]; None where all are of the first."""

    def __post_init__(self) -> None:
        count = len(self.rest)
        if not count:
            raise ValueError("the moving part is empty: it has 0 particles and needs 1 or more; mark splats that move")
        for name, shape in (("rest", (count, 3)), ("volume", (count,)), ("density", (count,))):
            if np.shape(getattr(self, name)) != shape:
                raise ValueError(f"Model.{name} has shape {np.shape(getattr(self, name))}, expected {shape}")
        if self.held.shape != tuple(self.grid.shape):
            raise ValueError(f"Model.held has shape {self.held.shape}, expected the grid's {self.grid.shape}")
        if np.shape(self.poisson) not in ((), (count,)):
            raise ValueError(f"Model.poisson has shape {np.shape(self.poisson)}, expected one number or {(count,)}")
        POISSON.refuse(self.poisson)
        DENSITY.refuse(self.density)
        if self.material is not None and (
            np.shape(self.material) != (count,)
            or not np.issubdtype(np.asarray(self.material).dtype, np.integer)
            or np.min(self.material) < 0
            or np.max(self.material) >= len(self.materials)
        ):
            raise ValueError(f"Model.material must give {count} particles one of {len(self.materials)} materials each")
        if not (np.isfinite(self.volume).all() and np.min(self.volume) > 0):
            raise ValueError(f"a particle's volume is {np.min(self.volume):g} m^3; it must be above zero")
        if not self.grid.contains(self.rest).all():
            raise ValueError("a particle at rest lies outside the simulation grid; enlarge the grid's margin")

    def __len__(self) -> int:
        return len(self.rest)

    @property
    def mass(self) -> np.ndarray:
        """Masses [P], kg."""
        return np.asarray(self.volume) * np.asarray(self.density)

    def lame(self, young: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lame's parameters (mu, lam), pascals, of Young's moduli of any shape."""
        return (
            young / (2 * (1 + self.poisson)),
            young * self.poisson / ((1 + self.poisson) * (1 - 2 * self.poisson)),
        )


@dataclass(frozen=True)
class Motion:
    """A simulated motion; index 0 of the first axis is the state after one frame."""

    positions: np.ndarray
    """Positions [frames, P, 3], metres, world, float32 or float64 as the solver ran."""
    deformation: np.ndarray
    """Deformation gradients F [frames, P, 3, 3] since rest."""


@dataclass(frozen=True)
class Gradient:
    """Derivatives of a scalar loss with respect to what a simulation was given."""

    velocity: np.ndarray
    """With respect to the initial velocity [P, 3], loss per m/s."""
    young: np.ndarray
    """With respect to Young's modulus [P], loss per pascal."""
