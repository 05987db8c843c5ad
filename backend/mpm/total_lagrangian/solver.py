"""`ElasticSolver`: the motion of a `Body`, many of them at once, and gradients of one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...forces.acting import ActingForces
from ...taichi_runtime import real
from .. import storage
from ..boundaries.colliders import Collider
from ..boundaries.walls import Walls
from ..frames import SPREAD_FROM, Clock, Tick
from ..model import Gradient, Motion, Unstable
from ..solver import Each
from . import backward, forward, spline
from .body import Body
from .elements import POINTS
from .pencil import highest_rate
from .touch import advance_touching

CFL_DEFAULT, CFL_LIMIT = 0.45, 0.5
MARGIN = 0.9
"""Part of the linear stability limit, 2 over the highest frequency at rest, that a Courant number of 0.5 takes."""
RETRIES = 2
"""Times that the substep is halved when a run blows up and its length was the solver's own choice."""
ADVICE = "the simulation blew up; lower the velocity or the forces, or raise the stiffness"


@dataclass(frozen=True)
class ElasticGradient(Gradient):
    """Derivatives of a scalar loss with respect to what a simulation was given."""

    damping: float = 0.0
    """With respect to `damping`, per 1/s."""


@dataclass
class _Run:
    """What the frames of one motion share."""

    substeps: int
    dt: float
    moduli: np.ndarray
    """[B, C], pascals."""
    young: object
    """Moduli times the volume of a point [B, C], on the device."""
    pushes: object
    """Accelerations of the nodes at frame borders [1, frames + 1 or 1, n, 4], or those of one frame [1, 2, n, 4]."""
    decay: object
    first: int
    """The frame that `pushes` begins with."""
    frames: list
    """Where recorded: (u at the start [n, 4], v at the start [n, 4], u at all substeps or None)."""


