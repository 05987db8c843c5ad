"""`Stroke`: an arrow that a person draws on the subject: a blow, or a pull that takes what it grips along."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np


class StrokeKind(Enum):
    impulse = "impulse"
    """What is near the point is set in motion."""
    drag = "drag"
    """What is near the point at first follows the arrow to its tip, and is then let go."""


@dataclass(frozen=True, kw_only=True)
class Stroke:
    kind: StrokeKind
    point: np.ndarray
    """Tail of the arrow [3], metres, world, where the subject is before anything moves."""
    vector: np.ndarray
    """The arrow [3]: for an impulse the velocity it gives, m/s; for a drag the way to go, metres."""
    radius: float
    """Metres around the point in which it grips, less and less outwards."""
    start: float
    """Frames after the first."""
    frames: float
    """How many frames it lasts."""

    def __post_init__(self) -> None:
        if np.shape(self.point) != (3,) or np.shape(self.vector) != (3,):
            raise ValueError(f"an arrow needs a point [3] and a vector [3], got {np.shape(self.point)} and "
                             f"{np.shape(self.vector)}")  # fmt: skip
        if not self.radius > 0:
            raise ValueError(f"the radius of an arrow is {self.radius:g} m; it must be above zero")
        if not self.frames > 0:
            raise ValueError(f"an arrow lasts {self.frames:g} frames; it must last more than zero")

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for `arrays.save`."""
        return {
            "kind": np.array(self.kind.value),
            "point": np.asarray(self.point),
            "vector": np.asarray(self.vector),
            "span": np.array([self.radius, self.start, self.frames]),
        }

    @staticmethod
    def from_arrays(a: dict[str, np.ndarray]) -> Stroke:
        """What `to_arrays` gave."""
        radius, start, frames = a["span"].tolist()
        kind = StrokeKind(a["kind"].item())
        return Stroke(kind=kind, point=a["point"], vector=a["vector"], radius=radius, start=start, frames=frames)
