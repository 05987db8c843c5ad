"""Deformation gradients: rotation and stretch, ellipsoids under them, and splats carried by particles that stretch."""

from __future__ import annotations

import numpy as np
import pytest

from backend import deformation as de
from backend import rotations as rot
from backend.gaussians import Gaussians, sh_from_colours
from backend.trajectory import Binding, Trajectory


def cloud(count: int, seed: int = 0) -> Gaussians:
    """Random splats, down to a thousand times thinner than wide."""
    rng = np.random.default_rng(seed)
    return Gaussians(
        rng.normal(size=(count, 3)).astype(np.float32),
        rot.normalised(rng.normal(size=(count, 4))).astype(np.float32),
        np.exp(rng.uniform(np.log(1e-3), 0, (count, 3))).astype(np.float32),
        rng.uniform(0.1, 1, count).astype(np.float32),
        sh_from_colours(rng.uniform(0, 1, (count, 3))),
    )


def shear(amount: float) -> np.ndarray:
    return np.array([[1, amount, 0], [0, 1, 0], [0, 0, 1.0]])


DEFORMATIONS = {
    "stretch": np.diag([1.7, 0.8, 0.6]),
    "shear": shear(0.9),
    "turn and shear": rot.matrix_from_quaternion(rot.normalised(np.array([0.6, 0.5, -0.3, 0.4]))) @ shear(-1.5),
}


def affinely_moved(F: np.ndarray, frames: int = 1, count: int = 20) -> Trajectory:
    """Particles that F [3, 3] moves, all splats bound to eight of them."""
    rng = np.random.default_rng(1)
    rest = rng.normal(size=(count, 3)).astype(np.float32)
    positions = np.repeat((rest @ F.T + [0.3, -0.2, 0.1])[None], frames, 0).astype(np.float32)
    turns, stretch = de.rotation_and_stretch(np.broadcast_to(F, (frames, count, 3, 3)))
    particles = np.argsort(rng.random((50, count)), axis=1)[:, :8].astype(np.int32)
    weights = rng.dirichlet(np.ones(8), 50).astype(np.float32)
    binding = Binding(np.arange(50, dtype=np.int32), particles, weights)
    return Trajectory(rest, positions, turns, binding, 24.0, stretch=stretch)


@pytest.mark.parametrize("name", DEFORMATIONS)
def test_splats_follow_an_affine_motion_exactly(name):
    """Under x -> F x + b every bound splat goes to F x + b with covariance F Sigma F^T, to 1e-5."""
    F, gaussians = DEFORMATIONS[name], cloud(60)
    posed = affinely_moved(F).posed(gaussians, 0)
    moving, still = slice(0, 50), slice(50, 60)
    # float32 sums of eight terms up to 6
    np.testing.assert_allclose(posed.positions[moving], gaussians.positions[moving] @ F.T + [0.3, -0.2, 0.1], atol=5e-6)
    covariances = F @ gaussians.covariances()[moving].astype(float) @ F.T
    error = np.abs(posed.covariances()[moving] - covariances).max((1, 2)) / np.abs(covariances).max((1, 2))
    assert error.max() < 1e-5
    for part in ("positions", "rotations", "scales"):
        np.testing.assert_array_equal(getattr(posed, part)[still], getattr(gaussians, part)[still])


def test_pure_rotation_is_the_same_with_and_without_stretch():
    """Where U = 1 the rotations and covariances are those of a trajectory that only turns."""
    F = rot.matrix_from_quaternion(rot.normalised(np.array([0.6, 0.5, -0.3, 0.4])))
    gaussians, trajectory = cloud(50), affinely_moved(F)
    turning = Trajectory(trajectory.rest, trajectory.positions, trajectory.rotations, trajectory.binding, 24.0)
    np.testing.assert_array_equal(trajectory.pose(gaussians, 0)[1], turning.pose(gaussians, 0)[1])
    np.testing.assert_allclose(
        trajectory.posed(gaussians, 0).covariances(), turning.posed(gaussians, 0).covariances(), atol=3e-6
    )


