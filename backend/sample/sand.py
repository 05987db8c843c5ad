"""A column of coarse sand that collapses into a pile: grains as position-based particles with friction.

Macklin et al. 2014 (Unified Particle Physics), sections 5 and 6: contacts and friction as constraints on positions,
averaged over each grain's contacts. Enough for a sample; the backend's sand is a continuum with a measured angle.
"""

from __future__ import annotations

import numpy as np

from .. import rotations as rot
from ..gaussians import Gaussians, sh_from_colours
from ..srgb import from_linear
from ..trajectory import Binding, Trajectory
from .daylight import SUN
from .moving import Sample
from .surfaces import golden, unit

GRAIN = 0.0037
"""Radius of a grain [m]."""
COLUMN, LAYERS = 0.036, 12
"""Radius of the column [m] and how many layers of grains it has."""
LUMPS, GROUND = 4, 3000
"""Splats of a grain and of the ground."""
SECONDS, SUBSTEPS, ITERATIONS = 2.0, 10, 2
FRICTION = 1.6
STILL = 3e-5
"""Metres that a grain moves in a substep below which friction holds it where it is."""
GRAVITY = 9.81
SANDY, SLATE = np.array([0.56, 0.38, 0.19]), np.array([0.08, 0.085, 0.09])


def sand_pile(fps: float) -> Sample:
    """The column and the ground below it, two seconds of collapse."""
    start = _column()
    moved = _collapse(start, round(SECONDS * fps), fps)
    grains, ground = _grains(start), _ground()
    positions = np.concatenate([grains[0], ground[0]])
    parts = np.repeat(np.array([1, 0], np.int32), [len(grains[0]), len(ground[0])])
    axes = np.concatenate([grains[1], ground[1]])
    gaussians = Gaussians(
        positions.astype(np.float32),
        rot.quaternion_from_matrix(axes).astype(np.float32),
        np.concatenate([grains[2], ground[2]]).astype(np.float32),
        np.full(len(positions), 0.95, np.float32),
        sh_from_colours(np.concatenate([grains[3], ground[3]])),
    )
    carried = np.arange(len(grains[0]), dtype=np.int32)
    binding = Binding(carried, (carried // LUMPS)[:, None].astype(np.int32), np.ones((len(carried), 1), np.float32))
    turned = np.zeros((len(moved), len(start), 4), np.float32)
    turned[..., 0] = 1
    trajectory = Trajectory(start.astype(np.float32), moved.astype(np.float32), turned, binding, fps)
    return Sample(gaussians, parts, trajectory, 0, "sand")


def _column() -> np.ndarray:
    """Grains [P, 3] in layers that lie in each other's gaps, slightly disturbed."""
    step = 2.04 * GRAIN
    reach = np.arange(-12, 13)
    layers = []
    for k in range(LAYERS):
        i, j = np.meshgrid(reach, reach)
        x = step * (i + 0.5 * (j % 2) + 0.5 * (k % 2))
        y = step * (np.sqrt(3) / 2 * j + (k % 2) / np.sqrt(12))
        inside = np.hypot(x, y) < COLUMN
        layers.append(np.column_stack([x[inside], y[inside], np.full(inside.sum(), GRAIN + 0.83 * step * k)]))
    places = np.concatenate(layers)
    noise = np.random.default_rng(0).normal(0, 0.04 * GRAIN, places.shape)
    return places + noise * (1, 1, 0)


def _collapse(start: np.ndarray, frames: int, fps: float) -> np.ndarray:
    """Places of the grains at each frame [T, P, 3]."""
    dt = 1 / (fps * SUBSTEPS)
    place, speed = start.copy(), np.zeros_like(start)
    shown = [place.copy()]
    for _ in range(frames - 1):
        for substep in range(SUBSTEPS):
            if substep % 5 == 0:
                first, second = _near(place, 2.6 * GRAIN)
            speed[:, 2] -= GRAVITY * dt
            moved = place + speed * dt
            for _ in range(ITERATIONS):
                _separate(place, moved, first, second)
                _rest_on_ground(place, moved)
            held = np.linalg.norm(moved - place, axis=1) < STILL
            moved[held] = place[held]
            speed, place = (moved - place) / dt, moved
        shown.append(place.copy())
    return np.array(shown)


def _near(place: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of grains closer than `reach`, by cells of that size."""
    cell = np.floor(place / reach).astype(np.int64)
    cell -= cell.min(0) - 1
    size = cell.max(0) + 2
    key = (cell[:, 0] * size[1] + cell[:, 1]) * size[2] + cell[:, 2]
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    pairs = []
    for offset in range(27):
        shift = np.array([offset // 9 - 1, offset // 3 % 3 - 1, offset % 3 - 1]) @ [size[1] * size[2], size[2], 1]
        if shift < 0:
            continue  # each pair of cells once
        low = np.searchsorted(ordered, key + shift, "left")
        count = np.searchsorted(ordered, key + shift, "right") - low
        one = np.repeat(np.arange(len(key)), count)
        other = order[np.repeat(low - np.append(0, np.cumsum(count)[:-1]), count) + np.arange(count.sum())]
        keep = one < other if shift == 0 else slice(None)
        pairs.append(np.stack([one[keep], other[keep]]))
    first, second = np.concatenate(pairs, 1)
    close = ((place[first] - place[second]) ** 2).sum(1) < reach**2
    return first[close], second[close]


def _separate(place: np.ndarray, moved: np.ndarray, first: np.ndarray, second: np.ndarray) -> None:
    """Push touching grains apart, and hold back what slides (Macklin et al. 2014, eq. 22 to 25)."""
    apart = moved[first] - moved[second]
    distance = np.linalg.norm(apart, axis=1)
    deep = 2 * GRAIN - distance
    touch = deep > 0
    if not touch.any():
        return
    first, second, deep = first[touch], second[touch], deep[touch, None]
    normal = apart[touch] / np.maximum(distance[touch], 1e-9)[:, None]
    push = 0.5 * deep * normal
    slid = (moved[first] - place[first]) - (moved[second] - place[second])
    slid -= (slid * normal).sum(1, keepdims=True) * normal
    length = np.linalg.norm(slid, axis=1, keepdims=True)
    push -= 0.5 * slid * np.minimum(FRICTION * deep / np.maximum(length, 1e-12), 1)
    count = np.bincount(first, minlength=len(moved)) + np.bincount(second, minlength=len(moved))
    share = 1.3 / np.maximum(count, 1)
    for axis in range(3):
        total = np.bincount(first, push[:, axis], len(moved)) - np.bincount(second, push[:, axis], len(moved))
        moved[:, axis] += share * total


def _rest_on_ground(place: np.ndarray, moved: np.ndarray) -> None:
    deep = GRAIN - moved[:, 2]
    below = deep > 0
    moved[below, 2] = GRAIN
    slid = moved[below, :2] - place[below, :2]
    length = np.linalg.norm(slid, axis=1, keepdims=True)
    moved[below, :2] -= slid * np.minimum(FRICTION * deep[below, None] / np.maximum(length, 1e-12), 1)


def _grains(places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Positions, axes, scales and display colours of the grains' lumps."""
    random = np.random.default_rng(2)
    count = len(places) * LUMPS
    outward = unit(random.normal(size=(count, 3)))
    axes = rot.matrix_from_quaternion(unit(random.normal(size=(count, 4))))
    scales = GRAIN * random.uniform(0.42, 0.62, (count, 3))
    light = 0.45 + 0.4 * outward @ unit(SUN) + 0.25 * outward[:, 2]
    own = np.repeat(random.lognormal(0, 0.22, (len(places), 1)) * random.normal(1, 0.04, (len(places), 3)), LUMPS, 0)
    colours = from_linear((SANDY * own * np.maximum(light, 0.15)[:, None] * 1.6).clip(0, 1))
    return np.repeat(places, LUMPS, 0) + 0.5 * GRAIN * outward, axes, scales, colours


def _ground() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    radius = 0.15 * np.sqrt((np.arange(GROUND) + 0.5) / GROUND)
    angle = 2 * np.pi * golden(GROUND)
    places = np.column_stack([radius * np.cos(angle), radius * np.sin(angle), np.full(GROUND, -0.0005)])
    spacing = np.sqrt(np.pi * 0.15**2 / GROUND)
    scales = np.tile([0.65 * spacing, 0.65 * spacing, 3e-4], (GROUND, 1))
    colours = from_linear(SLATE * np.random.default_rng(4).lognormal(0.6, 0.12, (GROUND, 1)))
    return places, np.tile(np.eye(3), (GROUND, 1, 1)), scales, colours.clip(0, 1)
