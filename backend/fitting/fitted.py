"""`Fitted`: a subject with its material, ready to simulate: what a fit leaves behind and a simulation starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..mpm.grid import Grid
from ..mpm.model import Model
from ..mpm.total_lagrangian.body import Body
from ..mpm.total_lagrangian.solid import Solid
from ..particles.painting import painted_factor
from ..subject import Subject
from ..trajectory import Binding
from .driving import Driven, driven_anew
from .modes import Modes

TIP = 0.03
"""The tip: this share of the particles, those farthest from what holds."""


@dataclass(frozen=True)
class Fitted:
    driven: Driven
    young: np.ndarray
    """Young's modulus of each driving particle [P], pascals, as it would be without what is painted."""
    velocity: np.ndarray
    """Initial velocity [P, 3], m/s."""
    damping: float
    """For `ElasticSolver.simulate`, 1/s."""
    frequency: float
    """Of the slowest sway, hertz."""
    reach: float
    """How far the tip goes in free sway from `velocity`, metres."""
    compliance: np.ndarray
    """How far the tip leans under a steady body acceleration along x and along y [2], metres per m/s^2."""

    def tip_compliance(self, direction: float) -> float:
        """`compliance` for an acceleration at the angle `direction` around Z from +x, radians."""
        return float(np.hypot(*(self.compliance * [np.cos(direction), np.sin(direction)])))

    def on(self, subject: Subject) -> Fitted:
        """What was fitted, with the paint that the subject has now, and held where it now is held.

        Raises ValueError for a subject with fewer splats than were fitted, and as `drive` does for what is held.
        """
        binding = self.driven.binding
        if binding.splats.max() >= len(subject.gaussians):
            raise ValueError("The splats were edited after the fit; fit the material again.")
        if subject.moving[binding.splats].all():
            painted = painted_factor(self.driven.model.rest, binding, subject.stiffening)
            return replace(self, driven=replace(self.driven, body=self.driven.body.painted_with(painted)))
        from scipy.spatial import KDTree

        driven = driven_anew(self.driven, subject.gaussians, subject.parts, subject.stiffening)
        nearest = KDTree(self.driven.model.rest).query(driven.model.rest)[1]
        return replace(self, driven=driven, young=self.young[nearest], velocity=self.velocity[nearest])

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for `arrays.save`."""
        model, body, binding = self.driven.model, self.driven.body, self.driven.binding
        return {
            "rest": model.rest,
            "volume": model.volume,
            "density": model.density,
            "poisson": np.array(model.poisson),
            "grid_origin": model.grid.origin,
            "grid_cell": np.array(model.grid.cell),
            "held": model.held,
            "solid_cells": body.solid.cells,
            "solid_origin": body.solid.origin,
            "solid_edge": np.array(body.solid.edge),
            "solid_holding": body.solid.holding,
            "stiffness": np.array(body.stiffness),
            "binding_splats": binding.splats,
            "binding_particles": binding.particles,
            "binding_weights": binding.weights,
            "part": self.driven.part,
            "young": self.young,
            "velocity": self.velocity,
            "damping": np.array(self.damping),
            "frequency": np.array(self.frequency),
            "reach": np.array(self.reach),
            "compliance": self.compliance,
        }

    @staticmethod
    def from_arrays(a: dict[str, np.ndarray]) -> Fitted:
        if "solid_cells" not in a:
            raise ValueError("The material was fitted by an earlier version; fit it again.")
        grid = Grid(a["grid_origin"], float(a["grid_cell"]), a["held"].shape)
        model = Model(a["rest"], a["volume"], a["density"], float(a["poisson"]), grid, a["held"])
        solid = Solid(a["solid_cells"], a["solid_origin"], float(a["solid_edge"]), a["solid_holding"])
        body = Body(solid, grid, a["rest"], a["density"], model.poisson, float(a["stiffness"]))
        binding = Binding(a["binding_splats"], a["binding_particles"], a["binding_weights"])
        numbers = (float(a[name]) for name in ("damping", "frequency", "reach"))
        return Fitted(Driven(model, body, binding, a["part"]), a["young"], a["velocity"], *numbers, a["compliance"])


def compliance_of(model: Model, modes: Modes) -> np.ndarray:
    """The tip's lean under a steady acceleration of 1 m/s^2 along x and along y [2], metres, from the slowest modes.

    Under a body acceleration a, mode m deflects by (phi^T M a) / (w^2 phi^T M phi).
    """
    modal_stiffness = (2 * np.pi * modes.frequency) ** 2 * ((modes.shapes**2).sum(-1) @ model.mass)
    lean = np.einsum("mpa,p,m->ma", modes.shapes[..., :2], model.mass, 1 / modal_stiffness)  # [M, 2]
    tip = modes.shapes[:, tip_particles(model)].mean(1)  # [M, 3]
    return np.linalg.norm(lean.T @ tip, axis=1)


def tip_particles(model: Model) -> np.ndarray:
    """Numbers of the particles at the tip: the `TIP` share farthest from the held nodes."""
    from scipy.spatial import KDTree

    held = model.grid.nodes()[model.held]
    distance = KDTree(held).query(model.rest)[0]
    count = max(int(TIP * len(distance)), 1)
    return np.argsort(distance)[-count:]


def tip_motion(positions: np.ndarray, model: Model) -> np.ndarray:
    """The tip's displacement [T] in metres, along the direction in which it moves most, of positions [T, P, 3]."""
    tip = tip_particles(model)
    path = (positions[:, tip] - model.rest[tip]).mean(1)  # [T, 3]
    direction = np.linalg.svd(path - path.mean(0), full_matrices=False)[2][0]
    return path @ direction
