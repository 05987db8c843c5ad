"""Nodes of the rest grid, one copy for each connected piece of material that they see.

The virtual node algorithm (Molino et al. 2004) carried to B-splines: of the material in the support of a node, each
connected component gets its own copy of the node. Branches a cell apart then share no unknowns, while the displacement
stays continuous along connected material: two neighbouring voxels have the same copies of all nodes that both see.
"""

from __future__ import annotations

import numpy as np

from .spline import SLOTS


def split_nodes(span: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """Copies of nodes [V, 27] (0, 1, ... without gaps) that voxels with first nodes `span` [V, 3] see.

    `neighbours` [V, K] lists connected voxels, V where there is none.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(span)
    one, column = np.nonzero((neighbours < count) & (neighbours > np.arange(count)[:, None]))
    other = neighbours[one, column]
    # A node at slot s of one voxel is at slot s + span - span' of the other, where that is one of its 27.
    slot = SLOTS + (span[one] - span[other])[:, None]  # [edges, 27, 3]
    edge, here = np.nonzero(np.all((slot >= 0) & (slot <= 2), -1))
    there = slot[edge, here] @ [9, 3, 1]
    joined = (np.ones(len(edge), bool), (27 * one[edge] + here, 27 * other[edge] + there))
    graph = coo_matrix(joined, shape=(27 * count,) * 2)
    return connected_components(graph, directed=False)[1].reshape(count, 27)
