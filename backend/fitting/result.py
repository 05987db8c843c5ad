"""`Fit`: what a fit found, with what can be said about how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .prior import Expected


@dataclass(frozen=True)
class Started:
    """What set the subject in motion in one clip."""

    velocity: np.ndarray
    """Initial velocity [P, 3], m/s."""
    delay: float
    """Frames of the clip from its first one to the onset of the motion."""
    acceleration: np.ndarray | None = None
    """Of wind, at the borders of the simulation's frames [frames + 1, P, 3] (see `Timing`), m/s^2; None without."""


@dataclass(frozen=True)
class Fit:
    """Stiffness and first motion of P driving particles that explain a clip."""

    young: np.ndarray
    """Young's modulus of each particle [P], pascals; the same on any grid to about 15 %."""
    young_by_part: np.ndarray
    """Of each part [C], pascals; the geometric mean where it varies within one."""
    log_young_error: np.ndarray
    """Standard error of log10 Young's modulus of each part [C], by the clips alone: 0.1 is 25 %, 1 is a guess."""
    velocity: np.ndarray
    """Initial velocity [P, 3], m/s."""
    damping: float
    """For `ElasticSolver.simulate`, 1/s; a stiffness k times as high needs sqrt(k) times as much for the same ratio."""
    delay: float
    """Frames of the clip from its first one to the onset of the motion."""
    frequency: float
    """Of the slowest sway at the fitted stiffness, hertz."""
    loss_first: float
    loss_last: float
    """How far the clip is from the still picture and from the fit: by tracks, root mean square in pixels, for the modal
    strategy; by the photometric loss for the others."""
    history: tuple[float, ...]
    """The loss as the search went on; by tracks and then by pictures for the staged strategy."""
    tracked: int = 0
    """How many of these are by tracks, in pixels."""
    tracks_still: float = 0.0
    """Root mean square in pixels of the tracks themselves: the loss by tracks of a subject that stands still."""
    notes: tuple[str, ...] = ()
    """What the user should look into, one sentence each."""
    remarks: tuple[str, ...] = ()
    """What holds of every fit of the kind, one sentence each."""
    acceleration: np.ndarray | None = None
    """Of wind in the clip, as `Started` has it."""
    further: tuple[Started, ...] = ()
    """What set the subject in motion in further clips, see `Task.motions`."""
    expected: Expected | None = None
    """What the fit was told to expect of the parts' stiffness, if anything."""

    @property
    def started(self) -> tuple[Started, ...]:
        """What set the subject in motion in each of the task's motions."""
        return (Started(self.velocity, self.delay, self.acceleration), *self.further)
