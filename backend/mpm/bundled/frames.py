"""Running bundles over frames, in bursts short enough to report progress and to cancel."""

from __future__ import annotations

import numpy as np

from .. import storage
from ..boundaries.walls import Walls
from ..frames import Clock
from ..matter import constants_of, laws_of
from ..model import Model
from ..window import Window
from . import packing as row
from .packing import Bundles
from .relax import relax, stop_deforming
from .step import advance

BUNDLES_PER_LANE = 64
"""Fewest bundles for a thread of its own: each has a grid that must be summed and cleared."""


class BundledRun:
    """One simulation of a model's particles, from rest."""

    def __init__(
        self,
        model: Model,
        young: np.ndarray,
        velocity: np.ndarray,
        *,
        substeps: int,
        fps: float,
        damping: float,
        acceleration: np.ndarray,
        walls: Walls,
    ) -> None:
        """Young's moduli [P] (Pa), velocities [P, 3] (m/s), accelerations [frames + 1 or 1, P or 1, 3] (m/s^2)."""
        count = len(model)
        self._fps, self._damping, self._cell = fps, damping, model.grid.cell
        self.planned = substeps
        self.pace(substeps)
        self._least_mass = 1e-6 * float(model.mass.min())
        self._acceleration, self.walls = acceleration, walls
        self._laws, kind = laws_of(model)
        motion, matter = np.zeros((count, row.COLUMNS)), np.zeros((count, row.COLUMNS))
        motion[:, row.X : row.V] = model.rest - model.grid.origin
        motion[:, row.V : row.C] = velocity
        motion[:, row.MASS] = model.mass
        matter[:, :9] = np.eye(3).ravel()
        matter[:, row.MU], matter[:, row.LAM] = model.lame(young)
        matter[:, row.VOLUME] = model.volume
        matter[:, row.MEMORY :] = constants_of(model)
        self.bundles = Bundles(self._laws, kind, motion, matter, self._cell)
        self._flags = storage.zeros(1, 7, dtype=np.int32)
        self._loose = np.zeros(0, np.int64)
        self._push: np.ndarray | None = None
        self._rate: np.ndarray | None = None

    def pace(self, substeps: int) -> None:
        """Take so many substeps in a frame from now on."""
        self.substeps, self._dt = substeps, 1 / (self._fps * substeps)
        self._decay = float(np.exp(-self._damping * self._dt))

    def push(self, acceleration: np.ndarray, rate: np.ndarray) -> None:
        """In the next frames, beside the other accelerations: at start and end [2, P, 3] (m/s^2); a drag [P] (1/s)."""
        self._push, self._rate = acceleration, rate

    def loosen(self, particles: np.ndarray) -> None:
        """Take the strength of particles [K] away: they press on nothing and deform no more, but still have mass."""
        new = np.setdiff1d(particles, self._loose)
        if len(new):
            self._loose = np.union1d(particles, self._loose)
            self.bundles.loosen(new)

    def fastest(self, frame: int) -> float:
        """The highest speed that a particle has, and that all accelerations of a frame may add to it, m/s."""
        steady = np.linalg.norm(self._accelerations(frame), axis=-1).max()
        return float(np.linalg.norm(self.bundles.velocities(), axis=-1).max() + steady / self._fps)

    def _accelerations(self, frame: int) -> np.ndarray:
        """At a frame's start and end [2, P or 1, 3], m/s^2."""
        last = len(self._acceleration) - 1
        steady = np.stack([self._acceleration[min(frame + k, last)] for k in (0, 1)])
        return steady if self._push is None else steady + self._push

    def advance(self, frame: int, window: Window, clock: Clock) -> np.ndarray:
        """Simulate a frame: flags [7] as in `transfer.raise_flags`; stops early when one is raised."""
        bundles = self.bundles
        lanes = max(1, min(storage.threads(), len(bundles) // BUNDLES_PER_LANE)) if storage.on_cpu() else 1
        momentum = window.momentum(lanes).reshape(-1, 4)
        # The last four numbers are read with the last node, and not used.
        velocity = storage.zeros(window.nodes + 1, 4)
        storage.put(self._flags, slice(None), 0)
        push = self._accelerations(frame)
        if push.shape[1] > 1:
            push = bundles.of_each(push.transpose(1, 0, 2)).transpose(1, 0, 2)
        pushes = storage.zeros(*push.shape)
        storage.put(pushes, slice(None), push)
        walls = self.walls
        walled = bool(walls.colliders)
        poses = walls.poses(frame, self.substeps, self._dt)
        motions, *others = bundles.arrays
        particles = (motions, motions.reshape(-1, row.WIDTH), *others, bundles.kinds, pushes)
        arrays = (*particles, momentum, velocity, velocity.reshape(-1), window.free, window.touched)
        scalars = (self._decay, self._dt, self._cell, self._least_mass, window.offset, window.shape, lanes)
        boundaries = (self._flags, walls.numbers, walls.integers, walls.samples, poses)
        drag = None
        if self._rate is not None and self._rate.any():
            drag = storage.device(bundles.of_each(self._rate))
        loose = storage.device(bundles.slots(self._loose), np.int32)
        for begin, end in clock.bursts(self.substeps, self.planned / self.substeps):
            for step in range(begin, end):
                if len(self._loose):
                    stop_deforming(bundles.arrays[0], loose)
                if drag is not None:
                    relax(bundles.arrays[0], drag, self._dt)
                t = (step + 0.5) / self.substeps
                window.substep += 1
                advance(
                    *arrays, *boundaries, step, window.substep, t, *scalars, self._laws, walled, not storage.on_cpu()
                )
                # On the CPU this costs nothing, and the first particle to leave has no time to disturb others.
                if storage.on_cpu() and self._flags.any():
                    break
            if storage.host(self._flags).any():
                break
        return storage.host(self._flags)[0].copy()
