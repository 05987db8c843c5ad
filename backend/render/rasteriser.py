"""Splats to a picture, and the picture's gradient back to the splats, on any device Taichi has.

Kerbl et al. 2023, "3D Gaussian Splatting for Real-Time Radiance Field Rendering", with the conventions of `Camera`. The
maths is in projection.py (one splat) and compositing.py (one tile); twin.py is the same in plain torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import taichi as ti

from .. import taichi_runtime
from ..camera import Camera
from . import compositing, projection, tiles

ALPHA_MIN = 1 / 255
STOP = 1e-4
BAND_HEIGHT = 8
"""A tile is a band of rows on a CPU, for long inner loops, and a square on other devices, for many tiles."""


class SplatGradients(NamedTuple):
    """Derivatives of a loss by everything that a picture shows of N splats."""

    positions: np.ndarray
    """[N, 3], per metre."""
    covariances: np.ndarray
    """[N, 6], per m^2; an off-diagonal entry counts once: xy and yx move together."""
    colours: np.ndarray
    """[N, 3]."""
    opacity: np.ndarray
    """[N]."""


class Rasteriser:
    """Renders up to `count` splats through one camera.

    A splat's alpha is min(0.99, opacity exp(-d2/2)), with d2 measured by its projected covariance + `dilation` [px^2]
    on the diagonal (trainers use 0.3; 0 is what Blender's splat material shows), dropped under `alpha_min`. Splats
    nearer than `near` [m] are left out. A pixel is finished at a transmittance of 1e-4, unless `alpha_min` is lowered:
    that asks for a smooth picture, in which nothing is cut short. `tile` (width, height) [px] is the share of one
    thread; it changes the speed only.

    Taichi must have been started (`taichi_runtime.start`), whose precision is used. Instances hold numpy memory only,
    and share their compiled kernels whatever the camera, picture size and count.
    """

    def __init__(
        self,
        camera: Camera,
        count: int,
        *,
        dilation: float = 0.0,
        alpha_min: float = ALPHA_MIN,
        near: float = 0.01,
        tile: tuple[int, int] | None = None,
    ) -> None:
        real = taichi_runtime.real()
        self.camera = camera
        self._real = real
        self._dilation, self._alpha_min, self._near = dilation, alpha_min, near
        self._stop = STOP if alpha_min >= ALPHA_MIN else STOP * alpha_min
        self._tile = tile or (camera.width if ti.cfg.arch == ti.cpu else BAND_HEIGHT, BAND_HEIGHT)
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
        """Picture [H, W, 3] of splats over one background colour, in the colour space of their colours.

        Positions [N, 3] m and covariances [N, 6] m^2 (xx, xy, xz, yy, yz, zz) are in world space; colours [N, 3],
        opacity [N].
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

    def backward(self, grad_image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradients to the positions [N, 3] and covariances [N, 6] of the last `render`, from the picture's [H, W, 3].

        An off-diagonal covariance entry counts once: its gradient is that of xy and yx moving together. The arrays
        given to `render` are read again and must not have been written to since.
        """
        moments = self._moments(grad_image, look=False)
        return self._shape_gradients(moments)

    def backward_all(self, grad_image: np.ndarray) -> SplatGradients:
        """Gradients to all that was given to the last `render`; otherwise as `backward`."""
        moments = self._moments(grad_image, look=True)
        n, p = len(self._splats[0]), self._pairs
        grad_colours, grad_opacity = np.zeros((n, 3), self._real), np.zeros(n, self._real)
        projection.look_backward(self._screen[:n], p.splats, p.first, moments, grad_colours, grad_opacity)
        return SplatGradients(*self._shape_gradients(moments), grad_colours, grad_opacity)

    def _moments(self, grad_image: np.ndarray, look: bool) -> np.ndarray:
        """Sums over the pixels of each pair [E, MOMENTS], or [E, LOOK_MOMENTS] with `look`."""
        p, shape = self._pairs, self._image.shape[:2]
        n = len(self._splats[0])
        columns = compositing.LOOK_MOMENTS if look else compositing.MOMENTS
        moments = np.empty((len(p.splat), columns), self._real)
        compositing.composite_backward(
            self._screen[:n],
            self._box[:n],
            p.splat,
            p.by_tile,
            p.tile_start,
            *self._tile,
            self._stop,
            self._image,
            np.ascontiguousarray(grad_image, self._real),
            np.empty((*shape, 2), self._real),
            moments,
            look,
        )
        return moments

    def _shape_gradients(self, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradients to positions [N, 3] and covariances [N, 6]."""
        n, p = len(self._splats[0]), self._pairs
        grad_positions = np.zeros((n, 3), self._real)
        grad_covariances = np.zeros((n, 6), self._real)
        projection.project_backward(
            *self._splats, *self._view, self._screen[:n], p.splats, p.first, moments, grad_positions, grad_covariances
        )
        return grad_positions, grad_covariances

    @property
    def alpha(self) -> np.ndarray:
        """How much of each pixel of the last picture the splats cover [H, W], 0..1."""
        return 1 - self._pixels[..., 4]

    @property
    def depth(self) -> np.ndarray:
        """Expected camera z of the last picture [H, W], m: mean over what covers a pixel, inf where nothing does."""
        alpha = self.alpha
        return np.where(alpha > 0, self._pixels[..., 3] / np.where(alpha > 0, alpha, 1), np.inf).astype(self._real)
