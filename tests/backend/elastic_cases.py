"""Bodies with known mechanics for the elastic solver: square beams along x, held at x = 0."""

from __future__ import annotations

import numpy as np

from backend.mpm.grid import Grid
from backend.mpm.total_lagrangian.body import Body
from backend.mpm.total_lagrangian.solid import Solid

CELL, YOUNG, DENSITY = 0.01, 1e6, 1000.0
"""Metres, pascals, kg/m^3."""


def box(low, high) -> np.ndarray:
    """Integer cells [V, 3] from `low` up to `high`."""
    return np.stack(np.meshgrid(*[np.arange(a, b) for a, b in zip(low, high, strict=True)], indexing="ij"), -1).reshape(
        -1, 3
    )


def body_of(cells: np.ndarray, edge: float, holding: np.ndarray, *, poisson=0.0, cell=CELL, particles=200) -> Body:
    """Voxels of side `edge` on a grid that is aligned with nothing."""
    solid = Solid(cells, np.zeros(3), edge, holding)
    low, high = edge * cells.min(0), edge * (cells.max(0) + 1)
    shape = np.ceil((high - low) / cell).astype(int) + 8
    grid = Grid(low - np.array([3.13, 3.31, 3.27]) * cell, cell, tuple(int(n) for n in shape))
    chosen = np.linspace(0, len(cells) - 1, min(particles, len(cells))).astype(int)
    rest = solid.centres[chosen]
    return Body(solid, grid, rest, np.full(len(rest), DENSITY), poisson)


def beam(thick: float, length: float, *, voxels: int = 4, held: bool = True, **options) -> Body:
    """A square beam, `thick` and `length` in cells, `voxels` across."""
    edge = thick * CELL / voxels
    along = round(length * CELL / edge)
    holding = box((-1, -1, -1), (0, voxels + 1, voxels + 1)) if held else np.empty((0, 3), int)
    return body_of(box((0, 0, 0), (along, voxels, voxels)), edge, holding, **options)


def cantilever_rate(thick: float, length: float) -> float:
    """First bending frequency of a clamped-free beam, rad/s: 1.8751^2 sqrt(E I / (rho A L^4)); lengths in metres."""
    return 1.8751041**2 * np.sqrt(YOUNG / DENSITY * thick**2 / 12) / length**2


def damped_sine(course: np.ndarray, step: float, rate: float) -> tuple[float, float]:
    """(rad/s, 1/s) of the damped sine that fits a course [T] sampled every `step` seconds, begun at rest."""
    from scipy.optimize import least_squares

    time, scaled = step * np.arange(1, len(course) + 1), course / np.abs(course).max()
    found = least_squares(
        lambda p: p[0] * np.exp(-p[1] * time) * np.sin(p[2] * time) - scaled, [1, 0, rate], x_scale=[1, rate, rate]
    ).x
    return float(found[2]), float(found[1])
