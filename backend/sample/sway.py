"""The potted plant in light wind: bending of the whole, and leaves that nod on their own; repeats for ever."""

from __future__ import annotations

import numpy as np

from .. import rotations as rot
from ..baking.sampling import farthest_first
from ..parts import guess_parts
from ..spectral.motion_texture import beam_profile, beam_slope
from ..trajectory import Trajectory
from .moving import Sample, bound, course
from .plant import SOIL_HEIGHT, potted_plant

PARTICLES, CARRIERS = 300, 4
SECONDS = 5.0
LEAN, NOD = 0.022, 0.007
"""Farthest that the top leans and a leaf's tip nods [m]."""
LEAVES = 14
"""Groups of leaves that nod together."""


def swaying_plant(fps: float, count: int = 20000) -> Sample:
    """The procedural plant, `count` splats, in wind."""
    gaussians = potted_plant(count=count)
    parts = guess_parts(gaussians)
    positions = gaussians.positions.astype(float)
    kept, _ = farthest_first(positions[parts > 0], PARTICLES)
    rest = positions[parts > 0][kept]
    shapes, turns = _shapes(rest)
    loop = round(SECONDS * fps)
    frames = int(np.ceil(1.25 * loop))  # a loop is cut from somewhat more than itself
    natural = [1.1, 1.25] + list(np.random.default_rng(3).uniform(2.2, 3.6, LEAVES))
    courses = np.stack([course(f, 0.1, loop / fps, fps, frames, seed) for seed, f in enumerate(natural)], -1)
    moved = rest + np.tensordot(courses, shapes, 1)
    turned = rot.quaternion_from_vector(np.tensordot(courses, turns, 1))
    trajectory = Trajectory(
        rest.astype(np.float32),
        moved.astype(np.float32),
        turned.astype(np.float32),
        bound(positions, parts, rest, CARRIERS),
        fps,
    )
    return Sample(gaussians, parts, trajectory, loop, "leaf")


def _shapes(rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Displacement and rotation vector of the particles per unit of each course [M, P, 3]."""
    height = rest[:, 2].max() - SOIL_HEIGHT
    u = np.maximum(rest[:, 2] - SOIL_HEIGHT, 0) / height
    flat = rest * (1, 1, 0)
    shapes, turns = [], []
    for direction, share in ((np.array([1.0, 0, 0]), 1.0), (np.array([0, 1.0, 0]), 0.6)):
        axis = np.cross([0, 0, 1.0], direction)
        turn = (LEAN * share / height) * beam_slope(u)[:, None] * axis
        shapes.append(LEAN * share * beam_profile(u)[:, None] * direction + np.cross(turn, flat))
        turns.append(turn)
    radius = np.linalg.norm(flat, axis=1)
    outward = flat / np.maximum(radius, 1e-6)[:, None]
    reach, angle = radius / radius.max(), np.arctan2(rest[:, 1], rest[:, 0])
    random = np.random.default_rng(1)
    for _ in range(LEAVES):
        apart = np.angle(np.exp(1j * (angle - random.uniform(-np.pi, np.pi))))
        near = np.exp(-((apart / 0.45) ** 2) - ((u - random.uniform(0.2, 1)) / 0.3) ** 2)
        rise = NOD * near * reach**1.5
        shapes.append(rise[:, None] * np.array([0, 0, 1.0]))
        turns.append((1.5 * NOD * near * np.sqrt(reach) / radius.max())[:, None] * np.cross(outward, [0, 0, 1.0]))
    return np.array(shapes), np.array(turns)
