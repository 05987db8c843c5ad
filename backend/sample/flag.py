"""A small flag on a pole: waves run along cloth that does not stretch, and repeat for ever."""

from __future__ import annotations

import numpy as np

from .. import rotations as rot
from ..trajectory import Trajectory
from .daylight import lit_cloud
from .moving import Sample, bound
from .surfaces import Patch, frames, golden, unit

WIDTH, HEIGHT, LOWEST = 0.30, 0.20, 0.24
"""Of the cloth, and where its lower edge is [m]."""
POLE_RADIUS, POLE_TOP = 0.004, 0.47
CLOTH, POLE = 12000, 1800
"""Splats."""
COLUMNS, ROWS, CARRIERS = 25, 9, 4
"""Lattice of particles."""
SECONDS = 4.0
WAVES = ((0.85, 1.35, 7), (0.35, 2.6, 12))
"""Largest angle [rad], waves on the cloth, and periods in a loop of each of two trains of waves."""
SAG = 0.22
"""Angle at which the free edge hangs down [rad]."""
TEAL, CREAM, BRASS = np.array([0.02, 0.19, 0.20]), np.array([0.75, 0.66, 0.48]), np.array([0.45, 0.28, 0.08])


def waving_flag(fps: float) -> Sample:
    """A teal flag with a cream sun, a foot and a half of pole below it."""
    patches = [_cloth(), _pole()]
    positions = np.concatenate([patch.positions for patch in patches])
    parts = np.repeat(np.array([1, 0], np.int32), [CLOTH, POLE])
    s, z = np.meshgrid(np.linspace(0, WIDTH, COLUMNS), np.linspace(0, HEIGHT, ROWS), indexing="ij")
    rest = np.stack([s, np.zeros_like(s), LOWEST + z], -1).reshape(-1, 3)
    loop = round(SECONDS * fps)
    times = np.arange(int(np.ceil(1.25 * loop))) / loop
    moved, turned = zip(*(_posed(t) for t in times), strict=True)
    trajectory = Trajectory(
        rest.astype(np.float32),
        np.array(moved, np.float32),
        np.array(turned, np.float32),
        bound(positions, parts, rest, CARRIERS),
        fps,
    )
    return Sample(lit_cloud(patches), parts, trajectory, loop, "cloth")


def _posed(time: float) -> tuple[np.ndarray, np.ndarray]:
    """Positions [P, 3] and rotations [P, 4] of the lattice at a time, 0..1 over the loop."""
    fine = 8  # steps of the integral along the cloth between two particles
    s = np.linspace(0, WIDTH, (COLUMNS - 1) * fine + 1)[:, None]
    z = np.linspace(0, HEIGHT, ROWS)[None]
    angle = np.zeros((len(s), ROWS))
    for size, waves, periods in WAVES:
        phase = 2 * np.pi * (waves * s / WIDTH - periods * time) + 2.2 * z / HEIGHT
        angle += size * np.sqrt(s / WIDTH) * np.sin(phase)
    fall = SAG * (s / WIDTH) * (1 + 0.3 * np.sin(2 * np.pi * (3 * time) + 4 * s / WIDTH)) + 0 * z
    along = np.stack([np.cos(fall) * np.cos(angle), np.cos(fall) * np.sin(angle), -np.sin(fall)], -1)
    step = (along[1:] + along[:-1]) / 2 * (s[1] - s[0])
    place = np.concatenate([np.zeros((1, ROWS, 3)), np.cumsum(step, 0)])
    place[..., 2] += LOWEST + z
    place, along = place[::fine], along[::fine]
    up = np.gradient(place, axis=1)
    up = unit(up - (up * along).sum(-1, keepdims=True) * along)
    frame = np.stack([along, up, np.cross(along, up)], -1)
    flat = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # columns along, up, their cross product at rest
    rotations = rot.quaternion_from_matrix((frame @ flat.T).reshape(-1, 3, 3))
    return place.reshape(-1, 3), rotations


def _cloth() -> Patch:
    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return np.stack([WIDTH * u, 0 * u, LOWEST + HEIGHT * v], -1)

    u, v = (np.arange(CLOTH) + 0.5) / CLOTH, golden(CLOTH)
    positions, axes = frames(surface, u, v)
    spacing = np.sqrt(WIDTH * HEIGHT / CLOTH)
    from_sun = np.hypot(positions[:, 0] - 0.45 * WIDTH, positions[:, 2] - LOWEST - 0.5 * HEIGHT)
    ring = np.abs(from_sun - 0.058)
    cream = (from_sun < 0.04) | (ring < 0.006) | (np.abs(v - 0.5) > 0.44)
    albedo = np.where(cream[:, None], CREAM, TEAL)
    weave = 1 + 0.05 * np.sin(2 * np.pi * positions[:, 2] / 0.004)
    return Patch(
        positions,
        axes,
        np.tile([0.6 * spacing, 0.6 * spacing, 2e-4], (CLOTH, 1)),
        np.full(CLOTH, 0.93),
        albedo * weave[:, None],
        np.full(CLOTH, spacing**2),
        translucency=0.4,
    )


def _pole() -> Patch:
    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        knob = 2.2 * POLE_RADIUS * np.sqrt(np.maximum(1 - ((u - 0.975) / 0.025) ** 2, 0))
        foot = 0.05 * np.clip(1 - u / 0.02, 0, 1)
        radius = np.maximum(np.where(u > 0.95, knob, POLE_RADIUS), foot)
        angle = -2 * np.pi * v
        return np.stack([radius * np.cos(angle), radius * np.sin(angle), POLE_TOP * u], -1)

    u = np.concatenate([np.linspace(0, 0.02, POLE // 3), np.linspace(0.0201, 0.9999, POLE - POLE // 3)])
    positions, axes = frames(surface, u, golden(POLE))
    scales = np.tile([1.8e-3, 1.8e-3, 2e-4], (POLE, 1))
    scales[: POLE // 3] *= 1.5
    return Patch(
        positions,
        axes,
        scales,
        np.full(POLE, 0.95),
        np.tile(BRASS, (POLE, 1)),
        np.full(POLE, 1e-5),
        gloss=0.6,
    )
