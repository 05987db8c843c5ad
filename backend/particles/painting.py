"""Stiffness painted on splats, as the driving particles that carry them have it."""

from __future__ import annotations

import numpy as np

from ..trajectory import Binding


def painted_factor(rest: np.ndarray, binding: Binding, stiffening: np.ndarray | None) -> np.ndarray | None:
    """How many times as stiff the material around each particle [P] is, of log10 factors of the splats [N].

    A particle at rest [P, 3] gets the geometric mean of the splats it carries, by how much it carries of each; one that
    carries none (matter inside) gets what the nearest one that does has. None where nothing is painted.
    """
    if stiffening is None or not stiffening[binding.splats].any():
        return None
    count, particles = len(rest), binding.particles.ravel()
    total = np.bincount(particles, binding.weights.ravel(), count)
    values = binding.weights * stiffening[binding.splats, None]
    logs = np.bincount(particles, values.ravel(), count) / np.maximum(total, 1e-12)
    bare = total <= 0
    if bare.any():
        from scipy.spatial import KDTree

        logs[bare] = logs[~bare][KDTree(rest[~bare]).query(rest[bare])[1]]
    return 10.0**logs
