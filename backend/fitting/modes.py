"""Sway modes of a `Model`: the shapes it swings in freely, how fast, and how fast the solver lets each die out.

A step of MLS-MPM, linearised about rest, acts on the grid's displacement u and velocity v as

    v <- T v - dt M^-1 K u,   u <- u + dt v

where K is the stiffness of the particles' strain energy under the MLS-MPM velocity gradient
C_p = 4/dx^2 sum_i w_ip u_i d_ip^T (Hu et al. 2018), M the lumped mass and T what one round from grid to particles and
back (APIC, Jiang et al. 2015) makes of a velocity. The pencil (K, M) alone is of no use: a thin subject has fewer
particles than its grid has degrees of freedom, so K has a large null space. But T wipes those motions out within a few
steps, and rubs a little off the others. Solutions that change by exp(lambda dt) in a step, with
s = (exp(lambda dt) - 1) / dt, obey the quadratic eigenproblem

    (s^2 M + s [M (1 - T) / dt + dt K] + K) u = 0

whose lightly damped solutions are the modes that the solver shows, frequency and numerical damping included.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..mpm.model import Model
from ..mpm.stability import stable_dt, wave_speed
from .stencil import stencil

NO_SWING = "the moving part does not swing: it is held almost everywhere, or too small for its grid"
ATTEMPTS = 6
RESTARTS = 20
MADE_UP = 0.85
"""Part of the solver's own damping that negative damping may make up for."""
OVERDAMPED = 0.6
"""Damping ratio above which a solution creeps rather than swings."""


@dataclass(frozen=True)
class Modes:
    """M modes, slowest first."""

    shapes: np.ndarray
    """Displacement of the particles [M, P, 3]; the largest one of each mode is 1."""
    frequency: np.ndarray
    """[M], hertz."""
    decay: np.ndarray
    """Rate at which the amplitude falls by the solver's own damping [M], 1/s."""
    young: np.ndarray
    """Young's moduli [P] they belong to, pascals."""

    def __len__(self) -> int:
        return len(self.shapes)

    @property
    def least_damping(self) -> float:
        """Lowest damping for `Solver.simulate` [1/s] at which every mode still dies out by itself; negative."""
        return -2 * MADE_UP * float(self.decay.min())

    @property
    def least_extra_ratio(self) -> float:
        """The same as a damping ratio of the slowest mode."""
        return self.least_damping / (4 * np.pi * float(self.frequency[0]))

    def first(self, count: int) -> Modes:
        """The slowest ones only."""
        return Modes(self.shapes[:count], self.frequency[:count], self.decay[:count], self.young)

    def stiffened(self, factor: float) -> Modes:
        """The modes for all moduli times `factor`: where the substep is a fixed part of the stable one, time scales."""
        root = np.sqrt(factor)
        return replace(self, frequency=self.frequency * root, decay=self.decay * root, young=self.young * factor)


def sway_modes(model: Model, young: np.ndarray, count: int = 8, *, dt: float | None = None) -> Modes:
    """Up to `count` slowest modes at Young's moduli [P] (Pa) and substeps of `dt` s (the solver's default if None).

    Fewer come back where the rest creep: a coarse grid damps the high ones away.
    Raises ValueError when nothing swings.
    """
    young = np.broadcast_to(np.asarray(young, np.float64), (len(model),))
    dt = stable_dt(model, young) if dt is None else dt
    shape_functions, mass, damping, stiffness = _matrices(model, young, dt)
    extent = float(np.ptp(model.rest, axis=0).max())
    if len(mass) <= count:
        raise ValueError(NO_SWING)
    rates, vectors = _slowest(mass, damping, stiffness, count, 0.2 * wave_speed(model, young) / extent)
    rates = np.log(1 + dt * rates) / dt
    nodes = len(mass) // 3
    shapes = np.stack([_real(shape_functions @ v.reshape(3, nodes).T) for v in vectors.T])
    return Modes(shapes, rates.imag / (2 * np.pi), -rates.real, young)


