"""What a simulation will cost, from the settings alone, so that it can stand in the panel while they are changed."""

from __future__ import annotations

import json
from dataclasses import dataclass

import bpy
import numpy as np

from ..backend.api.assignment import Assignment
from ..backend.api.materials import Law, MaterialParams
from ..backend.api.simulate import SimulateParams
from . import splats

CFL = 0.45
"""Cells that sound may travel in a substep, as the worker has it."""
VISCOUS = 2.0
"""Times as many substeps where inner friction shortens them, as the worker bounds it."""
SPEED = 1e6
"""Particle-substeps a second before anything has been simulated."""

_sizes: dict[tuple, float] = {}
"""Size of what moves [m], by object, parts and number of splats."""


@dataclass(frozen=True)
class Estimate:
    particle_substeps: float
    seconds: float

    def __str__(self) -> str:
        """Such as "1.1e+08 particle-substeps, about 2 min"."""
        if self.seconds < 100:
            duration = f"{max(self.seconds, 1):.0f} s"
        elif self.seconds < 6000:
            duration = f"{self.seconds / 60:.0f} min"
        else:
            duration = f"{self.seconds / 3600:.0f} h"
        mantissa, exponent = f"{self.particle_substeps:.1e}".split("e")
        return f"{mantissa}e{int(exponent)} particle-substeps, about {duration}"


def estimate(
    obj: bpy.types.Object, params: SimulateParams, assignment: Assignment | None, fps: float
) -> Estimate | None:
    """The cost of simulating an object of chosen materials, or, without any, of its fit; None where nothing is known.

    The speed is that of the object's last simulation.
    """
    found = json.loads(obj.sway.simulate.summary) if obj.sway.simulate.summary else {}
    speed = found.get("particle_substeps_per_s", SPEED)
    if assignment is None:
        if "substeps_per_frame" not in found:
            return None
        total = found["driving_particles"] * found["substeps_per_frame"] * (params.frames - 1)
    else:
        cell = size_of(obj) / params.grid_cells
        materials = [assignment.default, *assignment.by_part.values()]
        fastest = max(_substep_rate(material.simulated(), cell) for material in materials)
        total = params.particles * max(fastest / fps, 1) * (params.frames - 1)
    return Estimate(float(total), float(total / speed))


def size_of(obj: bpy.types.Object) -> float:
    """Longest side of the box around what moves, metres; all of it where nothing is marked."""
    key = (obj.session_uid, obj.sway.parts.made, len(obj.data.points), tuple(obj.matrix_world.to_scale()))
    if key not in _sizes:
        positions, moving = splats.read_attribute(obj, splats.POSITION), splats.read_parts(obj) > 0
        chosen = positions[moving] if moving.any() else positions
        low, high = np.percentile(chosen, [0.1, 99.9], axis=0)
        _sizes.clear()
        _sizes[key] = float((high - low).max() * max(obj.matrix_world.to_scale()))
    return _sizes[key]


def _substep_rate(material: MaterialParams, cell: float) -> float:
    """Substeps a second that sound of a material needs on cells of side `cell` [m]."""
    nu = material.poisson_ratio
    modulus = material.young_modulus * (1 - nu) / ((1 + nu) * (1 - 2 * nu))
    viscous = VISCOUS if material.law is Law.kelvin_voigt and material.retardation_time > 0 else 1.0
    return viscous * float(np.sqrt(modulus / material.density)) / (CFL * max(cell, 1e-9))
