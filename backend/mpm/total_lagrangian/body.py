"""`Body`: a solid on its rest grid and the particles that carry splats: all that the elastic solver is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from . import spline
from .discretised import Discretised
from .matrices import factorised, node_matrix
from .pencil import lumped_rates, sway

SLOWEST = 8
"""Modes of equal stiffness that are worked out once."""
SMOOTH, SMALL = 1e-2, 1e-4
"""Weights of smoothness (of changes over a cell) and of smallness, beside the velocities that `Body.lift` spreads."""


@dataclass(frozen=True)
class Body(Discretised):
    """Material on its rest grid, how stiff it is, and what the particles [P] that carry splats read from its motion."""

    stiffness: float = 1.0
    """Factor on Young's modulus that makes the slowest sway the one of a finer grid, see `resolution.resolved`."""
    painted: np.ndarray | None = None
    """How many times as stiff an artist painted the material around each particle [P]; None where nothing is."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.painted is not None and not (np.shape(self.painted) == (len(self.rest),) and np.all(self.painted > 0)):
            raise ValueError("Body needs painted [P] above zero")

    def stiffened(self, factor: float) -> Body:
        """The same body with `stiffness` times `factor`; nothing that was worked out for this one depends on it."""
        return self._with(replace(self, stiffness=factor * self.stiffness))

    def painted_with(self, factor: np.ndarray | None) -> Body:
        """The same body with `painted` [P] in place of its own; of what was worked out only the modes depend on it."""
        return self._with(replace(self, painted=factor), without="slowest")

    def _with(self, other: Body, without: str = "") -> Body:
        """Another body, with what was worked out for this one."""
        known = {name: value for name, value in vars(self).items() if name not in vars(other) and name != without}
        vars(other).update(known)
        return other

    @cached_property
    def seen(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Nodes of the particles [P, 27], the nodes' values there [P, 27] and their gradients [P, 27, 3] (1/m)."""
        from scipy.spatial import KDTree

        elements = self.elements
        element = elements.of_voxel[KDTree(self.solid.centres).query(self.rest)[1]]
        return elements.nodes[element], *spline.weights(self.rest, elements.span[element], self.grid)

    @cached_property
    def readout(self) -> list:
        """Sparse [P, n] matrices: value at the particles, then its derivatives by x, y and z (1/m)."""
        from scipy.sparse import coo_matrix

        nodes, value, gradient = self.seen
        place = (np.repeat(np.arange(len(self)), 27), nodes.ravel())
        columns = [value, *np.moveaxis(gradient, -1, 0)]
        return [coo_matrix((c.ravel(), place), shape=(len(self), self.elements.count)).tocsr() for c in columns]

    @cached_property
    def slowest(self) -> tuple[np.ndarray, np.ndarray]:
        """The slowest modes for one pascal where nothing is painted: rates as the solver shows them [M], [M, n, 3].

        Rates in rad/s. They grow with the root of `stiffness` times a Young's modulus that all particles share.
        """
        rates, fields = sway(self, self._spread_painted(np.ones(len(self))), SLOWEST)
        return lumped_rates(self, rates, fields), fields

    @cached_property
    def _lift(self):
        """(factors of the normal matrix, its right side [n, P]) of `lift`."""
        from scipy.sparse import coo_matrix, diags

        nearest = np.asarray((self.share @ self.spread).sum(0)).ravel()  # volume around each particle
        weight = diags(np.maximum(nearest, 1e-3 * nearest.max()))
        value = self.readout[0]
        smooth = node_matrix(self.elements, self.grid, np.ones(len(self.elements)), gradients=True)
        small = diags(self.share @ np.ones(len(self.elements)) + 1e-9 * self.mass.max() / self.density.mean())
        normal = value.T @ weight @ value + SMOOTH * self.grid.cell**2 * smooth + SMALL * small
        return factorised(coo_matrix(normal).tocsc()), (value.T @ weight).tocsr()

    def lift(self, values: np.ndarray) -> np.ndarray:
        """The smooth field of the nodes [n, k] that takes about the particles' values [P, k], held at the contact."""
        factors, right = self._lift
        return self.clamp.apply(factors.solve(right @ np.asarray(values, np.float64)))

    def lift_transposed(self, field: np.ndarray) -> np.ndarray:
        """The transpose of `lift`: [n, k] to [P, k]."""
        factors, right = self._lift
        field, clamp = np.array(field, np.float64), self.clamp
        field[clamp.nodes] -= clamp.ahead.T @ (clamp.back.T @ field[clamp.nodes])
        return right.T @ factors.solve(field)

    def forces(self, acceleration: np.ndarray) -> np.ndarray:
        """Accelerations of the nodes [n, k] under body accelerations at the particles [P, k]."""
        return self.inverse_mass[:, None] * (
            self.share @ (self.element_density[:, None] * (self.spread @ acceleration))
        )

    def moduli(self, young: np.ndarray) -> np.ndarray:
        """Young's moduli of the elements [..., C] of the particles' [..., P] where nothing is painted, pascals."""
        young = np.asarray(young, np.float64)
        if not (np.all(np.isfinite(young)) and np.all(young > 0)):
            raise ValueError("Young's modulus must be a finite number above zero for every particle")
        return self.stiffness * self._spread_painted(young)

    def moduli_transposed(self, values: np.ndarray) -> np.ndarray:
        """The transpose of `moduli`: [C] to [P]."""
        values = self.stiffness * (self.spread.T @ values)
        return values if self.painted is None else self.painted * values

    def _spread_painted(self, young: np.ndarray) -> np.ndarray:
        if self.painted is not None:
            young = young * self.painted
        return (self.spread @ young.T).T
