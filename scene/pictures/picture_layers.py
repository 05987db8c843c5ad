"""Layers of a picture in Blender: added, drawn on, compared, and loaded back from what the worker made of them."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import bpy

from ...backend import arrays
from ...backend.picture_motion import PictureMotion
from .picture_document import drawn_lines, outside_name
from .picture_plane import Layer

COLOURS = {
    "plant": (0.35, 0.9, 0.25),
    "water": (0.2, 0.6, 1.0),
    "boat": (1.0, 0.6, 0.15),
    "cloud": (0.85, 0.85, 0.95),
    "path": (1.0, 0.35, 0.7),
    "volume": (0.7, 0.5, 1.0),
    "still": (0.6, 0.6, 0.6),
}
"""Of the lines drawn on a layer, by its kind."""
PICTURE_SETTINGS = (
    "frames", "wind_speed", "wind_direction", "strength", "seed", "photo_first", "speed", "preview_size",
)  # fmt: skip
NOT_THIS = (1.0, 0.15, 0.1)
"""Colour of lines over what does not belong to a layer."""
LAYER_SETTINGS = ("kind", "amplitude", "frequency", "damping", "flutter", "spin", "lines", "outside", "volume")


def add(image: bpy.types.Image, kind: str, label: str) -> Any:
    """A new layer in front of the others, with an annotation layer of the same name to draw on."""
    picture = image.sway
    layer = picture.layers.add()
    taken = {other.name for other in picture.layers}
    number = 1
    while (name := label if number == 1 else f"{label} {number}") in taken:
        number += 1
    layer.name, layer.kind = name, kind
    picture.active_layer = len(picture.layers) - 1
    if picture.annotations is None:
        store = getattr(bpy.data, "annotations", None)
        picture.annotations = (bpy.data.grease_pencils if store is None else store).new(f"{image.name} lines")
    drawn = picture.annotations.layers.new(name, set_active=True)
    drawn.color, drawn.thickness = COLOURS[kind], 4
    return layer


def add_peak(layer: Any, frequency: float, amplitude: float) -> Any:
    """A mode of a layer's spectral volume, in the order in which its file has them; hertz and pixels."""
    peak = layer.peaks.add()
    peak.name = f"{frequency:.2f} Hz"
    peak.frequency, peak.amplitude = frequency, amplitude
    return peak


def remove(image: bpy.types.Image, index: int) -> None:
    """Removes a layer and what was drawn on it."""
    picture = image.sway
    name = picture.layers[index].name
    picture.layers.remove(index)
    picture.active_layer = max(min(index, len(picture.layers) - 1), 0)
    if picture.annotations is not None:
        for drawn in [layer for layer in picture.annotations.layers if layer.info in (name, outside_name(name))]:
            picture.annotations.layers.remove(drawn)


def set_lines(image: bpy.types.Image, layer: Any, lines: list[list[list[float]]], frame: int) -> None:
    """Gives a layer lines of (x, y), 0 to 1, y up: as strokes to correct, where this Blender can make them."""
    drawn = next(found for found in image.sway.annotations.layers if found.info == layer.name)
    strokes = drawn.frames.new(frame).strokes
    if not hasattr(strokes, "new"):
        layer.lines = json.dumps(lines)  # before Blender 5: shown over the picture, and drawn ones come to them
        return
    for line in lines:
        stroke = strokes.new()
        stroke.display_mode = "2DSPACE"
        stroke.points.add(len(line))
        for point, place in zip(stroke.points, line, strict=True):
            point.co = (*place, 0.0)


def draw_on(context: bpy.types.Context, image: bpy.types.Image, outside: bool = False) -> None:
    """Gets the image editor ready: the picture's lines shown, the active layer's on top, the Annotate tool in hand.

    outside: to draw over what does not belong to the layer.
    """
    picture, space = image.sway, context.space_data
    if picture.annotations is None:
        return
    setattr(space, "annotation" if hasattr(space, "annotation") else "grease_pencil", picture.annotations)
    space.show_annotation = True
    drawn = [layer.info for layer in picture.annotations.layers]
    name = picture.layers[picture.active_layer].name
    if outside and (name := outside_name(name)) not in drawn:
        added = picture.annotations.layers.new(name, set_active=True)
        added.color, added.thickness = NOT_THIS, 4
        drawn = [layer.info for layer in picture.annotations.layers]
    if name in drawn:
        picture.annotations.layers.active_index = drawn.index(name)
    bpy.ops.wm.tool_set_by_id(name="builtin.annotate", space_type="IMAGE_EDITOR")


def fingerprint(image: bpy.types.Image) -> str:
    """Changes whenever the preview would: with settings, layers, ticked modes, masks and drawn lines."""
    picture = image.sway
    seen: list[Any] = [getattr(picture.settings, name) for name in PICTURE_SETTINGS]
    for layer in picture.layers:
        seen.append([getattr(layer, name) for name in LAYER_SETTINGS])
        seen.append([layer.name, layer.mask.name if layer.mask else "", [peak.use for peak in layer.peaks]])
        for name in (layer.name, outside_name(layer.name)):
            seen.append([line.tolist() for line in drawn_lines(image, name)])
    return hashlib.sha1(json.dumps(seen).encode()).hexdigest()


def load_planes(outputs: dict[str, str]) -> list[Layer]:
    """The moving layers of an animate job whose outcome was planes, from back to front."""
    layers = []
    while (image := outputs.get(f"layer_{len(layers) + 1}")) is not None:
        found = arrays.load(outputs[f"motion_{len(layers) + 1}"])
        motion = PictureMotion.from_arrays(found)
        layers.append(Layer(str(found["name"]), Path(image), motion, float(found["damping"])))
    return layers


def load_folder(folder: str) -> list[Layer]:
    """The same from the job's folder. Raises ValueError where it is gone."""
    files = {file.stem: str(file) for file in Path(folder).glob("*_*")}
    if "motion_1" not in files:
        raise ValueError("The files that these planes were made from are gone from the cache; make the planes anew.")
    return load_planes(files)


def exported_frames(image: bpy.types.Image) -> list[Path]:
    """The PNG or EXR files that were exported for a picture. Raises ValueError where there are none."""
    folder = Path(bpy.path.abspath(image.sway.settings.directory or "//"))
    stem = re.escape(Path(image.name).stem)
    files = sorted(f for f in folder.glob("*_*") if re.fullmatch(stem + r"_\d+\.(png|exr)", f.name))
    if not image.sway.settings.directory or not files:
        raise ValueError("There are no exported frames; export a PNG or EXR sequence first.")
    return [file for file in files if file.suffix == files[-1].suffix]
