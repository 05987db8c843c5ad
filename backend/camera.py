"""`Camera`: a pinhole view. Camera axes as in OpenCV: +x right, +y down, +z forward."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Camera:
    """Maps world points to pixels; pixel (0, 0) covers [0, 1) x [0, 1), so its centre is at (0.5, 0.5)."""

    rotation: np.ndarray
    """World to camera [3, 3]."""
    translation: np.ndarray
    """World to camera [3], metres: x_camera = rotation @ x_world + translation."""
    focal: tuple[float, float]
    """Focal lengths (x, y) in pixels."""
    centre: tuple[float, float]
    """Principal point (x, y) in pixels."""
    width: int
    height: int

    @property
    def eye(self) -> np.ndarray:
        """Where the camera is [3], world, metres."""
        return -self.rotation.T @ self.translation

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Camera-space points [..., 3] of world points [..., 3]."""
        return points @ self.rotation.T + self.translation

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixel positions [..., 2] of world points [..., 3] in front of the camera."""
        c = self.to_camera(points)
        return c[..., :2] / c[..., 2:] * np.array(self.focal) + np.array(self.centre)

    def project_jacobian(self, points: np.ndarray) -> np.ndarray:
        """d pixel / d world point [..., 2, 3]."""
        c = self.to_camera(points)
        fx, fy = self.focal
        inv_z = 1 / c[..., 2]
        zero = np.zeros_like(inv_z)
        rows = (
            np.stack([fx * inv_z, zero, -fx * c[..., 0] * inv_z**2], -1),
            np.stack([zero, fy * inv_z, -fy * c[..., 1] * inv_z**2], -1),
        )
        return np.stack(rows, -2) @ self.rotation

    def resized(self, width: int, height: int) -> Camera:
        """The same view at another picture size (aspect ratios may differ by a pixel's rounding)."""
        sx, sy = width / self.width, height / self.height
        return Camera(
            self.rotation,
            self.translation,
            (self.focal[0] * sx, self.focal[1] * sy),
            (self.centre[0] * sx, self.centre[1] * sy),
            width,
            height,
        )

    @staticmethod
    def look_at(
        eye: np.ndarray, target: np.ndarray, focal: float, width: int, height: int, up: tuple = (0.0, 0.0, 1.0)
    ) -> Camera:
        """A camera at `eye` [3] looking at `target` [3], square pixels, focal length in pixels."""
        forward = np.asarray(target, float) - np.asarray(eye, float)
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, up)
        right /= np.linalg.norm(right)
        rotation = np.stack([right, np.cross(forward, right), forward])
        return Camera(
            rotation, -rotation @ np.asarray(eye, float), (focal, focal), (width / 2, height / 2), width, height
        )
