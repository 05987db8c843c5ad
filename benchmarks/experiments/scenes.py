"""What the experiments are built of: blocks of particles, walls, and what is read from a motion."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from backend.mpm.boundaries.colliders import Collider, Contact, HalfSpace
from backend.mpm.grid import Grid
from backend.mpm.material import Material
from backend.mpm.model import Model
from backend.mpm.solver import Solver

CELL = 1 / 64
"""Metres."""
DENSITY = 1000.0
GRAVITY = 9.81
FPS = 25.0
Cells = tuple[int, int, int]


class Outcome(NamedTuple):
    """What an experiment measured, and what it should have."""

    measured: float
    expected: float

    @property
    def error(self) -> float:
        """Relative to what was expected."""
        return self.measured / self.expected - 1


def block(cells: Cells, low: Cells, shape: Cells) -> tuple[np.ndarray, Grid]:
    """Eight particles a cell [P, 3] that fill `cells` cells from node `low` on; the grid of `shape` nodes."""
    axes = [(np.arange(2 * n) + 0.5) / 2 + start for n, start in zip(cells, low, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3) * CELL
    return points, Grid(np.zeros(3), CELL, shape)


def scattered(points: np.ndarray) -> np.ndarray:
    """Points [P, 3] moved at random within their eighths of a cell, as particles from splats lie."""
    return points + np.random.default_rng(0).uniform(-0.5, 0.5, points.shape) * CELL / 2


def solver_of(
    points: np.ndarray, grid: Grid, *materials: Material, poisson: float = 0.3, held_below: int = 0, **options
) -> Solver:
    """A body of eight particles a cell; nodes of an x index below `held_below` are held; `options` of the model."""
    held = np.zeros(grid.shape, bool)
    held[:held_below] = True
    options = {"held": held, "materials": materials or (Material(),)} | options
    volume = np.full(len(points), (CELL / 2) ** 3)
    return Solver(Model(points, volume, np.full(len(points), DENSITY), poisson, grid, **options))


def floor(height: float, contact: Contact = Contact.separate, friction: float = 0.0) -> Collider:
    """Everything below a height, metres."""
    return Collider(HalfSpace([0, 0, height], [0, 0, 1]), contact, friction)


def box_walls(low: np.ndarray, high: np.ndarray, contact: Contact) -> list[Collider]:
    """A floor and four walls around low..high [3]."""
    walls = [Collider(HalfSpace(low, axis), contact) for axis in np.eye(3)]
    return walls + [Collider(HalfSpace(high, -axis), contact) for axis in np.eye(3)[:2]]


def side_walls(low: float, high: float) -> list[Collider]:
    """Smooth panes at y = low and y = high, metres, which make a scene two-dimensional."""
    return [
        Collider(HalfSpace([0, low, 0], [0, 1, 0]), Contact.slip),
        Collider(HalfSpace([0, high, 0], [0, -1, 0]), Contact.slip),
    ]


def bundled(apart: bool) -> list[Collider]:
    """A floor that nothing touches: it sends a scene to the solver's other engine, which runs scenes with walls."""
    return [floor(0.0)] if apart else []


def period(values: np.ndarray, dt: float) -> float:
    """Period of an oscillation [T] sampled every dt from rest, by its first two crossings of zero after the start."""
    i = np.flatnonzero(values[1:-1] * values[2:] < 0)[:2] + 1
    crossings = dt * (i + 1 + values[i] / (values[i] - values[i + 1]))
    # The motion starts at zero, half a period before the first crossing and a whole one before the second.
    return crossings[1] if len(i) > 1 else 2 * crossings[0]
