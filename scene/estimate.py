"""What a simulation will cost, from the settings alone, so that it can stand in the panel while they are changed."""

from __future__ import annotations

import json
from dataclasses import dataclass

import bpy
import numpy as np

from ..backend.api.acting import Acting
from ..backend.api.assignment import Assignment
from ..backend.api.materials import ELASTIC, Law, MaterialParams
from ..backend.api.simulate import SimulateParams
from ..backend.units import duration
from . import splats

CFL = 0.45
"""Cells that sound may travel in a substep, as the worker has it."""
VISCOUS = 2.0
"""Times as many substeps where inner friction shortens them, as the worker bounds it."""
SPEED = 3e5
"""Particle-substeps a second before anything has been simulated."""
SWAYING_POINTS = 11.0
"""Points over the square of the cells along the longest side, in the elastic solver: plants are sheets, mostly."""
SWAYING_CFL = 1.0
"""As `CFL`, in the elastic solver: 0.9 to 1.5 for a plant, more the larger the cells."""
SWAYING_SPEED = 5e6
"""Its point-substeps a second before anything has been simulated."""

_sizes: dict[tuple, tuple[float, bool]] = {}
"""Size of what moves [m], and whether there is more, by object, parts and number of splats."""


@dataclass(frozen=True)
class Estimate:
    particle_substeps: float
    seconds: float

    def __str__(self) -> str:
        """Such as "About 2 min: 110 million particle-substeps"."""
        millions = max(self.particle_substeps / 1e6, 0.1)
        count = f"{millions:,.0f}" if millions >= 10 else f"{millions:.1f}"
        return f"About {duration(self.seconds)}: {count} million particle-substeps"


def estimate(
    obj: bpy.types.Object, params: SimulateParams, assignment: Assignment | None, fps: float
) -> Estimate | None:
    """The cost of simulating an object of chosen materials, or, without any, of its fit; None where nothing is known.

    The speed is that of the object's last simulation.
    """
    found = json.loads(obj.sway.simulate.summary) if obj.sway.simulate.summary else {}
    if assignment is None:
        if "substeps_per_frame" not in found:
            return None
        points, substeps = found.get("simulated_points", found["driving_particles"]), found["substeps_per_frame"]
        speed = found.get("particle_substeps_per_s", SWAYING_SPEED)
    else:
        cell = size_of(obj) / params.size.cells
        materials = [assignment.default, *assignment.by_part.values()]
        swaying = sways(obj, params, assignment)
        substeps = max(*(_substep_rate(material.simulated(), cell, swaying) / fps for material in materials), 1)
        points = SWAYING_POINTS * params.size.cells**2 if swaying else params.size.particles
        speed = SWAYING_SPEED if swaying else SPEED
        if found.get("swaying", False) == swaying:
            speed = found.get("particle_substeps_per_s", speed)
    total = points * substeps * (params.frames - 1)
    return Estimate(float(total), float(total / speed))


def sways(obj: bpy.types.Object, params: SimulateParams, assignment: Assignment) -> bool:
    """Whether an object of chosen materials is likely held, springs back, and is neither carried nor cut."""
    materials = [assignment.default, *assignment.by_part.values()]
    if not all(material.law in ELASTIC for material in materials) or not _measured(obj)[1]:
        return False
    changing = (Acting.carrier.name, Acting.blade.name)
    return not (params.acting_objects and any(o.sway.acting.kind in changing for o in bpy.context.scene.objects))


def size_of(obj: bpy.types.Object) -> float:
    """Longest side of the box around what moves, metres; all of it where nothing is marked."""
    return _measured(obj)[0]


def _measured(obj: bpy.types.Object) -> tuple[float, bool]:
    key = (obj.session_uid, obj.sway.parts.made, len(obj.data.points), tuple(obj.matrix_world.to_scale()))
    if key not in _sizes:
        positions, moving = splats.read_attribute(obj, splats.POSITION), splats.read_parts(obj) > 0
        chosen = positions[moving] if moving.any() else positions
        low, high = np.percentile(chosen, [0.1, 99.9], axis=0)
        _sizes.clear()
        held = bool(moving.any() and not moving.all())
        _sizes[key] = float((high - low).max() * max(obj.matrix_world.to_scale())), held
    return _sizes[key]


def _substep_rate(material: MaterialParams, cell: float, swaying: bool) -> float:
    """Substeps a second that sound of a material needs on cells of side `cell` [m]."""
    nu = material.poisson_ratio
    modulus = material.young_modulus * (1 - nu) / ((1 + nu) * (1 - 2 * nu))
    viscous = material.law is Law.kelvin_voigt and material.retardation_time > 0 and not swaying
    cfl = SWAYING_CFL if swaying else CFL
    return (VISCOUS if viscous else 1.0) * float(np.sqrt(modulus / material.density)) / (cfl * max(cell, 1e-9))
