"""A swaying trajectory as shapes and harmonics: what is kept, what closes, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from backend import rotations as rot
from backend.baking.spectral_motion import compress
from backend.trajectory import Binding, Trajectory

FPS = 24.0


def swaying(frames: int, period: float | None = None, particles: int = 40, modes: int = 3) -> Trajectory:
    """A stalk whose particles swing in three shapes, all of them harmonics of `period` frames, or of none."""
    rng = np.random.default_rng(0)
    rest = np.stack([np.zeros(particles), np.zeros(particles), np.linspace(0, 1, particles)], 1)
    time = np.arange(frames)
    displacement, turn = np.zeros((frames, particles, 3)), np.zeros((frames, particles, 3))
    for m in range(modes):
        cycles = (m + 1) / period if period else 0.031 * (m + 1) ** 1.3
        signal = np.sin(2 * np.pi * cycles * time + m) / (m + 1)
        direction = rng.normal(size=3)
        displacement += 0.1 * signal[:, None, None] * (rest[:, 2:] ** (m + 2)) * direction
        turn += 0.3 * signal[:, None, None] * (rest[:, 2:] ** (m + 1)) * np.cross([0, 0, 1], direction)
    binding = Binding(np.arange(particles, dtype=np.int32), np.arange(particles, dtype=np.int32)[:, None],
                      np.ones((particles, 1), np.float32))  # fmt: skip
    positions = (rest + displacement).astype(np.float32)
    turns = rot.quaternion_from_vector(turn).astype(np.float32)
    return Trajectory(rest.astype(np.float32), positions, turns, binding, FPS)


def test_a_periodic_sway_comes_back_exactly():
    """Three shapes that repeat after 48 frames: positions and rotations agree at every frame of the loop."""
    trajectory = swaying(60, period=48)
    loop = compress(trajectory, 48).trajectory()
    np.testing.assert_allclose(loop.positions, trajectory.positions[12:], atol=1e-5)  # float32 shapes of 0.1 m
    agree = np.abs((loop.rotations * trajectory.rotations[12:]).sum(-1))
    assert agree.min() > 1 - 1e-6


def test_any_sway_closes_and_keeps_what_is_not_led_over():
    """Incommensurable swings: value and slope continue over the seam; outside the overlap nothing has changed."""
    trajectory = swaying(150)
    motion = compress(trajectory, 120)
    loop = motion.trajectory(frames=241).positions
    np.testing.assert_allclose(loop[0], loop[120], atol=1e-6)  # 1e-4 of the extent of 1 m is asked for
    change = np.abs(np.diff(loop, n=2, axis=0)).max((1, 2))  # of velocity, a frame; [118:120] straddle the seam
    assert change[118:120].max() < 1.2 * np.delete(change[:119], 118).max()
    kept = slice(0, 90)
    np.testing.assert_allclose(loop[kept], trajectory.positions[30:][kept], atol=1e-5)


def test_few_shapes_carry_most_and_the_strongest_come_first():
    """Of three shapes of falling size two leave the third's share of the energy, which is a few percent."""
    trajectory = swaying(60, period=48)
    truth = trajectory.positions[12:] - trajectory.rest
    errors = [
        np.square(compress(trajectory, 48, n).trajectory().positions - trajectory.rest - truth).sum() for n in (1, 2, 3)
    ]
    energy = np.square(truth).sum()
    assert errors[0] > errors[1] > errors[2]
    assert errors[1] < 0.1 * energy and errors[2] < 1e-8 * energy


@pytest.mark.parametrize(
    ("frames", "period", "words"), [(60, 100, "125 simulated frames"), (6, None, "simulate at least"), (60, 4, "short")]
)
def test_a_loop_that_cannot_be_is_refused(frames, period, words):
    """Too few frames for the loop and its overlap: one sentence with the number needed."""
    with pytest.raises(ValueError, match=words):
        compress(swaying(frames), period)


def test_a_motion_that_stands_still_is_refused():
    """No motion has no shapes."""
    trajectory = swaying(60, modes=0)
    with pytest.raises(ValueError, match="stands still"):
        compress(trajectory)


def test_rotation_vectors_and_quaternions_agree():
    """Both ways, at no angle, small angles and up to nearly half a turn."""
    axis = np.random.default_rng(1).normal(size=(200, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    vector = axis * np.concatenate([[0, 1e-14, 1e-8], np.linspace(1e-3, np.pi - 1e-6, 197)])[:, None]
    np.testing.assert_allclose(rot.vector_from_quaternion(rot.quaternion_from_vector(vector)), vector, atol=1e-9)
