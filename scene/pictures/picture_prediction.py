"""A predicted layer in Blender: what a person marked on it goes to the worker, what was predicted comes back."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from ...backend.api.picture import LayerKind
from ...backend.picture import Kind, Layer, Line, Picture, Wind
from .picture_document import outside_lines, photo, photo_to_animate, pixel_lines
from .picture_layers import add, add_peak

LABEL = "Predicted"


def predicted_layer(image: bpy.types.Image) -> Any | None:
    """The layer that a prediction made: the active one if it is, else the first; None where there is none."""
    layers = image.sway.layers
    found = [i for i, layer in enumerate(layers) if is_predicted(layer)]
    if not found:
        return None
    return layers[image.sway.active_layer if image.sway.active_layer in found else found[0]]


def is_predicted(layer: Any) -> bool:
    """Whether a layer's motion was predicted, not found in a video or loaded."""
    return layer.kind == LayerKind.volume.name and layer.predicted


def marked(image: bpy.types.Image, keep_mask: bool) -> Picture:
    """The photograph, the wind's direction and what was marked on its predicted layer so far, as one layer.

    Raises ValueError with one sentence for an image without pixels, and for a mask to keep that is not there.
    """
    layer = predicted_layer(image)
    settings = image.sway.settings
    wind = Wind(direction=float(np.degrees(settings.wind_direction)), seed=settings.seed)
    pixels = photo_to_animate(image)
    if layer is None:
        if keep_mask:
            raise ValueError("There is no predicted layer whose mask could be kept; predict the picture once first.")
        return Picture(pixels, (), wind)
    mask = None
    if keep_mask:
        if layer.mask is None:
            raise ValueError(f'The layer "{layer.name}" has no mask to keep; choose one, or let it be found.')
        mask = photo(layer.mask)[..., :3].astype(np.float32).mean(-1) / 255
    lines, outside = (tuple(Line(points) for points in found(image, layer)) for found in (pixel_lines, outside_lines))
    return Picture(pixels, (Layer(Kind.plant, mask, lines, layer.name, outside),), wind)


def take_in(image: bpy.types.Image, outputs: dict[str, str], results: dict[str, Any]) -> Any:
    """Put a finished prediction into its layer, a new one where there is none; returns the layer."""
    layer = predicted_layer(image) or add(image, LayerKind.volume.name, LABEL)
    layer.volume, layer.predicted = outputs["modes"], True
    layer.peaks.clear()
    for frequency, amplitude in zip(results["frequencies_hz"], results["amplitudes_px"], strict=True):
        add_peak(layer, frequency, amplitude)
    mask = bpy.data.images.load(outputs["mask"])
    mask.name = f"{image.name} {layer.name} mask"
    mask.colorspace_settings.name = "Non-Color"
    mask.pack()
    layer.mask = mask
    return layer
