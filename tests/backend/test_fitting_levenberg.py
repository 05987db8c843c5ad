"""The least-squares search on problems with known answers."""

from __future__ import annotations

import numpy as np

from backend.fitting.adam import Adam
from backend.fitting.levenberg import levenberg_marquardt


def rosenbrock(x):
    """Rosenbrock 1960 as least squares: zero at (1, 1), along a curved valley."""
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def test_rosenbrock():
    """The classic start (-1.2, 1) reaches the minimum, and no step goes uphill."""

    def jacobian(x, _residual):
        return np.array([[-20 * x[0], 10.0], [-1.0, 0.0]])

    found = levenberg_marquardt(rosenbrock, jacobian, [-1.2, 1], iterations=60, tolerance=0)
    assert np.allclose(found.x, 1, atol=1e-6)
    assert all(b <= a for a, b in zip(found.costs, found.costs[1:], strict=False))


def test_an_approximate_jacobian_converges_to_the_true_minimum():
    """With a Jacobian 20 % off each step still more than halves the error of a linear problem; the minimum is true."""
    a = np.random.default_rng(0).normal(size=(20, 3))
    b = a @ [1.0, -2, 3]
    found = levenberg_marquardt(lambda x: a @ x - b, lambda x, r: 1.2 * a, np.zeros(3), iterations=25, tolerance=0)
    assert np.allclose(found.x, [1, -2, 3], atol=1e-6)


def test_bounds_hold_and_let_the_others_move():
    """min (x - 3)^2 + (y - 2)^2 + (x + y - 5)^2 with x <= 1: on the bound, y solves (y - 2) + (y - 4) = 0."""

    def residual(x):
        return np.array([x[0] - 3, x[1] - 2, x[0] + x[1] - 5])

    slope = np.array([[1.0, 0], [0, 1], [1, 1]])
    found = levenberg_marquardt(residual, lambda x, r: slope, [0, 0], upper=np.array([1, np.inf]), tolerance=0)
    assert np.allclose(found.x, [1, 3], atol=1e-6)


def test_covariance_is_that_of_linear_regression():
    """For unit noise the covariance of a straight line's slope through n centred points is 1 / sum x^2."""
    x = np.linspace(-1, 1, 11)
    a = np.stack([x, np.ones(11)], 1)
    found = levenberg_marquardt(lambda p: a @ p - x, lambda p, r: a, np.zeros(2))
    assert np.allclose(found.covariance, np.diag([1 / (x**2).sum(), 1 / 11]))


def test_adam_keeps_the_proportions_of_a_group():
    """The first step of each group is as long as its rate, along its gradient, however the gradients' sizes differ."""
    adam = Adam({"a": 0.3, "b": 0.1, "c": 1.0})
    start = {"a": np.zeros(2), "b": np.zeros(1), "c": np.ones(1)}
    moved = adam.step(start, {"a": np.array([3e-6, -4e-6]), "b": np.array([5e3])})
    assert np.allclose(moved["a"], [-0.18, 0.24])
    assert np.allclose(moved["b"], -0.1)
    assert moved["c"] == 1
