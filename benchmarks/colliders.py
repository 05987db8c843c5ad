"""How well mesh colliders hold sand back, and what they cost beside the same sand without them."""

from __future__ import annotations

import time

import numpy as np

from backend import taichi_runtime
from backend.mpm.boundaries.mesh import ColliderMesh
from backend.mpm.boundaries.mesh_distance import collider_of

from .experiments.obstacles import CELL, OBSTACLES, REST, SAND, ball, block, poured, solver_of

REPEATS = 3


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit."""
    taichi_runtime.start("f32")
    rows = []
    for name in OBSTACLES:
        depths = poured(name)
        rows.append({"figure": f"Deepest in a {name}, ever", "value": depths.ever, "unit": "cells"})
        rows.append({"figure": f"Deepest in a {name}, after 2 s", "value": depths.last, "unit": "cells"})
    rows.append({"figure": "Time with a mesh collider", "value": _cost(), "unit": "times without"})
    return rows


def _cost() -> float:
    """CPU time of falling sand beside a ball it does not meet, over that without the ball; best of some."""
    points = block((-0.5, -0.5, 0), (0.5, 0.5, 0.75))
    solver = solver_of(points, (-1, -1, -1), (1, 1, 1), SAND)
    vertices, triangles = ball(24)
    mesh = ColliderMesh(vertices=0.3 * vertices - [0, 0, 0.6], triangles=triangles, matrices=REST)
    collider = collider_of(mesh, CELL, points)
    best = {True: np.inf, False: np.inf}
    for _ in range(REPEATS + 1):
        for walled in best:
            begun = time.process_time()
            solver.simulate(
                np.full(len(points), 1e5), np.zeros_like(points), 2, 24.0, colliders=[collider] if walled else []
            )
            best[walled] = min(best[walled], time.process_time() - begun)
    return best[True] / best[False]
