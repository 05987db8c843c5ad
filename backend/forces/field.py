"""`ForceField`: one of Blender's force fields (an object's physics > Force Field), as its settings have it.

`effector` says what it does to a point. Strengths are accelerations: Blender gives a force [N] to a particle, and its
particles weigh 1 kg unless told otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum

import numpy as np


class FieldKind(Enum):
    """Blender's `FieldSettings.type`, in lower case."""

    wind = "wind"
    """Along the object's Z."""
    force = "force"
    """Away from the object."""
    vortex = "vortex"
    """Around the object's Z."""
    turbulence = "turbulence"
    """As Perlin noise points."""
    drag = "drag"
    """Against the motion."""


class FieldShape(Enum):
    """Blender's `FieldSettings.shape`, in lower case; where distance is measured from."""

    point = "point"
    line = "line"
    """The object's Z axis."""
    plane = "plane"
    """The object's XY plane."""


class Falloff(Enum):
    """Blender's `FieldSettings.falloff_type`, in lower case."""

    sphere = "sphere"
    tube = "tube"
    cone = "cone"


class Side(Enum):
    """Blender's `FieldSettings.z_direction`, in lower case; on which side along the object's Z the field acts."""

    both = "both"
    positive = "positive"
    negative = "negative"


@dataclass(frozen=True, kw_only=True)
class ForceField:
    kind: FieldKind
    matrices: np.ndarray
    """Object to world at each frame [T, 4, 4], metres; one row rests, the last row holds on."""
    strength: np.ndarray
    """At each frame [T] or one [1], m/s^2; drag has its own two."""
    flow: float = 0.0
    """1/s: how fast motion is taken on by the air, for all but drag."""
    noise: float = 0.0
    """Spread of the noise on the strength, m/s^2."""
    seed: int = 1
    first_frame: int = 1
    """The scene's frame of the first row: Blender's noise starts anew at each frame, from seed + frame."""
    shape: FieldShape = FieldShape.point
    falloff: Falloff = Falloff.sphere
    falloff_power: float = 0.0
    distance_min: float | None = None
    """Metres; None where `use_min_distance` is off, and so on."""
    distance_max: float | None = None
    radial_falloff: float = 0.0
    radial_min: float | None = None
    """Metres for a tube, degrees for a cone."""
    radial_max: float | None = None
    side: Side = Side.both
    size: float = 0.0
    """Of turbulence, metres."""
    global_coordinates: bool = False
    """Whether turbulence stays where it is in the world when its object moves (`use_global_coords`)."""
    gravity_falloff: bool = False
    """Whether a force also falls with the square of distance (`use_gravity_falloff`)."""
    linear_drag: float = 0.0
    """Of a drag field, at most 2: what Blender calls linear, though it goes with the square of the velocity, 1/m."""
    quadratic_drag: float = 0.0
    """Of a drag field, at most 2: what Blender calls quadratic, though it goes with the velocity, 1/s."""

    def __post_init__(self) -> None:
        if np.ndim(self.matrices) != 3 or np.shape(self.matrices)[1:] != (4, 4) or not len(self.matrices):
            raise ValueError(f"a force field's matrices have shape {np.shape(self.matrices)}, expected [frames, 4, 4]")
        if np.ndim(self.strength) != 1 or not len(self.strength):
            raise ValueError(f"a force field's strength has shape {np.shape(self.strength)}, expected [frames]")
        if not (np.isfinite(self.matrices).all() and np.isfinite(self.strength).all()):
            raise ValueError("a force field's place or strength is not a finite number; reset its transform")

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for `arrays.save`; what is None is left out."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            name: np.asarray(value.value if isinstance(value, Enum) else value)
            for name, value in values.items()
            if value is not None
        }

    @staticmethod
    def from_arrays(a: dict[str, np.ndarray]) -> ForceField:
        """What `to_arrays` gave."""
        enums = {"kind": FieldKind, "shape": FieldShape, "falloff": Falloff, "side": Side}
        values = {name: array if array.ndim else array.item() for name, array in a.items()}
        return ForceField(**{name: enums[name](value) if name in enums else value for name, value in values.items()})
