"""Sparse matrices over the nodes of elements, and their factors."""

from __future__ import annotations

import numpy as np

from ..grid import Grid
from . import spline
from .elements import POINTS, Elements


def factorised(matrix):
    """Sparse factors of a symmetric positive definite matrix, csc."""
    from scipy.sparse.linalg import splu

    return splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})


def node_matrix(elements: Elements, grid: Grid, weight: np.ndarray, *, gradients: bool):
    """Sparse [n, n]: integral of weight [C] N N^T over the material, or of grad N . grad N^T."""
    value, gradient = spline.weights(elements.points, elements.span[:, None], grid)
    per_point = weight * elements.volume / POINTS
    if gradients:
        blocks = np.einsum("c,cqak,cqbk->cab", per_point, gradient, gradient, optimize=True)
    else:
        blocks = np.einsum("c,cqa,cqb->cab", per_point, value, value, optimize=True)
    return assembled(elements.nodes, blocks, elements.count)


def assembled(numbers: np.ndarray, blocks: np.ndarray, size: int):
    """Sparse [size, size] from the elements' blocks [C, k, k] at rows and columns `numbers` [C, k]."""
    from scipy.sparse import coo_matrix

    width = numbers.shape[1]
    rows = np.repeat(numbers.astype(np.int32), width, axis=1).ravel()
    columns = np.tile(numbers.astype(np.int32), (1, width)).ravel()
    return coo_matrix((blocks.ravel(), (rows, columns)), shape=(size, size)).tocsc()
