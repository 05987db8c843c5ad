"""Triangle meshes as surfaces: welding, connected pieces, which of them are closed, and which way they face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WELD = 1e-6
"""Corners nearer than this share of the mesh's size are one."""
HOLE_SHARE = 0.02
"""A piece whose holes have less than this share of its area is closed all the same."""


@dataclass(frozen=True)
class Surface:
    """Triangles of positive area; neighbours face the same way, and closed pieces outwards."""

    corners: np.ndarray
    """[F, 3 corners, 3], metres."""
    piece: np.ndarray
    """Connected piece of each triangle [F]."""
    closed: np.ndarray
    """Whether each piece encloses a volume [pieces], bool."""
    thickness: np.ndarray
    """Twice a closed piece's volume over its area [pieces], metres: a plate's thickness; 0 of open ones."""

    @property
    def normals(self) -> np.ndarray:
        """Unit normals [F, 3]."""
        across = _across(self.corners)
        return across / np.linalg.norm(across, axis=1, keepdims=True)


def surface_of(vertices: np.ndarray, triangles: np.ndarray, name: str) -> Surface:
    """The surface of a mesh; raises ValueError, naming it, when its triangles have no area."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    vertices = np.asarray(vertices, np.float64)
    size = float(np.ptp(vertices, axis=0).max())
    if not size > 0:
        raise ValueError(f"{name} has no extent, so nothing can run into it; check its shape and scale")
    _, first, welded = np.unique(
        np.round((vertices - vertices.min(0)) / (WELD * size)), axis=0, return_index=True, return_inverse=True
    )
    vertices, triangles = vertices[first], welded.reshape(-1)[np.asarray(triangles)]
    triangles = triangles[np.linalg.norm(_across(vertices[triangles]), axis=1) > 1e-12 * size**2]
    if not len(triangles):
        raise ValueError(f"{name} has no volume and no area, so nothing can run into it; check its shape and scale")
    ends = (np.ones(2 * len(triangles)), (triangles[:, [0, 0]].ravel(), triangles[:, [1, 2]].ravel()))
    piece_of_vertex = connected_components(coo_array(ends, shape=(len(vertices),) * 2), directed=False)[1]
    piece = np.unique(piece_of_vertex[triangles[:, 0]], return_inverse=True)[1]
    count = int(piece.max()) + 1

    triangles = _alike(triangles, len(vertices))
    corners = vertices[triangles]
    area = np.bincount(piece, 0.5 * np.linalg.norm(_across(corners), axis=1), count)
    centre = np.stack([np.bincount(piece, corners[:, :, k].mean(1), count) for k in range(3)], 1)
    centre /= np.bincount(piece, minlength=count)[:, None]
    volume = np.bincount(piece, np.einsum("fi,fi->f", corners[:, 0] - centre[piece], _across(corners)) / 6, count)
    closed = _holes(vertices, triangles, piece, count) < HOLE_SHARE * area
    low, high = _boxes(corners, piece, count)
    for k in np.flatnonzero(closed & (volume < 0)):
        # A piece turned inside out within another is that one's cavity.
        outer = closed & (volume > 0) & np.all((low < low[k]) & (high > high[k]), axis=1)
        if not outer.any():
            corners[piece == k] = corners[piece == k][:, ::-1]
    thickness = np.where(closed, 2 * np.abs(volume) / area, 0.0)
    return Surface(corners, piece, closed, thickness)


def subdivided(
    corners: np.ndarray, edge: float, low: np.ndarray | float = -np.inf, high: np.ndarray | float = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """Triangles [F, 3, 3] cut until no edge is longer than `edge` [m]: parts [G, 3, 3], whose part each is [G].

    Parts that do not reach into the box low..high are left out.
    """
    parts, owners = [], []
    owner = np.arange(len(corners))
    while len(corners):
        within = np.all((corners.max(1) >= low) & (corners.min(1) <= high), axis=1)
        corners, owner = corners[within], owner[within]
        a, b, c = corners.transpose(1, 0, 2)
        long = np.max([np.linalg.norm(p - q, axis=1) for p, q in ((a, b), (b, c), (c, a))], axis=0) > edge
        parts.append(corners[~long])
        owners.append(owner[~long])
        a, b, c, owner = a[long], b[long], c[long], np.tile(owner[long], 4)
        ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
        corners = np.concatenate([np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    return np.concatenate(parts), np.concatenate(owners)


def _across(corners: np.ndarray) -> np.ndarray:
    """Normals [F, 3] of twice the triangles' area."""
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def _edge_of(triangles: np.ndarray, vertices: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ends of the triangles' edges [3 F, 2], the number of the edge that each is [3 F], and how often each occurs."""
    ends = triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    _, edge, uses = np.unique(np.sort(ends, 1) @ [vertices, 1], return_inverse=True, return_counts=True)
    return ends, edge, uses


def _alike(triangles: np.ndarray, vertices: int) -> np.ndarray:
    """Triangles [F, 3] turned so that neighbours face the same way, wherever two meet at an edge."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    ends, edge, uses = _edge_of(triangles, vertices)
    order = np.argsort(edge, kind="stable")
    order = order[uses[edge[order]] == 2]
    first, second = order[::2], order[1::2]
    against = ends[first, 0] == ends[second, 0]
    if not against.any():
        return triangles
    a, b = first // 3, second // 3
    # One for neighbours alike, two for opposed.
    graph = coo_array((1.0 + against, (a, b)), shape=(len(triangles),) * 2).tocsr()
    graph = graph.maximum(graph.T)
    turned = np.zeros(len(triangles), bool)
    label = connected_components(graph, directed=False)[1]
    for root in np.unique(label[a[against]], return_index=True)[1]:
        root = a[against][root]
        found, parents = breadth_first_order(graph, root, directed=False)
        opposed = np.asarray(graph[found[1:], parents[found[1:]]]).ravel() > 1.5
        for child, flip in zip(found[1:], opposed, strict=True):
            turned[child] = turned[parents[child]] ^ flip
    return np.where(turned[:, None], triangles[:, ::-1], triangles)


def _holes(vertices: np.ndarray, triangles: np.ndarray, piece: np.ndarray, count: int) -> np.ndarray:
    """Area [count] of the holes in each piece: that of the flat disc on each, half the sum of a x b over its rim."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends, edge, uses = _edge_of(triangles, len(vertices))
    rim = uses[edge] % 2 == 1
    holes = np.zeros(count)
    if rim.any():
        a, b = ends[rim].T
        loop = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(len(vertices),) * 2), directed=False)[1]
        loop, first = loop[a], np.zeros(len(vertices), int)
        first[loop] = a
        start = vertices[first[loop]]
        vector = 0.5 * np.cross(vertices[a] - start, vertices[b] - start)
        total = np.stack([np.bincount(loop, vector[:, k], len(vertices)) for k in range(3)], 1)
        which, at = np.unique(loop, return_index=True)
        np.add.at(holes, np.repeat(piece, 3)[rim][at], np.linalg.norm(total[which], axis=1))
    return holes


def _boxes(corners: np.ndarray, piece: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Bounding boxes of pieces [count, 3] each."""
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    np.minimum.at(low, piece, corners.min(1))
    np.maximum.at(high, piece, corners.max(1))
    return low, high
