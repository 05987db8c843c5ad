"""How splats follow simulated particles: their deformation, and what they let go of where matter tears.

A splat goes with its nearest particles: A = R U from theirs, and the affine map through their mean
(`Trajectory.pose`). For that each particle needs F. The solver's own is as good as any. Of 8,000 particles of a dropped
jelly cube every third was left out and had to be found: means of displacements missed by 3.2e-3 of the extent (rms),
the affine map with the solver's F by 7.9e-4, and with the least-squares map of each particle's neighbours by 8.1e-4;
for a collapsing sand column 2.1e-2, 4.4e-3 and 4.4e-3. A least-squares map of each splat's carriers did 7 % worse than
the solver's F. So that map is for particles of which only places are known.
"""

from __future__ import annotations

import numpy as np

from ..deformation import rotation_and_stretch
from ..mpm.model import Model
from ..trajectory import Binding, Trajectory

NEIGHBOURS = 12
"""Of a particle, whose places tell its deformation."""
OWN = 0.01
"""Weight of F being a rotation, in that of the neighbours."""
TURNS = 8
"""Rounds in which F and its rotation find each other; across a thread a round halves what is missing."""
TEAR = 0.5
"""Two particles are torn apart when one misses the place that their deformations give it by more than this part of
their distance at rest: bending by half a radian between neighbours, or a gap of half their distance."""
LIMIT = 4.0
"""Largest principal stretch, and the inverse of the smallest."""
FLOWING, FLOWING_LIMIT = ("drucker_prager", "liquid", "snow"), 1.5
"""Laws of matter whose grains part: F tells how far they have gone, up to tenfold, and no longer how a splat looks.
With 4 a sand pile blurs to fog; with 1 it comes apart into the dots that it was made of."""


def follow(
    rest: np.ndarray,
    positions: np.ndarray,
    deformation: np.ndarray | None,
    binding: Binding,
    fps: float,
    *,
    limit: float | np.ndarray | None = LIMIT,
) -> Trajectory:
    """Splats on particles at rest [P, 3] (m) that go to positions [T, P, 3] with deformation gradients [T, P, 3, 3].

    Without gradients they are found from the places. Splats whose particles are torn apart keep to those on the side of
    the nearest, at all times, so that nothing is drawn out between two pieces and nothing jumps. `limit`, of all or of
    each particle [P], bounds principal stretches: 1 lets splats turn only, as grains do; None sets no bound.
    """
    if deformation is None:
        deformation = deformation_of(rest, positions)
    pairs = _pairs(rest, binding)
    torn = np.zeros(len(pairs), bool)
    for moment, F in zip(positions, deformation, strict=True):
        torn |= _misses(rest, moment, F, pairs) > TEAR
    rotations, stretch = rotation_and_stretch(deformation, limit)
    return Trajectory(
        rest.astype(np.float32), positions.astype(np.float32), rotations, kept(binding, pairs[torn]), fps, stretch
    )


def limits(model: Model) -> np.ndarray:
    """Largest principal stretch [P] that the splats on a model's particles show."""
    of_material = np.array([FLOWING_LIMIT if material.name in FLOWING else LIMIT for material in model.materials])
    return of_material[np.zeros(len(model), int) if model.material is None else model.material]


def deformation_of(rest: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Deformation gradients [T, P, 3, 3] of particles at rest [P, 3] (m) from their places [T, P, 3] alone.

    The affine map that best takes a particle's neighbours along, by least squares with inverse-square weights and a
    little for a rotation: where the neighbours say nothing, across a sheet and around a thread, it only turns.
    """
    neighbours = _nearest(rest, NEIGHBOURS)
    apart = rest[neighbours] - rest[:, None]  # [P, K, 3]
    weight = 1 / np.maximum((apart**2).sum(-1), 1e-30)
    held = OWN * apart.shape[1]  # each neighbour's weight times its square distance is 1
    here = np.einsum("pk,pki,pkj->pij", weight, apart, apart, optimize=True) + held * np.eye(3)
    inverse = np.linalg.inv(here)
    found = np.empty((*positions.shape, 3))
    turned = np.broadcast_to(np.eye(3), (len(rest), 3, 3))
    for t, moment in enumerate(positions):
        now = moment[neighbours] - moment[:, None]
        there = np.einsum("pk,pki,pkj->pij", weight, now, apart, optimize=True)
        for _ in range(TURNS):
            found[t] = (there + held * turned) @ inverse
            turned = _nearest_rotation(found[t])
    return found


def _nearest_rotation(matrices: np.ndarray) -> np.ndarray:
    u, _s, vt = np.linalg.svd(matrices)
    sign = np.linalg.det(u) * np.linalg.det(vt)
    return u @ (np.stack([np.ones_like(sign), np.ones_like(sign), sign], -1)[..., None] * vt)


def kept(binding: Binding, torn: np.ndarray) -> Binding:
    """The binding without carriers that are torn [Q, 2] (particle, particle) from a splat's nearest, its first."""
    if not len(torn):
        return binding
    count = int(binding.particles.max()) + 1
    of_pair = _key(torn, count)
    nearest = np.repeat(_nearest_carrier(binding)[:, None], binding.particles.shape[1], 1)
    severed = np.isin(_key(np.stack([nearest, binding.particles], -1), count), of_pair)
    weights = np.where(severed, 0, binding.weights)
    weights = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return Binding(binding.splats, binding.particles, weights)


def _nearest_carrier(binding: Binding) -> np.ndarray:
    """The particle with the largest weight [M]: the nearest, where weights are inverse distances."""
    return np.take_along_axis(binding.particles, binding.weights.argmax(1)[:, None], 1)[:, 0]


def _pairs(rest: np.ndarray, binding: Binding) -> np.ndarray:
    """The pairs [Q, 2] of a nearest carrier and another of the same splat, each once."""
    nearest = np.repeat(_nearest_carrier(binding), binding.particles.shape[1])
    pairs = np.stack([nearest, binding.particles.ravel()], 1).astype(np.int64)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    first = np.unique(_key(pairs, len(rest)), return_index=True)[1]
    return pairs[first]


def _key(pairs: np.ndarray, count: int) -> np.ndarray:
    """One number for each pair [..., 2], whichever comes first."""
    pairs = pairs.astype(np.int64)
    return pairs.min(-1) * count + pairs.max(-1)


def _misses(rest: np.ndarray, positions: np.ndarray, deformation: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """How far the second of each pair [Q, 2] is from where their mean F puts it, over their distance at rest."""
    a, b = pairs.T
    apart = rest[b] - rest[a]
    expected = np.einsum("qij,qj->qi", 0.5 * (deformation[a] + deformation[b]), apart)
    missed = np.linalg.norm(positions[b] - positions[a] - expected, axis=1)
    return missed / np.maximum(np.linalg.norm(apart, axis=1), 1e-12)


def _nearest(rest: np.ndarray, count: int) -> np.ndarray:
    """The nearest other particles [P, K] of each."""
    from scipy.spatial import KDTree

    return KDTree(rest).query(rest, k=np.arange(2, min(count, len(rest) - 1) + 2))[1]
