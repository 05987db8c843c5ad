"""How the tracked pixels change with what is fitted: the Jacobian of a `SwayProblem`, mostly without simulating."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..mpm.total_lagrangian.pencil import lumped_rates, mass_matrix, stiffness_matrix, sway
from .sway import State, SwayProblem

YOUNG_STEP, DAMPING_STEP = 0.05, 0.02
"""Finite differences in log10 E of all and in damping ratio."""
FIRST_PART_STEP, PART_STEP = 0.4, 0.05
"""The same in log10 E of a part: while all parts are as stiff as each other, so that the truth is far; and later."""
NOTHING = 1e-9
"""Young's modulus of what is left out, over that of the rest."""
ANSWERING = 60
"""Modes that answer a push where stiffness differs between parts: the push's own ones are not modes there."""


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
            replace(state, log_young=state.log_young + YOUNG_STEP),
            replace(state, damping=state.damping + DAMPING_STEP),
        )
        stiffer, damped = (np.tensordot(timing.spline(state.delay), m, 1) for m in problem.simulate(changed))
        by_young, by_damping = (stiffer - moved) / YOUNG_STEP, (damped - moved) / DAMPING_STEP
    return [*by_linear, seen(by_young), seen(by_damping), seen(-velocity / timing.fps)]


def slopes_of_parts(
    problem: SwayProblem, state: State, motion: np.ndarray, columns: list[np.ndarray], lead: int
) -> list[np.ndarray]:
    """The columns of `slopes` where stiffness differs between parts, one `at_pace` for each part's log10 E.

    `motion` [frames, V, 3] is the state's. By the amplitudes from `answers`, by the parts from finite differences, but
    for part `lead`: all together act as the scaling law says, exactly. At given amplitudes instead, what the tips'
    stiffness does, a tenth of a pixel for a decade, would drown in the tens of pixels that a faster push does.
    """
    linear, modes, parts = len(state.linear), len(state.amplitudes), len(state.log_young)
    here = problem.pixels(state, motion)
    step = PART_STEP if np.ptp(state.log_young) else FIRST_PART_STEP
    # Softer, so that no substep has to be shorter than those of `motion`.
    others = [unit for k, unit in enumerate(np.eye(parts)) if k != lead]
    softer = [at_pace(problem, state, state.log_young - step * unit, lead) for unit in others]
    moved = zip(softer, problem.simulate(softer), strict=True)
    by_parts = [(here - problem.pixels(s, own)) / step for s, own in moved]
    by_parts.insert(lead, columns[linear] - sum(by_parts))
    return [*answers(problem, state), *columns[modes:linear], *by_parts, *columns[-2:]]


def at_pace(problem: SwayProblem, state: State, log_young: np.ndarray, lead: int) -> State:
    """The state with other log10 E of the parts [C], set off with its own velocity at the pace of part `lead`."""
    other, faster = replace(state, log_young=log_young), 10 ** (0.5 * (log_young[lead] - state.log_young[lead]))
    return replace(other, amplitudes=faster * state.amplitudes * problem.speed_up(state) / problem.speed_up(other))


def leading_part(problem: SwayProblem) -> int:
    """The part whose stiffness sets the pace: the one that is bent most in the slowest sway of one stiffness."""
    body = problem.solver.model
    field = body.slowest[1][0].ravel()
    parts = [np.where(problem.part == part, 1.0, NOTHING) for part in range(problem.part.max() + 1)]
    return int(np.argmax([field @ (stiffness_matrix(body, body.moduli(own)) @ field) for own in parts]))


def answers(problem: SwayProblem, state: State) -> np.ndarray:
    """d pixels by the amplitudes [M, T - 1, V, 2], in closed form of the `ANSWERING` slowest modes as stiff as it is.

    The motion's own modes say where a push acts, and with what speed; these say what comes of it.
    """
    body, timing = problem.solver.model, problem.timing
    moduli = body.moduli(problem.young(state))
    rates, fields = sway(body, moduli, min(ANSWERING, 3 * body.elements.count - 2))
    rates = lumped_rates(body, rates, fields)
    pushes = problem.velocities(state).transpose(1, 0, 2).reshape(len(body), -1)  # [P, M * 3]
    momentum = (mass_matrix(body) @ body.lift(pushes)).reshape(len(fields[0]), -1, 3)
    speeds = np.einsum("kni,nmi->mk", fields, momentum)  # modes come with a generalised mass of 1
    since = timing.since_onset(state.delay)
    courses = np.exp(-0.5 * problem.damping(state) * since) * np.sin(rates[:, None] * since) / rates[:, None]
    value = body.readout[0][problem.tracks.particles]
    shown = np.stack([np.einsum("vij,vj->vi", problem.views, value @ field) for field in fields])
    return np.einsum("mk,kt,kvi->mtvi", speeds, courses, shown, optimize=True)
