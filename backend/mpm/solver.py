"""`Solver`: explicit MLS-MPM of a `Model`, forward in time and, where it is elastic, then backward for gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..forces.acting import ActingForces
from ..taichi_runtime import real
from . import frames as running
from . import particles, stability, storage
from .boundaries.colliders import Collider
from .boundaries.parts import KERF_CELLS, Cut
from .boundaries.placed import Placed
from .boundaries.walls import Walls
from .bundled.frames import BundledRun
from .frames import Clock, Frame, Run, Tick, advance, retreat
from .matter import forward_only, laws_of
from .model import Gradient, LeftGrid, Model, Motion, Unstable
from .window import Window

Each = Callable[[Motion], None]
RETRIES = 3
"""Times that a frame that blew up is simulated again from its start, each time with substeps half as long."""


class Solver:
    """Simulates one `Model`; `taichi_runtime.start` must have been called, and fixes device and precision.

    Particles are sorted by blocks of 4^3 cells inside; every array goes in and comes out in the caller's order.
    Scenes with boundaries, with plastic materials or several, and large ones that are not recorded run in bundles, in
    another order of sums than small elastic ones; that changes results by rounding only.
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
        self._forward_only = forward_only(model)
        self._law = laws_of(model)[0][0]
        self._run: Run | None = None

    @property
    def points(self) -> int:
        """Points at which stress is worked out in a substep: the particles."""
        return len(self.model)

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
        gravity: Sequence[float] = (0.0, 0.0, 0.0),
        colliders: Sequence[Collider] = (),
        forces: ActingForces | None = None,
        placed: Sequence[Placed] = (),
        cuts: Sequence[Cut] = (),
        each: Each | None = None,
    ) -> Motion:
        """Motion over `frames` frames from rest, given Young's moduli [P] (Pa) and initial velocities [P, 3] (m/s).

        `damping` [1/s] adds the force -damping * m * v: free flight slows as exp(-damping t), the amplitude of a free
        oscillation falls as exp(-damping t / 2), whatever the substep. `acceleration` [frames + 1, P, 3] (m/s^2) holds
        body accelerations at the frames' borders, linear in time between. `substeps` per frame is chosen when None.
        `record` keeps what `backward` needs. `tick(substeps done, substeps in all)` is called about every 50 ms and may
        raise to cancel. `gravity` [3] (m/s^2) pulls all particles, always. `colliders` move over the same frames.
        Where a material flows, `Motion.deformation` follows what is visible, not the elastic part.
        `forces` act on what is where it has come to, frame by frame; `placed` particles stay on their given motions;
        `cuts` take the strength of what their blades have passed. Where nothing is recorded, a frame that blew up is
        simulated again in shorter substeps, and scenes in bundles shorten them where particles have become fast.
        `each(motion so far)` is called after each frame, on arrays that later frames do not change.
        Raises ValueError for substeps too long to be stable, and for a record of what has no gradient; Unstable when
        particles collapse, burst or leave the grid.
        """
        young = np.broadcast_to(np.asarray(young, np.float64), (1, len(self.model)))
        velocity = np.asarray(velocity, np.float64)[None]
        if record:
            self._refuse_gradient(colliders, forces, (*placed, *cuts))
        self._run = None
        if self._in_bundles(record, colliders) or forces or placed or cuts:
            walls = Walls(tuple(colliders), self.model.grid.origin)
            substeps = self._substeps(young, velocity, fps, substeps)
            run = BundledRun(
                self.model,
                young[0],
                velocity[0],
                substeps=substeps,
                fps=fps,
                damping=float(damping),
                acceleration=self._forces(acceleration, gravity, frames),
                walls=walls,
            )
            return self._bundled(run, young[0], frames, fps, forces, placed, cuts, tick, each)
        steady = self._forces(acceleration, gravity, frames)
        run = self._begin(young, velocity, fps, substeps, np.array([damping]), steady)
        positions, deformation = self._frames(run, velocity, frames, record, tick, each, 0 if record else RETRIES)
        self._run = run if record else None
        return Motion(positions[0], deformation[0])

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
        `simulate`. Below `frames.SPREAD_FROM` particles and for equal `substeps` so are the results, bit by bit.
        """
        if self._in_bundles(False, ()) and self._forward_only:
            raise ValueError(f"simulations of {self._forward_only} cannot run many at once; simulate one by one")
        count = len(self.model)
        batch = np.broadcast_shapes(np.shape(young)[:-1], np.shape(velocity)[:-2], np.shape(damping), (1,))
        young = np.broadcast_to(np.asarray(young, np.float64), (*batch, count))
        velocity = np.broadcast_to(np.asarray(velocity, np.float64), (*batch, count, 3))
        forces = self._forces(acceleration, (0.0, 0.0, 0.0), frames)
        run = self._begin(young, velocity, fps, substeps, np.broadcast_to(damping, batch), forces)
        return self._frames(run, velocity, frames, False, tick)[0]

    def backward(
        self, grad_positions: np.ndarray, grad_deformation: np.ndarray | None = None, *, tick: Tick | None = None
    ) -> Gradient:
        """Gradient of a loss with respect to what the last recorded `simulate` was given.

        `grad_positions` [frames, P, 3] and `grad_deformation` [frames, P, 3, 3] hold the loss's derivatives with
        respect to that call's result. Raises ValueError when nothing was recorded, and for materials that have none.
        """
        self._refuse_gradient(())
        if self._run is None:
            raise ValueError("nothing was recorded; simulate with record=True before asking for a gradient")
        run, count = self._run, len(self.model)
        adjoint = storage.zeros(1, 1, count, particles.COLUMNS)
        g_material = storage.zeros(1, count, 2)
        clock = Clock(tick, run.substeps * sum(1 if frame.kept else 2 for frame in run.frames))
        for index in reversed(range(len(run.frames))):
            late = np.zeros((count, particles.COLUMNS))
            late[:, particles.X : particles.V] = grad_positions[index][self._order]
            if grad_deformation is not None:
                late[:, particles.F :] = grad_deformation[index][self._order].reshape(count, 9)
            storage.put(adjoint, (0, 0), storage.host(adjoint)[0, 0] + late)
            frame = run.frames[index]
            if not frame.kept:
                frame = Frame.at(frame.start, frame.window, run.substeps, keep=True)
                advance(run, index, frame, clock)
            retreat(run, index, frame, adjoint, g_material, clock)
        velocity, young = np.empty((count, 3)), np.empty(count)
        velocity[self._order] = storage.host(adjoint)[0, 0, :, particles.V : particles.C]
        # Lame's parameters are linear in Young's modulus.
        per_mu, per_lam = self.model.lame(1.0)
        g_lame = storage.host(g_material)[0].astype(np.float64)
        if np.ndim(self.model.poisson):
            young[self._order] = (g_lame * np.stack([per_mu, per_lam], -1)[self._order]).sum(-1)
        else:
            young[self._order] = g_lame @ (per_mu, per_lam)
        return Gradient(velocity, young)

    def _refuse_gradient(self, colliders: Sequence[Collider], forces=None, others: Sequence = ()) -> None:
        if self._forward_only:
            raise ValueError(f"there is no gradient through {self._forward_only}; simulate it forward only")
        if colliders:
            raise ValueError("there is no gradient through colliders; simulate forward only, or without them")
        if forces or others:
            raise ValueError("there is no gradient through force fields, moved parts and cuts; simulate forward only")

    def _in_bundles(self, record: bool, colliders: Sequence[Collider]) -> bool:
        """Whether a single simulation runs in bundles."""
        large = storage.on_cpu() and len(self.model) >= running.SPREAD_FROM
        return bool(self._forward_only or colliders or (large and not record))

    def _substeps(self, young, velocity, fps, substeps) -> int:
        """Substeps per frame, chosen when None and refused when too few; young [B, P], velocity [B, P, 3]."""
        model = self.model
        speed = float(np.linalg.norm(velocity, axis=-1).max())
        if not speed < fps * model.grid.cell * max(model.grid.shape):
            raise Unstable("the initial velocity carries a particle across the whole grid within a frame; lower it")
        if substeps is None:
            substeps = stability.substeps_per_frame(model, young, fps, speed=speed)
        stability.refuse_long_substeps(model, young, fps, substeps, speed)
        return substeps

    def _forces(self, acceleration, gravity: Sequence[float], frames: int) -> np.ndarray:
        """Accelerations [frames + 1 or 1, P or 1, 3] of all forces together."""
        if acceleration is None:
            return np.asarray(gravity, np.float64)[None, None]
        if np.shape(acceleration) != (frames + 1, len(self.model), 3):
            raise ValueError(f"acceleration has shape {np.shape(acceleration)}, not {(frames + 1, len(self.model), 3)}")
        return np.asarray(acceleration) + np.asarray(gravity) if any(gravity) else np.asarray(acceleration)

    def _begin(self, young, velocity, fps, substeps, damping, acceleration) -> Run:
        """Check what B simulations are given, young [B, P], velocity [B, P, 3], damping [B]; put it on the device."""
        model, order = self.model, self._order
        substeps = self._substeps(young, velocity, fps, substeps)
        dt = 1 / (fps * substeps)
        mu, lam = (parameter[:, order] for parameter in model.lame(young))
        columns = np.broadcast_arrays(mu, lam, np.asarray(model.volume)[order], model.mass[order])
        material = storage.zeros(*mu.shape, 4)
        storage.put(material, slice(None), np.stack(columns, -1))
        acceleration = np.broadcast_to(acceleration, (len(acceleration), len(model), 3))
        forces = storage.zeros(1, *acceleration.shape)
        storage.put(forces, 0, acceleration[:, order])
        decay = storage.zeros(len(young))
        storage.put(decay, slice(None), np.exp(-damping * dt))
        flags = storage.zeros(len(young), 7, dtype=np.int32)
        least_mass = 1e-6 * float(model.mass.min())
        return Run(substeps, dt, model.grid.cell, least_mass, self._law, material, forces, decay, flags)

    def _frames(
        self,
        run: Run,
        velocity,
        frames: int,
        record: bool,
        tick: Tick | None,
        each: Each | None = None,
        retries: int = 0,
    ):
        """Simulate all frames: positions [B, frames, P, 3] in the world, deformation gradients [B, frames, P, 3, 3]."""
        batch, count = len(velocity), len(self.model)
        start = np.broadcast_to(self._rest, (batch, *self._rest.shape)).copy()
        start[..., particles.V : particles.C] = velocity[:, self._order]
        positions = np.empty((batch, frames, count, 3), real())
        deformation = np.empty((batch, frames, count, 3, 3), real())
        clock = Clock(tick, frames * run.substeps)
        budget = self.record_bytes
        for index in range(frames):
            size = self._frame_bytes(batch, run.substeps)
            keep = record and size <= budget
            budget -= size * keep
            frame, start = self._settled_frame(run, index, start, keep, clock, retries)
            if record:
                run.frames.append(frame if keep else replace(frame, state=None, velocity=None))
            positions[:, index, self._order] = start[..., : particles.V] + self.model.grid.origin
            deformation[:, index, self._order] = start[..., particles.F :].reshape(batch, count, 3, 3)
            if each:
                each(Motion(positions[0, : index + 1], deformation[0, : index + 1]))
        return positions, deformation

    def _frame_bytes(self, batch: int, substeps: int) -> int:
        """Bytes that one kept frame takes."""
        reals = (substeps + 1) * len(self.model) * particles.COLUMNS + substeps * self._window.nodes * 4
        return batch * reals * np.dtype(real()).itemsize

    def _settled_frame(self, run: Run, index: int, start: np.ndarray, keep: bool, clock: Clock, retries: int):
        """Simulate a frame: (frame, end state)."""

        def attempt(window: Window, times: int):
            shorter = run if times == 1 else run.shortened(times)
            frame = Frame.at(start, window, shorter.substeps, keep)
            end, flags = advance(shorter, index, frame, clock)
            return (frame, end), flags, bool(np.isfinite(end).all())

        return self._retried(attempt, index, retries)

    def _retried(self, attempt: Callable[[Window, int], tuple[Any, np.ndarray, bool]], index: int, retries: int) -> Any:
        """Result of attempt(window, 1), or after a blow-up with 2, 4, ... times as many substeps."""
        first = None
        for halvings in range(retries + 1):
            try:
                return self._settle(partial(attempt, times=2**halvings))
            except LeftGrid:
                if first is None:
                    raise
            except Unstable as fault:
                first = first or fault
        again = f", also with substeps {2**retries} times as short" if retries else ""
        raise Unstable(f"{first} (frame {index + 1}{again})") from None

    def _settle(self, attempt: Callable[[Window], tuple[Any, np.ndarray, bool]]) -> Any:
        """Result of attempt(window) -> (result, flags [7], finite), again in a larger window when a particle left."""
        window = self._window
        while True:
            result, flags, finite = attempt(window)
            larger = window.grown(flags[:6]) if flags[:6].any() else None
            if larger is None:
                break
            window = larger
        if flags[6] or not finite:
            raise Unstable("the simulation blew up; lower the velocity or the forces, or raise the stiffness")
        if flags.any():
            raise LeftGrid("a particle left the simulation grid; lower the motion, or enlarge the grid's margin")
        # Only now, so that a run that blew up leaves no needlessly large window behind.
        self._window = window
        return result

    def _bundled(self, run: BundledRun, young, frames, fps, forces, placed, cuts, tick, each) -> Motion:
        """Simulate all frames in bundles."""
        count, origin, bundles = len(self.model), self.model.grid.origin, run.bundles
        positions = np.empty((frames, count, 3), real())
        deformation = np.empty((frames, count, 3, 3), real())
        clock = Clock(tick, frames * run.substeps)
        laws, kind = laws_of(self.model)
        flows = np.array([law.flows for law in laws])[kind]
        for index in range(frames):
            if forces:
                # What flows has no strain that a hand could feel.
                rigid = flows | (index == 0)
                strain = np.where(rigid[:, None, None], np.eye(3), deformation[index - 1])
                push = forces.frame(index, bundles.positions() + origin, bundles.velocities(), strain)
                run.push(push.acceleration, push.rate)
            self._paced(run, fps, index, clock)
            for part in placed:
                x, *rest = part.at_end(self.model.rest, index, fps)
                bundles.place(part.particles, x - origin, *rest)
            for cut in cuts:
                reached = cut.reached(index + 1, bundles.positions() + origin, KERF_CELLS * self.model.grid.cell)
                run.loosen(np.flatnonzero(reached))
            positions[index] = bundles.positions() + origin
            deformation[index] = bundles.deformation()
            if each:
                each(Motion(positions[: index + 1], deformation[: index + 1]))
        return Motion(positions, deformation)

    def _paced(self, run: BundledRun, fps: float, index: int, clock: Clock) -> None:
        """Simulate a frame in bundles, in substeps short enough for how fast particles have become."""
        run.bundles.sort()
        before = run.bundles.copy()
        speed = run.fastest(index)
        across = fps * self.model.grid.cell * max(self.model.grid.shape)
        if not speed < across:
            raise Unstable(f"particles reach {speed:.3g} m/s, across the whole grid within a frame; lower the forces")
        # The plan is stable, and the caller's choice; it may be too long for the speed alone.
        # A wall that jumps farther than the grid is wide need not be followed on its way.
        speed = max(speed, min(run.walls.speed(index, fps), across))
        planned = max(run.planned, stability.substeps_at_speed(self.model, fps, speed))
        # What a frame needed beyond its plan is given up slowly.
        planned = max(planned, run.substeps // 2)

        def attempt(window: Window, times: int):
            run.bundles.restore(before)
            run.pace(planned * times)
            return None, run.advance(index, window, clock), run.bundles.finite()

        self._retried(attempt, index, RETRIES)


def block_order(model: Model) -> np.ndarray:
    """Order [P] that sorts particles at rest by blocks of 4^3 cells, and by cells inside: neighbours share caches."""
    cells = np.floor((model.rest - model.grid.origin) / model.grid.cell - 0.5).astype(int)
    return np.lexsort((*(cells % 4).T[::-1], *(cells // 4).T[::-1]))
