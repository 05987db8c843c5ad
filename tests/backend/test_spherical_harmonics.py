"""Spherical harmonics: the splat convention, and turning coefficients instead of directions."""

from __future__ import annotations

import numpy as np
import pytest

from backend.gaussians import Gaussians
from backend.rotations import matrix_from_quaternion, normalised
from backend.spherical_harmonics import basis, evaluate_sh, rotate_sh

COUNT = 40
TOLERANCE = 1e-12
"""Some hundred operations in float64 on values up to about 10."""


def directions(seed: int = 0) -> np.ndarray:
    points = np.random.default_rng(seed).normal(size=(COUNT, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def rotation_matrices(seed: int = 1) -> np.ndarray:
    return matrix_from_quaternion(normalised(np.random.default_rng(seed).normal(size=(COUNT, 4))))


def test_basis_is_the_textbook_one():
    """Up to degree 4 the basis is the complex harmonics' real form, in sign, order and size."""
    from scipy.special import sph_harm_y

    d = directions()
    polar, azimuth = np.arccos(d[:, 2]), np.arctan2(d[:, 1], d[:, 0])
    expected = []
    for degree in range(5):
        for m in range(-degree, degree + 1):
            y = sph_harm_y(degree, abs(m), polar, azimuth)  # with the Condon-Shortley phase (-1)^m
            expected.append(y.real if m == 0 else np.sqrt(2) * (y.real if m > 0 else y.imag))
    np.testing.assert_allclose(basis(d, 4), np.stack(expected, -1), atol=TOLERANCE)


def test_basis_has_the_constants_of_the_reference_rasteriser():
    """The first two degrees match the constants that Kerbl et al. 2023 publish, digit by digit."""
    x, y, z = np.array([0.36, 0.48, 0.8])
    degree_1 = [-0.4886025119029199 * y, 0.4886025119029199 * z, -0.4886025119029199 * x]
    degree_2 = [
        1.0925484305920792 * x * y,
        -1.0925484305920792 * y * z,
        0.31539156525252005 * (2 * z * z - x * x - y * y),
        -1.0925484305920792 * x * z,
        0.5462742152960396 * (x * x - y * y),
    ]
    values = basis(np.array([x, y, z]), 2)
    np.testing.assert_allclose(values, [0.28209479177387814, *degree_1, *degree_2], rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("degree", range(5))
def test_turned_coefficients_at_turned_directions(degree):
    """A turned function has at turned directions the old values: one rotation a splat, and one for all."""
    sh = np.random.default_rng(2).normal(size=(COUNT, (degree + 1) ** 2, 3))
    d, matrices = directions(), rotation_matrices()
    before = evaluate_sh(sh, d)
    each = evaluate_sh(rotate_sh(sh, matrices), np.einsum("nij,nj->ni", matrices, d))
    np.testing.assert_allclose(each, before, atol=TOLERANCE)
    together = evaluate_sh(rotate_sh(sh, matrices[0]), d @ matrices[0].T)
    np.testing.assert_allclose(together, before, atol=TOLERANCE)


def test_turns_compose():
    """Turning by A, then by B is turning by B A, so rotation blocks are a representation."""
    sh = np.random.default_rng(3).normal(size=(COUNT, 25, 3))
    a, b = rotation_matrices(4), rotation_matrices(5)
    np.testing.assert_allclose(rotate_sh(rotate_sh(sh, a), b), rotate_sh(sh, b @ a), atol=TOLERANCE)


def test_a_moved_cloud_takes_its_harmonics_along_only_if_asked():
    """`transformed` keeps coefficients in their frame; with rotate_sh the colour seen along with the cloud stays."""
    rng = np.random.default_rng(6)
    cloud = Gaussians(
        rng.normal(size=(COUNT, 3)).astype(np.float32),
        normalised(rng.normal(size=(COUNT, 4)).astype(np.float32)),
        np.ones((COUNT, 3), np.float32),
        np.ones(COUNT, np.float32),
        rng.normal(size=(COUNT, 16, 3)).astype(np.float32),
    )
    turn, matrix = rotation_matrices()[0], np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = 2 * turn, (1, 2, 3)
    assert cloud.transformed(matrix).sh is cloud.sh
    moved = cloud.transformed(matrix, rotate_sh=True)
    assert moved.sh.dtype == np.float32
    seen = evaluate_sh(moved.sh, directions() @ turn.T)
    # Coefficients up to 5 rounded to float32 (5 * 6e-8), times the sum of 16 harmonics: at most 16 / sqrt(4 pi) = 4.5
    np.testing.assert_allclose(seen, evaluate_sh(cloud.sh, directions()), atol=1.4e-6)


def test_a_cloud_seen_from_a_place_has_the_colours_of_that_place():
    """One colour a splat, the sum of its harmonics toward the eye, never negative; without any nothing changes."""
    rng = np.random.default_rng(3)
    positions, turns = directions(4).astype(np.float32), np.tile(np.array([1, 0, 0, 0], np.float32), (COUNT, 1))
    size = np.ones((COUNT, 3), np.float32)
    cloud = Gaussians(positions, turns, size, size[:, 0], rng.normal(size=(COUNT, 16, 3)).astype(np.float32))
    eye = np.array([0.5, 3.0, -2.0])
    toward = (positions - eye) / np.linalg.norm(positions - eye, axis=1, keepdims=True)
    seen = cloud.seen_from(eye)
    np.testing.assert_allclose(seen.colours, np.maximum(0.5 + evaluate_sh(cloud.sh, toward), 0), atol=1e-5)  # float32
    assert seen.sh_degree == 0 and seen.seen_from(eye) is seen
