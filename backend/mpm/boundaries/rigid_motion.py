"""`RigidMotion`: where a collider, or a part that is moved by hand, is at each frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...rotations import matrix_from_quaternion, multiply, normalised


@dataclass(frozen=True)
class RigidMotion:
    """Rotation and translation from a body's own frame to the world; steady screws between the frames' borders."""

    rotations: np.ndarray
    """Unit quaternions (wxyz) at the frames' borders [frames + 1, 4]; one row is a body that rests."""
    translations: np.ndarray
    """World position of the body's origin at the frames' borders [frames + 1, 3], metres."""

    def __post_init__(self) -> None:
        count = len(self.rotations)
        if np.shape(self.rotations) != (count, 4) or np.shape(self.translations) != (count, 3):
            raise ValueError(
                f"a motion needs rotations [n, 4] and translations [n, 3], got {np.shape(self.rotations)} and "
                f"{np.shape(self.translations)}"
            )

    @staticmethod
    def at_rest(translation: np.ndarray = (0.0, 0.0, 0.0), rotation: np.ndarray = (1.0, 0.0, 0.0, 0.0)) -> RigidMotion:
        """A body that stays where it is."""
        return RigidMotion(np.asarray([rotation], float), np.asarray([translation], float))

    @staticmethod
    def about(centre: np.ndarray, axis: np.ndarray, rate: float, frames: int, fps: float) -> RigidMotion:
        """A body, given in world space at first, that turns about an axis through `centre` at `rate` rad/s."""
        angle = rate * np.arange(frames + 1) / fps
        axis = np.asarray(axis, float) / np.linalg.norm(axis)
        rotations = np.concatenate([np.cos(angle / 2)[:, None], np.sin(angle / 2)[:, None] * axis], 1)
        return RigidMotion(rotations, centre - matrix_from_quaternion(rotations) @ np.asarray(centre, float))

    def poses(self, frame: int, substeps: int) -> tuple[np.ndarray, np.ndarray]:
        """Rotation matrices [substeps + 1, 3, 3] and translations [substeps + 1, 3] through a frame."""
        last = len(self.rotations) - 1
        first, second = normalised(self.rotations[[min(frame, last), min(frame + 1, last)]])
        t = np.linspace(0, 1, substeps + 1)
        turn = multiply(second, first * [1, -1, -1, -1])
        # The shorter way round.
        turn = -turn if turn[0] < 0 else turn
        half = np.arctan2(np.linalg.norm(turn[1:]), turn[0])
        axis = turn[1:] / max(np.linalg.norm(turn[1:]), 1e-300)
        turns = np.concatenate([np.cos(half * t)[:, None], np.sin(half * t)[:, None] * axis], 1)
        start, end = self.translations[[min(frame, last), min(frame + 1, last)]]
        return matrix_from_quaternion(multiply(turns, first)), start + t[:, None] * (end - start)
