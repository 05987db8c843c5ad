"""Sway modes of driving particles by themselves, without a grid: rough, and found within a second.

Each particle's displacement gradient is that of the least-squares affine map of its neighbours (total Lagrangian SPH
with corrected kernels); what that map leaves over is penalised, since it costs no strain (hourglass control after
Ganzenmueller 2015, Comput. Methods Appl. Mech. Eng. 286). That gives K u = w^2 M u with plain symmetric matrices.
"""

from __future__ import annotations

import numpy as np

from ..fitting.stencil import stencil
from ..mpm.model import Model

NEIGHBOURS = 10
LINKS = 3
"""Pairs by which a piece that hangs free is tied to what is nearest."""
HOURGLASS = 0.3
"""Stiffness of what is no affine map, over Young's modulus."""
ISOTROPY = 1e-2
"""Share of a neighbourhood's moments that is added in all directions: neighbours may lie in a plane or on a line."""
HELD = 0.25
"""A particle is clamped where at least this much of its stencil is held nodes."""


def network_modes(model: Model, young: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Rates [M] (rad/s, ascending) and shapes [M, P, 3] (largest displacement 1) of at most `count` modes.

    Young's moduli [P] in pascals. Raises ValueError when nothing holds the particles, or everything.
    """
    from scipy import sparse
    from scipy.sparse.linalg import eigsh

    free = ~clamped(model)
    if not free.any():
        raise ValueError("The moving part does not swing: it is held almost everywhere, or too small for its grid.")
    stiffness = _stiffness(model, np.broadcast_to(np.asarray(young, float), (len(model),)), _edges(model.rest, ~free))
    keep = np.tile(free, 3)
    root = np.sqrt(np.tile(model.mass, 3)[keep])
    scaled = sparse.diags(1 / root) @ stiffness[keep][:, keep] @ sparse.diags(1 / root)
    count = min(count, len(root) - 2)
    # A shift just below zero keeps the factors regular, and finds the slowest ones first.
    shift = -1e-6 * float(scaled.diagonal().mean())
    squares, vectors = eigsh(scaled.tocsc(), count, sigma=shift, which="LM", v0=np.ones(len(root)))
    order = np.argsort(squares)
    shapes = np.zeros((count, 3, len(model)))
    shapes[:, :, free] = (vectors[:, order] / root[:, None]).T.reshape(count, 3, -1)
    shapes = shapes.swapaxes(1, 2)
    shapes /= np.linalg.norm(shapes, axis=-1).max(1)[:, None, None]
    return np.sqrt(np.maximum(squares[order], 1e-12)), shapes


def clamped(model: Model) -> np.ndarray:
    """Mask [P] of particles that held nodes hold; those that are held most where none is held much."""
    links = stencil(model.rest, model.grid)
    share = (links.weights * model.held.ravel()[links.nodes]).sum(1)
    if not share.max() > 0:
        raise ValueError("Nothing holds the splats, so they would be pulled away whole; mark what holds still first.")
    return share >= min(HELD, 0.999 * share.max())


def _edges(rest: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (particle, neighbour) [E]: the nearest of each, and ties from every loose piece to the rest."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    count = len(rest)
    near = KDTree(rest).query(rest, k=np.arange(2, min(NEIGHBOURS + 1, count) + 1))[1]
    start, end = np.repeat(np.arange(count), near.shape[1]), near.ravel()
    while True:
        pieces = connected_components(csr_matrix((np.ones(len(start)), (start, end)), (count, count)), False)[1]
        tied = np.isin(pieces, np.unique(pieces[held]))
        if tied.all():
            return start, end
        distance, other = KDTree(rest[tied]).query(rest[~tied])
        piece = pieces[~tied][distance.argmin()]
        own = np.flatnonzero(pieces == piece)
        first = np.argsort(KDTree(rest[tied]).query(rest[own])[0])[:LINKS]
        second = np.flatnonzero(tied)[KDTree(rest[tied]).query(rest[own[first]])[1]]
        start = np.concatenate([start, own[first], second])
        end = np.concatenate([end, second, own[first]])


def _stiffness(model: Model, young: np.ndarray, edges: tuple[np.ndarray, np.ndarray]):
    """K [3 P, 3 P], N/m, x, y and z in blocks."""
    from scipy import sparse

    start, end = edges
    count, every = len(model), np.arange(len(start))
    d = model.rest[end] - model.rest[start]  # [E, 3]
    moments = np.zeros((count, 3, 3))
    np.add.at(moments, start, d[:, :, None] * d[:, None])
    moments += ISOTROPY * np.trace(moments, axis1=1, axis2=2)[:, None, None] * np.eye(3)
    c = np.einsum("eij,ej->ei", np.linalg.inv(moments)[start], d)  # [E, 3]

    def over(rows: np.ndarray, values: np.ndarray, size: int):
        """Rows of value times the neighbour's displacement minus the particle's own."""
        ends = sparse.csr_matrix((values, (rows, end)), (size, count))
        return ends - sparse.csr_matrix((values, (rows, start)), (size, count))

    gradient = [over(start, c[:, k], count) for k in range(3)]
    mu, lam = (sparse.diags(modulus * model.volume) for modulus in model.lame(young))
    same = sum(g.T @ mu @ g for g in gradient)
    degree = np.bincount(start, minlength=count)
    picked = sparse.csr_matrix((np.ones(len(start)), (every, start)), (len(start), count))
    left = over(every, np.ones(len(start)), len(start))
    for k in range(3):
        left = left - sparse.diags(d[:, k]) @ picked @ gradient[k]
    weight = HOURGLASS * (young * model.volume / degree)[start] / (d**2).sum(1)
    same = same + left.T @ sparse.diags(weight) @ left
    blocks = [[b.T @ mu @ a + a.T @ lam @ b for b in gradient] for a in gradient]
    for axis in range(3):
        blocks[axis][axis] = blocks[axis][axis] + same
    return sparse.bmat(blocks, format="csr")
