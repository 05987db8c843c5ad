"""A motion of many driving particles as that of a few control points, each a bone that an animator can take hold of.

After Le & Deng (2012), "Smooth Skinning Decomposition with Rigid Bones": clusters of particles give rigid bones, and
each particle's weights are those that reproduce its motion best by the few bones nearest to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .. import rotations as rot
from ..deformation import UNSTRETCHED
from ..gaussians import Gaussians
from ..trajectory import Binding, Trajectory
from .sampling import farthest_first

BONES_EACH = 4
"""Bones that a particle or a splat follows, at most: what game engines and exchange formats allow."""
PRIOR = 1e-3
"""How much weights hold on to inverse distances, against the motion's own energy: equal motions do not tell bones
apart."""
ROUNDS = 5
"""Of bones that take the particles they explain best, and follow them."""


@dataclass(frozen=True)
class Rig:
    """N bones and how well they do."""

    motion: Trajectory
    """The bones as driving particles: their rest positions, rigid motion, and the splats bound to them."""
    error: float
    """Root mean square distance of particles from where they were, metres, over all frames."""
    worst: float
    """The largest such distance, metres."""


def rig(trajectory: Trajectory, bones: int) -> Rig:
    """The motion by so many bones, or as many as there are particles.

    Raises ValueError for fewer than one bone.
    """
    if bones < 1:
        raise ValueError(f"{bones} bones cannot carry a motion; ask for 1 or more")
    rest, moved = trajectory.rest.astype(np.float64), trajectory.positions.astype(np.float64)
    bones = min(bones, len(rest))
    owner = farthest_first(rest, bones)[1]
    centres, places, turns = _rigid(rest, moved, owner, trajectory.rotations)
    for _ in range(ROUNDS):
        owner = _owners(rest, moved, centres, places, turns)
        centres, places, turns = _rigid(rest, moved, owner, trajectory.rotations)
    bones = len(centres)
    near, weights = _weights(rest, moved, centres, places, turns)
    rotations = rot.quaternion_from_matrix(turns)
    particles = np.arange(len(rest), dtype=np.int32)
    frames = len(moved)
    stretch = np.broadcast_to(UNSTRETCHED, (frames, bones, 6))

    def following(binding: Binding) -> Trajectory:
        pose = (centres, places, rotations)
        return Trajectory(*(a.astype(np.float32) for a in pose), binding, trajectory.fps, stretch=stretch)

    own = following(Binding(particles, near, weights))
    off = np.stack([own.pose(_points(trajectory.rest), t)[0] - moved[t] for t in range(frames)])
    off = np.linalg.norm(off, axis=-1)  # [T, P]
    motion = following(_splats_follow(trajectory.binding, near, weights, bones))
    return Rig(motion, float(np.sqrt((off**2).mean())), float(off.max()))


def _rigid(rest, moved, owner, rotations) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres [B, 3], places [T, B, 3] and rotations [T, B, 3, 3] of the clusters that own particles (Kabsch 1976).

    The particles' own rotations count as well: a cluster of a few points in a line does not say how it is turned.
    """
    owners = np.unique(owner)
    turned = rot.matrix_from_quaternion(rotations.astype(np.float64))  # [T, P, 3, 3]
    centres = np.stack([rest[owner == b].mean(0) for b in owners])
    places, sums = np.empty((len(moved), len(owners), 3)), np.empty((len(moved), len(owners), 3, 3))
    for b, name in enumerate(owners):
        own = owner == name
        arm, places[:, b] = rest[own] - centres[b], moved[:, own].mean(1)
        spread = max((arm**2).sum() / 3, np.finfo(float).tiny)
        covariance = np.einsum("tpi,pj->tij", moved[:, own] - places[:, b, None], arm)
        sums[:, b] = covariance + spread * turned[:, own].mean(1)
    u, _, vt = np.linalg.svd(sums)
    u[..., :, 2] *= np.sign(np.linalg.det(u @ vt))[..., None]
    return centres, places, u @ vt


