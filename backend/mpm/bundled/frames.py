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
        dt: float,
        damping: float,
        acceleration: np.ndarray,
        walls: Walls,
    ) -> None:
        """Young's moduli [P] (Pa), velocities [P, 3] (m/s), accelerations [frames + 1 or 1, P or 1, 3] (m/s^2)."""
        count = len(model)
        self.substeps, self._dt, self._cell = substeps, dt, model.grid.cell
        self._decay = float(np.exp(-damping * dt))
        self._least_mass = 1e-6 * float(model.mass.min())
        self._acceleration, self._walls = acceleration, walls
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

    def advance(self, frame: int, window: Window, clock: Clock) -> np.ndarray:
        """Simulate a frame: flags [7] as in `transfer.raise_flags`; stops early when one is raised."""
        bundles = self.bundles
        lanes = max(1, min(storage.threads(), len(bundles) // BUNDLES_PER_LANE)) if storage.on_cpu() else 1
        momentum = window.momentum(lanes).reshape(-1, 4)
        # The last four numbers are read with the last node, and not used.
        velocity = storage.zeros(window.nodes + 1, 4)
        storage.put(self._flags, slice(None), 0)
        last = len(self._acceleration) - 1
        push = np.stack([self._acceleration[min(frame + k, last)] for k in (0, 1)])
        if push.shape[1] > 1:
            push = bundles.of_each(push.transpose(1, 0, 2)).transpose(1, 0, 2)
        pushes = storage.zeros(*push.shape)
        storage.put(pushes, slice(None), push)
        walls = self._walls
        walled = bool(walls.colliders)
        poses = walls.poses(frame, self.substeps, self._dt)
        motions, *others = bundles.arrays
        particles = (motions, motions.reshape(-1, row.WIDTH), *others, bundles.kinds, pushes)
        arrays = (*particles, momentum, velocity, velocity.reshape(-1), window.free, window.touched)
        scalars = (self._decay, self._dt, self._cell, self._least_mass, window.offset, window.shape, lanes)
        boundaries = (self._flags, walls.numbers, walls.integers, walls.samples, poses)
        for begin, end in clock.bursts(self.substeps):
            for step in range(begin, end):
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
