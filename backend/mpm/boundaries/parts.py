"""`PartMotion` and `Cut`: parts of the subject moved by hand, and planes along which it comes apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class PartMotion:
    """A part of the subject goes along a given motion, and carries what hangs on it."""

    part: int
    """Number of the part (`Subject.parts`)."""
    matrices: np.ndarray
    """World to world since rest at each frame [T, 4, 4], a rotation and a translation; the first is the identity."""

    def __post_init__(self) -> None:
        if np.shape(self.matrices)[1:] != (4, 4) or not len(self.matrices):
            raise ValueError(f"part {self.part} has matrices of shape {np.shape(self.matrices)}, not [frames, 4, 4]")
        if not np.allclose(self.matrices[0], np.eye(4), atol=1e-5):
            raise ValueError(f"part {self.part} is not at rest in its first frame; start its motion from the identity")

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for `arrays.save`."""
        return {"part": np.array(self.part), "matrices": np.asarray(self.matrices)}

    @staticmethod
    def from_arrays(a: dict[str, np.ndarray]) -> PartMotion:
        """What `to_arrays` gave."""
        return PartMotion(part=int(a["part"]), matrices=a["matrices"])


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A rectangle through which a blade goes, edge first."""

    corner: np.ndarray
    """Where the blade's edge begins [3], metres, world."""
    edge: np.ndarray
    """From there along the blade's edge to its end [3], metres."""
    way: np.ndarray
    """Which way the edge goes [3], metres, across the edge."""
    start: float
    """Frames after the first."""
    frames: float
    """How many frames the edge takes for its way; then the blade stays."""

    def __post_init__(self) -> None:
        if not np.linalg.norm(np.cross(self.edge, self.way)) > 0:
            raise ValueError("a cut has no area; give its edge and its way two different directions")
        if not self.frames > 0:
            raise ValueError(f"a cut takes {self.frames:g} frames; it must take more than zero")

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for `arrays.save`."""
        return {
            "corner": np.asarray(self.corner),
            "edge": np.asarray(self.edge),
            "way": np.asarray(self.way),
            "span": np.array([self.start, self.frames]),
        }

    @staticmethod
    def from_arrays(a: dict[str, np.ndarray]) -> Cut:
        """What `to_arrays` gave."""
        start, frames = a["span"].tolist()
        return Cut(corner=a["corner"], edge=a["edge"], way=a["way"], start=start, frames=frames)
