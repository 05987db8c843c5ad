"""`Clamp`: displacements that vanish where the material touches what holds it.

The mean square displacement over the contact is u^T A u with A = sum_contact area N N^T. Its eigenvectors about the
lumped mass, A q = a M q, with a rate above `LEAST`, are taken out of every velocity by the projection that is symmetric
in M. It costs no energy and no substep's length, and the place of the clamp is that of the contact, not of a node.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..grid import Grid
from . import spline
from .elements import Elements
from .solid import Solid

LEAST = 5e-3
"""Share of a slab of material, a cell thick on the contact, that a displacement must have there to be held."""


@dataclass(frozen=True)
class Clamp:
    """v <- v - back @ (ahead @ v) on some nodes."""

    nodes: np.ndarray
    """[K]."""
    ahead: np.ndarray
    """[R, K]."""
    back: np.ndarray
    """[K, R]."""

    @staticmethod
    def of(solid: Solid, elements: Elements, grid: Grid, mass: np.ndarray, density: np.ndarray) -> Clamp:
        """Clamp of a solid whose nodes have `mass` [n] (kg) and elements `density` [C] (kg/m^3)."""
        voxel, point = solid.contacts
        element = elements.of_voxel[voxel]
        weights = spline.weights(point, elements.span[element], grid)[0]  # [K, 27]
        nodes, local = np.unique(elements.nodes[element], return_inverse=True)
        trace = np.zeros((len(point), len(nodes)))
        trace[np.arange(len(point))[:, None], local.reshape(len(point), 27)] = weights
        # Nine points share a voxel's face; the unit is the mass of a slab a cell thick.
        trace *= (np.sqrt(density[element] * grid.cell / 9) * solid.edge)[:, None]
        root = np.sqrt(mass[nodes])
        values, vectors = np.linalg.eigh((trace.T @ trace) / np.outer(root, root))
        held = vectors.T[values > LEAST]
        return Clamp(nodes, held * root, (held / root).T)

    def apply(self, field: np.ndarray) -> np.ndarray:
        """The nearest field [n, k] that vanishes at the contact."""
        held = field.copy()
        held[self.nodes] -= self.back @ (self.ahead @ field[self.nodes])
        return held
