"""One click: the plant of a photograph and its lines, found without a mark.

The subject is what is in focus and unlike the picture's border; the lines are the mask's middle lines from where it is
held to its ends (TEASAR: Sato et al. 2000, "Tree-Structure Extraction Algorithm for Accurate and Robust Skeletons").
"""

from __future__ import annotations

import numpy as np

from ..picture import Kind, Layer, Line, Picture, Wind
from . import matting

GRID = 144
"""Longer side of the grid that lines are looked for on."""
LINES = 7
"""At most."""
SHORTEST = 0.2
"""Of the longest line: shorter ones are left out."""
CLEARED = (1.0, 0.04, 0.12)
"""Around a line nothing else ends: times the part's half thickness, plus this much of the grid; at most the last."""
MIDDLE = 6.0
"""How much longer a way along the edge of the mask counts than one along its middle, less one."""
BELOW = 0.1
"""Of the width: how far to the sides of the mask's middle it may be held."""
SMALLEST = 0.01
"""Of the picture: a subject below this is none."""


def automatic_picture(image: np.ndarray, wind: Wind | None = None, **settings) -> Picture:
    """A photograph [H, W, 3 or 4] as a `Picture` with one plant layer; `settings` go to the layer.

    Raises ValueError where nothing stands out from its surroundings.
    """
    mask = automatic_mask(image)
    return Picture(image, (Layer(Kind.plant, mask, plant_lines(mask), **settings),), wind or Wind())


