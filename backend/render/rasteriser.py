"""Splats to a picture, and the picture's gradient back to the splats; the worker's workhorse on any device.

Kerbl et al. 2023, "3D Gaussian Splatting for Real-Time Radiance Field Rendering", with the conventions of `Camera`. The maths is
in projection.py (one splat) and compositing.py (one tile); `twin.py` is the same in plain torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import taichi_runtime
from ..camera import Camera
from . import compositing, projection, tiles

ALPHA_MIN = 1 / 255
STOP = 1e-4
BAND_HEIGHT = 8


class Rasteriser:
    """Renders up to `count` splats through one camera.

    A splat's alpha is min(0.99, opacity exp(-d2/2)) with d2 measured by its projected covariance + `dilation` [px^2] on the
    diagonal (trainers use 0.3; 0 is what Blender's splat material shows), dropped under `alpha_min` and nearer than `near` [m].
    A pixel is finished at a transmittance of 1e-4, unless `alpha_min` is lowered: that asks for a smooth picture, in which
    nothing is cut short.

    Taichi must have been started (`taichi_runtime.start`), whose precision is used. Instances hold numpy memory only, and share
    their compiled kernels whatever the camera, picture size and count.
    """

    def __init__(
        self,
        camera: Camera,
        count: int,
        *,
        dilation: float = 0.0,
        alpha_min: float = ALPHA_MIN,
        near: float = 0.01,
    ) -> None:
        real = taichi_runtime.real()
        self.camera = camera
        self._real = real
        self._dilation, self._alpha_min, self._near = dilation, alpha_min, near
        self._stop = STOP if alpha_min >= ALPHA_MIN else STOP * alpha_min
        self._tile = (camera.width, BAND_HEIGHT)
        self._view = (
            np.ascontiguousarray(camera.rotation, real),
            np.ascontiguousarray(camera.translation, real),
            projection.lens(camera).astype(real),
        )
        self._screen = np.zeros((count, projection.SCREEN_COLUMNS), real)
        self._box = np.zeros((count, 4), np.int32)
        self._pixels = np.zeros((camera.height, camera.width, compositing.PIXEL_COLUMNS), real)

    def render(
        self,
        positions: np.ndarray,
        covariances: np.ndarray,
        colours: np.ndarray,
        opacity: np.ndarray,
        background: Sequence[float] = (1.0, 1.0, 1.0),
    ) -> np.ndarray:
        """Picture [H, W, 3] of splats at positions [N, 3] (world, m) with covariances [N, 6] (world, m^2; xx, xy, xz, yy, yz, zz),
        colours [N, 3] and opacity [N], over one background colour.

        Colours pass through linearly: the picture is in their colour space.
        Raises ValueError for more splats than the instance was made for.
        """
        n = len(positions)
        if n > len(self._box):
            raise ValueError(f"the rasteriser was made for {len(self._box)} splats and got {n}; make a larger one")
        self._splats = tuple(np.ascontiguousarray(a, self._real) for a in (positions, covariances))
        screen, box = self._screen[:n], self._box[:n]
        projection.project(
            *self._splats,
            np.ascontiguousarray(colours, self._real),
            np.ascontiguousarray(opacity, self._real),
            *self._view,
            self.camera.width,
            self.camera.height,
            self._near,
            self._dilation,
            self._alpha_min,
            screen,
            box,
        )
        self._pairs = p = tiles.pair(box, screen[:, 9], self.camera.width, self.camera.height, *self._tile)
        compositing.composite(screen, box, p.splat, p.by_tile, p.tile_start, *self._tile, self._stop, self._pixels)
        transmittance = self._pixels[..., 4:]
        self._image = self._pixels[..., :3] + transmittance * np.asarray(background, self._real)
        return self._image.copy()

    @property
    def alpha(self) -> np.ndarray:
        """How much of each pixel of the last picture the splats cover [H, W], 0..1."""
        return 1 - self._pixels[..., 4]

    @property
    def depth(self) -> np.ndarray:
        """Expected camera z of each pixel of the last picture [H, W], m: the mean over what the splats cover; inf where nothing."""
        alpha = self.alpha
        return np.where(alpha > 0, self._pixels[..., 3] / np.where(alpha > 0, alpha, 1), np.inf).astype(self._real)
