"""The modal strategy: stiffness and first velocity from tracks, by sway modes and then by the solver itself.

1. Search. In a basis of modes the motion that an initial velocity causes is known in closed form for every stiffness
   (time just runs faster), damping and onset, and it is linear in the amplitudes: thousands of trials cost a second.
2. Refinement by Levenberg-Marquardt with the real solver in the residual. Its Jacobian comes from the modes and from
   the scaling law, so that an iteration costs one simulation; with several parts, about six.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .levenberg import Minimum, levenberg_marquardt
from .observation import NOISE, huber, observe
from .result import Fit
from .slopes import simulated_slopes, slopes
from .sway import DAMPING_MAX, YOUNG_MIN, State, SwayProblem
from .task import Task

PATCHES = 30
"""Independent pieces of information in the tracks of one frame: neighbours share their flow's errors."""
LOG_YOUNG_STEP = 0.02
PERIODS_MIN = 0.4
"""Periods of the slowest mode in the clip, at least."""
CYCLES_MAX = 0.35
"""Periods of the slowest mode in a frame, at most."""
DELAYS = np.arange(0.0, 4.001, 0.25)
"""Onsets that are tried, frames."""
DAMPINGS = (0.0, 0.02, 0.05, 0.1, 0.2)
"""Damping ratios that are tried."""
SPREAD = {"log_young": 0.7, "damping": 0.3, "delay": 3.0}
"""Standard deviations of the prior: parts around their mean, damping ratio and onset (frames) around 0."""
COUNTS = 0.05
"""Expected amplitude, over the largest, of modes whose slopes are worth simulating."""
LONGEST = {"log_young": 0.15, "damping": 0.1, "delay": 1.0}
"""Most that an iteration changes."""
DELAY_MAX = 8.0

Progress = Callable[[State, float], None]


def search(problem: SwayProblem, weights: np.ndarray) -> State:
    """The best of all tried states, amplitudes in closed form, for one stiffness and tracks weighted by [T - 1, V].

    Raises ValueError when no stiffness within bounds sways at a pace that the clip can show.
    """
    particle = _strength(weights) ** 2 * weights.mean(0)  # [V]
    gram = np.einsum("mvi,v,nvi->mn", problem.shown, particle, problem.shown)
    match = np.einsum("mvi,v,tvi->mt", problem.shown, particle, problem.tracks.displacement)
    late = (DELAYS / SPREAD["delay"]) ** 2
    tried: list[tuple[float, State]] = []
    for log_young in _pace(problem):
        speed_up = np.sqrt(10**log_young / problem.modes.young[0])
        prior = np.diag(problem.likely(speed_up) ** -2)
        for damping in DAMPINGS:
            course = problem.time_courses(speed_up, damping, DELAYS)  # [D, M, T - 1]
            normal = course @ course.swapaxes(1, 2) * gram + prior
            right = (course * match).sum(-1)
            amplitudes = np.linalg.solve(normal, right[..., None])[..., 0]
            explained = (right * amplitudes).sum(1) - late
            k = explained.argmax()
            state = State(amplitudes[k], np.array([log_young]), float(damping), float(DELAYS[k]))
            tried.append((float(explained[k]), state))
    return max(tried, key=lambda pair: pair[0])[1]


def reweighted(problem: SwayProblem, state: State, weights: np.ndarray) -> np.ndarray:
    """Track weights [T - 1, V] with those lowered whose distance from a state's closed-form motion stands out."""
    course = problem.time_courses(problem.speed_up(state), state.damping, np.array([state.delay]))[0]
    predicted = np.einsum("mt,mvi->tvi", course * state.amplitudes[:, None], problem.shown)
    miss = predicted - problem.tracks.displacement
    return weights * huber(miss, 2 * float(np.median(np.linalg.norm(miss, axis=-1))))


def refine(
    problem: SwayProblem,
    start: State,
    weights: np.ndarray,
    iterations: int,
    progress: Progress = lambda state, loss: None,
) -> tuple[State, Minimum]:
    """Levenberg-Marquardt from `start` with the solver in the loop, under fixed weights of the tracks [T - 1, V].

    `progress(state, rms in pixels)` is called after each simulation.
    """
    modes, parts = len(problem.modes), len(start.log_young)
    likely = problem.likely(problem.speed_up(start))
    scale = (_strength(weights) * np.sqrt(weights))[..., None]
    # Parts are drawn to their mean, which is free.
    apart = (np.eye(parts) - 1 / parts) / SPREAD["log_young"]
    prior = np.zeros((modes + parts + 2,) * 2)
    prior[:modes, :modes] = np.diag(1 / likely)
    prior[modes:-2, modes:-2] = apart
    prior[-2, -2], prior[-1, -1] = 1 / SPREAD["damping"], 1 / SPREAD["delay"]
    latest: dict[bytes, np.ndarray] = {}

    def miss(state: State, motion: np.ndarray) -> np.ndarray:
        return problem.pixels(state, motion) - problem.tracks.displacement

    def residual(vector: np.ndarray) -> np.ndarray:
        state = State.of(vector, modes)
        latest.clear()
        motion = latest[vector.tobytes()] = problem.simulate([state])[0]
        difference = miss(state, motion)
        progress(state, float(np.sqrt((weights[..., None] * difference**2).sum() / weights.sum())))
        return np.concatenate([(scale * difference).ravel(), prior @ vector])

    def jacobian(vector: np.ndarray, r: np.ndarray) -> np.ndarray:
        state = State.of(vector, modes)
        if vector.tobytes() not in latest:
            residual(vector)
        motion = latest[vector.tobytes()]
        columns = slopes(problem, state, motion)
        if parts > 1:
            simulated = np.flatnonzero(likely > COUNTS * likely.max())
            columns = simulated_slopes(problem, state, problem.pixels(state, motion), columns, simulated)
        return np.concatenate([np.stack([(scale * c).ravel() for c in columns], 1), prior])

    free = np.inf
    minimum = levenberg_marquardt(
        residual,
        jacobian,
        start.vector(),
        lower=_vector(modes, -free, parts, np.log10(YOUNG_MIN), 0, 0),
        upper=_vector(modes, free, parts, problem.log_young_max, DAMPING_MAX, DELAY_MAX),
        longest=_vector(modes, free, parts, *LONGEST.values()),
        iterations=iterations,
        tolerance=1e-3,
    )
    return State.of(minimum.x, modes), minimum


