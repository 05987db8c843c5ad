"""Sway modes of a body as the elastic solver shows them: the shapes it swings in freely, and how fast."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..mpm.total_lagrangian.body import Body
from ..mpm.total_lagrangian.pencil import lumped_rates, sway


@dataclass(frozen=True)
class Modes:
    """M modes, slowest first. They do not die out: the solver damps nothing but what it is told to."""

    shapes: np.ndarray
    """Displacement of the particles [M, P, 3]; the largest one of each mode is 1."""
    frequency: np.ndarray
    """[M], hertz."""
    young: np.ndarray
    """Young's moduli [P] they belong to, pascals."""

    def __len__(self) -> int:
        return len(self.shapes)

    def first(self, count: int) -> Modes:
        """The slowest ones only."""
        return Modes(self.shapes[:count], self.frequency[:count], self.young)

    def stiffened(self, factor: float) -> Modes:
        """The modes for all moduli times `factor`: time scales."""
        return replace(self, frequency=self.frequency * np.sqrt(factor), young=self.young * factor)


def sway_modes(body: Body, young: np.ndarray, count: int = 8) -> Modes:
    """The `count` slowest modes at Young's moduli [P] (Pa)."""
    young = np.broadcast_to(np.asarray(young, np.float64), (len(body),))
    moduli = body.moduli(young)
    if np.ptp(young) == 0 and count <= len(body.slowest[0]):
        rates, fields = body.slowest[0][:count] * np.sqrt(body.stiffness * young[0]), body.slowest[1][:count]
    else:
        rates, fields = sway(body, moduli, count)
        rates = lumped_rates(body, rates, fields)
    value = body.readout[0]
    shapes = np.stack([value @ field for field in fields])
    shapes /= np.linalg.norm(shapes, axis=-1).max(1)[:, None, None]
    return Modes(shapes, rates / (2 * np.pi), young)
