"""The sway modes of a subject, for pulling it about by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import arrays
from ..api.assignment import Assignment
from ..api.materials import ELASTIC
from ..api.swing import SwingParams
from ..context import JobContext
from ..fitting.fitted import Fitted
from ..fitting.modes import sway_modes
from ..mpm.model import Model
from ..simulation.body import body_of
from ..simulation.network import network_modes
from ..subject import Subject
from ..swing import Swing
from ..trajectory import Binding

PARAMS = SwingParams
NEIGHBOURS = 10
"""Particles by which a particle's turning is measured."""
RATIO = 0.02
"""Damping ratio of every mode, beside `damping`."""


def run(params: SwingParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Find the modes. Output: `swing` (.npz)."""
    with ctx.stage("Finding how it sways", 0.0, 0.95):
        subject = Subject.from_arrays(arrays.load(inputs["subject"]))
        if "fit" in inputs:
            model, binding, rate, shapes = _fitted(params, inputs["fit"], subject)
        else:
            model, binding, rate, shapes = _made_of(params, Assignment.load(inputs["materials"]), subject)
        swing = Swing(
            model.rest,
            shapes,
            turning(model.rest, shapes),
            rate,
            0.5 * params.damping + RATIO * rate,
            (shapes**2).sum(-1) @ model.mass,
            binding,
        )
    with ctx.stage("Writing", 0.95, 1.0):
        path = arrays.save(ctx.output("swing.npz"), swing.to_arrays())
    return {"swing": path}, {"modes": len(swing), "frequency_hz": float(swing.rate[0] / (2 * np.pi))}


def _fitted(params: SwingParams, file: str, subject: Subject) -> tuple[Model, Binding, np.ndarray, np.ndarray]:
    """Model, binding, rates [M] (rad/s) and shapes [M, P, 3] of the subject as the fit left it."""
    fitted = Fitted.from_arrays(arrays.load(file))
    fitted = fitted.on(subject)
    driven = fitted.driven
    modes = sway_modes(driven.body, fitted.young, params.modes)
    return driven.model, driven.binding, 2 * np.pi * modes.frequency, modes.shapes


def _made_of(
    params: SwingParams, assignment: Assignment, subject: Subject
) -> tuple[Model, Binding, np.ndarray, np.ndarray]:
    """The same of chosen materials."""
    for part in np.unique(subject.parts[subject.moving]):
        law = assignment.of(int(part)).law
        if law not in ELASTIC:
            raise ValueError(f"{law.label} does not spring back, so it cannot be pulled about; press Simulate instead.")
    if subject.moving.all():
        raise ValueError("Nothing holds the splats, so they would be pulled away whole; mark what holds still first.")
    points = subject.gaussians.positions[subject.moving]
    room = np.percentile(points, [0.1, 99.9], axis=0)
    body = body_of(
        subject.gaussians,
        subject.parts,
        assignment,
        particles=params.particles,
        cells=params.grid_cells,
        room=room,
        filling=False,
        stiffening=subject.stiffening,
    )
    rate, shapes = network_modes(body.model, body.young, params.modes)
    if params.frequency:
        rate = rate * 2 * np.pi * params.frequency / rate[0]
    return body.model, body.binding, rate, shapes


def turning(rest: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Rotation vectors [M, P, 3] (radians) of particles at rest [P, 3] moved by shapes [M, P, 3] (metres).

    Half the curl of the displacement, whose gradient is that of the least-squares affine map of the nearest particles.
    """
    from scipy.spatial import KDTree

    near = KDTree(rest).query(rest, k=np.arange(1, min(NEIGHBOURS, len(rest)) + 1))[1]
    around = rest[near] - rest[near].mean(1, keepdims=True)  # [P, K, 3]
    moments = np.einsum("pki,pkj->pij", around, around)
    # Particles along a line leave the turning about it open; a little isotropy makes that zero.
    moments += 1e-3 * np.trace(moments, axis1=1, axis2=2)[:, None, None] * np.eye(3)
    moved = shapes[:, near] - shapes[:, near].mean(2, keepdims=True)  # [M, P, K, 3]
    gradient = np.einsum("mpki,pkj->mpij", moved, around) @ np.linalg.inv(moments)
    return 0.5 * np.stack(
        [
            gradient[..., 2, 1] - gradient[..., 1, 2],
            gradient[..., 0, 2] - gradient[..., 2, 0],
            gradient[..., 1, 0] - gradient[..., 0, 1],
        ],
        -1,
    )
