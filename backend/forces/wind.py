"""Wind on driving particles, as a body acceleration per particle and frame."""

from __future__ import annotations

import numpy as np

from ..api.simulate import Wind
from ..spectral.oscillator import wind as fluctuation

TRAVEL_SPEED = 3.0
"""Metres per second at which gusts cross the scene: a light breeze."""
RISE = 0.5
"""Seconds in which steady wind sets in: at once, it would make everything overshoot to twice its lean."""
GUST = 0.6
"""Seconds that a gust lasts."""
PUSH = 0.08
"""Seconds that an impulse lasts."""
SIDEWAYS = 0.3
"""Strength of gusts across the wind, as a share of those along it."""


def wind_acceleration(
    points: np.ndarray,
    frames: int,
    fps: float,
    *,
    kind: Wind,
    direction: float,
    gustiness: float,
    seed: int,
    strength: float,
) -> np.ndarray:
    """Acceleration [frames + 1, P, 3] (m/s^2) of particles at rest at points [P, 3], at each frame from the first on.

    direction [rad]: where the wind blows to, around +Z from +X; strength [m/s^2]: of the steady wind, of a gust's or of
    the impulse's peak. Gusts travel along the wind, so what stands upwind moves first.
    """
    time = np.arange(frames + 1) / fps
    along = np.array([np.cos(direction), np.sin(direction), 0.0])
    across = np.array([-along[1], along[0], 0.0])
    way = points @ along
    local = time[:, None] - (way - way.min()) / TRAVEL_SPEED  # [T, P], when the wind that is here now set out
    if kind is Wind.fitted:
        return np.zeros((frames + 1, len(points), 3))
    if kind is Wind.gust:
        return strength * _pulse(local, GUST)[..., None] * along
    if kind is Wind.impulse:
        return strength * _pulse(local, PUSH)[..., None] * along
    forward, sideways = (_gusts(local, fps, np.random.default_rng((seed, k))) for k in (0, 1))
    rise = np.clip(local / RISE, 0, 1)
    rise = rise * rise * (3 - 2 * rise)
    main = rise * ((1 - gustiness) + gustiness * forward)
    return strength * (main[..., None] * along + (SIDEWAYS * gustiness * rise * sideways)[..., None] * across)


def _pulse(time: np.ndarray, length: float) -> np.ndarray:
    """A smooth bump between 0 and `length` seconds, peak 1."""
    inside = (time > 0) & (time < length)
    return np.where(inside, np.sin(np.pi * np.clip(time, 0, length) / length) ** 2, 0)


def _gusts(time: np.ndarray, fps: float, random: np.random.Generator) -> np.ndarray:
    """Unit-variance gusts at times [T, P], the same course for every particle, each at its own delay."""
    start = float(time.min())
    step = 1 / (4 * fps)
    count = int(np.ceil((float(time.max()) - start) / step)) + 2
    course = fluctuation(count, step, TRAVEL_SPEED, random)
    return np.interp(time, start + np.arange(count) * step, course)
