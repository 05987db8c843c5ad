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
    """Where a search stands after an iteration, or ended."""

    x: np.ndarray
    """Parameters [n]."""
    residual: np.ndarray
    """Residual [m] there."""
    jacobian: np.ndarray
    """The last Jacobian that was computed [m, n]."""
    costs: tuple[float, ...]
    """Half the squared residual at the start and after each iteration."""
    damping: float = FIRST_DAMPING
    ended: bool = False
    """Whether another iteration would gain nothing."""

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the parameters [n, n] for residuals of unit variance: (J^T J)^-1."""
        return np.linalg.pinv(self.jacobian.T @ self.jacobian)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for `arrays.save`."""
        return {name: np.asarray(value) for name, value in vars(self).items()}

    @staticmethod
    def from_arrays(a: dict[str, np.ndarray]) -> Minimum:
        numbers = tuple(a["costs"].tolist()), float(a["damping"]), bool(a["ended"])
        return Minimum(a["x"], a["residual"], a["jacobian"], *numbers)


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
    reached: Minimum | None = None,
    each: Callable[[Minimum], None] = lambda minimum: None,
) -> Minimum:
    """Minimise |residual(x)|^2 / 2 from `start` [n], within bounds, moving at most `longest` [n] in an iteration.

    `jacobian(x, residual there)` returns d residual / d x [m, n]. Ends when an iteration lowers the cost by less than
    the fraction `tolerance`, or finds no lower one. `each` is given where the search stands, at first and after each
    iteration; a later search that is given the same as `reached` goes on from there as this one would have.
    Exceptions of `residual` pass through.
    """
    if reached is None:
        x = np.clip(np.asarray(start, float), lower, upper)
        r = residual(x)
        reached = Minimum(x, r, jacobian(x, r), (0.5 * float(r @ r),))
        each(reached)
    while not reached.ended and len(reached.costs) <= iterations:
        reached = _iterated(residual, jacobian, reached, lower, upper, longest, tolerance)
        each(reached)
    return reached


def _iterated(residual: Residual, jacobian: Jacobian, at: Minimum, lower, upper, longest, tolerance: float) -> Minimum:
    x, r, damping = at.x, at.residual, at.damping
    slope = at.jacobian if len(at.costs) == 1 else jacobian(x, r)
    normal, gradient = slope.T @ slope, slope.T @ r
    scale = np.maximum(np.diag(normal), 1e-12 * np.diag(normal).max())
    # A parameter that pushes against its bound stays there and leaves the others free to move.
    stuck = ((x <= lower) & (gradient > 0)) | ((x >= upper) & (gradient < 0))
    free = np.flatnonzero(~stuck)
    for _ in range(TRIALS):
        step = np.zeros_like(x)
        damped = normal + damping * np.diag(scale)
        step[free] = -np.linalg.solve(damped[np.ix_(free, free)], gradient[free])
        # Shortened as a whole: the numbers of a step make up for each other.
        step *= min(1.0, float((longest / np.maximum(np.abs(step), 1e-300)).min()))
        tried = np.clip(x + step, lower, upper)
        r_tried = residual(tried)
        cost = 0.5 * float(r_tried @ r_tried)
        if cost < at.costs[-1]:
            ended = at.costs[-1] - cost < tolerance * at.costs[-1]
            return Minimum(tried, r_tried, slope, (*at.costs, cost), damping * EASE, ended)
        damping *= TIGHTEN
    return Minimum(x, r, slope, (*at.costs, at.costs[-1]), damping, True)
