"""`SpectralMotion`: a swaying trajectory as a few shapes times periodic signals, which loops for ever in little space.

Generative Image Dynamics (Li et al. 2024) describes a swaying picture by a spectral volume: a complex coefficient for
every pixel and frequency. Here particles in space take the place of pixels, and the volume is kept as a product of low
rank, as in modal analysis (Davis et al. 2015): particle p at time t is displaced by

    u_p(t) = sum_m shape_m,p q_m(t),   q_m(t) = Re sum_k spectrum_m,k exp(2 pi i k t / period)

so the coefficient of particle p at frequency k / period is sum_m shape_m,p spectrum_m,k. Rotation vectors follow the
same signals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import rotations as rot
from ..trajectory import Binding, Trajectory
from .sampling import farthest_first

MODES = 16
PARTICLES, CARRIERS = 1000, 3
"""Driving particles that a thinned motion keeps, and how many of them carry a splat."""
SOFTENING = 1e-3
"""Metres added to distances, so that a splat on a particle has finite weights."""
OVERLAP = 0.25
"""Share of the loop over which its end is led over into its beginning."""


@dataclass(frozen=True)
class SpectralMotion:
    """M shapes of P driving particles and the harmonics of their signals; world space, metres, Z up."""

    rest: np.ndarray
    """Positions at rest [P, 3], float32."""
    displacement: np.ndarray
    """Displacement of each particle in each shape [M, P, 3], float32, metres; mean included in harmonic 0."""
    turn: np.ndarray
    """Rotation vector of each particle in each shape [M, P, 3], float32, radians."""
    spectrum: np.ndarray
    """Complex amplitudes of the signals [M, K], harmonics 0 .. K - 1 of the loop; shapes carry the size."""
    period: int
    """Frames after which the motion repeats."""
    binding: Binding
    fps: float
    """Frames per second that `period` counts in."""

    def signals(self, frames: np.ndarray) -> np.ndarray:
        """q_m [len(frames), M] at frames [T], fractions allowed."""
        turns = np.outer(np.asarray(frames, float) / self.period, np.arange(self.spectrum.shape[1]))  # [T, K]
        return (np.exp(2j * np.pi * turns) @ self.spectrum.T).real

    def trajectory_at(self, frames: np.ndarray) -> Trajectory:
        """The motion written out at frames [T], fractions allowed."""
        signals = self.signals(frames)
        positions = self.rest + np.tensordot(signals, self.displacement, 1)
        turns = rot.quaternion_from_vector(np.tensordot(signals, self.turn, 1))
        return Trajectory(self.rest, positions.astype(np.float32), turns.astype(np.float32), self.binding, self.fps)

    def trajectory(self, frames: int | None = None) -> Trajectory:
        """One loop, or so many frames of it, from frame 0."""
        return self.trajectory_at(np.arange(self.period if frames is None else frames))


def compress(trajectory: Trajectory, period: int | None = None, modes: int = MODES) -> SpectralMotion:
    """A trajectory's last frames as a loop of `period` frames (default: as long as it has frames for).

    The loop ends where the trajectory ends; its last `OVERLAP` is led over into the frames before its first, so it
    needs that many frames more. Shapes are the principal components of displacement, the rotations follow by least
    squares.
    Raises ValueError for a trajectory that is too short or does not move, and for fewer than one shape.
    """
    longest = int(len(trajectory) / (1 + OVERLAP))
    period = longest if period is None else period
    if modes < 1:
        raise ValueError(f"{modes} shapes cannot carry a motion; ask for 1 or more")
    if period < 8:
        raise ValueError(f"a loop of {period} frames is too short; simulate at least 10 frames")
    if period > longest:
        frames = int(np.ceil(period * (1 + OVERLAP)))
        raise ValueError(
            f"a loop of {period} frames needs {frames} simulated frames, here are {len(trajectory)}; simulate longer, "
            f"or ask for a loop of {longest}"
        )
    count = len(trajectory.rest)
    moved = (trajectory.positions - trajectory.rest).reshape(len(trajectory), -1).astype(np.float64)  # [T, 3 P]
    turned = rot.vector_from_quaternion(trajectory.rotations.astype(np.float64)).reshape(len(trajectory), -1)
    shapes, signals = _components(moved, modes)
    if not len(shapes):
        raise ValueError("the simulated motion stands still; there is nothing to loop")
    turns = np.linalg.lstsq(signals, turned, rcond=None)[0]  # [M, 3 P]
    spectrum = _harmonics(_closed(signals, period))
    # Keeps numbers near 1 in the signals and metres in the shapes, whatever is animated on top.
    size = np.abs(signals).max(0)
    return SpectralMotion(
        trajectory.rest,
        (shapes * size[:, None]).reshape(-1, count, 3).astype(np.float32),
        (turns * size[:, None]).reshape(-1, count, 3).astype(np.float32),
        spectrum / size[:, None],
        period,
        trajectory.binding,
        trajectory.fps,
    )


def thinned(trajectory: Trajectory, positions: np.ndarray, particles: int = PARTICLES) -> Trajectory:
    """The same motion by fewer particles, three to a splat, weighted by inverse distance at rest.

    `positions` [N, 3] are the splats at rest, in the trajectory's frame. Particles are kept farthest first (Gonzalez
    1985); the others' splats go to the kept one that is nearest to theirs.
    """
    kept, owner = farthest_first(trajectory.rest.astype(np.float64), particles)
    b = trajectory.binding
    rows = np.arange(len(b.splats))[:, None]
    total = np.zeros((len(b.splats), b.particles.shape[1]))
    owners = owner[b.particles]  # [M, K]
    for k in range(owners.shape[1]):  # every owner's weight gathers where it is first named
        first = (owners == owners[:, k : k + 1]).argmax(1)[:, None]
        total[rows, first] += b.weights[:, k : k + 1]
    strongest = np.argsort(-total, axis=1, kind="stable")[:, :CARRIERS]
    chosen = np.take_along_axis(owners, strongest, 1)
    chosen = np.where(np.take_along_axis(total, strongest, 1) > 0, chosen, chosen[:, :1])
    # Exactly three: a splat with fewer owners names its strongest more than once.
    chosen = np.concatenate([chosen, np.repeat(chosen[:, :1], CARRIERS - chosen.shape[1], axis=1)], 1)
    rest = trajectory.rest[kept]
    distance = np.linalg.norm(positions[b.splats][:, None] - rest[chosen], axis=-1)
    weights = 1 / (distance + SOFTENING)
    binding = Binding(b.splats, chosen.astype(np.int32), (weights / weights.sum(1, keepdims=True)).astype(np.float32))
    return Trajectory(rest, trajectory.positions[:, kept], trajectory.rotations[:, kept], binding, trajectory.fps)


def _components(moved: np.ndarray, modes: int) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal shapes [M, 3 P] and signals [T, M] with moved [T, 3 P] ~ signals @ shapes, the strongest first."""
    values, vectors = np.linalg.eigh(moved @ moved.T)  # T is far below 3 P
    strongest = np.argsort(values)[::-1][:modes]
    strongest = strongest[values[strongest] > 1e-12 * max(values.max(), np.finfo(float).tiny)]
    signals = vectors[:, strongest] * np.sqrt(values[strongest])
    return (signals / values[strongest]).T @ moved, signals


def _closed(signals: np.ndarray, period: int) -> np.ndarray:
    """The last `period` of the signals [T, M], the end led over into what came before the first of them.

    Weights rise as the squared sine and fall as the squared cosine: value and slope are continuous over the seam.
    """
    loop, start = signals[-period:].copy(), len(signals) - period
    overlap = min(int(OVERLAP * period), start)
    weight = np.sin(0.5 * np.pi * (np.arange(overlap) + 0.5) / max(overlap, 1))[:, None] ** 2
    loop[period - overlap :] = (1 - weight) * loop[period - overlap :] + weight * signals[start - overlap : start]
    return loop


def _harmonics(loop: np.ndarray) -> np.ndarray:
    """Complex amplitudes [M, K] whose real sum gives a loop [L, M] again at whole frames."""
    spectrum = np.fft.rfft(loop, axis=0).T / len(loop)
    spectrum[:, 1:] *= 2
    if len(loop) % 2 == 0:
        spectrum[:, -1] /= 2  # counted once: its own conjugate
    return spectrum