def automatic_mask(image: np.ndarray) -> np.ndarray:
    """Matte [H, W] of the subject: what is in focus, and different from what the border shows most of."""
    import cv2

    height, width = image.shape[:2]
    scale = min(1.0, 320 / max(height, width))
    size = max(round(width * scale), 8), max(round(height * scale), 8)
    focus = matting.sharpness(image, size)
    colours = image[..., :3].astype(np.float32) / (255 if image.dtype == np.uint8 else 1)
    small = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(np.clip(small, 0, 1), cv2.COLOR_RGB2Lab)
    saturation = np.hypot(lab[..., 1], lab[..., 2])
    unlike = _unlike_border(lab)
    y, x = np.mgrid[: size[1], : size[0]]
    central = np.exp(-2 * ((x / size[0] - 0.5) ** 2 + (y / size[1] - 0.5) ** 2))
    salient = focus * central * (0.3 + unlike) * (0.5 + saturation / max(float(saturation.max()), 1e-6))
    inside = salient > max(float(np.quantile(salient, 0.88)), 1e-3)
    inside = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if not inside.any():
        raise ValueError("nothing in the picture stands out from its surroundings; paint what should move")
    outside = salient < np.quantile(salient, 0.3)
    wide = [
        cv2.resize(m.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0 for m in (inside, outside)
    ]
    mask = _largest(matting.cut_out(image, *wide))
    if mask.mean() < SMALLEST:
        raise ValueError("nothing in the picture stands out from its surroundings; paint what should move")
    return matting.refine(image, mask)


def plant_lines(mask: np.ndarray, root: tuple[float, float] | None = None) -> tuple[Line, ...]:
    """Lines from where a plant is held to its ends, the longest first, from its mask [H, W] alone.

    root: (x, y) pixels; where not given, the middle of where the mask leaves the picture below, or its lowest part
    below its middle.
    """
    import cv2

    height, width = mask.shape
    scale = GRID / max(height, width)
    size = max(round(width * scale), 3), max(round(height * scale), 3)
    solid = _largest(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5)
    if solid.sum() < 16:
        raise ValueError("the mask of the moving part is empty; mark what should move")
    depth = cv2.distanceTransform(np.pad(solid, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    start = _nearest(solid, np.array(root) * scale) if root is not None else _held(solid)
    way, previous = _ways(solid, depth, start)

    index = np.flatnonzero(solid)
    free = way.copy()
    taken = np.zeros(solid.size, bool)
    lines: list[np.ndarray] = []
    longest = 0.0
    while len(lines) < LINES and np.isfinite(free).any() and free.max() > 0:
        node = int(free.argmax())
        path = [node]
        while not taken[index[path[-1]]] and previous[path[-1]] >= 0:
            path.append(int(previous[path[-1]]))
        flat = index[path]
        taken[flat] = True
        places = np.stack([flat % size[0], flat // size[0]], 1)[::-1] + 0.5
        length = np.linalg.norm(np.diff(places, axis=0), axis=1).sum()
        radius = np.minimum(CLEARED[0] * depth.ravel()[flat] + CLEARED[1] * GRID, CLEARED[2] * GRID)
        free[_within(index, size[0], flat, radius)] = 0
        longest = longest or float(length)
        if length >= SHORTEST * longest:
            lines.append(places / scale)
    return tuple(Line(_smooth(points)) for points in lines)


def _unlike_border(lab: np.ndarray) -> np.ndarray:
    """Distance of each colour [h, w, 3] to the nearest of the border's main ones [h, w], 0..1."""
    import cv2

    edge = max(lab.shape[0] // 20, 1)
    border = np.concatenate([lab[:edge].reshape(-1, 3), lab[:, :edge].reshape(-1, 3), lab[:, -edge:].reshape(-1, 3)])
    count = min(6, len(border))
    cv2.setRNGSeed(0)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 1.0)
    _error, labels, centres = cv2.kmeans(border.astype(np.float32), count, None, criteria, 1, cv2.KMEANS_PP_CENTERS)
    shares = np.bincount(labels.ravel(), minlength=count) / len(labels)
    # A few border pixels of the subject itself do not make its colour a background's.
    centres = centres[shares > 0.1] if (shares > 0.1).any() else centres
    distance = np.linalg.norm(lab[..., None, :] - centres, axis=-1).min(-1)
    return np.clip(distance / 40, 0, 1)


def _largest(mask: np.ndarray) -> np.ndarray:
    """The connected parts of a mask that are at least a quarter as large as the largest one."""
    import cv2

    count, labels, about, _centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return mask
    areas = about[1:, cv2.CC_STAT_AREA]
    return np.isin(labels, 1 + np.flatnonzero(areas >= 0.25 * areas.max()))


def _held(solid: np.ndarray) -> int:
    """The flat index of where a mask is held."""
    rows, columns = solid.shape
    below = np.flatnonzero(solid[-1])
    if len(below) > 1:
        return int((rows - 1) * columns + below[np.abs(below - below.mean()).argmin()])
    # The lowest place below the middle: leaves that hang down on a side are not what holds the plant.
    middle = np.nonzero(solid)[1].mean()
    near = [c for c in range(columns) if abs(c - middle) <= BELOW * columns and solid[:, c].any()]
    near = near or list(np.flatnonzero(solid.any(0)))
    lowest = [int(np.flatnonzero(solid[:, c])[-1]) for c in near]
    row = max(lowest)
    bottom = [c for c, r in zip(near, lowest, strict=True) if r == row]
    return int(row * columns + bottom[len(bottom) // 2])


def _nearest(solid: np.ndarray, place: np.ndarray) -> int:
    rows, columns = np.nonzero(solid)
    nearest = ((columns + 0.5 - place[0]) ** 2 + (rows + 0.5 - place[1]) ** 2).argmin()
    return int(rows[nearest] * solid.shape[1] + columns[nearest])


def _ways(solid: np.ndarray, depth: np.ndarray, start: int) -> tuple[np.ndarray, np.ndarray]:
    """Length of the way inside the mask from `start` to each of its pixels [N], and the pixel before it (-1: none)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra

    number = np.full(solid.size, -1)
    index = np.flatnonzero(solid)
    number[index] = np.arange(len(index))
    number = number.reshape(solid.shape)
    cost = 1 + MIDDLE * (1 - depth / max(float(depth.max()), 1e-6)) ** 2
    sources, targets, lengths = [], [], []
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        rows, columns = np.nonzero(solid)
        r, c = rows + dy, columns + dx
        valid = (r < solid.shape[0]) & (c >= 0) & (c < solid.shape[1])
        rows, columns, r, c = rows[valid], columns[valid], r[valid], c[valid]
        both = solid[r, c]
        rows, columns, r, c = rows[both], columns[both], r[both], c[both]
        sources.append(number[rows, columns])
        targets.append(number[r, c])
        lengths.append(np.hypot(dy, dx) * (cost[rows, columns] + cost[r, c]) / 2)
    graph = coo_matrix(
        (np.concatenate(lengths), (np.concatenate(sources), np.concatenate(targets))), shape=(len(index), len(index))
    ).tocsr()
    root = int(number.ravel()[start])
    way, previous = dijkstra(graph, directed=False, indices=root, return_predecessors=True)
    previous[previous < 0] = -1
    # How far a pixel is matters in pixels, not in what the way there costs: ends are far away, not in thin parts.
    y, x = np.divmod(index, solid.shape[1])
    straight = np.hypot(x - x[root], y - y[root])
    return np.where(np.isfinite(way), straight, 0), previous


def _within(index: np.ndarray, columns: int, flat: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Which pixels `index` [N] lie within `radius` [P] of the line of pixels `flat` [P]."""
    y, x = np.divmod(index, columns)
    row, column = np.divmod(flat, columns)
    return (np.hypot(x[:, None] - column, y[:, None] - row) < radius).any(1)


def _smooth(points: np.ndarray) -> np.ndarray:
    """A chain of pixels as at most ten points along it, without its steps."""
    count = min(10, max(len(points) // 3, 2))
    chunks = np.array_split(points, count)
    inner = [c.mean(0) for c in chunks[1:-1]]
    return np.array([points[0], *inner, points[-1]])
