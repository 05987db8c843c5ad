"""Splats on simulated particles: exact where motion is affine, whole where it bends, and never between two pieces."""

from __future__ import annotations

import numpy as np
import pytest

from backend import rotations as rot
from backend.deformation import symmetric
from backend.fitting.particles import inverse_distance
from backend.gaussians import Gaussians, sh_from_colours
from backend.mpm.grid import Grid
from backend.mpm.material import Material
from backend.mpm.model import Model
from backend.particles.following import deformation_of, follow, limits
from backend.trajectory import Binding

EDGE = 0.1
"""Side of the block [m]."""


def block(count: int = 9, low: float = 0.0) -> np.ndarray:
    """Particles [count^3, 3] evenly in a cube, shaken by a tenth of their distance."""
    steps = (np.arange(count) + 0.5) / count * EDGE
    points = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    return points + np.random.default_rng(0).uniform(-0.1, 0.1, points.shape) * EDGE / count + [0, 0, low]


def cloud(points: np.ndarray) -> Gaussians:
    count = len(points)
    turns = rot.normalised(np.random.default_rng(1).normal(size=(count, 4)))
    scales = np.tile(np.array([4e-3, 2e-3, 5e-4], np.float32), (count, 1))
    colours = sh_from_colours(np.full((count, 3), 0.5))
    return Gaussians(points.astype(np.float32), turns.astype(np.float32), scales, np.ones(count, np.float32), colours)


def bound(points: np.ndarray, rest: np.ndarray) -> Binding:
    particles, weights = inverse_distance(points, rest, 8)
    return Binding(np.arange(len(points), dtype=np.int32), particles, weights)


@pytest.mark.parametrize("known", [True, False])
def test_shear_and_stretch_reach_the_splats(known):
    """Covariances are F Sigma F^T to 1e-5, with the solver's F; without it the places alone tell F to 2 %."""
    F = np.array([[1.3, 0.5, 0], [0, 0.8, 0.1], [0, 0, 0.9]])
    rest = block()
    splats = cloud(np.random.default_rng(2).uniform(0, EDGE, (200, 3)))
    gradients = np.broadcast_to(F, (1, len(rest), 3, 3)) if known else None
    posed = follow(rest, (rest @ F.T)[None], gradients, bound(splats.positions, rest), 24.0).posed(splats, 0)
    want = F @ splats.covariances().astype(float) @ F.T
    error = np.abs(posed.covariances() - want).max((1, 2)) / np.abs(want).max((1, 2))
    # A weight of 1 % holds F at a turn, from which it differs by up to 0.5: 0.5 % of F, and twice that of F Sigma F^T
    assert error.max() < (1e-5 if known else 0.03)
    missed = np.linalg.norm(posed.positions - splats.positions @ F.T, axis=1).max() / EDGE
    assert missed < (1e-5 if known else 2e-3)


def test_bending_is_followed_to_second_order():
    """Splats in a block bent to an arc miss their place by 0.5 % of it, a fifth of what means of displacements do."""
    rest, radius = block(), 3 * EDGE

    def bent(points):
        angle, out = points[:, 0] / radius, radius + points[:, 2]
        return np.stack([out * np.sin(angle), points[:, 1], out * np.cos(angle) - radius], 1)

    angle, grown = rest[:, 0] / radius, 1 + rest[:, 2] / radius
    zero, one = np.zeros_like(angle), np.ones_like(angle)
    F = np.stack([
        np.stack([grown * np.cos(angle), zero, np.sin(angle)], -1),
        np.stack([zero, one, zero], -1),
        np.stack([-grown * np.sin(angle), zero, np.cos(angle)], -1),
    ], 1)  # fmt: skip
    splats = cloud(np.random.default_rng(2).uniform(0, EDGE, (400, 3)))
    trajectory = follow(rest, bent(rest)[None], F[None], bound(splats.positions, rest), 24.0)
    missed = np.linalg.norm(trajectory.posed(splats, 0).positions - bent(splats.positions), axis=1)
    # half the curvature times the square of the distance to the carriers, up to 1.5 of theirs at a corner:
    # 1 / (2 * 3 EDGE) * (1.5 EDGE / 9)^2 = 5e-3 EDGE
    assert missed.max() < 5e-3 * EDGE
    mean = (trajectory.binding.weights[..., None] * (bent(rest) - rest)[trajectory.binding.particles]).sum(1)
    assert np.linalg.norm(splats.positions + mean - bent(splats.positions), axis=1).max() > 5 * missed.max()