class ElasticSolver:
    """Simulates one `Body`; `taichi_runtime.start` must have been called, and fixes device and precision.

    On the CPU results are bit-equal from run to run; a small body keeps to one thread.
    """

    def __init__(self, body: Body, *, record_bytes: int = 512 * 2**20) -> None:
        """`record_bytes` bounds what a recorded run keeps; frames beyond it are simulated again by `backward`."""
        self.model, self.record_bytes = body, record_bytes
        elements, clamp = body.elements, body.clamp
        axes = spline.axis_weights(elements.points, elements.span[:, None], body.grid)
        self._nodes = storage.device(elements.nodes, np.int32)
        self._axes = storage.device(np.concatenate(axes, -2))
        self._inverse_mass = storage.device(body.inverse_mass)
        self._clamp = (storage.device(clamp.nodes, np.int32), storage.device(clamp.ahead), storage.device(clamp.back))
        nu = body.poisson
        self._lame = (1 / (2 * (1 + nu)), nu / ((1 + nu) * (1 - 2 * nu)))
        self._run: _Run | None = None

    @cached_property
    def _touching(self) -> tuple:
        """Where particles are at rest from the grid's origin, their nodes, shares and responses, on the device."""
        body = self.model
        nodes, value, _ = body.seen
        answer = value * body.inverse_mass[nodes]
        response = answer / (value * answer).sum(1, keepdims=True)
        return (
            storage.device(body.rest - body.grid.origin),
            storage.device(nodes, np.int32),
            storage.device(value),
            storage.device(response),
        )

    @property
    def _lanes(self) -> int:
        """Threads that share one simulation: with few elements, launches cost more than threads save."""
        return storage.threads() if self.points >= SPREAD_FROM else 1

    @property
    def points(self) -> int:
        """Points at which stress is worked out in a substep: those of the elements."""
        return POINTS * len(self.model.elements)

    @cached_property
    def _highest_rate(self) -> float:
        return highest_rate(self.model)

    def stable_dt(self, young: np.ndarray, cfl: float = CFL_DEFAULT) -> float:
        """Longest safe substep, seconds, for Young's moduli [..., P] (Pa); raises ValueError for cfl above 0.5."""
        if not 0 < cfl <= CFL_LIMIT:
            raise ValueError(f"a Courant number of {cfl:g} is outside 0 to {CFL_LIMIT}; above it motion blows up")
        stiffest = float(self.model.moduli(np.broadcast_to(young, (*np.shape(young)[:-1], len(self.model)))).max())
        return cfl / CFL_LIMIT * MARGIN * 2 / (self._highest_rate * np.sqrt(stiffest))

    def substeps_per_frame(self, young: np.ndarray, fps: float, cfl: float = CFL_DEFAULT) -> int:
        """Substeps in one frame for Young's moduli [..., P] in pascals."""
        return max(1, math.ceil((1 - 1e-12) / (fps * self.stable_dt(young, cfl))))

    def simulate(
        self,
        young: np.ndarray,
        velocity: np.ndarray,
        frames: int,
        fps: float,
        *,
        substeps: int | None = None,
        damping: float = 0.0,
        acceleration: np.ndarray | None = None,
        record: bool = False,
        tick: Tick | None = None,
        gravity: Sequence[float] = (0.0, 0.0, 0.0),
        colliders: Sequence[Collider] = (),
        forces: ActingForces | None = None,
        each: Each | None = None,
    ) -> Motion:
        """Motion over `frames` frames from rest, given Young's moduli [P] (Pa) and initial velocities [P, 3] (m/s).

        The material gets the smoothest velocities that the particles' tell of. `damping` [1/s] adds the force
        -damping * m * v: the amplitude of a free oscillation falls as exp(-damping t / 2), and not at all without it.
        `acceleration` [frames + 1, P, 3] (m/s^2) holds body accelerations at the frames' borders, linear in time
        between. `substeps` per frame is chosen when None, and halved in length if the motion then blows up. `record`
        keeps what `backward` needs. `tick(substeps done, substeps in all)` is called about every 50 ms and may raise
        to cancel. `gravity` [3] (m/s^2) pulls always. Particles do not enter `colliders`. `forces` act on what is
        where it has come to, frame by frame. `each(motion so far)` is called after each frame.
        Raises ValueError for substeps too long to be stable, and for a record of what has no gradient; Unstable when
        material collapses or bursts.
        """
        if record and (forces or colliders):
            raise ValueError("there is no gradient through colliders, force fields and strokes; simulate without them")
        young = np.broadcast_to(np.asarray(young, np.float64), (1, len(self.model)))
        pushes = self._pushes(acceleration, gravity, frames)
        walls = Walls(tuple(colliders), self.model.grid.origin) if colliders else None
        arguments = young, self.model.lift(velocity)[None], frames, fps, np.array([damping]), pushes

        def attempt(count: int) -> Motion:
            positions, deformation = self._simulate(*arguments, count, tick, record, forces, walls, each)
            return Motion(positions[0], deformation[0])

        return self._settled(attempt, young, fps, substeps)

    def simulate_batch(
        self,
        young: np.ndarray,
        velocity: np.ndarray,
        frames: int,
        fps: float,
        *,
        substeps: int | None = None,
        damping: float | np.ndarray = 0.0,
        acceleration: np.ndarray | None = None,
        tick: Tick | None = None,
    ) -> np.ndarray:
        """Positions [B, frames, P, 3] of B simulations that differ in stiffness, velocity or damping, one per thread.

        `young` is [B, P] or [P], `velocity` [B, P, 3] or [P, 3], `damping` [B] or one number, the rest as in
        `simulate`.
        """
        count = len(self.model)
        batch = np.broadcast_shapes(np.shape(young)[:-1], np.shape(velocity)[:-2], np.shape(damping), (1,))
        young = np.broadcast_to(np.asarray(young, np.float64), (*batch, count))
        velocity = np.broadcast_to(np.asarray(velocity, np.float64), (*batch, count, 3))
        columns = velocity.transpose(1, 0, 2).reshape(count, -1)
        fields = self.model.lift(columns).reshape(-1, *batch, 3).swapaxes(0, 1)
        pushes = self._pushes(acceleration, (0.0, 0.0, 0.0), frames)
        arguments = young, fields, frames, fps, np.broadcast_to(damping, batch), pushes
        return self._settled(lambda n: self._simulate(*arguments, n, tick)[0], young, fps, substeps)

    def backward(
        self, grad_positions: np.ndarray, grad_deformation: np.ndarray | None = None, *, tick: Tick | None = None
    ) -> ElasticGradient:
        """Gradient of a loss with respect to what the last recorded `simulate` was given.

        `grad_positions` [frames, P, 3] and `grad_deformation` [frames, P, 3, 3] hold the loss's derivatives with
        respect to that call's result. Raises ValueError when nothing was recorded.
        """
        if self._run is None:
            raise ValueError("nothing was recorded; simulate with record=True before asking for a gradient")
        run, body, elements = self._run, self.model, self.model.elements
        value, *slopes = body.readout
        size = elements.count
        gu, gv, w = (storage.zeros(1, 1, size, 4) for _ in range(3))
        g_young, g_damping = storage.zeros(len(elements)), storage.zeros(size)
        lanes = self._lanes
        pull, held = storage.zeros(lanes, size, 4), storage.zeros(1, max(len(body.clamp.ahead), 1), 4)
        clock = Clock(tick, run.substeps * sum(1 if kept is not None else 2 for _, _, kept in run.frames))
        for index in reversed(range(len(run.frames))):
            late = value.T @ grad_positions[index]
            if grad_deformation is not None:
                late = late + sum(s.T @ grad_deformation[index][..., k] for k, s in enumerate(slopes))
            total = storage.host(gu)[0, 0].astype(np.float64)
            total[:, :3] += late
            storage.put(gu, (0, 0), total)
            start, speed, u = run.frames[index]
            if u is None:
                u = storage.zeros(1, run.substeps + 1, size, 4)
                v = storage.zeros(1, 1, size, 4)
                storage.put(u, (0, 0), start)
                storage.put(v, (0, 0), speed)
                self._advance(run, index, u, v, clock)
            arrays = (
                *(gu, gv, w, pull, g_young, g_damping, u, self._nodes, self._axes, run.young),
                *(self._inverse_mass, *self._clamp, held, run.decay),
            )
            for begin, end in clock.bursts(run.substeps):
                first, last = run.substeps - end, run.substeps - begin
                if lanes == 1:
                    backward.retreat(*arrays, first, last, run.dt, *self._lame)
                else:
                    for step in reversed(range(first, last)):
                        backward.retreat_one(*arrays, step, run.dt, *self._lame)
        per_modulus = storage.host(g_young).astype(np.float64) * elements.volume / POINTS
        return ElasticGradient(
            body.lift_transposed(storage.host(gv)[0, 0, :, :3]),
            body.moduli_transposed(per_modulus),
            float(storage.host(g_damping).sum(dtype=np.float64)),
        )

    def _settled(self, attempt: Callable[[int], object], young: np.ndarray, fps: float, substeps: int | None):
        """attempt(substeps per frame), again with twice as many when a motion blows up at the solver's own choice."""
        least = self.substeps_per_frame(young, fps, CFL_LIMIT)
        if substeps is not None:
            if substeps < least:
                raise ValueError(f"{substeps} substeps per frame are too few to stay stable; use at least {least}")
            return attempt(substeps)
        substeps = self.substeps_per_frame(young, fps)
        for _ in range(RETRIES):
            try:
                return attempt(substeps)
            except Unstable:
                substeps *= 2
        return attempt(substeps)

    def _pushes(self, acceleration, gravity: Sequence[float], frames: int) -> np.ndarray:
        """Accelerations of the nodes [frames + 1 or 1, n, 3] of all forces together."""
        body = self.model
        pull = body.forces(np.broadcast_to(np.asarray(gravity, np.float64), (len(body), 3)))[None]
        if acceleration is None:
            return pull
        if np.shape(acceleration) != (frames + 1, len(body), 3):
            raise ValueError(f"acceleration has shape {np.shape(acceleration)}, not {(frames + 1, len(body), 3)}")
        return np.stack([body.forces(a) for a in np.asarray(acceleration, np.float64)]) + pull

    def _simulate(
        self,
        young,
        fields,
        frames,
        fps,
        damping,
        pushes,
        substeps,
        tick,
        record=False,
        forces=None,
        walls=None,
        each=None,
    ):
        """Positions [B, frames, P, 3] and F [B, frames, P, 3, 3]; young [B, P], node velocities [B, n, 3]."""
        body, batch = self.model, len(young)
        count, size = len(body), body.elements.count
        self._run = None
        dt = 1 / (fps * substeps)
        moduli = body.moduli(young)
        run = _Run(
            substeps,
            dt,
            moduli,
            storage.device(moduli * body.elements.volume / POINTS),
            storage.device(_four(pushes)[None]),
            storage.device(np.exp(-dt * np.repeat(np.asarray(damping)[:, None], size, 1))),
            0,
            [],
        )
        v = storage.device(_four(fields)[:, None])
        start = np.zeros((batch, size, 4))
        positions = np.empty((batch, frames, count, 3), real())
        deformation = np.empty((batch, frames, count, 3, 3), real())
        value, *slopes = body.readout
        clock, budget = Clock(tick, frames * substeps), self.record_bytes
        bytes_per_frame = (substeps + 1) * size * 4 * np.dtype(real()).itemsize
        u = storage.zeros(batch, 2, size, 4)
        for index in range(frames):
            if record:
                keep = bytes_per_frame <= budget
                budget -= bytes_per_frame * keep
                if keep:
                    u = storage.zeros(1, substeps + 1, size, 4)
                elif u.shape[1] != 2:
                    u = storage.zeros(1, 2, size, 4)
                run.frames.append((start[0].copy(), storage.host(v)[0, 0].copy(), u if keep else None))
            storage.put(u, (slice(None), 0), start)
            if forces:
                self._push(run, index, pushes, float(damping[0]), forces, start[0], storage.host(v)[0, 0])
            self._advance(run, index, u, v, clock, walls)
            start = storage.host(u[:, substeps % u.shape[1]]).copy()
            if not np.isfinite(start).all():
                raise Unstable(ADVICE)
            for b in range(batch):
                moved = start[b, :, :3].astype(np.float64)
                positions[b, index] = body.rest + value @ moved
                for k, slope in enumerate(slopes):
                    deformation[b, index, :, :, k] = slope @ moved + np.eye(3)[k]
            if each:
                each(Motion(positions[0, : index + 1], deformation[0, : index + 1]))
        self._run = run if record else None
        return positions, deformation

    def _push(self, run: _Run, index: int, pushes, damping: float, forces: ActingForces, u, v) -> None:
        """Put what acts in frame `index` beside the steady `pushes`, given displacement and velocity [n, 4]."""
        body = self.model
        value, *slopes = body.readout
        moved = u[:, :3].astype(np.float64)
        deformation = np.eye(3) + np.stack([slope @ moved for slope in slopes], -1)
        push = forces.frame(index, body.rest + value @ moved, value @ v[:, :3].astype(np.float64), deformation)
        steady = pushes[np.minimum([index, index + 1], len(pushes) - 1)]
        ends = steady + np.stack([body.forces(a) for a in push.acceleration])
        run.pushes, run.first = storage.device(_four(ends)[None]), index
        rate = body.forces(np.broadcast_to(push.rate, len(body))[:, None])[:, 0]
        run.decay = storage.device(np.exp(-run.dt * (damping + rate))[None])

    def _advance(self, run: _Run, index: int, u, v, clock: Clock, walls: Walls | None = None) -> None:
        """Simulate frame `index` from slot 0 of u on; raises Unstable."""
        batch, size = u.shape[0], u.shape[2]
        shared = batch == 1 and not walls and self._lanes > 1
        lanes = self._lanes if shared else batch
        force = storage.zeros(lanes, size, 4)
        held = storage.zeros(batch, max(len(self.model.clamp.ahead), 1), 4)
        flags = storage.zeros(batch, dtype=np.int32)
        arrays = (
            *(u, v, force, self._nodes, self._axes, run.young, self._inverse_mass, run.pushes),
            *(*self._clamp, held, run.decay, flags, index - run.first, run.substeps),
        )
        if walls:
            poses = walls.poses(index, run.substeps, run.dt)
            among = (*self._touching, self.model.grid.cell, walls.numbers, walls.integers, walls.samples, poses)
        for begin, end in clock.bursts(run.substeps):
            if walls:
                advance_touching(*arrays, begin, end, run.dt, *self._lame, *among)
            elif shared:
                for step in range(begin, end):
                    forward.advance_one(*arrays, step, run.dt, *self._lame)
            else:
                forward.advance_each(*arrays, begin, end, run.dt, *self._lame)
            if storage.host(flags).any():
                raise Unstable(ADVICE)


def _four(values: np.ndarray) -> np.ndarray:
    """[..., 3] as [..., 4]: whole nodes load faster than parts."""
    return np.concatenate([values, np.zeros((*np.shape(values)[:-1], 1))], -1)
