"""Levenberg-Marquardt on motions of one subject with the solver in the residual.

Its Jacobian comes from the modes and from the scaling law, so that an iteration costs one simulation of each motion,
and one more for each part beyond the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .levenberg import Minimum, levenberg_marquardt
from .prior import Prior
from .search import PATCHES, SPREAD, strength
from .slopes import at_pace, leading_part, slopes, slopes_of_parts
from .sway import DAMPING_MAX, YOUNG_MIN, State, SwayProblem

LONGEST = {"log_young": 0.15, "damping": 0.1, "delay": 1.0}
"""Most that an iteration changes."""
LONGEST_OF_PARTS = 0.5
"""The same of log10 E of several parts: what one alone changes is never far around an oscillation."""
DELAY_MAX = 8.0

Progress = Callable[[float], None]
"""progress(root mean square of the tracks' misses, pixels), after each simulation of all motions."""


@dataclass(frozen=True)
class Layout:
    """Where the numbers of K motions stand in one vector: own linear ones, shared stiffness and damping, own onsets."""

    modes: int
    gusts: tuple[int, ...]
    """G of each motion [K]."""
    parts: int

    @staticmethod
    def of(states: Sequence[State]) -> Layout:
        first = states[0]
        return Layout(len(first.amplitudes), tuple(len(s.gusts) for s in states), len(first.log_young))

    @property
    def linear(self) -> list[slice]:
        """Amplitudes and gusts of each motion."""
        ends = np.cumsum([self.modes + count for count in self.gusts])
        return [slice(int(end) - self.modes - count, int(end)) for end, count in zip(ends, self.gusts, strict=True)]

    @property
    def log_young(self) -> slice:
        begin = sum(self.gusts) + self.modes * len(self.gusts)
        return slice(begin, begin + self.parts)

    @property
    def damping(self) -> int:
        return self.log_young.stop

    def delay(self, motion: int) -> int:
        return self.damping + 1 + motion

    def __len__(self) -> int:
        return self.delay(len(self.gusts))

    def fill(self, linear: float | np.ndarray, log_young: float, damping: float, delay: float) -> np.ndarray:
        """A vector of one number of each kind, or of given linear ones."""
        vector = np.full(len(self), delay, float)
        vector[: self.log_young.start] = linear
        vector[self.log_young] = log_young
        vector[self.damping] = damping
        return vector

    def vector(self, states: Sequence[State]) -> np.ndarray:
        first = states[0]
        shared = [*(s.linear for s in states), first.log_young, [first.damping], [s.delay for s in states]]
        return np.concatenate(shared)

    def states(self, vector: np.ndarray) -> list[State]:
        return [
            State(
                vector[own][: self.modes],
                vector[self.log_young],
                float(vector[self.damping]),
                float(vector[self.delay(k)]),
                vector[own][self.modes :],
            )
            for k, own in enumerate(self.linear)
        ]


def refine(
    problems: Sequence[SwayProblem],
    start: Sequence[State],
    weights: Sequence[np.ndarray],
    iterations: int,
    progress: Progress = lambda loss: None,
    *,
    frozen: bool = False,
    prior: Prior | None = None,
    reached: Minimum | None = None,
    each: Callable[[Minimum], None] = lambda minimum: None,
) -> tuple[list[State], Minimum]:
    """Levenberg-Marquardt from `start` [K] with the solver in the loop, under fixed weights of the tracks [T - 1, V].

    `frozen` keeps stiffness and damping. With a `prior` the last rows of the residual, one for each part, are how far
    each is from what is expected. `reached` and `each` as for `levenberg_marquardt`.
    """
    layout = Layout.of(start)
    likely = [p.likely_linear(p.speed_up(state)) for p, state in zip(problems, start, strict=True)]
    scales = [(strength(own) * np.sqrt(own))[..., None] for own in weights]
    drawn = np.diag(layout.fill(1 / np.concatenate(likely), 0, 1 / SPREAD["damping"], 1 / SPREAD["delay"]))
    # Parts are drawn to their mean, which is free; or, where one is expected, to how far that is off on the mean.
    drawn[layout.log_young, layout.log_young] = (np.eye(layout.parts) - 1 / layout.parts) / SPREAD["log_young"]
    middle = np.zeros(len(layout))
    if prior:
        middle[layout.log_young] = prior.of_parts(problems[0].part)
        drawn = np.concatenate([drawn, np.eye(len(layout))[layout.log_young] / prior.spread])
    latest: dict[bytes, list[np.ndarray]] = {}
    lead = leading_part(problems[0]) if layout.parts > 1 else 0

    def states_of(vector: np.ndarray) -> list[State]:
        """With several parts the vector's amplitudes are those at the first stiffness, see `at_pace`."""
        states = layout.states(vector)
        if layout.parts == 1:
            return states
        begun = [replace(own, log_young=before.log_young) for own, before in zip(states, start, strict=True)]
        return [at_pace(p, own, s.log_young, lead) for p, own, s in zip(problems, begun, states, strict=True)]

    def simulated(vector: np.ndarray) -> list[np.ndarray]:
        """Motion [frames, V, 3] of each problem."""
        if vector.tobytes() not in latest:
            latest.clear()
            states = states_of(vector)
            latest[vector.tobytes()] = [p.simulate([s])[0] for p, s in zip(problems, states, strict=True)]
        return latest[vector.tobytes()]

    def residual(vector: np.ndarray) -> np.ndarray:
        rows, square, total = [], 0.0, 0.0
        states, motions = states_of(vector), simulated(vector)
        for problem, state, motion, own, scale in zip(problems, states, motions, weights, scales, strict=True):
            difference = problem.pixels(state, motion) - problem.tracks.displacement
            rows.append((scale * difference).ravel())
            square += float((own[..., None] * difference**2).sum())
            total += float(own.sum())
        progress(float(np.sqrt(square / total)))
        return np.concatenate([*rows, drawn @ (vector - middle)])

    def jacobian(vector: np.ndarray, r: np.ndarray) -> np.ndarray:
        blocks, motions = [], simulated(vector)
        for k, (problem, state) in enumerate(zip(problems, states_of(vector), strict=True)):
            columns = slopes(problem, state, motions[k])
            if layout.parts > 1:
                columns = slopes_of_parts(problem, state, motions[k], columns, lead)
                begun = replace(state, log_young=start[k].log_young, amplitudes=np.ones(layout.modes))
                factor = at_pace(problem, begun, state.log_young, lead).amplitudes[0]
                columns[: layout.modes] = [factor * column for column in columns[: layout.modes]]
            block = np.zeros((columns[0].size, len(layout)))
            place = np.r_[layout.linear[k], layout.log_young, layout.damping, layout.delay(k)]
            block[:, place] = np.stack([(scales[k] * c).ravel() for c in columns], 1)
            blocks.append(block)
        return np.concatenate([*blocks, drawn])

    free = np.inf
    lower = layout.fill(-free, np.log10(YOUNG_MIN), 0, 0)
    upper = layout.fill(free, min(p.log_young_max for p in problems), DAMPING_MAX, DELAY_MAX)
    begin = layout.vector(start)
    if frozen:
        still = np.r_[layout.log_young, layout.damping]
        lower[still] = upper[still] = begin[still]
    minimum = levenberg_marquardt(
        residual,
        jacobian,
        begin,
        lower=lower,
        upper=upper,
        longest=layout.fill(free, *(LONGEST | ({"log_young": LONGEST_OF_PARTS} if layout.parts > 1 else {})).values()),
        iterations=iterations,
        tolerance=1e-3,
        reached=reached,
        each=each,
    )
    return states_of(minimum.x), minimum


def log_young_covariance(layout: Layout, minimum: Minimum, frames: int, prior: Prior | None = None) -> np.ndarray:
    """Of log10 E of the parts [C, C], for noise as large as what is left unexplained of so many frames.

    By the clip alone: what the search was told to expect does not count.
    """
    noise = max(2 * minimum.costs[-1] / (2 * PATCHES * frames), 1.0)
    told = minimum.jacobian[: len(minimum.jacobian) - (layout.parts if prior else 0)]
    return noise * np.linalg.pinv(told.T @ told)[layout.log_young, layout.log_young]
