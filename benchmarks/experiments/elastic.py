"""Bars, beams and columns against the theory of elasticity."""

from __future__ import annotations

import numpy as np

from backend.mpm.boundaries.colliders import Contact
from backend.mpm.material import Material

from .scenes import CELL, DENSITY, FPS, GRAVITY, Outcome, block, box_walls, bundled, period, solver_of

YOUNG = 1e5


def axial_frequency(cells: int, apart: bool = False) -> Outcome:
    """Frequency, Hz, of a clamped-free bar without Poisson's effect: sqrt(E / rho) / (4 L)."""
    motion, dt, length = ringing_bar(cells, apart=apart)
    return Outcome(1 / period(motion, dt), np.sqrt(YOUNG / DENSITY) / (4 * length))


def ringing_bar(
    cells: int, frames: int = 28, *, damping: float = 0.0, material: Material | None = None, apart: bool = False
) -> tuple[np.ndarray, float, float]:
    """Elongation [frames] of a bar cells x 2 x 2, clamped at one end; time step, s; length, m. 24 frames a period."""
    clamped = 3
    points, grid = block((clamped + cells, 2, 2), (2, 4, 4), (clamped + cells + 7, 11, 11))
    solver = solver_of(points, grid, material or Material(), poisson=0.0, held_below=2 + clamped + 1)
    length, speed = cells * CELL, np.sqrt(YOUNG / DENSITY)
    along = np.clip(points[:, 0] / CELL - 2 - clamped, 0, None) / cells
    velocity = np.zeros_like(points)
    velocity[:, 0] = np.sin(np.pi / 2 * along) * 0.02 * speed
    fps = 24 * speed / (4 * length)
    motion = solver.simulate(YOUNG, velocity, frames, fps, damping=damping, colliders=bundled(apart))
    tip = along > 1 - 1 / cells
    return (motion.positions - points)[:, tip, 0].mean(1), 1 / fps, length


def damping_rate(damping: float, apart: bool = False) -> Outcome:
    """Rate, 1/s, at which damping makes a vibration die: amplitude exp(-damping t / 2)."""
    free, dt, _ = ringing_bar(16, apart=apart)
    damped, _, _ = ringing_bar(16, damping=damping, apart=apart)
    t = dt * (1 + np.arange(len(free)))
    # Both ring at almost the same phase; least squares of one against the other's decay cancels the grid's own losses.
    rates = np.linspace(0.8, 1.2, 401) * damping
    errors = [np.sum((free * np.exp(-rate * t / 2) - damped) ** 2) for rate in rates]
    return Outcome(rates[int(np.argmin(errors))], damping)


def viscous_decay() -> Outcome:
    """Rate, 1/s, at which a Kelvin-Voigt bar's energy dies: 2 zeta w, zeta = w T / 2, T the retardation time."""
    cells, zeta = 16, 0.05
    w = np.pi / 2 * np.sqrt(YOUNG / DENSITY) / (cells * CELL)
    tissue = Material("kelvin_voigt", {"retardation_time": 2 * zeta / w})
    x, dt, _ = ringing_bar(cells, 48, material=tissue)
    # Prony: samples of A exp(-g t) sin(w' t + p) obey a linear recurrence whose product of roots is exp(-2 g dt).
    # Two cycles of 24 samples, taken every 6, give least squares enough.
    _, b = np.linalg.lstsq(np.stack([x[6:-6], -x[:-12]], 1), x[12:], rcond=None)[0]
    return Outcome(-np.log(b) / (6 * dt), 2 * zeta * w)


def cantilever_frequency(height: int, slenderness: int) -> Outcome:
    """First frequency, Hz, of a cantilever `height` cells high, by Timoshenko's theory."""
    clamped, cells, poisson = 2, height * slenderness, 0.3
    points, grid = block((clamped + cells, 2, height), (2, 4, 5), (clamped + cells + 8, 11, height + 11))
    solver = solver_of(points, grid, poisson=poisson, held_below=2 + clamped + 1)
    length = cells * CELL
    along = np.clip(points[:, 0] / CELL - 2 - clamped, 0, None) / cells
    # Shape of the first mode of a slender clamped-free beam (Euler and Bernoulli).
    b, ratio = 1.8751041 * along, 0.7340955
    shape = (np.cosh(b) - np.cos(b) - ratio * (np.sinh(b) - np.sin(b))) / 2
    exact = timoshenko_frequency(height * CELL, length, poisson)
    velocity = np.zeros_like(points)
    velocity[:, 2] = shape * 2 * np.pi * exact * 0.03 * length
    fps = 20 * exact
    motion = solver.simulate(YOUNG, velocity, 12, fps)
    tip = along > 1 - 1 / cells
    return Outcome(1 / period((motion.positions - points)[:, tip, 2].mean(1), 1 / fps), exact)


