"""Levenberg-Marquardt least squares for few, expensive residuals.

Levenberg 1944, Marquardt 1963, with Marquardt's scaling by the diagonal of J^T J and box bounds by projection. The
Jacobian may be a cheap approximation: every accepted step lowers the true cost, only the rate of convergence suffers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Residual = Callable[[np.ndarray], np.ndarray]
Jacobian = Callable[[np.ndarray, np.ndarray], np.ndarray]

FIRST_DAMPING = 1e-3
EASE, TIGHTEN = 0.2, 8.0
"""Factors on the damping after a step that lowered the cost, and after one that did not."""
TRIALS = 3
"""Steps tried in one iteration before it gives up."""


@dataclass(frozen=True)
class Minimum:
    """Where a search ended."""

    x: np.ndarray
    """Parameters [n]."""
    residual: np.ndarray
    """Residual [m] there."""
    jacobian: np.ndarray
    """The last Jacobian that was computed [m, n]."""
    costs: tuple[float, ...]
    """Half the squared residual at the start and after each iteration."""

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the parameters [n, n] for residuals of unit variance: (J^T J)^-1."""
        return np.linalg.pinv(self.jacobian.T @ self.jacobian)


def levenberg_marquardt(
    residual: Residual,
    jacobian: Jacobian,
    start: np.ndarray,
    *,
    lower: np.ndarray | float = -np.inf,
    upper: np.ndarray | float = np.inf,
    longest: np.ndarray | float = np.inf,
    iterations: int = 10,
    tolerance: float = 1e-4,
) -> Minimum:
    """Minimise |residual(x)|^2 / 2 from `start` [n], within bounds, moving at most `longest` [n] in an iteration.

    `jacobian(x, residual there)` returns d residual / d x [m, n]. Ends when an iteration lowers the cost by less than
    the fraction `tolerance`, or finds no lower one. Exceptions of `residual` pass through.
    """
    x = np.clip(np.asarray(start, float), lower, upper)
    r = residual(x)
    slope = jacobian(x, r)
    costs = [0.5 * float(r @ r)]
    damping = FIRST_DAMPING
    for index in range(iterations):
        if index:
            slope = jacobian(x, r)
        normal, gradient = slope.T @ slope, slope.T @ r
        scale = np.maximum(np.diag(normal), 1e-12 * np.diag(normal).max())
        # A parameter that pushes against its bound stays there and leaves the others free to move.
        stuck = ((x <= lower) & (gradient > 0)) | ((x >= upper) & (gradient < 0))
        free = np.flatnonzero(~stuck)
        improved = False
        for _ in range(TRIALS):
            step = np.zeros_like(x)
            damped = normal + damping * np.diag(scale)
            step[free] = -np.linalg.solve(damped[np.ix_(free, free)], gradient[free])
            # Shortened as a whole: the numbers of a step make up for each other.
            step *= min(1.0, float((longest / np.maximum(np.abs(step), 1e-300)).min()))
            tried = np.clip(x + step, lower, upper)
            r_tried = residual(tried)
            cost = 0.5 * float(r_tried @ r_tried)
            if cost < costs[-1]:
                x, r, improved = tried, r_tried, True
                damping *= EASE
                break
            damping *= TIGHTEN
        costs.append(cost if improved else costs[-1])
        if not improved or costs[-2] - costs[-1] < tolerance * costs[-2]:
            break
    return Minimum(x, r, slope, tuple(costs))


def finite_differences(residual: Residual, steps: np.ndarray) -> Jacobian:
    """Forward differences with `steps` [n]: one evaluation of the residual for each parameter."""

    def jacobian(x: np.ndarray, r: np.ndarray) -> np.ndarray:
        columns = [(residual(x + steps[k] * unit) - r) / steps[k] for k, unit in enumerate(np.eye(len(x)))]
        return np.stack(columns, 1)

    return jacobian
