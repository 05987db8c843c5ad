"""Running the kernels over one frame, forward and backward, in bursts short enough to report progress and to cancel."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from . import backward, forward, storage
from .materials.law import Law
from .window import Window

Tick = Callable[[int, int], None]
BURST = 0.05
"""Seconds between two calls of `tick`, about."""
SPREAD_FROM = 8000
"""Particles from which one simulation is spread over all threads; below, launches cost more than threads save."""


@dataclass
class Frame:
    """B simulations over one frame: all states where the frame is kept, else the last two, later forgotten too."""

    start: np.ndarray
    """State at the frame's start [B, P, 24], on the host; columns as in `particles`."""
    window: Window
    state: object
    """States at substeps [B, slots, P, 24], on the device."""
    velocity: object
    """Node velocities and masses at substeps [B, slots, nodes, 4], on the device."""
    kept: bool
    """Whether all substeps have slots."""

    @staticmethod
    def at(start: np.ndarray, window: Window, substeps: int, keep: bool) -> Frame:
        """A frame about to be simulated; `keep` makes room for all its substeps."""
        batch, count, columns = start.shape
        state = storage.zeros(batch, substeps + 1 if keep else 2, count, columns)
        return Frame(start, window, state, storage.zeros(batch, substeps if keep else 1, window.nodes, 4), keep)


@dataclass
class Run:
    """What the frames of one simulated motion share."""

    substeps: int
    """Per frame."""
    dt: float
    cell: float
    least_mass: float
    """Mass [kg] from which a node has a velocity."""
    law: Law
    """Of all particles, elastic."""
    material: object
    """[B, P, 4] on the device; columns as in `particles`."""
    acceleration: object
    """Body accelerations at frame borders [1, frames + 1 or 1, P, 3] (m/s^2), on the device."""
    decay: Any
    """What a substep of damping leaves of a velocity [B], on the device."""
    flags: object
    """What went wrong [B, 7], on the device; columns as in `transfer.raise_flags`."""
    frames: list[Frame] = field(default_factory=list)
    """Filled when the run is recorded."""

    def shortened(self, times: int) -> Run:
        """The same run in so many times as many substeps."""
        return replace(self, substeps=self.substeps * times, dt=self.dt / times, decay=self.decay ** (1 / times))


class Clock:
    """Cuts a run into bursts of about 50 ms, so that `tick` is called often whatever the machine's speed."""

    def __init__(self, tick: Tick | None, total: int) -> None:
        self._tick, self._total, self._done = tick, total, 0
        self._substeps = 8

    def bursts(self, substeps: int, weight: float = 1.0):
        """Ranges (begin, end) that cover the substeps of a frame; `tick` is called after each, and counts by weight."""
        begin = 0
        while begin < substeps:
            end = min(begin + self._substeps, substeps)
            began = time.perf_counter()
            yield begin, end
            seconds = max(time.perf_counter() - began, 1e-6)
            # Growth is bounded because the first burst of a process may include compiling.
            self._substeps = int(np.clip((end - begin) * BURST / seconds, 1, 4 * self._substeps))
            self._done += (end - begin) * weight
            begin = end
            if self._tick:
                self._tick(min(round(self._done), self._total), self._total)


def spreads(frame: Frame) -> bool:
    """Whether one simulation is shared by all threads, instead of each simulation having one thread."""
    batch, _, count, _ = frame.state.shape
    return batch == 1 and (not storage.on_cpu() or count >= SPREAD_FROM)


def lanes(frame: Frame) -> int:
    """Grids that threads add to without seeing each other's."""
    batch, _, count, _ = frame.state.shape
    if not spreads(frame):
        return batch
    # Each grid must be summed and cleared, so one serves no fewer than a thousand particles.
    return max(1, min(storage.threads(), count // 1000)) if storage.on_cpu() else 1


def advance(run: Run, index: int, frame: Frame, clock: Clock) -> tuple[np.ndarray, np.ndarray]:
    """Simulate frame `index` from its start: (state at its end [B, P, 24], flags [7]).

    Stops early, with a meaningless state, when a flag is raised.
    """
    storage.put(frame.state, (slice(None), 0), frame.start)
    storage.put(run.flags, slice(None), np.zeros(1, np.int32))
    window = frame.window
    arrays = (
        *(frame.state, run.material, run.acceleration, window.momentum(lanes(frame))),
        *(frame.velocity, window.free, run.decay, run.flags),
    )
    scalars = (run.dt, run.cell, run.least_mass, window.offset, window.shape)
    for begin, end in clock.bursts(run.substeps):
        if spreads(frame):
            for step in range(begin, end):
                forward.advance_one(*arrays, index, run.substeps, step, *scalars, run.law, not storage.on_cpu())
        else:
            forward.advance_each(*arrays, index, run.substeps, begin, end, *scalars, run.law)
        flags = storage.host(run.flags).any(0)
        if flags.any():
            break
    return storage.host(frame.state[:, run.substeps % frame.state.shape[1]]).copy(), flags


def retreat(run: Run, index: int, frame: Frame, adjoint, g_material, clock: Clock) -> None:
    """Carry `adjoint` [B, 1, P, 24] from the end of a kept frame to its start, adding to `g_material` [B, P, 2]."""
    window = frame.window
    arrays = (
        *(adjoint, g_material, storage.zeros(len(frame.start), window.nodes, 4)),
        *(frame.state, run.material, run.acceleration, window.momentum(lanes(frame))),
        *(frame.velocity, window.free, run.decay),
    )
    scalars = (run.dt, run.cell, run.least_mass, window.offset, window.shape)
    for begin, end in clock.bursts(run.substeps):
        first, last = run.substeps - end, run.substeps - begin
        if spreads(frame):
            for step in reversed(range(first, last)):
                backward.retreat_one(*arrays, index, run.substeps, step, *scalars, run.law, not storage.on_cpu())
        else:
            backward.retreat_each(*arrays, index, run.substeps, first, last, *scalars, run.law)