def _pace(problem: SwayProblem) -> np.ndarray:
    """Values of log10 E to try: those whose slowest mode the clip can show."""
    slowest, timing = problem.modes.frequency[0], problem.timing
    frequency = np.array([PERIODS_MIN * timing.fps / timing.frames, CYCLES_MAX * timing.fps])
    wanted = np.log10(problem.modes.young[0] * (frequency / slowest) ** 2)
    low, high = np.clip(wanted, np.log10(YOUNG_MIN), problem.log_young_max)
    if high <= low:
        raise ValueError("no stiffness from 1e3 Pa up sways as fast as the clip; check the subject's size and density")
    return np.arange(low, high, LOG_YOUNG_STEP)


def _strength(weights: np.ndarray) -> float:
    """Factor on pixel differences that makes `PATCHES` of them count per frame, each with the tracks' noise."""
    return float(np.sqrt(PATCHES * len(weights) / weights.sum()) / NOISE)


def _vector(modes: int, amplitude: float, parts: int, log_young: float, damping: float, delay: float) -> np.ndarray:
    """One number of each kind as a state's vector."""
    return np.array([amplitude] * modes + [log_young] * parts + [damping, delay])


def fit_modal(task: Task) -> Fit:
    """Fit a task by tracks and modes.

    Raises ValueError when the clip shows no usable motion, or no stiffness within bounds fits its pace.
    """
    task.report(0.0, "Following the motion")
    tracks = observe(task.driven.model, task.clip, task.camera, task.depth)
    task.report(0.1, "Finding the sway modes")
    one_part = np.zeros_like(task.part)
    problem = SwayProblem(task.solver, task.modes, one_part, task.camera, tracks, task.timing, task.cfl)
    task.report(0.2, "Searching stiffness, damping and onset")
    weights = reweighted(problem, search(problem, tracks.weights), tracks.weights)
    state = search(problem, weights)

    history: list[float] = []
    parts = int(task.part.max()) + 1
    rounds = [(one_part, 1)] if parts == 1 else [(one_part, 1), (task.part, parts)]
    for index, (part, count) in enumerate(rounds):
        meter = _Meter(task, 0.25 + 0.75 * index / len(rounds), 0.75 / len(rounds), 1 + task.iterations)
        problem = replace(problem, part=part, tick=meter.tick)
        start = replace(state, log_young=np.full(count, state.log_young.mean()))
        state, minimum = refine(problem, start, weights, task.iterations, meter.next)
        history += meter.history

    young = problem.young(state)
    return Fit(
        young=young,
        young_by_part=10**state.log_young,
        log_young_error=log_young_errors(problem, minimum, weights),
        velocity=problem.velocity(state),
        damping=problem.damping(state),
        delay=state.delay,
        frequency=float(task.modes_at(young).frequency[0]),
        loss_first=float(np.sqrt((weights[..., None] * tracks.displacement**2).sum() / weights.sum())),
        loss_last=min(history),
        history=tuple(history),
        notes=limit_notes(state.log_young, problem.log_young_max),
    )


class _Meter:
    """Progress of a refinement that is expected to take `rounds` simulations, and its losses."""

    def __init__(self, task: Task, begin: float, share: float, rounds: int) -> None:
        self._task, self._begin, self._share, self._rounds = task, begin, share, rounds
        self._reached = 0.0
        self.history: list[float] = []

    def tick(self, done: int, total: int) -> None:
        part = min(len(self.history) + done / total, self._rounds) / self._rounds
        self._reached = max(self._reached, part)
        self._task.report(self._begin + self._share * self._reached, "Refining with the simulation")

    def next(self, state: State, loss: float) -> None:
        self.history.append(loss)


def log_young_errors(problem: SwayProblem, minimum: Minimum, weights: np.ndarray) -> np.ndarray:
    """Standard errors of log10 E of the parts [C], for noise as large as what is left unexplained."""
    modes, numbers = len(problem.modes), 2 * PATCHES * len(weights)
    noise = max(2 * minimum.costs[-1] / numbers, 1.0)
    return np.sqrt(noise * np.diag(minimum.covariance)[modes:-2])


def limit_notes(log_young: np.ndarray, highest: float) -> tuple[str, ...]:
    """A warning when log10 Young's modulus of a part [C] ended at a limit."""
    if np.any(log_young <= np.log10(YOUNG_MIN)):
        return ("The stiffness ended at the lowest that is tried, 1e3 Pa; check the subject's size and density.",)
    if np.any(log_young >= highest - 1e-6):
        note = f"The stiffness ended at the highest that is tried, {10**highest:.1e} Pa; check the subject's size, "
        return (note + "or use fewer grid cells or particles.",)
    return ()
