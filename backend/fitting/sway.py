"""The modal strategy's forward problem: amplitudes, stiffness, damping and onset in, tracked pixels out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..camera import Camera
from ..mpm.total_lagrangian.solver import ElasticSolver
from .gusts import Gusts
from .modes import Modes
from .observation import Tracks
from .rig import Rig
from .timing import Timing

YOUNG_MIN, YOUNG_MAX = 1e3, 1e10
"""Pascals."""
BUDGET = 1e9
"""Substeps of the body's points that one simulation of the clip may take: some minutes."""
DAMPING_MAX = 0.5
"""Damping ratio."""
SPAN = 2.0
"""Amplitudes the prior expects, over the motion that is seen."""
RESOLVED = 0.25
"""Frequency above which a clip shows little of a motion, over its frame rate."""


@dataclass(frozen=True)
class State:
    """What is fitted, in terms that keep their meaning when the stiffness changes."""

    amplitudes: np.ndarray
    """Displacement that each mode would reach undamped [M], metres at the particle that it moves most."""
    log_young: np.ndarray
    """log10 of Young's modulus of the parts [C], pascals."""
    damping: float
    """Damping ratio of the slowest mode."""
    delay: float
    """Onset after the clip's frame 0, frames of the clip."""
    gusts: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """Accelerations [G] of the wind, m/s^2, see `Gusts`; none for a free sway."""

    @property
    def linear(self) -> np.ndarray:
        """What the motion is linear in [M + G]: amplitudes and gusts."""
        return np.concatenate([self.amplitudes, self.gusts])


