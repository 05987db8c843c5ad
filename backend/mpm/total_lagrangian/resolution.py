"""How much stiffer a coarse grid makes a body than a fine one, made up for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..grid import Grid
from .body import SLOWEST, Body
from .pencil import sway

SAME = 0.7
"""Share of a mode's motion, as a length, that the slowest modes on another grid explain if it is one of them."""
COARSER = 1.5
"""Times as large are the cells tried next where nodes swing by themselves."""


def resolved(body: Body, cell: float) -> Body:
    """The body with the `stiffness` that gives its slowest sway the rate it has on a grid of cells of `cell` metres.

    Where branches part, a coarse grid welds them over a cell and a half, which makes the whole stiffer than it is.
    """
    low, high = body.solid.centres.min(0), body.solid.centres.max(0)
    margin = 2
    while cell < body.grid.cell:
        counts = np.ceil((high - low) / cell).astype(int) + 2 * margin + 1
        fine = replace(body, grid=Grid(low - margin * cell, cell, tuple(int(n) for n in counts)))
        truth = _matching_rate(fine, body)
        if truth is not None:
            return body.stiffened(float((truth / body.slowest[0][0]) ** 2) / body.stiffness)
        cell *= COARSER
    return body


def _matching_rate(fine: Body, body: Body) -> float | None:
    """Rate of the slowest mode of `fine`, rad/s, that is one of the slowest of `body`, which has the same particles.

    A node that hardly any material reaches swings by itself, at no rate that means anything. None where all modes
    looked at are such; not a number where rounding makes the slowest a sway that nothing brings back.
    """
    coarse = body.readout[0] @ body.slowest[1].transpose(1, 0, 2).reshape(body.elements.count, -1)
    modes = coarse.reshape(len(body), -1, 3).transpose(0, 2, 1).reshape(3 * len(body), -1)  # [3 P, M]
    span = np.linalg.qr(modes)[0]
    mass = np.asarray((fine.share @ fine.spread).sum(0)).ravel() * fine.density
    for count in (1, SLOWEST):
        rates, fields = sway(fine, np.ones(len(fine.elements)), count)
        for rate, field in zip(rates, fields, strict=True):
            motion = fine.readout[0] @ field
            explained = np.linalg.norm(span.T @ motion.ravel()) > SAME * np.linalg.norm(motion)
            # Modes come with a generalised mass of 1, of which a true one has most where the particles are.
            if np.isnan(rate) or (explained and mass @ (motion**2).sum(1) > SAME**2):
                return float(rate)
    return None
