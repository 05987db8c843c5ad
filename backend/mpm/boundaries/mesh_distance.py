"""The signed distance of a triangle mesh, sampled on a regular grid.

Distances are exact at samples beside the surface; farther ones take the closest point of the nearest of these. A sample
is inside where rays along at least two of three axes have met more faces on the way in than out, so that a hole leads
one of them astray and not the vote (Nooruddin & Turk 2003 vote so on parity; winding numbers also bear overlaps).

What is thinner than the simulation can hold back is thickened: closed pieces on both sides, open ones on the side away
from the subject, so that it rests on the surface that was drawn; where the subject is on both sides, on both.
"""

from __future__ import annotations

import numpy as np

from ...rotations import quaternion_from_matrix
from .colliders import Collider, SignedDistance
from .mesh import ColliderMesh
from .rigid_motion import RigidMotion
from .surface import Surface, subdivided, surface_of

PER_CELL = 2
"""Samples to a cell of the simulation, along each axis."""
SAMPLES_MAX = 4_000_000
"""Samples at most; larger colliders are sampled more coarsely."""
HOLD_CELLS = 2.0
"""Thickness in cells that holds particles back."""
PATCH = 4.0
"""Longest edge of triangles in samples, after cutting them for the distances."""
PAIRS = 1_000_000
"""Pairs of samples and triangles that are measured at once."""
JITTER = np.array([0.3711e-4, 0.6137e-4, 0.2719e-4])
"""Shift of rays in samples, so that none goes through an edge or a corner of a mesh that lies along the axes."""
EXACT = 2
"""Samples beside the surface at which distances are exact."""
MARGIN = 2
"""Samples around what is solid."""


def collider_of(mesh: ColliderMesh, cell: float, subject: np.ndarray, box: np.ndarray | None = None) -> Collider | None:
    """The collider that a mesh is to a simulation with cells of side `cell` [m]; None for one out of reach.

    `subject` [P, 3]: the particles at rest, world, to know on which side of open surfaces they are. `box` [2, 3]: where
    particles can be, world; what rests is sampled only there.
    Raises ValueError, naming the mesh, for one without area or of changing scale.
    """
    scale, motion = scale_and_motion(mesh)
    surface = surface_of(np.asarray(mesh.vertices, float) @ scale.T, mesh.triangles, mesh.name)
    place = np.asarray(mesh.matrices[0], float)
    turn = place[:3, :3] @ np.linalg.inv(scale)
    local = (np.asarray(subject, float) - place[:3, 3]) @ turn
    spacing = cell / PER_CELL
    side = _sides(surface, local)
    hold = HOLD_CELLS * cell
    open_thickness = max(mesh.thickness, hold)
    outward, inward = _thickening(surface, side, open_thickness, hold)
    reach = max(outward.max(), inward.max())
    low, high = surface.corners.min((0, 1)) - reach, surface.corners.max((0, 1)) + reach
    if box is not None and len(mesh.matrices) == 1:
        edges = np.stack(np.meshgrid(*np.asarray(box, float).T, indexing="ij"), -1).reshape(-1, 3)
        edges = (edges - place[:3, 3]) @ turn
        low, high = np.maximum(low, edges.min(0) - hold), np.minimum(high, edges.max(0) + hold)
        if (high <= low).any():
            return None
    spacing = max(spacing, float((np.prod(high - low + 2 * MARGIN * spacing) / SAMPLES_MAX) ** (1 / 3)))
    low = low - MARGIN * spacing
    counts = np.ceil((high + MARGIN * spacing - low) / spacing).astype(int) + 1
    distance, owner, sided = _distances(surface, low, spacing, counts)
    inside = _inside(surface, low, spacing, counts)
    signed = np.where(inside, -distance, distance)
    shell = ~surface.closed[surface.piece[owner]]
    signed = np.where(shell & ~inside, sided, signed)
    # Solid from -inward to outward of the surface, along its side.
    out, into = outward[owner], inward[owner]
    thickened = np.abs(signed - (out - into) / 2) - (out + into) / 2
    values = np.where(shell & ~inside, thickened, signed - out)
    if not values.min() < 0:
        return None
    return Collider(SignedDistance(values, low, spacing), mesh.contact, mesh.friction, motion)


def scale_and_motion(mesh: ColliderMesh) -> tuple[np.ndarray, RigidMotion]:
    """What a mesh's matrices do to its shape [3, 3], once and for all, and how they then move it.

    M = R S in each frame, R a rotation and S symmetric; raises ValueError when S changes or flattens.
    """
    linear = np.asarray(mesh.matrices, np.float64)[:, :3, :3]
    U, s, Vt = np.linalg.svd(linear)
    if not (s[:, 2] > 1e-6 * s[:, 0]).all():
        raise ValueError(f"{mesh.name} has no volume: its scale is zero along an axis; give it another scale")
    mirror = np.sign(np.linalg.det(linear))[:, None, None]
    rotations = mirror * (U @ Vt)
    scales = mirror * (Vt.transpose(0, 2, 1) @ (s[:, :, None] * Vt))
    if np.abs(scales - scales[0]).max() > 1e-3 * s[0, 0]:
        raise ValueError(f"{mesh.name} changes its scale while it moves; colliders must keep theirs, so apply it")
    return scales[0], RigidMotion(quaternion_from_matrix(rotations), np.asarray(mesh.matrices, float)[:, :3, 3])


