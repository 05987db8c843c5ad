"""Animate a picture: the one call that Blender's jobs, the benchmark and scripts use.

    picture = Picture(image, (Layer(Kind.plant, mask, (Line(points),)),))
    for frame in animate(picture, frames=96, fps=24):
        ...

For a preview while sliders move, keep what `prepare(picture, limit=512)` gives and make a new renderer for each change.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..picture import Kind, Picture
from ..spectral_volume import SpectralVolume
from .basis import Combined, Fourier
from .layer_motion import Controls
from .layers import Prepared, prepare
from .pixel_motion import PixelMotion
from .renderer import LayeredRenderer

__all__ = ["Controls", "Prepared", "animate", "layer_volumes", "prepare", "renderer"]


def renderer(prepared: Prepared, frames: int, fps: float, controls: Controls | None = None) -> LayeredRenderer:
    """What draws the frames of a prepared picture, in any order: `.frame(i)`, `.displacement(i)`, `.held_back`."""
    controls = controls or Controls()
    if controls.method == "splat":
        from .splatting import SplattingRenderer

        return SplattingRenderer(prepared, frames, fps, controls)
    return LayeredRenderer(prepared, frames, fps, controls)


def animate(
    picture: Picture | Prepared, frames: int, fps: float, controls: Controls | None = None, *, limit: int | None = None
) -> Iterator[np.ndarray]:
    """The frames [H, W, 3 or 4] one after the other, of the picture's type; memory does not grow with their number.

    limit: longer side of the frames, pixels; None: as the picture. What sways repeats exactly after `frames` frames.
    Raises ValueError, in one sentence, for what cannot be moved.
    """
    prepared = prepare(picture, limit) if isinstance(picture, Picture) else picture
    drawn = renderer(prepared, frames, fps, controls)
    return (drawn.frame(i) for i in range(frames))


def layer_volumes(
    prepared: Prepared, frames: int, fps: float, controls: Controls | None = None
) -> list[tuple[str, SpectralVolume]]:
    """The title and spectral volume of each layer that sways, over the whole picture at its motion's resolution.

    The volume's mask is the layer's: what shape keys of one image plane a layer are made of, from back to front.
    """
    import cv2

    drawn = LayeredRenderer(prepared, frames, fps, controls)
    volumes = []
    for sprite, motion in zip(prepared.sprites, drawn.motions, strict=True):
        series = None if motion is None else _fourier(motion)
        if series is None or sprite.layer.kind is Kind.cloud:
            continue
        coefficients, frequencies = series
        grid, image = motion.grid, prepared.image
        rows = max(round(image.shape[0] / grid.steps[1]), 1)
        columns = max(round(image.shape[1] / grid.steps[0]), 1)
        scale = np.array([columns / image.shape[1], rows / image.shape[0]], np.float32)
        left, top = (round(v) for v in (grid.left * scale[0], grid.top * scale[1]))
        full = np.zeros((len(frequencies), rows, columns, 2), np.complex64)
        bottom, right = min(top + grid.rows, rows), min(left + grid.columns, columns)
        full[:, top:bottom, left:right] = coefficients[:, : bottom - top, : right - left] * scale
        mask = cv2.resize(sprite.layer.mask, (columns, rows), interpolation=cv2.INTER_AREA)
        wind = prepared.picture.wind
        source = f"{sprite.layer.title}, wind {wind.speed} m/s, seed {wind.seed}"
        volumes.append((sprite.layer.title, SpectralVolume(full, frequencies, drawn.duration, mask, source)))
    return volumes


def _fourier(motion: PixelMotion) -> tuple[np.ndarray, np.ndarray] | None:
    """Coefficients [K, h, w, 2] and frequencies [K] of a motion over a Fourier basis, None for another one."""
    basis = motion.basis
    if isinstance(basis, Fourier):
        return motion.shapes.astype(np.complex64), basis.frequencies
    if isinstance(basis, Combined) and isinstance(basis.inner, Fourier):
        coefficients = np.einsum("mk,mhwc->khwc", basis.weights.astype(np.complex64), motion.shapes)
        return coefficients.astype(np.complex64), basis.inner.frequencies
    return None