def _owners(rest, moved, centres, places, turns) -> np.ndarray:
    """The bone [P] that takes each particle nearest to where it went, over all frames; of equals the one nearby."""
    cost = np.empty((len(rest), len(centres)))
    for b, centre in enumerate(centres):
        arm = rest - centre
        there = np.einsum("tij,pj->tpi", turns[:, b], arm) + places[:, b, None]
        cost[:, b] = np.square(there - moved).sum((0, 2)) + PRIOR**2 * len(moved) * (arm**2).sum(1)
    return cost.argmin(1)


def _weights(rest, moved, centres, places, turns) -> tuple[np.ndarray, np.ndarray]:
    """The bones [P, K] each particle follows, and the convex weights [P, K] with which they reproduce its motion best.

    With so few bones every set that may have weight is tried, which is exact.
    """
    distance = np.linalg.norm(rest[:, None] - centres, axis=-1)
    near = np.argsort(distance, axis=1, kind="stable")[:, :BONES_EACH]
    width = near.shape[1]
    prior = 1 / (np.take_along_axis(distance, near, 1) + 1e-3 * np.ptp(rest, axis=0).max())
    prior /= prior.sum(1, keepdims=True)
    # Where each bone alone would take the particle, less where it went: [T, P, K, 3]
    arm = rest[:, None] - centres[near]
    off = np.stack([np.einsum("tpij,pj->tpi", turns[:, near[:, k]], arm[:, k]) + places[:, near[:, k]] - moved
                    for k in range(width)], 2)  # fmt: skip
    gram = np.einsum("tpki,tpli->pkl", off, off)
    energy = np.square(moved - rest).sum((0, 2))
    ridge = PRIOR * np.maximum(energy, 1e-9 * max(energy.max(), 1e-12))  # also where nothing moves
    best, weights = np.full(len(rest), np.inf), prior.copy()
    for size in range(1, width + 1):
        for used in combinations(range(width), size):
            found, cost = _least(gram[:, used][:, :, used], prior[:, used], ridge)
            cost += ridge * np.square(np.delete(prior, used, 1)).sum(1)
            better = (found >= 0).all(1) & (cost < best)
            best[better] = cost[better]
            weights[better] = 0
            weights[np.ix_(better, used)] = found[better]
    return near.astype(np.int32), weights.astype(np.float32)


def _points(positions: np.ndarray) -> Gaussians:
    """Bare points [P, 3] as splats, to be posed."""
    count = len(positions)
    upright = np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1))
    one = np.ones((count, 3), np.float32)
    return Gaussians(positions, upright, one, one[:, 0], one[:, None])


def _least(gram: np.ndarray, prior: np.ndarray, ridge: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights [P, k] that sum to 1 and make w^T G w + ridge |w - prior|^2 least, and that value [P]."""
    k = gram.shape[1]
    system = np.zeros((len(gram), k + 1, k + 1))
    system[:, :k, :k] = gram + ridge[:, None, None] * np.eye(k)
    system[:, k, :k] = system[:, :k, k] = 1
    scale = np.trace(system[:, :k, :k], axis1=1, axis2=2)[:, None]
    system[:, :k, :k] /= scale[:, :, None]
    right = np.concatenate([ridge[:, None] * prior / scale, np.ones((len(gram), 1))], 1)
    found = np.linalg.solve(system, right[..., None])[:, :k, 0]
    cost = np.einsum("pk,pkl,pl->p", found, gram, found) + ridge * np.square(found - prior).sum(1)
    return found, cost


def _splats_follow(binding: Binding, near: np.ndarray, weights: np.ndarray, bones: int) -> Binding:
    """Splats bound to the bones that their particles follow, the strongest few."""
    every = np.zeros((len(binding.splats), bones), np.float32)
    rows = np.arange(len(binding.splats))[:, None]
    for k in range(binding.particles.shape[1]):
        particle = binding.particles[:, k]
        np.add.at(every, (rows, near[particle]), binding.weights[:, k : k + 1] * weights[particle])
    strongest = np.argsort(-every, axis=1, kind="stable")[:, :BONES_EACH].astype(np.int32)
    kept = np.take_along_axis(every, strongest, 1)
    return Binding(binding.splats, strongest, kept / kept.sum(1, keepdims=True))
