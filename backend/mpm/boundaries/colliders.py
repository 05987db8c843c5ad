"""`Collider`: a shape, how it touches and how it moves; and parts of the particles that are moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from ..grid import Grid
from .rigid_motion import RigidMotion


class Contact(Enum):
    """What a wall does to the velocity of what touches it, relative to its own."""

    sticky = 0
    """Takes all of it away: wet, or rooted."""
    slip = 1
    """Takes the part across the surface, both ways: a rail, or a window with water behind."""
    separate = 2
    """Takes what presses in, and slows the rest by friction; lets go freely."""


@dataclass(frozen=True)
class HalfSpace:
    """Everything on one side of a plane, such as the floor."""

    point: np.ndarray
    """A point of the surface [3], metres, in the collider's own frame."""
    normal: np.ndarray
    """Direction out of the solid [3], of any length."""

    def __post_init__(self) -> None:
        if not np.linalg.norm(self.normal) > 0:
            raise ValueError("the normal of a half-space has no length; give the direction out of the solid")


@dataclass(frozen=True)
class SignedDistance:
    """A solid by its signed distance on a regular grid; outside the grid is outside the solid."""

    values: np.ndarray
    """Distance from the surface [a, b, c], metres, below zero inside."""
    origin: np.ndarray
    """Position of values[0, 0, 0] [3], metres, in the collider's own frame."""
    cell: float
    """Distance between neighbouring values, metres."""
    velocity: np.ndarray | None = None
    """Velocity of the surface in its own frame [a, b, c, 3], m/s, beside that of its motion; None is zero."""

    def __post_init__(self) -> None:
        shape = np.shape(self.values)
        if len(shape) != 3 or min(shape) < 2:
            raise ValueError(f"signed distances have shape {shape}; they need two or more along each of three axes")
        if self.velocity is not None and np.shape(self.velocity) != (*shape, 3):
            raise ValueError(f"surface velocities have shape {np.shape(self.velocity)}, expected {(*shape, 3)}")
        if not self.cell > 0:
            raise ValueError(f"the cell of signed distances is {self.cell:g} m; it must be above zero")
        if not np.min(self.values) < 0:
            raise ValueError("a collider has no volume: its distance is nowhere below zero; close its surface")

    @staticmethod
    def of(distance: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray, cell: float):
        """Sample distance(points [..., 3]) -> [...] over the box low..high [3] and two cells around it."""
        low = np.asarray(low, float) - 2 * cell
        counts = np.ceil((np.asarray(high, float) + 2 * cell - low) / cell).astype(int) + 1
        return SignedDistance(distance(np.stack(np.indices(counts), -1) * cell + low), low, cell)

    @staticmethod
    def box(low: np.ndarray, high: np.ndarray, cell: float) -> SignedDistance:
        """The box low..high [3]."""
        centre, half = (np.add(low, high)) / 2, np.subtract(high, low) / 2

        def distance(points: np.ndarray) -> np.ndarray:
            beyond = np.abs(points - centre) - half
            return np.linalg.norm(np.maximum(beyond, 0), axis=-1) + np.minimum(beyond.max(-1), 0)

        return SignedDistance.of(distance, low, high, cell)

    @staticmethod
    def sphere(centre: np.ndarray, radius: float, cell: float) -> SignedDistance:
        """A ball."""
        centre = np.asarray(centre, float)
        return SignedDistance.of(
            lambda points: np.linalg.norm(points - centre, axis=-1) - radius, centre - radius, centre + radius, cell
        )


@dataclass(frozen=True)
class Room:
    """Everything outside a box along the axes of the world: six walls for the price of one, smooth and at rest."""

    low: np.ndarray
    """[3], metres, world."""
    high: np.ndarray
    """[3], metres, world."""


@dataclass(frozen=True)
class Collider:
    """A solid that particles cannot enter."""

    shape: HalfSpace | SignedDistance | Room
    contact: Contact = Contact.separate
    friction: float = 0.0
    """Coulomb's coefficient, where `contact` is separate."""
    motion: RigidMotion = field(default_factory=RigidMotion.at_rest)
    solid: bool = True
    """Whether particles found inside are moved out; what is not only sets velocities."""

    def __post_init__(self) -> None:
        if not 0 <= self.friction < np.inf:
            raise ValueError(f"friction is {self.friction:g}; it must be zero or above")
        if self.friction and self.contact is not Contact.separate:
            raise ValueError(f"friction means nothing for a {self.contact.name} collider; choose separate")
        if isinstance(self.shape, Room) and (self.friction or self.contact is not Contact.separate):
            raise ValueError("the walls of a room are smooth and let go; use half-spaces for others")


def moved_part(grid: Grid, nodes: np.ndarray, motion: RigidMotion) -> Collider:
    """Grid nodes [nx, ny, nz] (bool) that carry what is near them along a motion; held nodes that move.

    `motion` maps the nodes from where they are at first, so its first row is the identity.
    """
    if nodes.shape != tuple(grid.shape):
        raise ValueError(f"the nodes of a moved part have shape {nodes.shape}, expected the grid's {grid.shape}")
    if not nodes.any():
        raise ValueError("a moved part has no grid nodes; use more cells")
    at = np.argwhere(nodes)
    low, high = np.maximum(at.min(0) - 1, 0), at.max(0) + 2
    near = nodes[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    shape = SignedDistance(np.where(near, -1.0, 1.0), grid.origin + low * grid.cell, grid.cell)
    return Collider(shape, Contact.sticky, motion=motion, solid=False)


GUARD_CELLS = 2.0
"""Cells between the grid's sides and the walls that keep particles in it."""


def guard(grid: Grid) -> Collider:
    """Walls just inside the grid: what flies away stops there, instead of ending the simulation."""
    inset = GUARD_CELLS * grid.cell
    return Collider(Room(grid.origin + inset, grid.origin + grid.cell * (np.array(grid.shape) - 1) - inset))