def test_trajectory_in_another_frame_shows_the_same_cloud():
    """Turned, scaled and moved by a similarity, cloud and motion pose to the turned, scaled and moved pose."""
    matrix = np.eye(4)
    matrix[:3, :3] = 2 * rot.matrix_from_quaternion(rot.normalised(np.array([0.3, -0.5, 0.2, 0.7])))
    matrix[:3, 3] = (1, -2, 0.5)
    gaussians, trajectory = cloud(50), affinely_moved(DEFORMATIONS["turn and shear"])
    there = trajectory.transformed(matrix).posed(gaussians.transformed(matrix), 0)
    want = trajectory.posed(gaussians, 0).transformed(matrix)
    np.testing.assert_allclose(there.positions, want.positions, atol=2e-5)  # float32, numbers up to 20
    np.testing.assert_allclose(there.covariances(), want.covariances(), rtol=1e-5, atol=2e-5)


def test_stretch_survives_the_file():
    """`to_arrays` and back keeps stretch, and keeps none where there is none."""
    trajectory = affinely_moved(DEFORMATIONS["shear"])
    again = Trajectory.from_arrays(trajectory.to_arrays())
    np.testing.assert_array_equal(again.stretch, trajectory.stretch)
    turning = Trajectory(trajectory.rest, trajectory.positions, trajectory.rotations, trajectory.binding, 24.0)
    assert "stretch" not in turning.to_arrays() and Trajectory.from_arrays(turning.to_arrays()).stretch is None


def test_rotation_times_stretch_is_the_deformation():
    """R U = F, R is a rotation and U symmetric, mirrored particles included; a limit bounds the principal stretches."""
    F = np.eye(3) + np.random.default_rng(3).normal(0, 0.8, (200, 3, 3))
    turns, six = de.rotation_and_stretch(F)
    R, U = rot.matrix_from_quaternion(turns.astype(float)), de.symmetric(six.astype(float))
    mirrored = np.linalg.det(F) < 0
    assert mirrored.any()
    np.testing.assert_allclose((R @ U)[~mirrored], F[~mirrored], atol=2e-6)  # float32 numbers up to 4
    np.testing.assert_allclose((R @ U @ U @ R.swapaxes(1, 2)), F @ F.swapaxes(1, 2), atol=2e-5)
    limited = np.linalg.eigvalsh(de.symmetric(de.rotation_and_stretch(F, limit=1.5)[1]))
    assert limited.min() > 1 / 1.5 - 1e-6 and limited.max() < 1.5 + 1e-6


def test_principal_axes_follow_a_growing_shear():
    """From one small step of shear to the next no axis jumps or changes its name, and lost thickness is no trouble."""
    gaussians = cloud(200)
    half_axes = rot.matrix_from_quaternion(gaussians.rotations) * gaussians.scales[:, None]
    steps = [de.principal_axes(shear(amount) @ half_axes) for amount in np.linspace(0, 0.5, 100)]
    # The axes of nearly round splats turn quickly; 95 of 100 are not that round, and turn with the shear's 0.005 a step
    turned = [np.abs((a[0] * b[0]).sum(1)) for a, b in zip(steps, steps[1:], strict=False)]
    assert np.quantile(np.arccos(np.minimum(turned, 1)), 0.95) < 0.02
    flat = half_axes.copy()
    flat[:, :, 1] = 0
    q, scales = de.principal_axes(shear(0.5) @ flat)
    assert np.isfinite(q).all() and (scales.min(1) == 0).all()
    R = rot.matrix_from_quaternion(q) * scales[:, None]
    want = (shear(0.5) @ flat) @ (shear(0.5) @ flat).swapaxes(1, 2)
    np.testing.assert_allclose(R @ R.swapaxes(1, 2), want, atol=1e-6)
