"""`Swing`: a subject as a few sway modes, light enough to be pulled about by hand; `Hand` does the pulling.

A mode of shape phi, rate w (rad/s), modal mass m and decay s moves as q'' + 2 s q' + w^2 q = phi . f / m. A grabbed
particle p is tied to the hand by a spring and a dashpot, f = k (target - phi_p q) - c phi_p q', which keeps the system
linear: a step of any length is exact, by the exponential of its matrix (Moler & Van Loan 2003, method 3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from . import rotations as rot
from .trajectory import Binding, Trajectory

GRIP = 30.0
"""Stiffness of the hand's spring over that of the grabbed point: it comes within 3 % of the hand."""
DAMPED = 0.7
"""Damping ratio of the hand's dashpot."""
BEND_MAX = 0.9
"""Radians that anything turns by at most: beyond, straight mode shapes would stretch what they bend."""
ORDER = 10
"""Of the exponential's series, exact to rounding for matrices below 1/2."""


@dataclass(frozen=True)
class Swing:
    """M modes of P driving particles, world space, metres."""

    rest: np.ndarray
    """Positions at rest [P, 3]."""
    shapes: np.ndarray
    """Displacement of the particles per unit of each mode [M, P, 3]."""
    turns: np.ndarray
    """Rotation vectors of the particles per unit of each mode [M, P, 3], radians."""
    rate: np.ndarray
    """[M], rad/s."""
    decay: np.ndarray
    """[M], 1/s."""
    mass: np.ndarray
    """Modal masses [M], kg."""
    binding: Binding

    def __len__(self) -> int:
        return len(self.rate)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for `arrays.save`."""
        b = self.binding
        own = {name: getattr(self, name) for name in ("rest", "shapes", "turns", "rate", "decay", "mass")}
        return {**own, "splats": b.splats, "particles": b.particles, "weights": b.weights}

    @staticmethod
    def from_arrays(a: dict[str, np.ndarray]) -> Swing:
        binding = Binding(a["splats"], a["particles"], a["weights"])
        return Swing(a["rest"], a["shapes"], a["turns"], a["rate"], a["decay"], a["mass"], binding)

    def trajectory(self, amplitudes: np.ndarray, fps: float) -> Trajectory:
        """The motion of amplitudes [T, M] at the frames of a scene."""
        positions = self.rest + np.tensordot(amplitudes, self.shapes, 1)
        rotations = rot.quaternion_from_vector(np.tensordot(amplitudes, self.turns, 1))
        moved = (a.astype(np.float32) for a in (self.rest, positions, rotations))
        return Trajectory(*moved, self.binding, fps)


class Hand:
    """The modes' state, and the hand that may hold one of the particles."""

    def __init__(self, swing: Swing) -> None:
        self.swing = swing
        self.amplitudes = np.zeros(len(swing))
        """[M]"""
        self.velocities = np.zeros(len(swing))
        """[M], 1/s."""
        self._grabbed: np.ndarray | None = None
        self._steady = np.zeros(len(swing))
        self.release()

    @property
    def holds(self) -> bool:
        return self._grabbed is not None

    def grab(self, particle: int) -> None:
        """Take hold of a particle where it is."""
        s = self.swing
        row = s.shapes[:, particle]  # [M, 3]
        loose = row / np.sqrt(s.mass)[:, None]
        compliance = np.linalg.eigvalsh((loose / s.rate[:, None] ** 2).T @ loose).max()
        lightness = np.linalg.eigvalsh(loose.T @ loose).max()
        stiffness = GRIP / compliance
        dashpot = 2 * DAMPED * np.sqrt(stiffness / lightness)
        tied = row @ row.T / s.mass[:, None]  # [M, M]
        self._grabbed = stiffness * row / s.mass[:, None]
        self._set(np.diag(s.rate**2) + stiffness * tied, np.diag(2 * s.decay) + dashpot * tied)
        self.pull(self.displacement(particle))

    def pull(self, offset: np.ndarray) -> None:
        """Bring the hand to an offset [3] (metres) from where the grabbed particle rests, as far as it bends."""
        if self._grabbed is None:
            return
        steady = np.linalg.solve(self._stiffness, self._grabbed @ np.asarray(offset, float))
        bend = np.linalg.norm(np.tensordot(steady, self.swing.turns, 1), axis=-1).max()
        self._steady = steady * min(1.0, BEND_MAX / max(bend, 1e-9))

    def release(self) -> None:
        """Let go."""
        s = self.swing
        self._grabbed, self._steady = None, np.zeros(len(s))
        self._set(np.diag(s.rate**2), np.diag(2 * s.decay))

    def step(self, seconds: float) -> None:
        """Let time pass."""
        state = np.concatenate([self.amplitudes - self._steady, self.velocities])
        state = exponential(self._matrix * seconds) @ state
        self.amplitudes, self.velocities = state[: len(self.swing)] + self._steady, state[len(self.swing) :]

    def displacement(self, particle: int) -> np.ndarray:
        """How far a particle is from rest [3], metres."""
        return self.amplitudes @ self.swing.shapes[:, particle]

    def _set(self, stiffness: np.ndarray, damping: np.ndarray) -> None:
        count = len(self.swing)
        self._stiffness = stiffness
        self._matrix = np.block([[np.zeros((count, count)), np.eye(count)], [-stiffness, -damping]])


@dataclass(frozen=True)
class Touch:
    """What the hand did at a time."""

    time: float
    """Seconds."""
    particle: int | None
    """The particle it holds from now on; None after it let go."""
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Where it holds it, metres from its rest."""


def performed(swing: Swing, touches: Iterable[Touch], frames: int, fps: float) -> np.ndarray:
    """Amplitudes [frames, M] at a scene's frames of what a hand did, touches in order of time."""
    hand, waiting = Hand(swing), list(touches)
    holding, now, rows = None, 0.0, []
    for frame in range(frames):
        while waiting and waiting[0].time <= frame / fps:
            touch = waiting.pop(0)
            hand.step(touch.time - now)
            now = touch.time
            if touch.particle is None:
                hand.release()
            elif touch.particle != holding:
                hand.grab(touch.particle)
            holding = touch.particle
            hand.pull(np.array(touch.offset))
        hand.step(frame / fps - now)
        now = frame / fps
        rows.append(hand.amplitudes)
    return np.array(rows)


def exponential(matrix: np.ndarray) -> np.ndarray:
    """exp of a square matrix, by its series on a fraction of it, squared."""
    halvings = max(0, int(np.ceil(np.log2(max(np.abs(matrix).sum(1).max(), 1e-300)))) + 1)
    small = matrix / 2**halvings
    result = term = np.eye(len(matrix))
    for k in range(1, ORDER + 1):
        term = term @ small / k
        result = result + term
    for _ in range(halvings):
        result = result @ result
    return result
