"""What every strategy is given, and how it reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..camera import Camera
from ..deformation import six_numbers
from ..gaussians import Gaussians
from ..mpm.total_lagrangian.solver import ElasticSolver
from ..render.rasteriser import Rasteriser
from ..video.clip import Clip
from .driving import Driven
from .modes import Modes, sway_modes
from .timing import Timing

REFERENCE_YOUNG = 1e6
"""Pascals, at which modes are computed; those at another stiffness follow by scaling time."""
FEWEST_FRAMES = 8

Report = Callable[[float, str], None]
"""report(fraction done, what is being done); may raise to cancel."""


@dataclass(frozen=True)
class Task:
    """A driven splat cloud, a clip that begins with it at rest, and how much effort to spend."""

    driven: Driven
    clip: Clip
    camera: Camera
    """Of the clip's size."""
    gaussians: Gaussians
    """World space."""
    background: np.ndarray
    """Display-referred colour [3]."""
    iterations: int
    cfl: float
    report: Report

    def __post_init__(self) -> None:
        if len(self.clip) < FEWEST_FRAMES:
            raise ValueError(
                f"the clip has {len(self.clip)} frames; {FEWEST_FRAMES} are needed to tell stiffness from speed"
            )
        if self.clip.frames.shape[1:3] != (self.camera.height, self.camera.width):
            raise ValueError("the clip and the camera differ in size; make the clip from this view")

    @cached_property
    def solver(self) -> ElasticSolver:
        return ElasticSolver(self.driven.body)

    @cached_property
    def timing(self) -> Timing:
        return Timing(len(self.clip) - 1, self.clip.fps)

    @cached_property
    def part(self) -> np.ndarray:
        """Part of each particle [P], counted from 0 without gaps."""
        return np.unique(self.driven.part, return_inverse=True)[1]

    @cached_property
    def modes(self) -> Modes:
        """Sway modes at `REFERENCE_YOUNG`."""
        return sway_modes(self.driven.body, np.full(len(self.driven.body), REFERENCE_YOUNG))

    def modes_at(self, young: np.ndarray) -> Modes:
        """Sway modes at Young's moduli [P]; those at one stiffness for all particles cost nothing."""
        if np.ptp(young) == 0:
            return self.modes.stiffened(young[0] / REFERENCE_YOUNG)
        return sway_modes(self.driven.body, young)

    @cached_property
    def depth(self) -> np.ndarray:
        """Camera z of what is seen at rest [H, W], metres."""
        g = self.gaussians
        raster = Rasteriser(self.camera, len(g))
        raster.render(g.positions, six_numbers(g.covariances()), g.colours, g.opacity, self.background)
        return raster.depth
