"""`Fit`: what a fit found, with what can be said about how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Fit:
    """Stiffness and first motion of P driving particles that explain a clip."""

    young: np.ndarray
    """Young's modulus of each particle [P], pascals. It belongs to the grid that it was found on: where something is
    thinner than a cell it is an effective number, and `frequency` is what holds on any grid."""
    young_by_part: np.ndarray
    """Of each part [C], pascals."""
    log_young_error: np.ndarray
    """Standard error of log10 Young's modulus of each part [C]: 0.1 is 25 %; near 1 the clip does not tell."""
    velocity: np.ndarray
    """Initial velocity [P, 3], m/s."""
    damping: float
    """For `Solver.simulate`, 1/s. Negative where it makes up for part of the solver's own damping, never for all of it
    at the same Courant number and stiffness; scale it with the square root of the stiffness."""
    delay: float
    """Frames of the clip from its first one to the onset of the motion."""
    frequency: float
    """Of the slowest sway at the fitted stiffness, hertz."""
    loss_first: float
    loss_last: float
    """How far the clip is from the still picture and from the fit: by tracks, root mean square in pixels, for the modal
    strategy; by the photometric loss for the gradient one."""
    history: tuple[float, ...]
    """The loss as the search went on."""
    notes: tuple[str, ...] = ()
    """What the user should know, one sentence each."""
