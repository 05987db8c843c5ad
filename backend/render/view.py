"""One view of a subject, taken apart: the whole picture, the plate without what moves, and the matte of what moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..deformation import six_numbers
from ..subject import Subject
from .rasteriser import Rasteriser


@dataclass(frozen=True)
class View:
    """Pictures of one camera, display-referred, 0..1."""

    still: np.ndarray
    """Everything [H, W, 3]."""
    plate: np.ndarray
    """Without the moving splats [H, W, 3]."""
    matte: np.ndarray
    """How much of each pixel shows moving splats [H, W]."""
    depth: np.ndarray
    """Camera z of what is seen [H, W], metres; inf where nothing is."""


def render_view(subject: Subject) -> View:
    """Render a subject at rest through its camera. Taichi must have been started."""
    g = subject.gaussians
    raster = Rasteriser(subject.camera, len(g))
    shape = (g.positions, six_numbers(g.covariances()))
    still = raster.render(*shape, g.colours, g.opacity, subject.background)
    depth = raster.depth
    plate = raster.render(*shape, g.colours, np.where(subject.moving, 0, g.opacity), subject.background)
    # What moves shines white, everything else is black: the picture is the visible share of what moves.
    matte = raster.render(*shape, np.repeat(subject.moving[:, None], 3, 1), g.opacity, (0, 0, 0))[..., 0]
    return View(still, plate, np.clip(matte, 0, 1), depth)
