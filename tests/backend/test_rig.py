"""Control points and keyframes: few bones that reproduce a motion, few keys that reproduce a curve."""

from __future__ import annotations

import numpy as np
import pytest

from backend import rotations as rot
from backend.baking.keys import hermite, keyed_frames, slopes
from backend.baking.rig import rig
from backend.trajectory import Binding, Trajectory

FRAMES = 20


def hinged(particles: int = 60) -> Trajectory:
    """Two rigid halves of a rod, the upper of which turns about the middle; one splat on each particle."""
    rng = np.random.default_rng(0)
    rest = rng.uniform(-0.05, 0.05, (particles, 3))
    rest[:, 2] = np.where(np.arange(particles) % 2, rng.uniform(0, 0.45, particles), rng.uniform(0.55, 1, particles))
    upper = rest[:, 2] > 0.5
    angle = 0.5 * np.sin(np.linspace(0, 6, FRAMES))
    turn = rot.quaternion_from_vector(np.stack([0 * angle, angle, 0 * angle], 1))  # [T, 4]
    matrix, pivot = rot.matrix_from_quaternion(turn), np.array([0, 0, 0.5])
    positions = np.tile(rest, (FRAMES, 1, 1))
    positions[:, upper] = np.einsum("tij,pj->tpi", matrix, rest[upper] - pivot) + pivot
    turns = np.tile(np.array([1.0, 0, 0, 0]), (FRAMES, particles, 1))
    turns[:, upper] = turn[:, None]
    own = np.arange(particles, dtype=np.int32)
    binding = Binding(own, own[:, None], np.ones((particles, 1), np.float32))
    arrays = (a.astype(np.float32) for a in (rest, positions, turns))
    return Trajectory(*arrays, binding, fps=24.0)


def test_two_rigid_halves_need_two_bones():
    """Particles follow but for the pull of the prior, and every splat names the bone of its half alone."""
    found = rig(hinged(), 2)
    # The prior, a thousandth of the motion's energy, gives the other bone up to a thousandth of a travel of 0.2 m.
    assert found.error < 2e-4 and found.worst < 5e-4
    assert np.allclose(np.sort(found.motion.binding.weights, axis=1)[:, -1], 1, atol=1e-3)


def test_more_bones_come_nearer_to_a_bending_rod():
    """A rod bent into arcs: the error falls with the number of bones, and four are within 3 % of the travel."""
    rest = np.zeros((200, 3))
    rest[:, 2] = np.linspace(0, 1, 200)
    curvature = np.linspace(0, 0.8, FRAMES)[:, None]  # 1/m, tip turns by 0.8 rad
    arc = curvature * rest[:, 2]
    travel = np.where(curvature > 0, (1 - np.cos(arc)) / np.maximum(curvature, 1e-9), 0)
    height = np.where(curvature > 0, np.sin(arc) / np.maximum(curvature, 1e-9), rest[:, 2])
    positions = np.stack([travel, 0 * travel, height], -1)
    turns = rot.quaternion_from_vector(np.stack([0 * arc, arc, 0 * arc], -1))
    own = np.arange(200, dtype=np.int32)
    binding = Binding(own, own[:, None], np.ones((200, 1), np.float32))
    rod = Trajectory(*(a.astype(np.float32) for a in (rest, positions, turns)), binding, fps=24.0)
    errors = [rig(rod, bones).error for bones in (1, 2, 4, 8)]
    assert all(more < 0.6 * fewer for fewer, more in zip(errors, errors[1:], strict=False))
    assert errors[2] < 0.03 * np.sqrt((travel**2).mean())


def test_splats_follow_the_bones_of_their_particles():
    """A splat held by two particles of one half follows that half: it is where both would have carried it."""
    trajectory = hinged()
    upper = np.flatnonzero(trajectory.rest[:, 2] > 0.5)[:2]
    binding = Binding(np.array([0], np.int32), upper[None].astype(np.int32), np.full((1, 2), 0.5, np.float32))
    motion = rig(Trajectory(trajectory.rest, trajectory.positions, trajectory.rotations, binding, 24.0), 2).motion
    assert motion.binding.particles.shape == (1, 2)
    assert motion.binding.weights.sum() == pytest.approx(1)
    bone = motion.binding.particles[0, motion.binding.weights[0].argmax()]
    assert motion.rest[bone, 2] > 0.5 and motion.binding.weights.max() > 0.99


def test_no_bones_are_refused():
    """A rig without bones carries nothing."""
    with pytest.raises(ValueError, match="1 or more"):
        rig(hinged(), 0)


def test_a_cubic_needs_its_ends_only():
    """Central differences give a quadratic its slopes exactly, so two keys inside the one-sided ends carry it."""
    time = np.arange(50.0)[:, None]
    values = 0.01 * time**2 - time
    kept = keyed_frames(values, 1e-6)
    # The one-sided slopes at the ends are off by half a step's curvature: only there keys are added.
    assert len(kept) < 12 and kept[0] == 0 and kept[-1] == 49


@pytest.mark.parametrize("tolerance", [0.1, 0.01, 0.001])
def test_the_curve_through_the_keys_stays_within_the_tolerance(tolerance):
    """Of a sway with noise, at every sample and in each channel; and a looser tolerance needs fewer keys."""
    rng = np.random.default_rng(1)
    time = np.arange(120)
    values = np.stack([np.sin(0.2 * time), np.cos(0.33 * time)], 1) + 0.002 * rng.normal(size=(120, 2))
    kept, slope = keyed_frames(values, tolerance), slopes(values)
    for first, last in zip(kept, kept[1:], strict=False):
        frames = np.arange(first, last + 1)
        assert np.abs(hermite(values, slope, first, last, frames) - values[frames]).max() <= tolerance + 1e-12
    assert len(kept) < len(keyed_frames(values, tolerance / 5))
