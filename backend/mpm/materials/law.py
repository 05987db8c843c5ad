"""`Law`: what a material law tells the solver. A law is one file here and one line in the table of `materials`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

CONSTANTS = 3
"""Numbers of its own that a law may have for each particle."""

Values = dict[str, np.ndarray]
"""Constants of a law by name, one number a particle [P]."""


class Constant(NamedTuple):
    """A number that a law needs beside density, Young's modulus and Poisson's ratio."""

    name: str
    low: float
    high: float
    unit: str = ""


@dataclass(frozen=True)
class Law:
    """A material law.

    `respond` is a Taichi function of one particle in one substep. What it is given and returns depends on `measure`:
    stretches: (s, mu, lam, c, memory, dt) -> (s', t, memory')
        s: trial principal stretches of the elastic deformation [3]; s' what plastic flow leaves of them;
        t: principal Kirchhoff stresses [Pa]. The solver does F' = U diag(s' / s) U^T F and tau = U diag(t) U^T.
    gradient, rotation: (F, R, C, mu, lam, c, memory, dt) -> (tau, memory', J)
        F: deformation gradient since rest; R: its rotation, and anything where `measure` is gradient;
        C: velocity gradient [1/s]; tau: Kirchhoff stress [Pa]; J: the volume ratio, refused outside 0.1 to 10.
    mu, lam: Lame's parameters [Pa]; c: the law's columns [CONSTANTS]; memory: one number that lasts.
    `respond` must be free of loops and of branches that write, so that the compiler can do many particles at a time.
    """

    name: str
    measure: Literal["gradient", "rotation", "stretches"]
    respond: Callable
    constants: tuple[Constant, ...] = ()
    memory: float = 0.0
    """At rest."""
    fluid: bool = False
    """Whether stress does not come from the deformation gradient."""
    columns: Callable[[Values], tuple] = lambda values: tuple(values.values())
    """What `respond` gets as c, from the constants in their order; at most CONSTANTS."""
    stiffening: Callable[[Values], np.ndarray | float] = lambda values: 1.0
    """The largest factor by which the law may raise its stiffness: substeps must be short enough for it."""
    retardation: Callable[[Values, np.ndarray], np.ndarray | float] = lambda values, modulus: 0.0
    """Seconds: viscosity of a uniaxial strain over its stiffness `modulus` = lam + 2 mu [P], pascals."""
    stress: Callable | None = None
    """(F, R, J, mu, lam) -> tau of a hyperelastic law whose gradient is known, else None."""
    adjoint: Callable | None = None
    """(F, R, J, mu, lam, dL/dtau) -> (dL/dF, dL/dmu, dL/dlam); a law without it can only run forward."""

    @property
    def plastic(self) -> bool:
        """Whether it keeps an elastic deformation apart from the visible one."""
        return self.measure == "stretches"

    @property
    def flows(self) -> bool:
        """Whether its deformation since rest means nothing for the stress, and may grow without end."""
        return self.plastic or self.fluid