def _sides(surface: Surface, subject: np.ndarray) -> np.ndarray:
    """On which side of each piece [pieces] the subject [P, 3] is: 1 where normals point, -1 behind, 0 both or none."""
    from scipy.spatial import KDTree

    side = np.zeros(len(surface.closed))
    if surface.closed.all() or not len(subject):
        return side
    points = subject[:: max(1, len(subject) // 2000)]
    normals = surface.normals
    for k in np.flatnonzero(~surface.closed):
        own = np.flatnonzero(surface.piece == k)
        parts, owner = subdivided(surface.corners[own], 0.05 * np.ptp(surface.corners[own], axis=(0, 1)).max())
        centres = parts.mean(1)
        near = KDTree(centres).query(points)[1]
        towards = np.sign(np.einsum("pi,pi->p", points - centres[near], normals[own][owner[near]]))
        side[k] = np.sign(towards.mean()) if abs(towards.mean()) > 0.8 else 0
    return side


def _thickening(surface: Surface, side: np.ndarray, shell: float, hold: float) -> tuple[np.ndarray, np.ndarray]:
    """How far each triangle's solid reaches along its normal and behind it: ([F], [F]), metres."""
    thin = np.maximum(hold - surface.thickness, 0) / 2
    outward = np.where(surface.closed, thin, np.choose((side + 1).astype(int), (shell, shell / 2, 0.0)))
    inward = np.where(surface.closed, 0.0, shell - outward)
    return outward[surface.piece], inward[surface.piece]


def _distances(surface: Surface, low: np.ndarray, spacing: float, counts: np.ndarray):
    """Distance, nearest triangle and distance signed by that one's normal, [a, b, c] each."""
    from scipy.ndimage import distance_transform_edt

    room = spacing * (np.asarray(counts) - 1)
    beside = EXACT * spacing
    parts, owner = subdivided(surface.corners, PATCH * spacing, low - beside, low + room + beside)
    if not len(parts):
        nowhere = np.full(counts, float(np.linalg.norm(room)))
        return nowhere, np.zeros(counts, int), nowhere
    normals = surface.normals
    key = np.full(int(np.prod(counts)), np.inf)
    near = np.zeros(len(key), np.int64)
    closest = np.zeros((len(key), 3))
    for chunk, sample in _pairs(parts, low, spacing, counts, np.full(3, EXACT)):
        x = _places(sample, low, spacing, counts)
        height = np.abs(_dot(x - parts[chunk, 0], normals[owner[chunk]]))
        beside = height <= EXACT * spacing
        x, chunk, sample = x[beside], chunk[beside], sample[beside]
        c = closest_points(x, parts[chunk])
        away = x - c
        length = np.linalg.norm(away, axis=1)
        # Of triangles that meet in the closest point, the one that faces the sample most tells the side.
        facing = np.abs(np.einsum("ni,ni->n", away, normals[owner[chunk]]))
        rank = length - 1e-4 * facing
        np.minimum.at(key, sample, rank)
        best = rank == key[sample]
        near[sample[best]] = owner[chunk[best]]
        closest[sample[best]] = c[best]
    # Beyond the width of the boxes a triangle may be near that was not asked.
    far = ~(key <= EXACT * spacing)
    nearest = distance_transform_edt(far.reshape(counts), return_distances=False, return_indices=True)
    source = np.ravel_multi_index(tuple(nearest.reshape(3, -1)), tuple(counts))
    near, closest = near[source], closest[source]
    away = _places(np.arange(len(key)), low, spacing, counts) - closest
    distance = np.linalg.norm(away, axis=1)
    sign = np.where(np.einsum("ni,ni->n", away, normals[near]) < 0, -1.0, 1.0)
    return distance.reshape(counts), near.reshape(counts), (sign * distance).reshape(counts)


def _inside(surface: Surface, low: np.ndarray, spacing: float, counts: np.ndarray) -> np.ndarray:
    """Which samples [a, b, c] closed pieces enclose, bool."""
    votes = np.zeros(counts, np.int8)
    own = surface.closed[surface.piece]
    if not own.any():
        return votes > 0
    for axis in range(3):
        # What a ray meets before it comes to the samples counts too.
        first, last = low.copy(), low + spacing * np.asarray(counts)
        first[axis], last[axis] = -np.inf, np.inf
        parts = subdivided(surface.corners[own], 4 * PATCH * spacing, first, last)[0]
        votes += _winding(parts, axis, low, spacing, counts) > 0
    return votes >= 2


def _winding(parts: np.ndarray, axis: int, low: np.ndarray, spacing: float, counts: np.ndarray) -> np.ndarray:
    """Faces [a, b, c] that a ray along an axis has entered by before a sample, less those it has left by."""
    turn = [axis, (axis + 1) % 3, (axis + 2) % 3]
    parts, low, counts = parts[:, :, turn], low[turn] + JITTER[turn] * spacing, np.asarray(counts)[turn]
    met = np.zeros((counts[0] + 1, counts[1], counts[2]), np.int32)
    flat = parts.copy()
    flat[:, :, 0] = low[0]
    for chunk, column in _pairs(flat, low, spacing, np.array([1, counts[1], counts[2]]), np.zeros(3, int)):
        j, k = np.divmod(column, counts[2])
        y = low[1:] + spacing * np.stack([j, k], 1)
        a, b, c = parts[chunk].transpose(1, 0, 2)
        # Twice the areas of the triangles that the ray's point makes with each edge.
        wa, wb, wc = (_area(p[:, 1:], q[:, 1:], y) for p, q in ((b, c), (c, a), (a, b)))
        total = wa + wb + wc
        hit = ((wa > 0) == (wb > 0)) & ((wb > 0) == (wc > 0)) & (total != 0)
        j, k, wa, wb, wc, total = (v[hit] for v in (j, k, wa, wb, wc, total))
        height = (wa * a[hit, 0] + wb * b[hit, 0] + wc * c[hit, 0]) / total
        i = np.clip(np.ceil((height - low[0]) / spacing), 0, counts[0]).astype(int)
        np.add.at(met, (i, j, k), np.where(total < 0, 1, -1))
    return np.moveaxis(np.cumsum(met, axis=0)[:-1], (0, 1, 2), turn)


def _area(p: np.ndarray, q: np.ndarray, x: np.ndarray) -> np.ndarray:
    return (p[:, 0] - x[:, 0]) * (q[:, 1] - x[:, 1]) - (p[:, 1] - x[:, 1]) * (q[:, 0] - x[:, 0])


def _pairs(parts: np.ndarray, low: np.ndarray, spacing: float, counts: np.ndarray, band: np.ndarray):
    """Triangles and the samples in their boxes widened by `band` samples: index arrays, some PAIRS at a time."""
    first = np.maximum(np.ceil((parts.min(1) - low) / spacing).astype(int) - band, 0)
    last = np.minimum(np.floor((parts.max(1) - low) / spacing).astype(int) + band, np.asarray(counts) - 1)
    size = np.maximum(last - first + 1, 0)
    number = size.prod(1)
    ends = np.cumsum(number)
    begin = 0
    while begin < len(parts):
        done = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + PAIRS, side="right")))
        count = number[begin:end]
        chunk = np.repeat(np.arange(begin, end), count)
        k = np.arange(len(chunk)) - np.repeat(np.cumsum(count) - count, count)
        _, b, c = size[chunk].T
        at = first[chunk] + np.stack([k // (b * c), k // c % b, k % c], 1)
        yield chunk, (at[:, 0] * counts[1] + at[:, 1]) * counts[2] + at[:, 2]
        begin = end


def _places(sample: np.ndarray, low: np.ndarray, spacing: float, counts: np.ndarray) -> np.ndarray:
    """Positions [N, 3] of samples by number [N]."""
    return low + spacing * np.stack(np.unravel_index(sample, tuple(counts)), 1)


def closest_points(x: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The point [N, 3] of each triangle [N, 3, 3] that is closest to x [N, 3] (Ericson 2005, section 5.1.5)."""
    a, b, c = corners.transpose(1, 0, 2)
    ab, ac, ap = b - a, c - a, x - a
    d1, d2 = _dot(ab, ap), _dot(ac, ap)
    d3, d4 = d1 - _dot(ab, ab), d2 - _dot(ab, ac)
    d5, d6 = d1 - _dot(ab, ac), d2 - _dot(ac, ac)
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    total = va + vb + vc
    with np.errstate(divide="ignore", invalid="ignore"):
        v, w = vb / total, vc / total
        regions = (
            ((va <= 0) & (d4 >= d3) & (d5 >= d6), 1 - (d4 - d3) / ((d4 - d3) + (d5 - d6)), None),
            ((vb <= 0) & (d2 >= 0) & (d6 <= 0), 0.0, d2 / (d2 - d6)),
            ((vc <= 0) & (d1 >= 0) & (d3 <= 0), d1 / (d1 - d3), 0.0),
            ((d6 >= 0) & (d5 <= d6), 0.0, 1.0),
            ((d3 >= 0) & (d4 <= d3), 1.0, 0.0),
            ((d1 <= 0) & (d2 <= 0), 0.0, 0.0),
        )
        for where, v_there, w_there in regions:
            w = np.where(where, 1 - v_there if w_there is None else w_there, w)
            v = np.where(where, v_there, v)
    return a + np.nan_to_num(v)[:, None] * ab + np.nan_to_num(w)[:, None] * ac


def _dot(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    return np.einsum("ni,ni->n", p, q)
