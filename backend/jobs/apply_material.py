"""A saved material on another object of the same capture: what a fit leaves behind, without a clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import arrays, taichi_runtime
from ..api.apply_material import ApplyMaterialParams
from ..context import JobContext
from ..fitting.driving import drive
from ..fitting.fitted import Fitted, compliance_of, tip_particles
from ..fitting.modes import Modes, sway_modes
from ..material_file import MaterialField
from ..mpm.model import Model
from ..subject import Subject

PARAMS = ApplyMaterialParams
INSTANTS = 96
"""Moments of the slowest period at which the tip is looked at."""


def run(params: ApplyMaterialParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Load the material in the file `material`. Output: `fit` (.npz), as of the fit job.

    `placement` (.npz) holds the matrix [4, 4] from the capture's axes to world space.
    """
    with ctx.stage("Reading the material", 0.0, 0.1):
        taichi_runtime.start()
        subject = Subject.from_arrays(arrays.load(inputs["subject"]))
        saved = MaterialField.read(inputs["material"])
        saved = saved.placed(arrays.load(inputs["placement"])["matrix"])
    with ctx.stage("Placing driving particles", 0.1, 0.6):
        sizes = {"particles": params.particles, "cells": params.grid_cells, "seed": params.seed}
        sizes |= {"stiffening": subject.stiffening}
        driven = drive(subject.gaussians, subject.parts, poisson=saved.poisson, **sizes)
        saved.check_shape(driven.model.rest)
        log_young, density, velocity = saved.at(driven.model.rest)
        by_part = np.array([density[driven.part == part].mean() for part in np.unique(driven.part)])
        if not np.allclose(by_part, 1000.0):
            table = np.full(subject.parts.max() + 1, by_part.mean())
            table[np.unique(driven.part)] = by_part
            driven = drive(subject.gaussians, subject.parts, poisson=saved.poisson, density=table, **sizes)
    for note in driven.notes:
        ctx.log(note, "warning")
    with ctx.stage("Finding how it sways", 0.6, 1.0):
        young = 10**log_young
        modes = sway_modes(driven.body, young)
        frequency = float(modes.frequency[0])
        damping = 4 * np.pi * frequency * saved.damping_ratio
        reach = swing_reach(driven.model, modes, velocity)
        fitted = Fitted(driven, young, velocity, damping, frequency, reach, compliance_of(driven.model, modes))
    parts = np.unique(driven.part)
    results = {
        "young_pa": [float(10 ** log_young[driven.part == part].mean()) for part in parts],
        "frequency_hz": frequency,
        "sentences": [f"Loaded from {Path(inputs['material']).name}", f"Sways at {frequency:.2f} Hz"],
        "provenance": saved.provenance,
    }
    return {"fit": arrays.save(ctx.output("fit.npz"), fitted.to_arrays())}, results


def swing_reach(model: Model, modes: Modes, velocity: np.ndarray) -> float:
    """How far the tip goes, metres, in free sway from a velocity [P, 3] (m/s), by the modes alone, undamped."""
    rate = 2 * np.pi * modes.frequency
    mass = (modes.shapes**2).sum(-1) @ model.mass
    amplitude = np.einsum("mpc,p,pc->m", modes.shapes, model.mass, velocity) / (mass * rate)
    tip = modes.shapes[:, tip_particles(model)].mean(1)  # [M, 3]
    time = np.linspace(0, 1 / modes.frequency[0], INSTANTS)
    path = np.sin(time[:, None] * rate) * amplitude @ tip
    return float(np.linalg.norm(path, axis=1).max())
