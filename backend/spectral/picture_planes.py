"""A picture's layers for Blender: images of their colours and cover, and their motion as a few shapes."""

from __future__ import annotations

import numpy as np

from ..picture import Kind
from ..picture_motion import PictureMotion
from ..spectral_volume import SpectralVolume
from ..srgb import from_linear, to_linear
from .layers import Prepared, Sprite
from .pixel_motion import PixelMotion
from .plant import plant_strokes
from .plate import pull_push

UNIT = 0.05
"""Of the picture's height: how far a shape key's value of 1 moves the layer."""
MOST = 9.0
"""What a shape key's value may reach by itself; Blender ends it at 10."""
TELLS = 0.1
"""Cover from which a layer's colour can be told exactly."""
MASK_SIDE = 384
"""Longer side of the map of where a layer is."""


def plane_images(prepared: Prepared, mix_light: bool) -> list[np.ndarray]:
    """Each layer over the whole picture [H, W, 4], uint8, straight alpha, display-referred, from back to front.

    Colours go on beyond a layer's edge, so that no sampling brings in anything else. With `mix_light`, for a renderer
    that blends light instead of display values: cover and colours are such that, over what is behind, this gives the
    same picture.
    """
    height, width = prepared.image.shape[:2]
    canvas = _unit(prepared.plate)[..., :3].copy()
    images = []
    for sprite in prepared.sprites:
        left, top, right, bottom = sprite.box
        behind = canvas[top:bottom, left:right]
        colours, cover = _unit(sprite.colours)[..., :3], sprite.cover.astype(np.float32)
        together = behind + cover[..., None] * (colours - behind)
        if mix_light:
            colours, cover = _forto_linear(colours, cover, behind, together)
        canvas[top:bottom, left:right] = together
        image = np.zeros((height, width, 4), np.uint8)
        image[top:bottom, left:right, :3] = np.round(np.clip(colours, 0, 1) * 255)
        image[top:bottom, left:right, 3] = np.round(np.clip(cover, 0, 1) * 255)
        images.append(image)
    return images


def _forto_linear(
    colours: np.ndarray, cover: np.ndarray, behind: np.ndarray, together: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Colours [h, w, 3] and cover [h, w] that blend as light over `behind` to what `together` shows.

    The cover that comes nearest with the layer's own colours, then the colours that do with that cover.
    """
    own, back, wanted = (to_linear(a) for a in (colours, behind, together))
    span = own - back
    size = (span**2).sum(-1)
    nearest = ((wanted - back) * span).sum(-1) / np.maximum(size, 1e-9)
    soft = (cover > 0) & (cover < 1) & (size > 1e-4)
    new_cover = np.where(soft, np.clip(nearest, 0, 1), cover)
    share = new_cover[..., None]
    exact = np.clip(back + (wanted - back) / np.maximum(share, 1e-3), 0, 1)
    return np.where(share > TELLS, from_linear(exact), colours), new_cover


def _unit(image: np.ndarray) -> np.ndarray:
    """A picture as float32 in 0..1."""
    return image.astype(np.float32) / 255 if image.dtype == np.uint8 else image


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
    natural = _natural(sprite, len(shapes))
    found = PictureMotion(shapes, courses, box, size, mask, fps, motion.basis.loops, natural).reduced()
    found = found.in_units_of(UNIT * picture.height)
    farthest = np.abs(found.courses).max() / MOST
    return found if farthest <= 1 else found.in_units_of(UNIT * picture.height * farthest)


def _natural(sprite: Sprite, count: int) -> np.ndarray | None:
    """What each of a layer's `count` shapes rings at [M], hertz: lines and modes do, shivering leaves and waves not."""
    layer = sprite.layer
    found = np.zeros(count)
    if layer.kind is Kind.plant:
        strokes, _parents = plant_strokes(layer)
        found[: len(strokes)] = [stroke.frequency for stroke in strokes]
    elif layer.kind is Kind.volume:
        kept = layer.volume.frequencies[layer.volume.frequencies > 0]
        return kept if len(kept) == count else None
    return found


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