@dataclass(frozen=True)
class SwayProblem:
    """Tracks of one motion to explain, and the solver and modes to explain them with."""

    solver: ElasticSolver
    modes: Modes
    """At one Young's modulus for all particles."""
    part: np.ndarray
    """Part of each particle [P], counted from 0."""
    camera: Camera | Rig
    tracks: Tracks
    timing: Timing
    cfl: float
    gusts: Gusts | None = None
    """What drives the subject throughout, if anything does."""
    tick: Callable[[int, int], None] | None = None
    """Given to the solver, which calls it often; may raise to cancel."""

    @cached_property
    def log_young_max(self) -> float:
        """Highest log10 E to try: substeps, and so the time a simulation takes, grow with the square root of E."""
        model, timing = self.solver.model, self.timing
        substeps = timing.simulated_frames / timing.simulated_fps / self.solver.stable_dt(self.modes.young, self.cfl)
        affordable = self.modes.young[0] * (BUDGET / (model.elements.points[..., 0].size * substeps)) ** 2
        return float(np.log10(min(YOUNG_MAX, affordable)))

    def young(self, state: State) -> np.ndarray:
        """Young's moduli [P], pascals."""
        return 10 ** state.log_young[self.part]

    def speed_up(self, state: State) -> float:
        """How much faster than at the stiffness of `modes` the plant sways, were all of it as stiff as on average."""
        return float(np.sqrt(10 ** np.mean(state.log_young[self.part]) / self.modes.young[0]))

    def velocity(self, state: State) -> np.ndarray:
        """Initial velocity of the particles [P, 3], m/s."""
        return np.tensordot(state.amplitudes, self.velocities(state), 1)

    def velocities(self, state: State) -> np.ndarray:
        """Initial velocity of the particles [M, P, 3] for an amplitude of 1 of each mode, 1/s."""
        rates = 2 * np.pi * self.modes.frequency * self.speed_up(state)
        return rates[:, None, None] * self.modes.shapes

    def damping(self, state: State) -> float:
        """The solver's `damping`, 1/s; an amplitude falls at half this rate."""
        return float(4 * np.pi * state.damping * self.modes.frequency[0] * self.speed_up(state))

    def acceleration(self, state: State) -> np.ndarray | None:
        """Of the particles at the borders of the simulation's frames [frames + 1, P, 3], m/s^2; None without gusts."""
        return self.gusts.acceleration(state.gusts) if self.gusts else None

    def simulate(self, states: Sequence[State]) -> np.ndarray:
        """Displacement of the tracked particles [B, frames, V, 3], metres, at the simulation's frames.

        All states have the gusts of the first one.
        """
        young = np.stack([self.young(state) for state in states])
        fps = self.timing.simulated_fps
        positions = self.solver.simulate_batch(
            young,
            np.stack([self.velocity(state) for state in states]),
            self.timing.simulated_frames,
            fps,
            substeps=max(self.solver.substeps_per_frame(y, fps, self.cfl) for y in young),
            damping=np.array([self.damping(state) for state in states]),
            acceleration=self.acceleration(states[0]),
            tick=self.tick,
        )
        return positions[:, :, self.tracks.particles] - self.rest

    def pixels(self, state: State, motion: np.ndarray) -> np.ndarray:
        """Displacement on the picture [T - 1, V, 2], pixels, at the clip's frames, of a `motion` [frames, V, 3]."""
        moved = np.tensordot(self.timing.spline(state.delay), motion, 1)
        return self.camera.project(self.rest + moved) - self.camera.project(self.rest)

    @cached_property
    def rest(self) -> np.ndarray:
        """Tracked particles at rest [V, 3]."""
        return self.solver.model.rest[self.tracks.particles]

    @cached_property
    def views(self) -> np.ndarray:
        """d pixel / d position of the tracked particles at rest [V, 2, 3]."""
        return self.camera.project_jacobian(self.rest)

    @cached_property
    def shown(self) -> np.ndarray:
        """What the camera shows of the modes on the tracked particles [M, V, 2], pixels per metre."""
        return np.einsum("vij,mvj->mvi", self.views, self.modes.shapes[:, self.tracks.particles])

    def likely(self, speed_up: float) -> np.ndarray:
        """Amplitudes [M] within which a mode is expected, metres.

        Small where the camera hardly shows it, and above what the clip's frame rate can show. A push of the whole plant
        moves its modes by amplitudes that fall with their frequency.
        """
        per_metre = np.sqrt((self.views**2).sum((1, 2)).mean() / 2)
        shapes = self.modes.shapes[:, self.tracks.particles]
        visible = np.sqrt((self.shown**2).sum((1, 2)) / (shapes**2).sum((1, 2))) / per_metre
        frequency = self.modes.frequency * speed_up
        resolved = 1 / (1 + (frequency / (RESOLVED * self.timing.fps)) ** 4)
        reach = SPAN * self.tracks.reach / per_metre
        return reach * np.clip(visible, 0.02, 1) * resolved * frequency[0] / frequency

    def linear_courses(self, speed_up: float, damping: float, delays: np.ndarray) -> np.ndarray:
        """Displacement [D, M + G, M, T - 1] of the modes for 1 of each linear number, in closed form."""
        since = self.timing.since_onset(delays)  # [D, T - 1]
        free = np.eye(len(self.modes))[:, :, None] * self.time_courses(speed_up, damping, delays)[:, None]
        if not self.gusts:
            return free
        rate = 2 * np.pi * self.modes.frequency * speed_up
        driven = self.gusts.courses(rate, damping * rate[0], since)
        return np.concatenate([free, driven], 1)

    def likely_linear(self, speed_up: float) -> np.ndarray:
        """Size [M + G] within which each linear number is expected: `likely`, and gusts that bend it that far."""
        likely = self.likely(speed_up)
        gust = likely.max() * (2 * np.pi * self.modes.frequency[0] * speed_up) ** 2
        return np.append(likely, np.full(len(self.gusts) if self.gusts else 0, gust))

    def time_courses(self, speed_up: float, damping: float, delays: np.ndarray) -> np.ndarray:
        """Displacement [D, M, T - 1] at the clip's frames of modes set off with amplitude 1, in closed form."""
        rate = 2 * np.pi * self.modes.frequency * speed_up
        decay = damping * rate[0]
        since = self.timing.since_onset(delays)[:, None]
        return np.exp(-decay * since) * np.sin(rate[:, None] * since)
