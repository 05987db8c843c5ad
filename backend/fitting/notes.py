"""What a user should know about a fit, one sentence each."""

from __future__ import annotations

import numpy as np

from ..units import pascals
from .sway import YOUNG_MIN
from .task import Task

APART = np.radians(20)
"""Angle between two views from which motion towards one shows in the other."""

SWINGS = 0.5
"""Of the slowest sway in a clip, below which stiffness and speed make up for each other."""

DEPTH = "One view does not show motion towards the camera; it was kept as small as the clip allows."
RATIO = "A clip tells stiffness over density only: with the density wrong by a factor, so is Young's modulus."


def limit_notes(log_young: np.ndarray, highest: float) -> tuple[str, ...]:
    """A warning when log10 Young's modulus of a part [C] ended at a limit."""
    if np.any(log_young <= np.log10(YOUNG_MIN)):
        return (
            f"The stiffness ended at the lowest that is tried, {pascals(YOUNG_MIN)}; check the subject's size and "
            "density.",
        )
    if np.any(log_young >= highest - 1e-6):
        return (
            f"The stiffness ended at the highest that is tried, {pascals(10**highest, 2)}; check the subject's size, "
            "or use fewer grid cells or particles.",
        )
    return ()


def short_notes(task: Task, frequency: float) -> tuple[str, ...]:
    """A warning when no clip shows half a swing of the fitted slowest sway (hertz)."""
    shown = max(frequency * view.timing.frames / view.clip.fps for view in task.observations)
    if shown >= SWINGS:
        return ()
    return (f"The clip shows {shown:.1f} of a swing, too little to tell stiffness by; use a longer one.",)


def remarks_on(task: Task) -> tuple[str, ...]:
    """What the clips of a task cannot tell."""
    forward = [np.stack([view.camera.rotation[2] for view in views]) for views in task.motions]
    seen_aside = any(np.min(np.abs(f @ f.T)) < np.cos(APART) for f in forward)
    return (RATIO,) if seen_aside else (DEPTH, RATIO)
