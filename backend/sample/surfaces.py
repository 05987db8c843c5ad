"""Splats on surfaces: where they lie and how they are turned.

A surface is a function of two parameters. Splats lie on it as seeds lie in a sunflower: one step on in the first
parameter and a golden ratio in the second, which is even at any ratio of the sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Surface = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Points [N, 3] at two parameters [N] each."""


@dataclass
class Patch:
    """Unlit splats on one kind of surface; N share every first axis."""

    positions: np.ndarray
    """[N, 3], m."""
    axes: np.ndarray
    """[N, 3, 3], columns along, across and normal (outward, of a leaf upward)."""
    scales: np.ndarray
    """[N, 3], m, along the axes."""
    opacity: np.ndarray
    """[N], 0..1."""
    albedo: np.ndarray
    """[N, 3], linear sRGB."""
    area: np.ndarray
    """[N], m^2 of surface that each splat stands for."""
    translucency: float = 0.0
    """Share of the light on its back that a leaf lets through."""
    gloss: float = 0.0
    """Strength of the highlight of a waxy surface."""


def golden(count: int) -> np.ndarray:
    """Evenly spread numbers [count] in 0..1, whose neighbours in sequence are far apart."""
    return (np.arange(count) + 0.5) * (np.sqrt(5) - 1) / 2 % 1


def share(weights: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Owner of each of `count` items [count], as many of each as its weight asks, and the item's place in it, 0..1."""
    total = np.cumsum(weights)
    item = (np.arange(count) + 0.5) / count * total[-1]
    owner = np.searchsorted(total, item)
    return owner, 1 - (total[owner] - item) / weights[owner]


def inverse_of_area(profile: Callable[[np.ndarray], np.ndarray], uniform: np.ndarray) -> np.ndarray:
    """Parameters [N] in 0..1 distributed like `profile`, from uniform ones [N]."""
    u = np.linspace(0, 1, 400)
    total = np.append(0, np.cumsum(profile((u[1:] + u[:-1]) / 2)))
    return np.interp(uniform * total[-1], total, u)


def frames(surface: Surface, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points [N, 3] of a surface and its axes there [N, 3, 3]: along u, across, normal."""
    step = 1e-4
    along = unit(surface(u + step, v) - surface(u - step, v))
    normal = unit(np.cross(along, surface(u, v + step) - surface(u, v - step)))
    return surface(u, v), np.stack([along, np.cross(normal, along), normal], -1)


def turned(axes: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Axes [N, 3, 3] turned about their normals by angles [N]."""
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    along, across, normal = np.moveaxis(axes, -1, 0)
    return np.stack([c * along + s * across, c * across - s * along, normal], -1)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors [..., 3] of length 1; a zero vector stays."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
