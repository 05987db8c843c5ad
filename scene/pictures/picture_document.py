"""From an image in Blender, with its layers, drawn lines and masks, to the `Picture` that the worker animates."""

from __future__ import annotations

import json
from typing import Any

import bpy
import numpy as np

from ...backend import arrays
from ...backend.picture import SMALLEST, Kind, Layer, Line, Picture, Wind
from ...backend.spectral_volume import SpectralVolume
from ...backend.srgb import from_linear

SIMPLIFY = 1.5
"""Pixels: a drawn line's points lie at least so far apart."""


def picture_of(image: bpy.types.Image, settings: Any) -> Picture:
    """The picture, its layers from back to front and its wind. settings: PictureParams.

    Raises ValueError with one sentence for an image without pixels and for a layer that lacks something.
    """
    pixels = photo_to_animate(image)
    height, width = pixels.shape[:2]
    if not image.sway.layers:
        raise ValueError("The picture has no layer yet; add one and draw its lines.")
    layers = tuple(_layer(image, layer, width, height) for layer in image.sway.layers)
    if all(layer.kind is Kind.still for layer in layers):
        raise ValueError("Every layer is still; add one that moves.")
    wind = Wind(settings.wind_speed, float(np.degrees(settings.wind_direction)), settings.seed)
    return Picture(pixels, layers, wind)


def photo_to_animate(image: bpy.types.Image) -> np.ndarray:
    """As `photo`; raises ValueError also for one in which nothing could be seen to move."""
    pixels = photo(image)
    height, width = pixels.shape[:2]
    if min(width, height) < SMALLEST:
        raise ValueError(f"{image.name} is {width} x {height} pixels; a picture needs {SMALLEST} on each side.")
    return pixels


def photo(image: bpy.types.Image) -> np.ndarray:
    """An image's pixels [H, W, 3 or 4], uint8, display-referred, top row first, straight alpha.

    Blender has decoded it, whatever it was: 16-bit, grey, palette. Raises ValueError where there are none.
    """
    if image.source not in ("FILE", "GENERATED") or not image.has_data and not _loads(image):
        raise ValueError(f"{image.name} has no pixels to animate; open a photograph, not a film or a render result.")
    width, height = image.size
    values = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(values)
    values = values.reshape(height, width, image.channels)[::-1]
    if image.channels < 3:
        values = np.repeat(values[..., :1], 3, -1)
    if image.is_float and not image.colorspace_settings.is_data:
        # Blender holds 16-bit pictures as light, multiplied by their alpha.
        if values.shape[2] == 4:
            values = np.concatenate([values[..., :3] / np.maximum(values[..., 3:], 1e-6), values[..., 3:]], -1)
        values = np.concatenate([from_linear(np.clip(values[..., :3], 0, 1)), values[..., 3:]], -1)
    if values.shape[2] == 4 and (values[..., 3] >= 1).all():
        values = values[..., :3]
    return np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)


def outside_name(name: str) -> str:
    """Of the annotation layer on which is drawn what does not belong to the layer."""
    return f"{name}: not this"


def drawn_lines(image: bpy.types.Image, name: str) -> list[np.ndarray]:
    """Lines [n, 2] of a layer as Blender keeps them: x to the right and y up, 0..1 over the image."""
    lines = []
    annotations = image.sway.annotations
    if annotations is not None:
        for layer in (layer for layer in annotations.layers if layer.info == name):
            for frame in layer.frames:
                for stroke in frame.strokes:
                    lines.append(np.array([point.co[:2] for point in stroke.points]).reshape(-1, 2))
    return lines


def pixel_lines(image: bpy.types.Image, layer: Any) -> list[np.ndarray]:
    """The lines of a layer, drawn and given, in pixels (x right, y down) [n, 2]; dots are left out."""
    return _in_pixels(image, layer.lines, layer.name)


def outside_lines(image: bpy.types.Image, layer: Any) -> list[np.ndarray]:
    """Lines over what does not belong to a layer, as `pixel_lines`."""
    return _in_pixels(image, layer.outside, outside_name(layer.name))


def _in_pixels(image: bpy.types.Image, written: str, name: str) -> list[np.ndarray]:
    width, height = image.size
    given = [np.array(line, float) for line in json.loads(written or "[]")]
    lines = []
    for line in [*given, *drawn_lines(image, name)]:
        points = line.reshape(-1, 2) * (width, -height) + (0, height)
        if len(points := _thinned(points)) > 1:
            lines.append(points)
    return lines


def write_photo(image: bpy.types.Image, path: Any) -> str:
    """The pixels alone, for the worker to look at. Raises ValueError as `photo_to_animate`."""
    return str(arrays.save(path, {"image": photo_to_animate(image)}))


def write(picture: Picture, path: Any, fps: float, name: str) -> str:
    """The picture, the scene's frame rate and the name of exported files in one file for the worker."""
    return str(arrays.save(path, {**picture.to_arrays(), "fps": np.array(fps), "name": np.array(name)}))


def scene_fps(scene: bpy.types.Scene) -> float:
    return scene.render.fps / scene.render.fps_base


def _layer(image: bpy.types.Image, layer: Any, width: int, height: int) -> Layer:
    kind = Kind[layer.kind]
    lines = tuple(Line(points) for points in pixel_lines(image, layer))
    mask = _mask(layer.mask, width, height) if layer.mask else None
    if not lines and mask is None and kind is not Kind.volume:
        raise ValueError(
            f'The layer "{layer.name}" has neither a line nor a mask; draw on the image with the Annotate tool, '
            "or choose a mask."
        )
    if kind is Kind.plant and not lines:
        raise ValueError(f'The plant "{layer.name}" has no stroke; draw one from where it is held to where it is free.')
    return Layer(
        kind,
        mask,
        lines,
        layer.name,
        tuple(Line(points) for points in outside_lines(image, layer)),
        layer.amplitude or None,
        round(layer.frequency, 6),
        round(layer.damping, 6),
        round(layer.flutter, 6),
        spin=round(layer.spin, 6),
        volume=volume_of(layer) if kind is Kind.volume else None,
    )


def volume_of(layer: Any) -> SpectralVolume:
    """The ticked modes of a layer. Raises ValueError where none is, and where their file is gone."""
    chosen = [k for k, peak in enumerate(layer.peaks) if peak.use]
    if not chosen:
        raise ValueError(f'No mode of "{layer.name}" is ticked; tick at least one.')
    try:
        found = arrays.load(bpy.path.abspath(layer.volume))
    except OSError as error:
        raise ValueError(f'The modes of "{layer.name}" are gone from the disk; find them again.') from error
    order = sorted(chosen, key=lambda k: found["frequencies"][k])
    return SpectralVolume(
        found["coefficients"][order], found["frequencies"][order], float(found["duration"]), found["mask"], layer.name
    )


def _mask(image: bpy.types.Image, width: int, height: int) -> np.ndarray:
    if tuple(image.size) != (width, height):
        raise ValueError(
            f"The mask {image.name} is {image.size[0]} x {image.size[1]} pixels, the picture {width} x {height}; "
            "they must be alike."
        )
    return photo(image)[..., :3].astype(np.float32).mean(-1) / 255


def _thinned(points: np.ndarray) -> np.ndarray:
    kept = [points[0]] if len(points) else []
    for point in points[1:]:
        if np.linalg.norm(point - kept[-1]) >= SIMPLIFY:
            kept.append(point)
    return np.array(kept)


def _loads(image: bpy.types.Image) -> bool:
    """Whether an image that was not shown yet can be read."""
    return image.size[0] > 0 and len(image.pixels) > 0
