"""Rigid and free motion: what must hold to rounding, whatever the material."""

from __future__ import annotations

import numpy as np

from backend.mpm.boundaries.colliders import moved_part
from backend.mpm.boundaries.rigid_motion import RigidMotion
from backend.mpm.model import Motion

from .scenes import CELL, FPS, GRAVITY, Outcome, block, bundled, solver_of

YOUNG, POISSON = 1e5, 0.3


def cube():
    """512 free particles amid a roomy grid."""
    return solver_of(*block((4, 4, 4), (8, 8, 8), (21, 21, 21)), poisson=POISSON)


def free_fall(apart: bool) -> float:
    """Largest distance from the symplectic Euler parabola z0 + v0 t + g t (t + dt) / 2, over the distance travelled."""
    solver, substeps = cube(), 70
    velocity = np.tile([0.3, 0.0, 0.5], (len(solver.model), 1))
    gravity = np.array([0.0, 0.0, -GRAVITY])
    motion = solver.simulate(YOUNG, velocity, 4, FPS, substeps=substeps, gravity=gravity, colliders=bundled(apart))
    t = np.arange(1, 5)[:, None, None] / FPS
    travelled = velocity * t + gravity / 2 * t * (t + 1 / (FPS * substeps))
    off = np.linalg.norm(motion.positions - solver.model.rest - travelled, axis=-1)
    return float(off.max() / np.linalg.norm(travelled, axis=-1).max())


def momentum_drift(apart: bool) -> tuple[float, float]:
    """(linear, angular) change of a body's momentum while it spins and deforms, over what it could have at most.

    Frames of one substep show the whole state: v = (x' - x) / dt, C = (F' F^-1 - I) / dt. The last 40 are averaged,
    because differences of rounded positions are rough.
    """
    solver, rng, frames = cube(), np.random.default_rng(0), 120
    model = solver.model
    centred = model.rest - model.rest.mean(0)
    velocity = np.cross([2.0, -3.0, 5.0], centred) + centred @ rng.normal(0, 2, (3, 3)) + [0.2, 0.1, -0.1]
    dt = solver.stable_dt(YOUNG)
    motion = solver.simulate(YOUNG, velocity, frames, 1 / dt, substeps=1, colliders=bundled(apart))
    linear, angular = momenta(motion, model.mass, dt)
    scale = model.mass.sum() * np.abs(velocity).max()
    first = model.mass @ velocity, model.mass @ np.cross(model.rest, velocity)
    return (
        float(np.abs(linear[-40:].mean(0) - first[0]).max() / scale),
        float(np.abs(angular[-40:].mean(0) - first[1]).max() / (scale * np.ptp(model.rest))),
    )


def momenta(motion: Motion, mass: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Linear and angular momentum [frames - 2, 3] of a motion whose frames are substeps.

    A particle's affine motion carries m cell^2 / 4 axial(C) beside x cross m v (Jiang et al. 2015).
    """
    x, F = motion.positions.astype(np.float64), motion.deformation.astype(np.float64)
    v = (x[1:] - x[:-1])[:-1] / dt
    C = (F[2:] @ np.linalg.inv(F[1:-1]) - np.eye(3)) / dt
    twist = np.stack([C[..., 2, 1] - C[..., 1, 2], C[..., 0, 2] - C[..., 2, 0], C[..., 1, 0] - C[..., 0, 1]], -1)
    spin = np.cross(x[1:-1], v) + CELL**2 / 4 * twist
    return np.einsum("p,tpi->ti", mass, v), np.einsum("p,tpi->ti", mass, spin)


def rotation_stress() -> float:
    """Largest Kirchhoff stress over E of a body that is turned by hand through a whole turn: F = R, so tau = 0."""
    points, grid = block((4, 4, 4), (8, 8, 8), (21, 21, 21))
    frames = 10
    turn = RigidMotion.about(points.mean(0), np.array([1.0, 2.0, 3.0]), 2 * np.pi * FPS / frames, frames, FPS)
    everything = moved_part(grid, np.ones(grid.shape, bool), turn)
    F = solver_of(points, grid, poisson=POISSON).simulate(
        YOUNG, np.zeros_like(points), frames, FPS, colliders=[everything]
    )
    return float(np.abs(fixed_corotated(F.deformation.astype(np.float64))).max())


def fixed_corotated(F: np.ndarray) -> np.ndarray:
    """Kirchhoff stress over Young's modulus [..., 3, 3]: (2 mu (F - R) F^T + lam J (J - 1) I) / E."""
    mu, lam = 1 / (2 * (1 + POISSON)), POISSON / ((1 + POISSON) * (1 - 2 * POISSON))
    U, _, W = np.linalg.svd(F)
    J = np.linalg.det(F)[..., None, None]
    return 2 * mu * (F - U @ W) @ np.swapaxes(F, -1, -2) + lam * J * (J - 1) * np.eye(3)


def time_rescaling(apart: bool) -> float:
    """How far x(t; 4 E, 2 v0) is from x(2 t; E, v0), over the distance travelled; powers of two are exact."""
    points, grid = block((3, 3, 6), (5, 5, 3), (14, 14, 15))
    solver = solver_of(points, grid)
    young = YOUNG * np.random.default_rng(1).uniform(0.5, 1.0, len(points))
    velocity = 0.4 * np.sin(points[:, ::-1] / CELL)
    options = {"substeps": 30, "colliders": bundled(apart)}
    slow = solver.simulate(young, velocity, 3, 50.0, **options)
    fast = solver.simulate(4 * young, 2 * velocity, 3, 100.0, **options)
    return float(np.abs(fast.positions - slow.positions).max() / np.abs(slow.positions - points).max())


def flight_damping(substeps: int, apart: bool) -> Outcome:
    """Distance a free body flies in two frames as it slows by exp(-damping t), in `substeps` substeps a frame."""
    solver, damping, speed = cube(), 20.0, 0.6
    velocity = np.zeros((len(solver.model), 3))
    velocity[:, 1] = speed
    motion = solver.simulate(YOUNG, velocity, 2, FPS, substeps=substeps, damping=damping, colliders=bundled(apart))
    # The n-th substep travels speed dt exp(-n damping dt): their sum is geometric.
    dt = 1 / (FPS * substeps)
    exact = speed * dt * np.exp(-damping * dt * np.arange(1, 2 * substeps + 1)).sum()
    return Outcome(float((motion.positions[-1, :, 1] - solver.model.rest[:, 1]).mean()), float(exact))
