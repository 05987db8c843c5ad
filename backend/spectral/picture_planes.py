"""A picture's layers for Blender: images of their colours and cover, and their motion as a few shapes."""

from __future__ import annotations

import numpy as np

from ..picture import Kind
from ..picture_motion import PictureMotion
from ..spectral_volume import SpectralVolume
from .layers import Prepared, Sprite
from .pixel_motion import PixelMotion
from .plate import pull_push

UNIT = 0.05
"""Of the picture's height: how far a shape key's value of 1 moves the layer."""
MASK_SIDE = 384
"""Longer side of the map of where a layer is."""


def plane_image(sprite: Sprite, size: tuple[int, int]) -> np.ndarray:
    """The layer over the whole picture of `size` (width, height): [H, W, 4] uint8, straight alpha.

    Its colours go on beyond its edge, so that no sampling brings in anything else.
    """
    width, height = size
    left, top, right, bottom = sprite.box
    image = np.zeros((height, width, 4), np.uint8)
    colours = sprite.colours if sprite.colours.dtype == np.uint8 else np.round(sprite.colours * 255).astype(np.uint8)
    image[top:bottom, left:right, :3] = colours[..., :3]
    image[top:bottom, left:right, 3] = np.round(sprite.cover * 255)
    return image


def plane_motion(
    sprite: Sprite, motion: PixelMotion, prepared: Prepared, frames: int, fps: float, photo_first: bool = False
) -> PictureMotion:
    """The layer's motion sampled at the frames, in as few shapes as it needs.

    A surface's motion fades out towards the edge of its cover, which a plane would else take along. With `photo_first`
    a loop begins at its quietest frame and moves relative to that.
    """
    import cv2

    picture = prepared.picture
    times = np.arange(frames) / fps
    courses = np.stack([motion.basis.at(float(t)) for t in times]).astype(complex)
    if photo_first and motion.basis.loops:
        quiet = int(np.argmin([np.square(motion.combine(course)[::4, ::4]).sum() for course in courses]))
        courses = np.roll(courses - courses[quiet], -quiet, axis=0)
    grid, shapes = motion.grid, motion.shapes
    if sprite.surface:
        shapes = shapes * grid.reduced(_inner(sprite.layer.mask))[..., None]
    mask = np.asarray(sprite.layer.mask, np.float32)
    scale = min(1.0, MASK_SIDE / max(mask.shape))
    grown = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    mask = cv2.resize(grown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    box = float(grid.left), float(grid.top), float(grid.width), float(grid.height)
    size = picture.width, picture.height
    found = PictureMotion(shapes, courses, box, size, mask, fps, motion.basis.loops).reduced()
    return found.in_units_of(UNIT * picture.height)


def on_planes(kind: Kind) -> bool:
    """Whether shape keys can show it: clouds fade from one copy into another, which they cannot."""
    return kind is not Kind.cloud


def continued(volume: SpectralVolume) -> SpectralVolume:
    """The volume with its motion continued smoothly beyond its mask, where a moving edge looks for it."""
    known = volume.mask > 0.5
    if known.all() or not known.any():
        return volume
    slices = [pull_push(np.concatenate([s.real, s.imag], -1).astype(np.float32), known) for s in volume.coefficients]
    coefficients = np.stack([(s[..., :2] + 1j * s[..., 2:]).astype(np.complex64) for s in slices])
    return SpectralVolume(coefficients, volume.frequencies, volume.duration, volume.mask, volume.source)


def _inner(mask: np.ndarray) -> np.ndarray:
    """A mask that has come down to 0 at its own edge, 3 % of the picture's longer side inside it."""
    import cv2

    width = 0.03 * max(mask.shape)
    depth = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    return np.clip(depth / width, 0, 1).astype(np.float32)
