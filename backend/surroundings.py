"""`Surroundings`: what acts on the subject from the scene. Numpy only; the Blender side takes its parts from here.

Rows of frames: row k is the scene's first simulated frame plus k, so that row 0 is the state at rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .forces.field import Falloff, FieldKind, FieldShape, ForceField, Side
from .forces.stroke import Stroke, StrokeKind
from .mpm.boundaries.colliders import Contact
from .mpm.boundaries.mesh import ColliderMesh
from .mpm.boundaries.parts import Cut, PartMotion

__all__ = [
    "ColliderMesh",
    "Contact",
    "Cut",
    "Falloff",
    "FieldKind",
    "FieldShape",
    "ForceField",
    "PartMotion",
    "Side",
    "Stroke",
    "StrokeKind",
    "Surroundings",
]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    gravity: np.ndarray
    """[3], m/s^2, world; (0, 0, -9.81) is Blender's default, zero where the scene's gravity is off."""
    fields: tuple[ForceField, ...] = ()
    colliders: tuple[ColliderMesh, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    moved: tuple[PartMotion, ...] = ()
    cuts: tuple[Cut, ...] = ()

    def __post_init__(self) -> None:
        if np.shape(self.gravity) != (3,) or not np.isfinite(self.gravity).all():
            raise ValueError(f"gravity is {self.gravity}; it must be three finite numbers in m/s^2")

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for `arrays.save`: an item's are called LIST.INDEX.NAME."""
        arrays = {"gravity": np.asarray(self.gravity, float)}
        for name in _ITEMS:
            for index, item in enumerate(getattr(self, name)):
                arrays |= {f"{name}.{index}.{key}": value for key, value in item.to_arrays().items()}
        return arrays

    @staticmethod
    def from_arrays(a: dict[str, np.ndarray]) -> Surroundings:
        """What `to_arrays` gave."""
        items: dict[str, dict[int, dict[str, np.ndarray]]] = {name: {} for name in _ITEMS}
        for path, value in a.items():
            if path.count(".") == 2:
                name, index, key = path.split(".")
                items[name].setdefault(int(index), {})[key] = value
        made = {
            name: tuple(_ITEMS[name].from_arrays(found) for _, found in sorted(items[name].items())) for name in _ITEMS
        }
        return Surroundings(gravity=a["gravity"], **made)


_ITEMS = {"fields": ForceField, "colliders": ColliderMesh, "strokes": Stroke, "moved": PartMotion, "cuts": Cut}
