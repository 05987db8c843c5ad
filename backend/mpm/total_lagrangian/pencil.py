"""A body about rest: stiffness and mass matrices, its sway modes and its highest frequency.

K phi = w^2 M phi with the consistent mass matrix M: lumped, nodes that see only a sliver of material would weigh more
than it, and swing by themselves where nothing is seen of it. A millionth of fictitious material fills the cut cells
(finite cell method, Parvizian et al. 2007), so that no combination of nodes is left without mass and stiffness.
"""

from __future__ import annotations

import numpy as np

from ..grid import Grid
from . import spline
from .discretised import Discretised
from .elements import POINTS, Elements
from .matrices import assembled, factorised, node_matrix

FICTITIOUS = 1e-6
"""Density and stiffness of what fills cut cells, over the material's."""
LEAST_MASS = 1e-3
"""Weight of smallness where displacement is stood for by the least nodal values, over the mass."""
HELD = 1e3
"""Stiffness of what is held, over the highest of the material."""


def stiffness_matrix(body: Discretised, young: np.ndarray, *, filled: bool = False):
    """K [3n, 3n], csc, of Young's moduli of the elements [C]; `filled` adds the fictitious material.

    Energy density of fixed-corotated elasticity about rest: mu |sym grad u|^2 + lam / 2 (div u)^2.
    """
    elements, nu = body.elements, body.poisson
    gradient = spline.weights(elements.points, elements.span[:, None], body.grid)[1]
    weight = np.repeat((young * elements.volume / POINTS)[:, None], POINTS, 1)
    if filled:
        points, share = _cell_points(elements, body.grid)
        whole = spline.weights(points, elements.span[:, None], body.grid)[1]
        gradient = np.concatenate([gradient, whole], 1)
        weight = np.concatenate([weight, FICTITIOUS * young[:, None] * share], 1)
    mu, lam = 1 / (2 * (1 + nu)), nu / ((1 + nu) * (1 - 2 * nu))
    count = len(elements)
    flat = gradient.reshape(count, -1, 81)
    products = np.matmul((weight[..., None] * flat).swapaxes(1, 2), flat).reshape(count, 27, 3, 27, 3)
    blocks = lam * products + mu * products.transpose(0, 1, 4, 3, 2)
    same = mu * np.einsum("cakbk->cab", products)
    for axis in range(3):
        blocks[:, :, axis, :, axis] += same
    degrees = (3 * elements.nodes[:, :, None] + np.arange(3)).reshape(count, 81)
    return assembled(degrees, blocks.reshape(count, 81, 81), 3 * elements.count)


def mass_matrix(body: Discretised):
    """Consistent M [n, n] of one component with the fictitious material, csc, kg."""
    elements = body.elements
    points, share = _cell_points(elements, body.grid)
    whole = spline.weights(points, elements.span[:, None], body.grid)[0]
    density = body.element_density
    blocks = FICTITIOUS * np.einsum("c,q,cqa,cqb->cab", density, share, whole, whole, optimize=True)
    fictitious = assembled(elements.nodes, blocks, elements.count)
    return node_matrix(elements, body.grid, density, gradients=False) + fictitious


def sway(body: Discretised, young: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` slowest modes for Young's moduli of the elements [C]: rates [M] (rad/s), fields [M, n, 3]."""
    from scipy.sparse import csc_matrix, identity, kron
    from scipy.sparse.linalg import LinearOperator, eigsh

    stiffness, clamp = stiffness_matrix(body, young, filled=True), body.clamp
    # The clamp's projection as a spring that is stiff in the same directions.
    spring = HELD * stiffness.diagonal().max() / clamp.ahead.max(initial=1e-300) ** 2 * (clamp.ahead.T @ clamp.ahead)
    at = np.repeat(clamp.nodes, len(clamp.nodes)), np.tile(clamp.nodes, len(clamp.nodes))
    held = csc_matrix((spring.ravel(), at), shape=(body.elements.count,) * 2)
    stiffness = (stiffness + kron(held, identity(3))).tocsc()
    mass = kron(mass_matrix(body), identity(3)).tocsc()
    factors = factorised(stiffness)
    inverse = LinearOperator(stiffness.shape, factors.solve, dtype=float)
    start = np.random.default_rng(0).standard_normal(len(mass.indptr) - 1)
    squares, fields = eigsh(stiffness, count, M=mass, sigma=0, OPinv=inverse, v0=start, tol=1e-6)
    order = np.argsort(squares)
    return np.sqrt(squares[order]), fields.T[order].reshape(count, -1, 3)


def lumped_rates(body: Discretised, rates: np.ndarray, fields: np.ndarray) -> np.ndarray:
    """Rates [M] at which the solver, whose masses are lumped, shows modes [M, n, 3] of `rates` [M]; a little slower.

    Rayleigh's quotient, for the least nodal values that stand for the same displacement of the material.
    """
    from scipy.sparse import diags

    mass, size = mass_matrix(body), body.elements.count
    columns = fields.transpose(1, 0, 2).reshape(size, -1)
    floor = LEAST_MASS * (body.mass + 1e-9 * body.mass.max())
    least = factorised((mass + diags(floor)).tocsc()).solve(mass @ columns)
    lumped = (body.mass[:, None] * least**2).sum(0).reshape(-1, 3).sum(1)
    true = (least * (mass @ least)).sum(0).reshape(-1, 3).sum(1)
    return rates * np.sqrt(true / lumped)


def highest_rate(body: Discretised) -> float:
    """Highest frequency of the lumped body at a Young's modulus of 1 Pa everywhere, rad/s."""
    from scipy.sparse import diags
    from scipy.sparse.linalg import eigsh

    root = diags(np.repeat(np.sqrt(body.inverse_mass), 3))
    stiffness = stiffness_matrix(body, np.ones(len(body.elements)))
    scaled = (root @ stiffness @ root).tocsr()
    start = np.random.default_rng(0).standard_normal(scaled.shape[0])
    square = eigsh(scaled, 1, which="LM", v0=start, tol=1e-3, return_eigenvectors=False)[0]
    return float(np.sqrt(1.002 * square))


def _cell_points(elements: Elements, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Gauss points of the elements' whole cells [C, 27, 3], and the volume of each [27]."""
    place = np.array([-1, 0, 1]) * np.sqrt(0.15)
    share = np.array([5, 8, 5]) / 18
    offset = np.stack(np.meshgrid(place, place, place, indexing="ij"), -1).reshape(27, 3)
    weight = (share[:, None, None] * share[:, None] * share).ravel()
    return grid.origin + (elements.span[:, None] + 1 + offset) * grid.cell, weight * grid.cell**3
