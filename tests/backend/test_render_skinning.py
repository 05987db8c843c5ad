"""Splats on driving particles: the pose against `Trajectory`, its gradient against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from backend import rotations as rot
from backend.gaussians import Gaussians, sh_from_colours
from backend.trajectory import Binding, Trajectory

PARTICLES, SPLATS, MOVING = 12, 40, 30
MANY = 1500
"""Particles and splats enough for Taichi to use several threads, each of which takes 512."""


@pytest.fixture
def double_precision():
    """Taichi running in float64."""
    from backend import taichi_runtime

    taichi_runtime.start("f64")


def scene(particle_count: int = PARTICLES, splat_count: int = SPLATS, moving: int = MOVING):
    """A cloud whose last splats are bound to three particles each."""
    rng = np.random.default_rng(0)
    gaussians = Gaussians(
        rng.normal(size=(splat_count, 3)).astype(np.float32),
        rot.normalised(rng.normal(size=(splat_count, 4))).astype(np.float32),
        rng.uniform(0.05, 0.5, (splat_count, 3)).astype(np.float32),
        rng.uniform(0.1, 1, splat_count).astype(np.float32),
        sh_from_colours(rng.uniform(0, 1, (splat_count, 3))),
    )
    particles = np.stack([rng.permutation(particle_count)[:3] for _ in range(moving)]).astype(np.int32)
    weights = rng.dirichlet(np.ones(3), moving).astype(np.float32)
    splats = np.arange(splat_count - moving, splat_count, dtype=np.int32)
    return gaussians, Binding(splats, particles, weights), rng.normal(size=(particle_count, 3)).astype(np.float32)


def test_pose_agrees_with_trajectory(double_precision):
    """Splats stand where `Trajectory.pose` puts them, and turn as there to the square of how far turns differ."""
    from backend.deformation import six_numbers
    from backend.render.skinning import Skinning

    gaussians, binding, rest = scene()
    rng = np.random.default_rng(1)
    spread = 0.05
    common = rot.normalised(np.array([0.8, 0.3, -0.4, 0.2]))
    small = np.concatenate([np.ones((PARTICLES, 1)), spread / 2 * rng.normal(size=(PARTICLES, 3))], 1)
    turns = rot.multiply(common, rot.normalised(small))
    positions = rest + rng.normal(size=rest.shape)
    stretch = np.eye(3) + 0.2 * np.diag([1.0, -0.5, 0.3])
    posed, covariances = Skinning(gaussians, binding, rest).pose(positions, rot.matrix_from_quaternion(turns) @ stretch)

    trajectory = Trajectory(rest, positions[None].astype(np.float32), turns[None].astype(np.float32), binding, fps=24.0)
    expected, expected_turns = trajectory.pose(gaussians, 0)
    half = rot.matrix_from_quaternion(expected_turns) * gaussians.scales[:, None]
    expected_covariances = six_numbers(half @ half.transpose(0, 2, 1))
    # Positions: Trajectory is float32. Covariances: turns differ by a rotation vector w of |w|^2 = 3 spread^2, which
    # shrinks B by a half of that at most and Sigma = scale^2 (0.5^2 at most) by twice B's.
    np.testing.assert_allclose(posed, expected, atol=1e-5)
    np.testing.assert_allclose(covariances, expected_covariances, atol=3 * spread**2 * 0.5**2)
    still = slice(0, SPLATS - MOVING)
    np.testing.assert_array_equal(posed[still], gaussians.positions[still])
    np.testing.assert_allclose(covariances[still], six_numbers(gaussians.covariances())[still], rtol=1e-7)


def test_gradient_equals_finite_differences(double_precision):
    """Along random directions of particle positions and F the gradient predicts the change of the splats."""
    from backend.render.skinning import Skinning

    gaussians, binding, rest = scene()
    skinning = Skinning(gaussians, binding, rest)
    rng = np.random.default_rng(2)
    positions = rest + 0.1 * rng.normal(size=rest.shape)
    F = np.eye(3) + 0.3 * rng.normal(size=(PARTICLES, 3, 3))
    F *= np.sign(np.linalg.det(F))[:, None, None]
    targets = rng.normal(size=(SPLATS, 3)), rng.normal(size=(SPLATS, 6))
    skinning.pose(positions, F)
    grad_positions, grad_F = skinning.backward(*targets)

    def loss(x, F):
        return sum((a * b).sum() for a, b in zip(skinning.pose(x, F), targets, strict=True))

    step = 1e-5
    for _ in range(3):
        dx, dF = rng.normal(size=rest.shape), rng.normal(size=F.shape)
        predicted = (grad_positions * dx).sum() + (grad_F * dF).sum()
        change = loss(positions + step * dx, F + step * dF) - loss(positions - step * dx, F - step * dF)
        # h^2 f''' / 6 f' with F's smallest sum of two stretches about 0.1: 1e-10 * 1e2.
        assert predicted == pytest.approx(change / (2 * step), rel=1e-6)


def test_gradient_is_the_same_every_time(double_precision):
    """Sums over a particle's splats have a fixed order: two runs agree to the bit."""
    from backend.render.skinning import Skinning

    gaussians, binding, rest = scene(MANY, MANY, MANY)
    rng = np.random.default_rng(3)
    F = np.eye(3) + 0.1 * rng.normal(size=(MANY, 3, 3))
    upstream = rng.normal(size=(MANY, 3)), rng.normal(size=(MANY, 6))
    runs = []
    for _ in range(2):
        skinning = Skinning(gaussians, binding, rest)
        skinning.pose(rest, F)
        runs.append(skinning.backward(*upstream))
    for a, b in zip(*runs, strict=True):
        np.testing.assert_array_equal(a, b)