def test_no_splat_is_drawn_out_between_two_pieces():
    """A block cut in two halves that fly apart takes each splat along whole, with one half, at its own size."""
    rest = block()
    upper = rest[:, 2] > EDGE / 2
    t = np.linspace(0, 1, 6)[:, None, None]
    away = np.where(upper[:, None], [0, 0, 0.3], [0, 0, 0.0])
    F = np.broadcast_to(np.eye(3), (6, len(rest), 3, 3))
    splats = cloud(np.random.default_rng(2).uniform(0, EDGE, (500, 3)))
    binding = bound(splats.positions, rest)
    trajectory = follow(rest, rest + t * away, F, binding, 24.0)
    moved = trajectory.posed(splats, 5).positions[:, 2] - splats.positions[:, 2]
    above = upper[np.take_along_axis(binding.particles, binding.weights.argmax(1)[:, None], 1)[:, 0]]
    np.testing.assert_allclose(moved, np.where(above, 0.3, 0), atol=1e-6)
    straddling = upper[binding.particles].any(1) & ~upper[binding.particles].all(1)
    assert straddling.sum() > 50  # of which plain means would have made a mist
    np.testing.assert_allclose(trajectory.binding.weights.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(trajectory.binding.weights[~straddling], binding.weights[~straddling], rtol=1e-6)


def test_scattered_grains_keep_their_splats_whole():
    """Particles that fly off each their own way take splats along one by one, and grains only turn."""
    rest = block(5)
    rng = np.random.default_rng(3)
    positions = np.stack([rest, rest + rng.normal(0, 1, rest.shape)])
    F = np.eye(3) + np.stack([np.zeros((len(rest), 3, 3)), rng.normal(0, 0.5, (len(rest), 3, 3))])
    splats = cloud(rest[::3])
    trajectory = follow(rest, positions, F, bound(splats.positions, rest), 24.0, limit=1.0)
    assert ((trajectory.binding.weights > 0).sum(1) == 1).all()
    posed = trajectory.posed(splats, 1)
    np.testing.assert_allclose(posed.positions, positions[1, ::3], atol=1e-6)
    np.testing.assert_allclose(np.sort(posed.scales), np.sort(splats.scales), rtol=1e-5)


@pytest.mark.parametrize("shape", ["sheet", "thread"])
def test_flat_and_straight_neighbourhoods_only_turn_across(shape):
    """Where all particles lie in a plane or on a line, F is their stretch along it and a turn across it."""
    rest = block()
    rest[:, 2] = 0
    if shape == "thread":
        rest = np.stack([np.linspace(0, EDGE, 60), np.zeros(60), np.zeros(60)], 1)
    turn = rot.matrix_from_quaternion(rot.normalised(np.array([0.9, 0.1, 0.3, -0.2])))
    found = deformation_of(rest, (1.2 * rest @ turn.T)[None])[0]
    stretches = np.linalg.svd(found)[1]
    along = 1 if shape == "thread" else 2
    # a twentieth of the neighbours' weight holds F at a turn, along a thread as in a plane at most a sixth
    np.testing.assert_allclose(stretches[:, :along], 1.2, atol=0.04)
    np.testing.assert_allclose(stretches[:, along:], 1.0, atol=1e-4)  # eight rounds, each of which halves an angle
    np.testing.assert_allclose(found[:, :, 0], np.broadcast_to(1.2 * turn[:, 0], (len(rest), 3)), atol=0.05)


def test_limits_differ_by_particle():
    """Each particle keeps its own limit: sand's is tighter than jelly's."""
    rest = np.random.default_rng(0).uniform(1, 2, (20, 3))
    sand, jelly = Material("drucker_prager", {"friction_angle": 0.5}), Material()
    grid = Grid(np.zeros(3), 0.5, (8, 8, 8))
    body = Model(
        rest, np.ones(20), np.ones(20), 0.3, grid, np.zeros(grid.shape, bool), (sand, jelly), np.arange(20) // 10
    )
    F = np.broadcast_to(np.diag([5.0, 0.1, 1.0]), (2, 20, 3, 3))
    trajectory = follow(rest, np.stack([rest, rest]), F, bound(rest, rest), 24.0, limit=limits(body))
    largest = np.linalg.eigvalsh(symmetric(trajectory.stretch)).max(-1)
    np.testing.assert_allclose(largest, np.broadcast_to(np.where(np.arange(20) < 10, 1.5, 4.0), (2, 20)), rtol=1e-6)
