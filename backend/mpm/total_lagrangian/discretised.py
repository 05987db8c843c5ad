"""`Discretised`: material on its rest grid: its elements, the masses of the nodes, and where they are held."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..grid import Grid
from . import spline
from .clamp import Clamp
from .elements import POINTS, Elements
from .solid import Solid

WEIGHTLESS = 1e-13
"""Nodes lighter than this part of the heaviest see next to nothing of the material, and stand still."""


@dataclass(frozen=True)
class Discretised:
    """Ingredients; the rest follows. P particles are read from the motion and describe the material."""

    solid: Solid
    grid: Grid
    rest: np.ndarray
    """Particles at rest [P, 3], metres, world, float64."""
    density: np.ndarray
    """Density of the material around each particle [P], kg per cubic metre."""
    poisson: float

    def __post_init__(self) -> None:
        if np.shape(self.rest) != (len(self.rest), 3) or np.shape(self.density) != (len(self.rest),):
            raise ValueError("a body needs rest [P, 3] and density [P]")
        if not 0 <= self.poisson <= 0.49:
            raise ValueError(f"Poisson's ratio is {self.poisson}; it must lie between 0 and 0.49")
        if not np.all(self.density > 0):
            raise ValueError("a particle has no density; it must be above zero")

    def __len__(self) -> int:
        return len(self.rest)

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
