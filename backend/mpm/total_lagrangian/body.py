"""`Body`: a solid on its rest grid and the particles that carry splats: all that the elastic solver is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..grid import Grid
from . import spline
from .clamp import Clamp
from .elements import POINTS, Elements
from .matrices import factorised, node_matrix
from .solid import Solid

WEIGHTLESS = 1e-13
"""Nodes lighter than this part of the heaviest see next to nothing of the material, and stand still."""
SLOWEST = 8
"""Modes of equal stiffness that are worked out once."""
SMOOTH, SMALL = 1e-2, 1e-4
"""Weights of smoothness (of changes over a cell) and of smallness, beside the velocities that `Body.lift` spreads."""


@dataclass(frozen=True)
class Body:
    """Ingredients; the rest follows. P particles are read from the motion and describe material and pushes."""

    solid: Solid
    grid: Grid
    rest: np.ndarray
    """Particles at rest [P, 3], metres, world, float64."""
    density: np.ndarray
    """Density of the material around each particle [P], kg per cubic metre."""
    poisson: float
    stiffness: float = 1.0
    """Factor on Young's modulus that makes the slowest sway the one of a finer grid, see `resolved`."""
    painted: np.ndarray | None = None
    """How many times as stiff an artist painted the material around each particle [P]; None where nothing is."""

    def __post_init__(self) -> None:
        if np.shape(self.rest) != (len(self.rest), 3) or np.shape(self.density) != (len(self.rest),):
            raise ValueError("Body needs rest [P, 3] and density [P]")
        if not 0 <= self.poisson <= 0.49:
            raise ValueError(f"Poisson's ratio is {self.poisson}; it must lie between 0 and 0.49")
        if not np.all(self.density > 0):
            raise ValueError("a particle has no density; it must be above zero")
        if self.painted is not None and not (np.shape(self.painted) == (len(self.rest),) and np.all(self.painted > 0)):
            raise ValueError("Body needs painted [P] above zero")

    def __len__(self) -> int:
        return len(self.rest)

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
    def elements(self) -> Elements:
        return Elements.of(self.solid, self.grid)

    @cached_property
    def spread(self):
        """Sparse [C, P]: mean over an element's voxels of what their nearest particles have."""
        from scipy.sparse import coo_matrix
        from scipy.spatial import KDTree

        elements = self.elements
        nearest = KDTree(self.rest).query(self.solid.centres)[1]
        share = 1 / np.bincount(elements.of_voxel)
        entries = (share[elements.of_voxel], (elements.of_voxel, nearest))
        return coo_matrix(entries, shape=(len(elements), len(self))).tocsr()

    @cached_property
    def element_density(self) -> np.ndarray:
        """[C], kg/m^3."""
        return self.spread @ self.density

    @cached_property
    def share(self):
        """Sparse [n, C]: volume of each element that belongs to each node, cubic metres."""
        from scipy.sparse import coo_matrix

        elements = self.elements
        weights = spline.weights(elements.points, elements.span[:, None], self.grid)[0].sum(1)  # [C, 27]
        values = weights * elements.volume[:, None] / POINTS
        element = np.repeat(np.arange(len(elements)), 27)
        shape = (elements.count, len(elements))
        return coo_matrix((values.ravel(), (elements.nodes.ravel(), element)), shape=shape).tocsr()

    @cached_property
    def mass(self) -> np.ndarray:
        """Lumped masses of the nodes [n], kg."""
        return self.share @ self.element_density

    @cached_property
    def inverse_mass(self) -> np.ndarray:
        """[n], 1/kg; 0 where a node stands still."""
        return np.where(self.mass > WEIGHTLESS * self.mass.max(), 1 / np.maximum(self.mass, 1e-300), 0)

    @cached_property
    def clamp(self) -> Clamp:
        return Clamp.of(self.solid, self.elements, self.grid, self.mass, self.element_density)

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
        from .pencil import lumped_rates, sway

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
