"""`Solver`: explicit MLS-MPM of an elastic `Model`, forward in time and then backward for gradients."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..taichi_runtime import real
from . import forward, particles, stability, storage
from .model import Model, Motion, Unstable
from .window import Window

Tick = Callable[[int, int], None]
BURST = 0.05
"""Seconds between two calls of `tick`, about."""
SPREAD_FROM = 4000
"""Particles from which one simulation is spread over all threads; below, launches cost more than threads save."""


@dataclass
class Frame:
    """One frame of a run: its start and, where kept, what happened in it."""

    start: np.ndarray
    """State at the frame's start [B, P, 24], on the host."""
    window: Window
    state: object
    """States at substeps [B, slots, P, 24], on the device."""
    velocity: object
    """Node velocities and masses at substeps [B, slots, nodes, 4], on the device."""


@dataclass
class Run:
    """What all frames of one call of `simulate` share."""

    substeps: int
    dt: float
    material: object
    acceleration: object
    decay: object
    flags: object
    frames: list[Frame] = field(default_factory=list)


class Solver:
    """Simulates one `Model`; `taichi_runtime.start` must have been called, and fixes device and precision.

    Particles are sorted by blocks of 4^3 cells inside; every array goes in and comes out in the caller's order.
    """

    def __init__(self, model: Model, *, record_bytes: int = 512 * 2**20) -> None:
        """`record_bytes` bounds what a recorded run keeps; frames beyond it are simulated again by `backward`."""
        self.model = model
        self.record_bytes = record_bytes
        self._order = block_order(model)
        rest = model.rest[self._order]
        self._rest = np.zeros((len(model), particles.COLUMNS), real())
        self._rest[:, particles.X : particles.V] = rest - model.grid.origin
        self._rest[:, particles.F :: 4] = 1
        self._window = Window.around(model.grid, model.held, rest)
        self._run: Run | None = None

    def stable_dt(self, young: np.ndarray, cfl: float = stability.CFL_DEFAULT) -> float:
        """Longest safe substep, seconds, for Young's moduli [P] in pascals; raises ValueError for cfl above 0.5."""
        return stability.stable_dt(self.model, young, cfl)

    def substeps_per_frame(self, young: np.ndarray, fps: float, cfl: float = stability.CFL_DEFAULT) -> int:
        """Substeps in one frame for Young's moduli [P] in pascals, particles at rest."""
        return stability.substeps_per_frame(self.model, young, fps, cfl)

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
    ) -> Motion:
        """Motion over `frames` frames from rest, given Young's moduli [P] (Pa) and initial velocities [P, 3] (m/s).

        `damping` [1/s] adds the force -damping * m * v: free flight slows as exp(-damping t), the amplitude of a free
        oscillation falls as exp(-damping t / 2), whatever the substep. `acceleration` [frames + 1, P, 3] (m/s^2) holds
        body accelerations at the frames' borders, linear in time between. `substeps` per frame is chosen when None.
        `record` keeps what `backward` needs. `tick(substeps done, substeps in all)` is called about every 50 ms and may
        raise to cancel.
        Raises ValueError for substeps too long to be stable, Unstable when particles collapse, burst or leave the grid.
        """
        young = np.broadcast_to(np.asarray(young, np.float64), (1, len(self.model)))
        velocity = np.asarray(velocity, np.float64)[None]
        positions, deformation = self._simulate(
            young, velocity, frames, fps, substeps, np.array([damping]), acceleration, record, tick
        )
        return Motion(positions[0], deformation[0])

    def _simulate(self, young, velocity, frames, fps, substeps, damping, acceleration, record, tick):
        """`simulate` for B simulations at once: young [B, P], velocity [B, P, 3], damping [B]."""
        model, batch, count = self.model, len(young), len(self.model)
        speed = float(np.linalg.norm(velocity, axis=-1).max())
        if not speed < fps * model.grid.cell * max(model.grid.shape):
            raise Unstable("the initial velocity carries a particle across the whole grid within a frame; lower it")
        if substeps is None:
            substeps = stability.substeps_per_frame(model, young, fps, speed=speed)
        stability.refuse_long_substeps(model, young, fps, substeps, speed)
        run = self._begin(young, damping, acceleration, substeps, 1 / (fps * substeps))
        self._run = run if record else None
        start = np.broadcast_to(self._rest, (batch, *self._rest.shape)).copy()
        start[..., particles.V : particles.C] = velocity[:, self._order]
        positions = np.empty((batch, frames, count, 3), real())
        deformation = np.empty((batch, frames, count, 3, 3), real())
        clock = Clock(tick, frames * substeps)
        kept = 0
        for index in range(frames):
            size = self._frame_bytes(batch, substeps)
            keep = record and kept + size <= self.record_bytes
            kept += size * keep
            frame, start = self._settled_frame(run, index, start, keep, clock)
            if record:
                run.frames.append(frame)
            positions[:, index, self._order] = start[..., : particles.V] + model.grid.origin
            deformation[:, index, self._order] = start[..., particles.F :].reshape(batch, count, 3, 3)
        return positions, deformation

    def _begin(self, young, damping, acceleration, substeps, dt) -> Run:
        """Put what all frames of a run share on the device."""
        model, order = self.model, self._order
        mu, lam = model.lame(young[:, order])
        material = storage.zeros(*mu.shape, 4)
        mass = model.mass[order]
        storage.put(material, slice(None), np.stack(np.broadcast_arrays(mu, lam, model.volume[order], mass), -1))
        if acceleration is None:
            forces = storage.zeros(1, 1, len(order), 3)
        else:
            forces = storage.zeros(1, *np.shape(acceleration))
            storage.put(forces, 0, np.asarray(acceleration)[:, order])
        decay = storage.zeros(len(young))
        storage.put(decay, slice(None), np.exp(-damping * dt))
        flags = storage.zeros(len(young), 7, dtype=np.int32)
        return Run(substeps, dt, material, forces, decay, flags)

    def _frame_bytes(self, batch: int, substeps: int) -> int:
        """Bytes that one kept frame takes."""
        reals = (substeps + 1) * len(self.model) * particles.COLUMNS + substeps * self._window.nodes * 4
        return batch * reals * np.dtype(real()).itemsize

    def _settled_frame(self, run: Run, index: int, start: np.ndarray, keep: bool, clock: Clock):
        """Simulate a frame, in a larger window whenever a particle left the present one: (frame, state at its end)."""
        while True:
            slots = (run.substeps + 1, run.substeps) if keep else (2, 1)
            frame = Frame(
                start,
                self._window,
                storage.zeros(len(start), slots[0], len(self.model), particles.COLUMNS),
                storage.zeros(len(start), slots[1], self._window.nodes, 4),
            )
            end, sides, broken = self._advance(run, index, frame, clock)
            larger = self._window.grown(sides) if sides.any() else None
            if larger is None:
                break
            self._window = larger
        if broken or not np.isfinite(end).all():
            raise Unstable("the simulation blew up; lower the velocity or the forces, or raise the stiffness")
        if sides.any():
            raise Unstable("a particle left the simulation grid; lower the motion, or enlarge the grid's margin")
        return frame, end

    def _advance(self, run: Run, index: int, frame: Frame, clock: Clock):
        """All substeps of a frame from its start: (state at its end [B, P, 24], sides left [6], whether it broke)."""
        model, window = self.model, frame.window
        storage.put(frame.state, (slice(None), 0), frame.start)
        storage.put(run.flags, slice(None), np.zeros(1, np.int32))
        spread = len(frame.start) == 1 and (not storage.on_cpu() or len(model) >= SPREAD_FROM)
        lanes = (storage.threads() if storage.on_cpu() else 1) if spread else len(frame.start)
        arrays = (
            frame.state,
            run.material,
            run.acceleration,
            window.momentum(lanes),
            frame.velocity,
            window.free,
            run.decay,
            run.flags,
        )
        scalars = (run.dt, model.grid.cell, 1e-6 * float(model.mass.min()), window.offset, window.shape)
        done = 0
        flags = np.zeros(7, bool)
        while done < run.substeps and not flags.any():
            end = min(done + clock.burst(), run.substeps)
            if spread:
                for step in range(done, end):
                    forward.advance_one(*arrays, index, run.substeps, step, *scalars, not storage.on_cpu())
            else:
                forward.advance_each(*arrays, index, run.substeps, done, end, *scalars)
            flags = storage.host(run.flags).any(0)
            clock.tick(end - done, index * run.substeps + end)
            done = end
        if flags.any():
            return frame.start, flags[:6], bool(flags[6])
        end_slot = run.substeps % frame.state.shape[1]
        return storage.host(frame.state[:, end_slot]).copy(), flags[:6], False


class Clock:
    """Cuts a run into bursts of about 50 ms, so that `tick` is called often whatever the machine's speed."""

    def __init__(self, tick: Tick | None, total: int) -> None:
        self._tick, self._total = tick, total
        self._substeps = 8
        self._began = time.perf_counter()

    def burst(self) -> int:
        """Substeps to do before the next call of `tick`."""
        self._began = time.perf_counter()
        return self._substeps

    def tick(self, substeps: int, done: int) -> None:
        """Report that a burst of `substeps` is over, `done` in all, and adapt the next one's length."""
        rate = substeps / max(time.perf_counter() - self._began, 1e-6)
        # Growth is bounded because the first burst of a process includes compiling.
        self._substeps = int(np.clip(rate * BURST, 1, 4 * self._substeps))
        if self._tick:
            self._tick(done, self._total)


def block_order(model: Model) -> np.ndarray:
    """Order [P] that sorts particles at rest by blocks of 4^3 cells, and by cells inside: neighbours share caches."""
    cells = np.floor((model.rest - model.grid.origin) / model.grid.cell - 0.5).astype(int)
    return np.lexsort((*(cells % 4).T[::-1], *(cells // 4).T[::-1]))
