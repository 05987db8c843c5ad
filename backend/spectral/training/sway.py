"""Spectral volumes in closed form: how a skeleton answers to wind, frequency by frequency, without time stepping.

Joints are torsion springs, segments carry mass and drag at their middle. With J the Jacobian of the middles with
regard to the joints' angles, M = sum m J^T J, springs D and Rayleigh-like damping of ratio z in each mode:
theta(w) = (s D - w^2 M + i w C)^-1 J^T F(w), F = drag * gust(w) * exp(-i w delay). A pixel's displacement is the sum
over the joints below it of theta_j x (p - start_j), hence linear in p on each segment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..predictor.prior import AMPLITUDES, FREQUENCIES
from .skeleton import Skeleton

BINS = len(FREQUENCIES)
OMEGA = 2 * np.pi * FREQUENCIES


@dataclass(frozen=True)
class Gusts:
    """The wind over one picture."""

    heading: np.ndarray
    """Unit vector [2], x right, y down."""
    speed: float
    """How fast gusts travel along it, pixels per second."""
    along: np.ndarray
    """Amplitude of each frequency along the heading [K], complex."""
    across: np.ndarray
    """And across it."""

    @staticmethod
    def draw(rng: np.random.Generator, size: float) -> Gusts:
        """size: pixels, of the picture."""
        angle = rng.normal(0, 0.2) + (np.pi if rng.random() < 0.5 else 0)
        return Gusts(
            np.array([np.cos(angle), np.sin(angle)]),
            size * rng.uniform(0.8, 5),
            SPECTRUM * unit_complex(rng, BINS),
            SPECTRUM * unit_complex(rng, BINS) * rng.uniform(0.1, 0.3),
        )

    def at(self, points: np.ndarray) -> np.ndarray:
        """Phase factors of the travelling gusts at points [n, 2]: [K, n]."""
        return np.exp(-1j * OMEGA[:, None] * (points @ self.heading)[None] / self.speed)


SPECTRUM = AMPLITUDES / np.array(
    [0.72, 1.25, 1.4, 1.4, 1.32, 1.25, 1.1, 0.86, 0.65, 0.51, 0.42, 0.36, 0.32, 0.3, 0.27, 0.26]
)
"""Of the force, so that pictures' motion on average falls off over frequency as in films of real plants."""


@dataclass(frozen=True)
class Motion:
    """Displacement of each segment's pixels, `S_k(p) = shift + gradient (p - origin)`."""

    origins: np.ndarray
    """[n, 2], pixels."""
    table: np.ndarray
    """[n, K, 6], complex: shift x, y; gradient xx, xy, yx, yy."""

    def scaled(self, factor: float) -> Motion:
        return Motion(self.origins, self.table * factor)


def unit_complex(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Complex normal numbers of unit variance."""
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2)


def response(skeleton: Skeleton, gusts: Gusts, rng: np.random.Generator, frequency: float, damping: float) -> Motion:
    """How the skeleton moves in the wind. frequency: of its slowest mode, hertz."""
    count = len(skeleton)
    starts, ends = np.array(skeleton.starts), np.array(skeleton.ends)
    middles, areas = (starts + ends) / 2, np.array(skeleton.areas)
    below = np.zeros((count, count), bool)
    for i, parent in enumerate(skeleton.parents):
        if parent >= 0:
            below[i] = below[parent]
        below[i, i] = True
    arms = middles[:, None] - starts[None]
    jacobian = np.stack([-arms[..., 1], arms[..., 0]], -1) * below[..., None]
    flat = jacobian.transpose(1, 0, 2).reshape(count, -1)
    mass = (flat * np.repeat(areas, 2)) @ flat.T
    springs = np.sqrt(np.diag(mass) + 1e-9) * np.array(skeleton.ratios)
    eigenvalues, vectors = np.linalg.eigh(mass / springs[:, None] / springs[None])
    eigenvalues = np.maximum(eigenvalues, 1e-6 * eigenvalues[-1])
    stiffness = (2 * np.pi * frequency) ** 2 * eigenvalues[-1]
    gain = 1 / (
        stiffness - OMEGA[:, None] ** 2 * eigenvalues + 2j * damping * OMEGA[:, None] * np.sqrt(stiffness * eigenvalues)
    )
    # Gusts are mostly those of the whole picture; each plant and each segment also feels its own.
    own = 0.25 * SPECTRUM * unit_complex(rng, BINS)
    turbulent = 0.1 * SPECTRUM[:, None] * unit_complex(rng, BINS, count)
    phase = gusts.at(middles) * areas
    along = phase * ((gusts.along + own)[:, None] + turbulent)
    across = phase * (gusts.across[:, None] + 0.3 * turbulent * 1j)
    aside = np.array([-gusts.heading[1], gusts.heading[0]])
    torque = along @ (jacobian @ gusts.heading) + across @ (jacobian @ aside)
    theta = ((torque / springs) @ vectors * gain) @ vectors.T / springs
    turn = theta @ below.T
    perpendicular = np.stack([-starts[:, 1], starts[:, 0]], -1)
    shift = turn[..., None] * perpendicular - np.einsum("ij,kj,jc->kic", below, theta, perpendicular, optimize=True)
    table = np.zeros((count, BINS, 6), complex)
    table[..., :2] = shift.transpose(1, 0, 2)
    table[..., 3] = -turn.T
    table[..., 4] = turn.T
    return Motion(starts, table)


def strength(skeleton: Skeleton, motion: Motion) -> float:
    """Root mean square displacement of the segments' ends, each counted as much as its area."""
    ends = np.array(skeleton.ends) - motion.origins
    moved = motion.table[..., :2] + np.stack(
        [motion.table[..., 3] * ends[:, None, 1], motion.table[..., 4] * ends[:, None, 0]], -1
    )
    areas = np.array(skeleton.areas)
    return float(np.sqrt((np.abs(moved) ** 2).sum((1, 2)) @ areas / areas.sum() / 2) + 1e-12)
