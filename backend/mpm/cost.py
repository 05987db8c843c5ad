"""What a simulation costs before it is started: particle-substeps, and seconds on this machine.

Speed depends on the laws, on whether there are walls and on how the solver spreads the work, so it is kept for each of
these; a run of a kind not met before is tried for a few substeps, and finished runs correct what is kept.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .. import taichi_runtime
from ..forces.acting import ActingForces
from . import frames
from .boundaries.colliders import Collider
from .boundaries.rigid_motion import RigidMotion
from .matter import laws_of
from .solver import Solver
from .total_lagrangian.elements import POINTS
from .total_lagrangian.solver import ElasticSolver

TRIAL = (2, 10)
"""Substeps of two short runs; their difference leaves out what a run costs however short it is."""
TRUST = 0.5
"""Weight of a finished run against all before it."""


@dataclass(frozen=True)
class Cost:
    particle_substeps: float
    seconds: float
    """On this machine, about."""

    def __str__(self) -> str:
        """Such as "1.1e8 particle-substeps, about 2 min here"."""
        return f"{_power(self.particle_substeps)} particle-substeps, about {_duration(self.seconds)} here"


def estimate(
    solver: Solver | ElasticSolver,
    young: np.ndarray,
    run_frames: int,
    fps: float,
    *,
    substeps: int | None = None,
    colliders: Sequence[Collider] = (),
    forces: ActingForces | None = None,
) -> Cost:
    """The cost of simulating Young's moduli [P] (Pa) for some frames, among what acts as in `Solver.simulate`.

    `substeps` per frame where they are given, else what stiffness asks for; what becomes fast may need more.
    """
    if substeps is None:
        substeps = solver.substeps_per_frame(young, fps)
    total = float(points_of(solver)) * substeps * run_frames
    known = _known()
    kind = kind_of(solver, bool(colliders or forces))
    if kind not in known:
        known[kind] = _trial(solver, young, colliders, forces)
        _keep(known)
    return Cost(total, total / known[kind])


def learn(solver: Solver | ElasticSolver, acted_on: bool, particle_substeps: float, seconds: float) -> None:
    """Correct what is known of a kind of run by one that has finished."""
    if particle_substeps <= 0 or seconds <= 0:
        return
    known = _known()
    kind, rate = kind_of(solver, acted_on), particle_substeps / seconds
    known[kind] = float(known.get(kind, rate) ** (1 - TRUST) * rate**TRUST)
    _keep(known)


def points_of(solver: Solver | ElasticSolver) -> int:
    """Points at which stress is worked out in a substep: particles, or those of the elements."""
    return POINTS * len(solver.model.elements) if isinstance(solver, ElasticSolver) else len(solver.model)


def kind_of(solver: Solver | ElasticSolver, acted_on: bool) -> str:
    """What decides the speed per point: device, laws, size, and whether walls or forces act."""
    if isinstance(solver, ElasticSolver):
        laws = "swaying"
    else:
        laws = "+".join(sorted(law.name for law in laws_of(solver.model)[0]))
    size = "large" if points_of(solver) >= frames.SPREAD_FROM else "small"
    return f"{taichi_runtime.device()} {laws} {size}{' acted on' if acted_on else ''}"


def _trial(
    solver: Solver | ElasticSolver, young: np.ndarray, colliders: Sequence[Collider], forces: ActingForces | None
) -> float:
    """Particle-substeps per second of a few substeps at rest."""
    dt = solver.stable_dt(young)
    at_rest = [replace(c, motion=RigidMotion(c.motion.rotations[:1], c.motion.translations[:1])) for c in colliders]
    seconds = []
    # The first run compiles.
    for substeps in (1, *TRIAL):
        begun = time.perf_counter()
        still = np.zeros((len(solver.model), 3))
        solver.simulate(young, still, 1, 1 / (substeps * dt), substeps=substeps, colliders=at_rest, forces=forces)
        seconds.append(time.perf_counter() - begun)
    per_substep = max(seconds[2] - seconds[1], 0.1 * seconds[2]) / (TRIAL[1] - TRIAL[0])
    return points_of(solver) / per_substep


def _file() -> Path:
    return taichi_runtime.cache_folder() / "speed.json"


def _known() -> dict[str, float]:
    """Particle-substeps per second of each kind of run; nothing where the file is missing or damaged."""
    try:
        return {str(k): float(v) for k, v in json.loads(_file().read_text(encoding="utf-8")).items() if float(v) > 0}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _keep(known: dict[str, float]) -> None:
    _file().parent.mkdir(parents=True, exist_ok=True)
    _file().write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")


def _power(number: float) -> str:
    """Two digits and a power of ten, such as 1.1e8."""
    mantissa, exponent = f"{number:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _duration(seconds: float) -> str:
    """Whole seconds, minutes or hours, such as "2 min"."""
    if seconds < 1:
        return "1 s"
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
