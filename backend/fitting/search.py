"""Search in modal space: the motion that a push causes is known in closed form for every stiffness (time just runs
faster), damping and onset, and it is linear in amplitudes and gusts. Thousands of trials cost a second.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .observation import NOISE, huber
from .prior import Prior
from .sway import YOUNG_MIN, State, SwayProblem

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


def search(problems: Sequence[SwayProblem], weights: Sequence[np.ndarray], prior: Prior | None = None) -> list[State]:
    """The best of all tried states of some motions [K] of one subject, for tracks weighted by [T - 1, V] each.

    One stiffness and damping for all of them; amplitudes, gusts and onset of each.
    Raises ValueError when no stiffness within bounds sways at a pace that the clips can show.
    """
    grams = [_gram(problem, own) for problem, own in zip(problems, weights, strict=True)]
    best, most = [], -np.inf
    for log_young in _pace(problems):
        for damping in DAMPINGS:
            tried = [
                _explained(problem, *gram, float(log_young), damping)
                for problem, gram in zip(problems, grams, strict=True)
            ]
            explained = sum(gain for gain, _ in tried) - (prior.price(float(log_young)) if prior else 0.0)
            if explained > most:
                best, most = [state for _, state in tried], explained
    return best


def reweighted(problem: SwayProblem, state: State, weights: np.ndarray) -> np.ndarray:
    """Track weights [T - 1, V] with those lowered whose distance from a state's closed-form motion stands out."""
    course = problem.linear_courses(problem.speed_up(state), state.damping, np.array([state.delay]))[0]
    predicted = np.einsum("k,kmt,mvi->tvi", state.linear, course, problem.shown, optimize=True)
    miss = predicted - problem.tracks.displacement
    return weights * huber(miss, 2 * float(np.median(np.linalg.norm(miss, axis=-1))))


def strength(weights: np.ndarray) -> float:
    """Factor on pixel differences that makes `PATCHES` of them count per frame, each with the tracks' noise.

    Frames whose tracks all weigh nothing do not count.
    """
    return float(np.sqrt(PATCHES * np.count_nonzero(weights.any(1)) / weights.sum()) / NOISE)


def _gram(problem: SwayProblem, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(A [M, M], b [M, T - 1]) for which 2 c . b - c . A c is what modes of courses c explain of the tracks."""
    particle = strength(weights) ** 2 * weights.mean(0)  # [V]
    gram = np.einsum("mvi,v,nvi->mn", problem.shown, particle, problem.shown)
    return gram, np.einsum("mvi,v,tvi->mt", problem.shown, particle, problem.tracks.displacement)


def _explained(
    problem: SwayProblem, gram: np.ndarray, match: np.ndarray, log_young: float, damping: float
) -> tuple[float, State]:
    """How much the best amplitudes, gusts and onset explain, and those."""
    modes = len(problem.modes)
    speed_up = np.sqrt(10**log_young / problem.modes.young[0])
    course = problem.linear_courses(speed_up, damping, DELAYS)  # [D, M + G, M, T - 1]
    flat = course.reshape(*course.shape[:2], -1)
    normal = flat @ (gram @ course).reshape(flat.shape).swapaxes(1, 2)
    normal = normal + np.diag(problem.likely_linear(speed_up) ** -2.0)
    right = flat @ match.ravel()
    linear = np.linalg.solve(normal, right[..., None])[..., 0]
    explained = (right * linear).sum(1) - (DELAYS / SPREAD["delay"]) ** 2
    k = explained.argmax()
    state = State(linear[k, :modes], np.array([log_young]), float(damping), float(DELAYS[k]), linear[k, modes:])
    return float(explained[k]), state


def _pace(problems: Sequence[SwayProblem]) -> np.ndarray:
    """Values of log10 E to try: those whose slowest mode one of the clips can show."""
    modes = problems[0].modes
    slowest = min(PERIODS_MIN * p.timing.fps / p.timing.frames for p in problems)
    fastest = max(CYCLES_MAX * p.timing.fps for p in problems)
    wanted = np.log10(modes.young[0] * (np.array([slowest, fastest]) / modes.frequency[0]) ** 2)
    low, high = np.clip(wanted, np.log10(YOUNG_MIN), min(p.log_young_max for p in problems))
    if high <= low:
        raise ValueError("no stiffness from 1 kPa up sways as fast as the clip; check the subject's size and density")
    return np.arange(low, high, LOG_YOUNG_STEP)
