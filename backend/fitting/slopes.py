"""How the tracked pixels change with what is fitted: the Jacobian of a `SwayProblem`, mostly without simulating."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .sway import State, SwayProblem

PART_STEP, AMPLITUDE_STEP, DAMPING_STEP = 0.05, 0.2, 0.02
"""Finite differences: in log10 E of a part; of amplitudes, which act linearly, over the largest; in damping ratio."""


def slopes(problem: SwayProblem, state: State, motion: np.ndarray) -> list[np.ndarray]:
    """d pixels [T - 1, V, 2] by the amplitudes and gusts, the overall log10 E, damping and delay, from one `motion`.

    Amplitudes and gusts by the modes' closed form. With velocities that keep the amplitudes, a plant stiffer by a
    factor k that nothing drives moves the same, sqrt(k) times as fast: d/d ln k = (time since onset) * velocity / 2,
    exactly. Damping by the closed form of the slowest mode. Under gusts both by finite differences instead.
    """
    speed_up, timing = problem.speed_up(state), problem.timing
    since = timing.since_onset(state.delay)[:, None, None]
    moved = np.tensordot(timing.spline(state.delay), motion, 1)
    velocity = np.tensordot(timing.spline(state.delay, 1), motion, 1)

    def seen(change: np.ndarray) -> np.ndarray:
        return np.einsum("vij,tvj->tvi", problem.views, change)

    course = problem.linear_courses(speed_up, state.damping, np.array([state.delay]))[0]  # [M + G, M, T - 1]
    by_linear = np.einsum("kmt,mvi->ktvi", course, problem.shown)
    # Motion is linear in these numbers: sum_m a_m dx/da_m = x. The least change to that is exact for one of them.
    weight = state.linear * problem.likely_linear(speed_up) ** 2
    lacking = seen(moved) - np.tensordot(state.linear, by_linear, 1)
    by_linear += weight[:, None, None, None] * lacking / max(weight @ state.linear, 1e-30)
    rate = 2 * np.pi * problem.modes.frequency[0] * speed_up
    by_young, by_damping = 0.5 * np.log(10) * since * velocity, -rate * since * moved
    if problem.gusts:
        changed = (
            replace(state, log_young=state.log_young + PART_STEP),
            replace(state, damping=state.damping + DAMPING_STEP),
        )
        stiffer, damped = (np.tensordot(timing.spline(state.delay), m, 1) for m in problem.simulate(changed))
        by_young, by_damping = (stiffer - moved) / PART_STEP, (damped - moved) / DAMPING_STEP
    return [*by_linear, seen(by_young), seen(by_damping), seen(-velocity / timing.fps)]


def simulated_slopes(
    problem: SwayProblem, state: State, here: np.ndarray, columns: list[np.ndarray], simulated: np.ndarray
) -> list[np.ndarray]:
    """The columns of `slopes` with finite differences from `here` for the modes `simulated`, and one column per part.

    Where stiffness differs between parts, modes are no longer those of one stiffness, and what the amplitudes miss
    would be blamed on the parts.
    """
    linear, parts = len(state.linear), len(state.log_young)
    step = AMPLITUDE_STEP * np.abs(state.amplitudes).max()
    larger = [
        replace(state, amplitudes=state.amplitudes + step * unit) for unit in np.eye(len(problem.modes))[simulated]
    ]
    columns = list(columns)
    for mode, motion in zip(simulated, problem.simulate(larger), strict=True):
        columns[mode] = (problem.pixels(state, motion) - here) / step
    stiffer = [replace(state, log_young=state.log_young + PART_STEP * unit) for unit in np.eye(parts)[1:]]
    moved = zip(stiffer, problem.simulate(stiffer), strict=True)
    others = [(problem.pixels(s, motion) - here) / PART_STEP for s, motion in moved]
    columns[linear : linear + 1] = [columns[linear] - sum(others), *others]
    return columns
