"""What clips tell of Poisson's ratio: one Gauss-Newton step of a fit by tracks with one more unknown.

Bending, which is most of what plants do, hardly depends on it, so mostly the answer is that they do not tell.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..mpm.total_lagrangian.solver import ElasticSolver
from .modal import Explained
from .search import PATCHES, strength

STEP, MIDDLE = 0.05, 0.25
"""Of the finite difference, away from the nearer bound."""
TELLS = 0.1
"""Standard error below which a clip is said to tell."""
LEAST, MOST = 0.0, 0.49


def poisson_of(found: Explained) -> tuple[float, float]:
    """(Poisson's ratio, its standard error) by which found motions would explain their tracks best."""
    body = found.problems[0].solver.model
    change = STEP if body.poisson < MIDDLE else -STEP
    other = ElasticSolver(replace(body, poisson=body.poisson + change))
    column = []
    for problem, state, own in zip(found.problems, found.states, found.weights, strict=True):
        changed = replace(problem, solver=other)
        here, there = (p.pixels(state, p.simulate([state])[0]) for p in (problem, changed))
        column.append(((strength(own) * np.sqrt(own))[..., None] * (there - here) / change).ravel())
    minimum, rows = found.minimum, np.concatenate(column)
    added = np.zeros((len(minimum.residual), 1))
    added[: len(rows), 0] = rows
    jacobian = np.concatenate([minimum.jacobian, added], 1)
    covariance = np.linalg.pinv(jacobian.T @ jacobian)
    step = -(covariance @ (jacobian.T @ minimum.residual))[-1]
    noise = max(minimum.costs[-1] / (PATCHES * sum(len(own) for own in found.weights)), 1.0)
    return float(np.clip(body.poisson + step, LEAST, MOST)), float(np.sqrt(noise * covariance[-1, -1]))


def poisson_note(found: Explained) -> str:
    """`poisson_of` in words."""
    ratio, error = poisson_of(found)
    if error > TELLS:
        return f"Poisson's ratio is not identifiable from this clip: {ratio:.2f}, give or take {error:.2f}."
    return f"The clip suggests a Poisson's ratio of {ratio:.2f}, give or take {error:.2f}; set it and fit again."
