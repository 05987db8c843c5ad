"""`PartMotion` and `Cut`: parts of the subject moved by hand, and planes along which it comes apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KERF_CELLS = 0.75
"""Half the width of a cut in cells of the simulation: its sides then share next to no nodes."""


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
    """A rectangle through which an ideal blade goes, edge first: bonds across it are gone, and nothing is pushed."""

    corner: np.ndarray
    """Where the blade's edge begins [3], metres, world."""
    edge: np.ndarray
    """From there along the blade's edge to its end [3], metres."""
    way: np.ndarray
    """Which way the edge goes [3], metres, across the edge."""
    start: float
    """Frames after the first."""
    frames: float
    """How many frames the edge takes for its way."""

    def __post_init__(self) -> None:
        if not np.linalg.norm(np.cross(self.edge, self.way)) > 0:
            raise ValueError("a cut has no area; give its edge and its way two different directions")
        if not self.frames > 0:
            raise ValueError(f"a cut takes {self.frames:g} frames; it must take more than zero")

    def reached(self, frame: float, positions: np.ndarray, half_width: float) -> np.ndarray:
        """Mask [P] of positions [P, 3] that lie within half_width [m] of what the edge has passed at a frame."""
        share = float(np.clip((frame - self.start) / self.frames, 0, 1))
        normal = np.cross(self.edge, self.way)
        normal = normal / np.linalg.norm(normal)
        along, done, across = np.linalg.solve(np.stack([self.edge, self.way, normal], 1), (positions - self.corner).T)
        return (along >= 0) & (along <= 1) & (done >= 0) & (done < share) & (np.abs(across) <= half_width)

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
