"""All that one frame of splats tells: colour with alpha, depth, and how every pixel moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..camera import Camera
from ..deformation import six_numbers
from ..gaussians import Gaussians
from .rasteriser import Rasteriser

NOTHING = 1e10
"""Depth [m] where nothing is, as Blender writes it."""


@dataclass(frozen=True)
class Shot:
    """One frame of a film: splats in world space, one colour each, and the camera."""

    cloud: Gaussians
    camera: Camera


@dataclass(frozen=True)
class Passes:
    colour: np.ndarray
    """[H, W, 4], display-referred, straight alpha, 0..1."""
    depth: np.ndarray
    """Camera z of what is seen [H, W], metres; `NOTHING` where nothing is."""
    vectors: np.ndarray | None
    """[H, W, 4] pixels, x right and y up, as Blender's vector pass: place in the frame before less place now, then
    place now less place in the frame after; 0 where nothing is, and at the film's ends."""


def film_passes(
    shots: Iterable[Shot], background: np.ndarray | None, *, dilation: float = 0.0, vectors: bool = False
) -> Iterator[Passes]:
    """The passes of each frame. `background` [3], display-referred, or None to leave what is behind transparent.

    All shots hold the same splats. Only three are in memory at a time. Taichi must have been started.
    """
    before: Shot | None = None
    now: Shot | None = None
    for after in _none_last(shots):
        if now is not None:
            yield _passes(before, now, after, background, dilation, vectors)
        before, now = now, after


def _none_last(shots: Iterable[Shot]) -> Iterator[Shot | None]:
    yield from shots
    yield None


def _passes(before, now, after, background, dilation, vectors) -> Passes:
    g = now.cloud
    raster = Rasteriser(now.camera, len(g), dilation=dilation)
    shape = (g.positions, six_numbers(g.covariances()))
    behind = np.zeros(3) if background is None else np.asarray(background, float)
    colour = raster.render(*shape, g.colours, g.opacity, behind)
    alpha, depth = raster.alpha[..., None], raster.depth
    if background is None:
        colour = colour / np.maximum(alpha, 1e-6)  # from premultiplied
    else:
        alpha = np.ones_like(alpha)
    rgba = np.clip(np.concatenate([colour, alpha], -1), 0, 1).astype(np.float32)
    moved = _vectors(raster, shape, before, now, after) if vectors else None
    return Passes(rgba, np.where(np.isfinite(depth), depth, NOTHING).astype(np.float32), moved)


def _vectors(raster, shape, before, now, after) -> np.ndarray:
    """Mean of the splats' own vectors over what covers each pixel."""
    here = now.camera.project(now.cloud.positions)
    moved = np.zeros((len(here), 4), np.float32)
    if before is not None:
        moved[:, :2] = before.camera.project(before.cloud.positions) - here
    if after is not None:
        moved[:, 2:] = here - after.camera.project(after.cloud.positions)
    moved = np.where(np.isfinite(moved), moved, 0) * np.array([1, -1, 1, -1], np.float32)
    covered = np.zeros((*raster.alpha.shape, 4), np.float32)
    for channels in (slice(0, 2), slice(2, 4)):
        padded = np.concatenate([moved[:, channels], np.zeros((len(moved), 1), np.float32)], 1)
        covered[..., channels] = raster.render(*shape, padded, now.cloud.opacity, (0, 0, 0))[..., :2]
    return covered / np.maximum(raster.alpha[..., None], 1e-6)