def _matrices(model: Model, young: np.ndarray, dt: float):
    """(W [P, n], diagonal of M [3n], damping [3n, 3n], K [3n, 3n]) on the n free nodes with mass, x, y, z in blocks."""
    from scipy import sparse

    links, grid = stencil(model.rest, model.grid), model.grid
    count, rows = len(model), np.repeat(np.arange(len(model)), 27)

    def over_nodes(values: np.ndarray):
        return sparse.csr_matrix((values.ravel(), (rows, links.nodes.ravel())), shape=(count, model.held.size))

    weights = over_nodes(links.weights)
    nodal_mass = weights.T @ model.mass
    free = (nodal_mass > 1e-6 * model.mass.min()) & ~model.held.ravel()
    weights, nodal_mass = weights[:, free], nodal_mass[free]
    gradient = [over_nodes(4 / grid.cell**2 * links.weights * links.offsets[..., k])[:, free] for k in range(3)]

    mu, lam = (sparse.diags(modulus * model.volume) for modulus in model.lame(young))
    # Energy density of fixed-corotated elasticity about rest: mu |sym C|^2 + lam/2 (tr C)^2.
    same = sum(g.T @ mu @ g for g in gradient)
    blocks = [[b.T @ mu @ a + a.T @ lam @ b for b in gradient] for a in gradient]
    for axis in range(3):
        blocks[axis][axis] = blocks[axis][axis] + same
    stiffness = sparse.bmat(blocks, format="csc")
    m = sparse.diags(model.mass)
    # M T: a particle hands on its velocity and, by APIC, C_p d; D_p^-1 = 4/dx^2 of the quadratic kernel.
    returned = weights.T @ m @ weights + grid.cell**2 / 4 * sum(g.T @ m @ g for g in gradient)
    lost = sparse.block_diag([sparse.diags(nodal_mass) - returned] * 3, format="csc")
    return weights, np.tile(nodal_mass, 3), (lost / dt + dt * stiffness).tocsc(), stiffness


def _slowest(mass: np.ndarray, damping, stiffness, count: int, first_shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues s [M] (Im > 0, ascending) and vectors [n, M] of (s^2 M + s D + K) u = 0 that swing, the slowest ones.

    Shift-invert Arnoldi about a point i*shift of the imaginary axis. Solutions that creep lie along the negative real
    axis, many of them at 0: the shift must be so low that the slowest mode is among the `count` solutions nearest to
    it, and so high that zero is not.
    """
    shift, best = first_shift, (np.empty(0), np.empty((len(mass), 0)))
    lowest, highest = 0.0, np.inf
    for _ in range(ATTEMPTS):
        rates, vectors = _nearest(mass, damping, stiffness, 1j * shift, count)
        swings = (rates.imag > 1e-3 * shift) & (-rates.real < OVERDAMPED * np.abs(rates))
        order = np.flatnonzero(swings)[np.argsort(rates.imag[swings])]
        radius = np.abs(rates - 1j * shift).max(initial=0)
        covered = radius > 0.9 * shift or len(rates) < count
        if covered:
            best = rates[order], vectors[:, order]
            lowest = shift
            if len(order) >= min(count, 3):
                return best
        else:
            highest = shift
        shift = np.sqrt(lowest * highest) if lowest and np.isfinite(highest) else shift * (3 if covered else 0.5)
    if not len(best[0]):
        raise ValueError(NO_SWING)
    return best


def _nearest(mass: np.ndarray, damping, stiffness, shift: complex, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Those of the `count` solutions nearest to `shift` that Arnoldi finds quickly: (s [k], u [n, k])."""
    from scipy.sparse import diags
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs, splu

    n = len(mass)
    factors = splu((shift**2 * diags(mass) + shift * damping + stiffness).tocsc())

    def invert(state: np.ndarray) -> np.ndarray:
        """1 / (s - shift) of the companion form, state = (u, s u)."""
        u, v = state[:n], state[n:]
        solved = -factors.solve(mass * (v + shift * u) + damping @ u)
        return np.concatenate([solved, u + shift * solved])

    operator = LinearOperator((2 * n, 2 * n), invert, dtype=complex)
    start = np.random.default_rng(0).standard_normal(2 * n).astype(complex)
    try:
        values, vectors = eigs(operator, count, which="LM", v0=start, tol=1e-6, maxiter=RESTARTS)
    except ArpackNoConvergence as stopped:
        values, vectors = stopped.eigenvalues, stopped.eigenvectors
    return shift + 1 / values, vectors[:n]


def _real(shape: np.ndarray) -> np.ndarray:
    """The real shape nearest to a complex one [P, 3] of any phase, its longest displacement made 1."""
    turned = (shape * np.exp(-0.5j * np.angle((shape**2).sum()))).real
    return turned / np.linalg.norm(turned, axis=1).max()