def timoshenko_frequency(height: float, length: float, poisson: float) -> float:
    """First frequency, Hz, of a cantilever with shear and rotary inertia, k = 5/6.

    The least of [E r^2 |psi'|^2 + k G |w' - psi|^2] / [rho (|w|^2 + r^2 |psi|^2)] over deflections w and slopes psi
    that vanish at the clamp, r^2 = height^2 / 12 (Timoshenko 1921), among polynomials of degree 7 (Ritz). A slender
    beam has 1.8751^2 / (2 pi) sqrt(E r^2 / rho) / length^2.
    """
    power = np.arange(1, 8)
    sum_of = power[:, None] + power
    value = length / (sum_of + 1)
    slope = power[:, None] * power / (sum_of - 1) / length
    mixed = power[:, None] / sum_of
    r2, shear = height**2 / 12, 5 / 6 * YOUNG / (2 * (1 + poisson))
    stiffness = np.block([[shear * slope, -shear * mixed], [-shear * mixed.T, YOUNG * r2 * slope + shear * value]])
    nothing = np.zeros_like(value)
    mass = DENSITY * np.block([[value, nothing], [nothing, r2 * value]])
    w2 = np.linalg.eigvals(np.linalg.solve(mass, stiffness)).real
    return float(np.sqrt(w2.min()) / (2 * np.pi))


def static_sag(height: int = 4, slenderness: int = 6) -> Outcome:
    """Sag, m, of a cantilever's tip: rho g L^4 / (8 E I / A) + rho g L^2 / (2 k G), k = 5/6 (Timoshenko)."""
    clamped, cells, poisson = 2, height * slenderness, 0.3
    points, grid = block((clamped + cells, 2, height), (2, 5, 5), (clamped + cells + 8, 12, height + 11))
    solver = solver_of(points, grid, poisson=poisson, held_below=2 + clamped + 1)
    length, gravity = cells * CELL, 0.1
    shear = YOUNG / (2 * (1 + poisson))
    bending = DENSITY * gravity * length**4 / (8 * YOUNG * (height * CELL) ** 2 / 12)
    sag = bending + DENSITY * gravity * length**2 / (2 * 5 / 6 * shear)
    # Near critical damping of the first mode, 0.7 Hz, for five of its time constants.
    motion = solver.simulate(YOUNG, np.zeros_like(points), 30, FPS, damping=9.0, gravity=(0, 0, -gravity))
    along = points[:, 0] / CELL - 2 - clamped
    tip = along > cells - 1
    # The slope at the tip is 4 / (3 L) of the sag; its particles lie half a cell from the end.
    expected = sag * (1 - 4 / (3 * cells) * np.mean(cells - along[tip]))
    return Outcome(float((points - motion.positions[-1])[tip, 2].mean()), float(expected))


def confined_settlement() -> Outcome:
    """How far, m, a column between smooth walls sinks under its weight: rho g H^2 / (2 (lam + 2 mu))."""
    cells, poisson = 16, 0.3
    points, grid = block((2, 2, cells), (4, 4, 4), (11, 11, cells + 12))
    height = cells * CELL
    young = 100 * DENSITY * GRAVITY * height
    low = np.full(3, 4 * CELL)
    walls = box_walls(low, low + [2 * CELL, 2 * CELL, 0], Contact.slip)
    motion = solver_of(points, grid, poisson=poisson).simulate(
        young, np.zeros_like(points), 12, FPS, gravity=(0, 0, -GRAVITY), colliders=walls, damping=40.0
    )
    sunk = (points - motion.positions[-1])[points[:, 2] > low[2] + height - CELL / 2, 2].mean()
    modulus = young * (1 - poisson) / ((1 + poisson) * (1 - 2 * poisson))
    # The top particles lie a quarter of a cell below the surface: (1 - 1 / 64)^2 of the column's weight is below them.
    return Outcome(float(sunk), DENSITY * GRAVITY * height**2 / (2 * modulus))
