"""`ColliderMesh`: a triangle mesh that particles run into; `mesh_distance` makes a signed distance of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .colliders import Contact


@dataclass(frozen=True, kw_only=True)
class ColliderMesh:
    """Closed surfaces are solid; open ones are shells of `thickness`."""

    vertices: np.ndarray
    """Positions [V, 3], metres, local."""
    triangles: np.ndarray
    """Indices of corners [F, 3]."""
    matrices: np.ndarray
    """Local to world at each frame [T, 4, 4], metres; one row rests, the last row holds on. The scale stays."""
    contact: Contact = Contact.separate
    friction: float = 0.0
    """Coulomb's coefficient, where `contact` is separate."""
    thickness: float = 0.0
    """Of an open surface, metres; never less than the simulation's cells can hold back."""
    name: str = "collider"
    """The object's, for refusals."""

    def __post_init__(self) -> None:
        if np.ndim(self.vertices) != 2 or np.shape(self.vertices)[1] != 3:
            raise ValueError(f"{self.name} has vertices of shape {np.shape(self.vertices)}, expected [V, 3]")
        if np.shape(self.matrices)[1:] != (4, 4) or not len(self.matrices):
            raise ValueError(f"{self.name} has matrices of shape {np.shape(self.matrices)}, expected [frames, 4, 4]")
        if not len(self.triangles):
            raise ValueError(f"{self.name} has no faces, so nothing can run into it; give it some, or choose another")
        if np.ndim(self.triangles) != 2 or np.shape(self.triangles)[1] != 3:
            raise ValueError(f"{self.name} has triangles of shape {np.shape(self.triangles)}, expected [F, 3]")
        if np.min(self.triangles) < 0 or np.max(self.triangles) >= len(self.vertices):
            raise ValueError(f"{self.name} has a triangle with a corner that is none of its {len(self.vertices)}")
        if not (np.isfinite(self.vertices).all() and np.isfinite(self.matrices).all()):
            raise ValueError(f"{self.name} has a place that is not a finite number; reset its shape and transform")

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for `arrays.save`."""
        return {
            "vertices": np.asarray(self.vertices),
            "triangles": np.asarray(self.triangles),
            "matrices": np.asarray(self.matrices),
            "contact": np.array(self.contact.name),
            "numbers": np.array([self.friction, self.thickness]),
            "name": np.array(self.name),
        }

    @staticmethod
    def from_arrays(a: dict[str, np.ndarray]) -> ColliderMesh:
        """What `to_arrays` gave."""
        friction, thickness = a["numbers"].tolist()
        return ColliderMesh(
            vertices=a["vertices"],
            triangles=a["triangles"],
            matrices=a["matrices"],
            contact=Contact[a["contact"].item()],
            friction=friction,
            thickness=thickness,
            name=a["name"].item(),
        )
