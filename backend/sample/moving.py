"""What the moving samples have in common: splats, the particles that carry them, and courses that repeat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..gaussians import Gaussians
from ..spectral.oscillator import loop_response, wind_coefficients
from ..trajectory import Binding, Trajectory

SOFTENING = 1e-3
"""Metres added to distances, so that a splat on a particle has finite weights."""


@dataclass(frozen=True)
class Sample:
    """A subject that moves, world space, metres, Z up, standing on z = 0."""

    gaussians: Gaussians
    parts: np.ndarray
    """[N], int32: 0 holds still, 1 moves."""
    trajectory: Trajectory
    loop: int
    """Frames after which the motion repeats; 0 where it comes to an end."""
    material: str
    """Name of the `Preset` that it is made of."""


def course(natural: float, damping: float, seconds: float, fps: float, frames: int, seed: int) -> np.ndarray:
    """A tip in gusty wind [frames], largest value 1, that repeats after `seconds` (Chuang et al. 2005, eq. 2)."""
    count = max(int(3 * natural * seconds), 2)
    frequencies = np.arange(1, count + 1) / seconds
    random = np.random.default_rng(seed)
    answer = loop_response(wind_coefficients(frequencies, 3.0, random), frequencies, natural, damping)
    values = (np.exp(2j * np.pi * np.outer(np.arange(frames) / fps, frequencies)) @ answer).real
    return values / np.abs(values).max()


def bound(positions: np.ndarray, parts: np.ndarray, rest: np.ndarray, carriers: int) -> Binding:
    """Moving splats tied to their nearest particles [P, 3] by inverse distance."""
    moving = np.flatnonzero(parts > 0).astype(np.int32)
    places = positions[moving]
    square = (rest**2).sum(1) - 2 * places @ rest.T  # [M, P], less the splat's own square
    nearest = np.argpartition(square, carriers - 1, axis=1)[:, :carriers]
    distance = np.linalg.norm(places[:, None] - rest[nearest], axis=-1)  # [M, K]
    weights = 1 / (distance + SOFTENING) ** 2
    weights /= weights.sum(1, keepdims=True)
    return Binding(moving, nearest.astype(np.int32), weights.astype(np.float32))
