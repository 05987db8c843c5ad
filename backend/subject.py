"""`Subject`: what the worker gets to know of a Blender scene: the splats in world space, their parts and one view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .camera import Camera
from .gaussians import Gaussians


@dataclass(frozen=True)
class Subject:
    gaussians: Gaussians
    """World space, metres, Z up."""
    parts: np.ndarray
    """Part of each splat [N], int32: 0 holds still, 1 and up move."""
    camera: Camera
    background: np.ndarray
    """Display-referred colour [3] behind the splats."""
    fps: float
    """Frames per second of the scene."""
    stiffening: np.ndarray | None = None
    """log10 of how many times as stiff as its material each splat was painted [N], float32; None where none was."""

    @property
    def moving(self) -> np.ndarray:
        """Mask [N] of the splats that move."""
        return self.parts > 0

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for `arrays.save`."""
        painted = {} if self.stiffening is None else {"stiffening": self.stiffening}
        return {
            **painted,
            **self.gaussians.to_arrays(),
            "parts": self.parts,
            **camera_arrays(self.camera),
            "background": self.background,
            "scene_fps": np.array(self.fps),
        }

    @staticmethod
    def from_arrays(a: dict[str, np.ndarray]) -> Subject:
        view, fps = camera_from(a), float(a["scene_fps"])
        return Subject(Gaussians.from_arrays(a), a["parts"], view, a["background"], fps, a.get("stiffening"))


def camera_arrays(camera: Camera) -> dict[str, np.ndarray]:
    """A camera as named arrays."""
    return {
        "camera_rotation": camera.rotation,
        "camera_translation": camera.translation,
        "camera_focal": np.array(camera.focal),
        "camera_centre": np.array(camera.centre),
        "camera_size": np.array([camera.width, camera.height]),
    }


def camera_from(a: dict[str, np.ndarray]) -> Camera:
    """The camera in named arrays."""
    focal, centre, size = a["camera_focal"].tolist(), a["camera_centre"].tolist(), a["camera_size"].tolist()
    return Camera(a["camera_rotation"], a["camera_translation"], tuple(focal), tuple(centre), *size)
