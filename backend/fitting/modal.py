"""The modal strategy: stiffness and first velocity from tracks, by sway modes and then by the solver itself.

1. `search` in modal space.
2. `refine`, Levenberg-Marquardt with the real solver in the residual: one stiffness, then one for each part.

With several clips stiffness and damping are shared; each motion has a velocity, an onset and wind of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from .gusts import Gusts
from .levenberg import Minimum
from .notes import limit_notes, remarks_on
from .observation import Tracks, observe
from .prior import Expected, Prior
from .push import Push
from .result import Fit, Started
from .rig import together
from .search import reweighted, search
from .sway import State, SwayProblem
from .task import Standing, Task
from .track_refinement import Layout, log_young_covariance, refine


@dataclass(frozen=True)
class Explained:
    """Motions of a subject as modes and a stiffness explain their tracks."""

    problems: list[SwayProblem]
    weights: list[np.ndarray]
    """Of the tracks [T - 1, V] of each motion."""
    states: list[State]
    minimum: Minimum
    history: tuple[float, ...] = ()
    """Root mean square misses, pixels."""
    prior: Prior | None = None

    @property
    def young(self) -> np.ndarray:
        """[P], pascals."""
        return self.problems[0].young(self.states[0])

    @property
    def started(self) -> list[Started]:
        return [
            Started(problem.velocity(state), state.delay, problem.acceleration(state))
            for problem, state in zip(self.problems, self.states, strict=True)
        ]

    @property
    def log_young_error(self) -> np.ndarray:
        """Standard errors of log10 E of the parts [C], by the clips alone."""
        return np.sqrt(np.diag(self._covariance))

    @property
    def expected(self) -> Expected | None:
        return Expected.of(self.prior, self.problems[0].part, self._covariance) if self.prior else None

    @property
    def _covariance(self) -> np.ndarray:
        frames = sum(len(own) for own in self.weights)
        return log_young_covariance(Layout.of(self.states), self.minimum, frames, self.prior)


def problems_of(task: Task, tracks: list[list[Tracks]]) -> list[SwayProblem]:
    """One for each motion of a task, from the tracks of each of its views; one stiffness for all particles."""
    problems = []
    for views, seen in zip(task.motions, tracks, strict=True):
        camera, all_tracks = together([view.camera for view in views], seen)
        timing = views[0].timing
        gusts = Gusts.horizontal(timing, task.driven.body, task.modes) if task.wind else None
        part = np.zeros_like(task.part)
        problems.append(SwayProblem(task.solver, task.modes, part, camera, all_tracks, timing, task.cfl, gusts))
    return problems


def observe_all(task: Task) -> list[list[Tracks]]:
    """Tracks of each view of each motion."""
    model = task.driven.model
    return [[observe(model, v.clip, v.camera, task.depth_of(v.camera)) for v in views] for views in task.motions]


def first_guess(problems: list[SwayProblem], prior: Prior | None = None) -> tuple[list[State], list[np.ndarray]]:
    """The best states by search, and the tracks' weights without what stands out."""
    weights = [problem.tracks.weights for problem in problems]
    states = search(problems, weights, prior)
    weights = [reweighted(p, state, own) for p, state, own in zip(problems, states, weights, strict=True)]
    return search(problems, weights, prior), weights


def explain(
    task: Task,
    stage: str,
    problems: list[SwayProblem],
    states: list[State],
    weights: list[np.ndarray],
    part: np.ndarray,
    *,
    share: tuple[float, float],
    frozen: bool = False,
    iterations: int | None = None,
) -> Explained:
    """`refine` with one stiffness for each `part` [P], kept in the task's checkpoint after each iteration.

    `share` is the stretch of the task's progress that it takes.
    """
    iterations = task.iterations if iterations is None else iterations
    parts = int(part.max()) + 1
    kept = task.checkpoint.load(stage)
    history = kept["history"].tolist() if kept else []
    meter = _Meter(task, share, 1 + iterations, history)
    problems = [replace(problem, part=part, tick=meter.tick) for problem in problems]
    if len(states[0].log_young) != parts:
        begin = np.full(parts, states[0].log_young.mean())
        if task.prior:
            begin += task.prior.of_parts(part) - task.prior.log_young.mean()
        states = [replace(state, log_young=begin) for state in states]

    def keep(minimum: Minimum) -> None:
        task.checkpoint.save(stage, minimum.to_arrays() | {"history": np.array(history)})
        task.report(meter.fraction, "Refining with the simulation")
        task.show(task, Standing(stage, history, False, lambda: pushed(minimum)))

    def pushed(minimum: Minimum) -> Push:
        state, problem = Layout.of(states).states(minimum.x)[0], problems[0]
        own = Started(problem.velocity(state), state.delay, problem.acceleration(state))
        return Push.of(problem.young(state), problem.damping(state), own)

    reached = Minimum.from_arrays(kept) if kept else None
    refined = partial(refine, problems, states, weights, iterations, history.append, frozen=frozen, prior=task.prior)
    states, minimum = refined(reached=reached, each=keep)
    return Explained(problems, weights, states, minimum, tuple(history), task.prior)


def fit_modal(task: Task) -> Fit:
    """Fit a task by tracks and modes.

    Raises ValueError when the clip shows no usable motion, or no stiffness within bounds fits its pace.
    """
    task.checkpoint.claim(task.identity("modal"))
    task.report(0.0, "Following the motion")
    tracks = observe_all(task)
    task.report(0.1, "Finding the sway modes")
    problems = problems_of(task, tracks)
    task.report(0.2, "Searching stiffness, damping and onset")
    states, weights = first_guess(problems, task.prior)

    one_part = np.zeros_like(task.part)
    several = task.part.max() > 0
    found = explain(task, "one", problems, states, weights, one_part, share=(0.25, 0.6 if several else 1.0))
    history = found.history
    if several:
        found = explain(task, "parts", problems, found.states, weights, task.part, share=(0.6, 1.0))
        history += found.history
    first, *further = found.started
    state, problem = found.states[0], found.problems[0]
    return Fit(
        young=found.young,
        young_by_part=10**state.log_young,
        log_young_error=found.log_young_error,
        velocity=first.velocity,
        damping=problem.damping(state),
        delay=state.delay,
        frequency=float(task.modes_at(found.young).frequency[0]),
        loss_first=still_loss(problems, weights),
        loss_last=min(history),
        history=history,
        tracked=len(history),
        tracks_still=still_loss(problems, weights),
        notes=limit_notes(state.log_young, problem.log_young_max),
        remarks=remarks_on(task),
        acceleration=first.acceleration,
        further=tuple(further),
        expected=found.expected,
    )


def still_loss(problems: list[SwayProblem], weights: list[np.ndarray]) -> float:
    """Root mean square of the tracks themselves, pixels."""
    square = sum((own[..., None] * p.tracks.displacement**2).sum() for p, own in zip(problems, weights, strict=True))
    return float(np.sqrt(square / sum(own.sum() for own in weights)))


class _Meter:
    """Progress of a refinement that is expected to take `rounds` simulations, by the history of its losses."""

    def __init__(self, task: Task, share: tuple[float, float], rounds: int, history: list[float]) -> None:
        self._task, self._share, self._rounds, self._history = task, share, rounds, history
        self.fraction = share[0]

    def tick(self, done: int, total: int) -> None:
        begin, end = self._share
        part = min(len(self._history) + done / total, self._rounds) / self._rounds
        self.fraction = max(self.fraction, begin + (end - begin) * part)
        self._task.report(self.fraction, "Refining with the simulation")
