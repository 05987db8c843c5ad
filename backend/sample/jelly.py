"""A jelly turned out of its mould: pushed, pushed again and patted, it shears, twists, squats and comes to rest."""

from __future__ import annotations

import numpy as np

from .. import rotations as rot
from ..deformation import six_numbers
from ..trajectory import Trajectory
from .daylight import lit_cloud
from .moving import Sample, bound
from .surfaces import Patch, frames, golden, inverse_of_area

TALL, PLATE = 0.060, 0.006
"""Height of the jelly above the plate, and of the plate [m]."""
RADIUS = np.array([0, 0.030, 0.033, 0.046, 0.048]), np.array([0.060, 0.060, 0.057, 0.003, 0.0])
"""Profile from the middle of the top to the bottom: radius and height [m]."""
FLUTES = 9
SKIN, CHINA = 9000, 3500
"""Splats."""
LATTICE, CARRIERS = (5, 5, 6), 6
SECONDS = 5.0
PUSHES = ((0.1, 0, 0.016), (0.1, 2, 0.20), (1.5, 1, 0.014), (3.0, 3, 0.17), (3.0, 0, -0.005))
"""Second, mode (lean along x, along y, twist, squat) and size: metres, radians, and a share of the height."""
FREQUENCIES, DAMPING = (3.4, 3.7, 4.6, 5.4), 0.045
RASPBERRY, WHITE = np.array([0.50, 0.015, 0.045]), np.array([0.72, 0.72, 0.70])


def wobbling_jelly(fps: float) -> Sample:
    """A raspberry jelly on a plate."""
    patches = [_skin(), _plate()]
    positions = np.concatenate([patch.positions for patch in patches])
    parts = np.repeat(np.array([1, 0], np.int32), [SKIN, CHINA])
    corners = [np.linspace(-0.048, 0.048, LATTICE[0]), np.linspace(-0.048, 0.048, LATTICE[1])]
    corners.append(PLATE + np.linspace(0, TALL, LATTICE[2]))
    rest = np.stack(np.meshgrid(*corners, indexing="ij"), -1).reshape(-1, 3)
    courses = _courses(np.arange(round(SECONDS * fps)) / fps)
    moved = np.array([_deformed(rest, q) for q in courses])
    step = 1e-4
    gradient = np.stack(
        [
            np.array([_deformed(rest + step * e, q) - _deformed(rest - step * e, q) for q in courses]) / (2 * step)
            for e in np.eye(3)
        ],
        -1,
    )  # [T, P, 3, 3]
    left, stretches, right = np.linalg.svd(gradient)
    turned = rot.quaternion_from_matrix((left @ right).reshape(-1, 3, 3)).reshape(*moved.shape[:2], 4)
    stretch = np.einsum("...ji,...j,...jk->...ik", right, stretches, right)  # U = V S V^T
    trajectory = Trajectory(
        rest.astype(np.float32),
        moved.astype(np.float32),
        turned.astype(np.float32),
        bound(positions, parts, rest, CARRIERS),
        fps,
        stretch=six_numbers(stretch).astype(np.float32),
    )
    return Sample(lit_cloud(patches), parts, trajectory, 0, "jelly")


def _courses(seconds: np.ndarray) -> np.ndarray:
    """Each mode's free vibration after its pushes [T, 4]: x'' + 2 z w x' + w^2 x = 0."""
    courses = np.zeros((len(seconds), len(FREQUENCIES)))
    for start, mode, size in PUSHES:
        w, after = 2 * np.pi * FREQUENCIES[mode], np.maximum(seconds - start, 0)
        courses[:, mode] += size * np.exp(-DAMPING * w * after) * np.sin(w * np.sqrt(1 - DAMPING**2) * after)
    return courses


def _deformed(places: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Where places [P, 3] of the jelly are: held at the plate, its volume kept to first order."""
    u = (places[:, 2] - PLATE) / TALL
    grown = np.where(u > 0, np.sin(0.5 * np.pi * np.clip(u, 0, 1.2)), 0.5 * np.pi * u)
    angle = q[2] * grown
    wide = 1 + 0.5 * q[3] * grown
    x, y = places[:, 0] * wide, places[:, 1] * wide
    turned = np.stack([np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y], -1)
    lean = grown[:, None] * q[:2]
    # A top that leans also tips, as the top of a bent block does.
    tip = -0.5 * (turned @ q[:2]) / TALL * grown
    height = PLATE + (places[:, 2] - PLATE) * (1 - 0.7 * q[3]) + tip
    return np.column_stack([turned + lean, height])


def _skin() -> Patch:
    radius, height = RADIUS
    arc = np.append(0, np.cumsum(np.hypot(np.diff(radius), np.diff(height))))

    def out(u: np.ndarray) -> np.ndarray:
        return np.interp(u * arc[-1], arc, radius)

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        angle = 2 * np.pi * v
        z = np.interp(u * arc[-1], arc, height)
        fluted = out(u) * (1 + 0.06 * np.cos(FLUTES * angle) * np.clip(out(u) / 0.03, 0, 1) ** 2)
        return np.stack([fluted * np.cos(angle), fluted * np.sin(angle), PLATE + z], -1)

    u = inverse_of_area(out, (np.arange(SKIN) + 0.5) / SKIN)
    positions, axes = frames(surface, u, golden(SKIN))
    area = 2 * np.pi * arc[-1] * out(np.linspace(0, 1, 400)).mean()
    spacing = np.sqrt(area / SKIN)
    return Patch(
        positions,
        axes,
        np.tile([0.75 * spacing, 0.75 * spacing, 4e-4], (SKIN, 1)),
        np.full(SKIN, 0.55),
        np.tile(RASPBERRY, (SKIN, 1)),
        np.full(SKIN, 0.3 * spacing**2),
        translucency=0.8,
        gloss=0.7,
    )


def _plate() -> Patch:
    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        radius, angle = 0.085 * np.sqrt(np.maximum(u, 0)), 2 * np.pi * v
        rim = 0.008 * np.clip((radius - 0.055) / 0.03, 0, 1) ** 2
        return np.stack([radius * np.cos(angle), radius * np.sin(angle), PLATE - 0.001 + rim], -1)

    positions, axes = frames(surface, (np.arange(CHINA) + 0.5) / CHINA, golden(CHINA))
    spacing = np.sqrt(np.pi * 0.085**2 / CHINA)
    return Patch(
        positions,
        axes,
        np.tile([0.65 * spacing, 0.65 * spacing, 3e-4], (CHINA, 1)),
        np.full(CHINA, 0.95),
        np.tile(WHITE, (CHINA, 1)),
        np.full(CHINA, spacing**2),
        gloss=0.3,
    )
