"""The sample picture: planes that sway at once, and the image with its lines, for the image editor."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from ...backend import arrays
from ...backend.sample.meadow import DAMPING, Painting, meadow
from ..pictures import picture_layers, picture_plane

NAME = "Sample Picture"


def add(context: bpy.types.Context, folder: Path, fps: float) -> tuple[bpy.types.Object, bpy.types.Image]:
    """The picture as swaying planes at the 3D cursor, and as an image with layers; its files go into `folder`."""
    painting = meadow(fps)
    folder.mkdir(parents=True, exist_ok=True)
    layers = _write(painting, folder)
    parent = picture_plane.make_planes(context, NAME, folder / "plate.png", layers, context.scene.frame_start)
    image = _image(NAME, painting.photo())
    image.pack()
    for layer in painting.layers:
        made = picture_layers.add(image, "plant", layer.name)
        picture_layers.set_lines(image, made, layer.lines, context.scene.frame_start)
        made.frequency = float(layer.motion.frequencies[0])
    image.sway.planes = str(folder)
    return parent, image


def _write(painting: Painting, folder: Path) -> list[picture_plane.Layer]:
    """The files that an animate job would have made."""
    _save(painting.plate, folder / "plate.png")
    layers = []
    for number, layer in enumerate(painting.layers, 1):
        file = folder / f"layer_{number}.png"
        _save(layer.pixels, file)
        named = {"name": np.array(layer.name), "damping": np.array(DAMPING)}
        arrays.save(folder / f"motion_{number}.npz", {**layer.motion.to_arrays(), **named})
        layers.append(picture_plane.Layer(layer.name, file, layer.motion, DAMPING))
    return layers


def _save(pixels: np.ndarray, path: Path) -> None:
    image = _image(path.stem, pixels)
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    bpy.data.images.remove(image)


def _image(name: str, pixels: np.ndarray) -> bpy.types.Image:
    """An image of display-referred pixels [H, W, 3 or 4]."""
    height, width, channels = pixels.shape
    image = bpy.data.images.new(name, width, height, alpha=channels == 4)
    image.alpha_mode = "CHANNEL_PACKED" if channels == 4 else "STRAIGHT"
    values = np.ones((height, width, 4), np.float32)
    values[..., :channels] = pixels[::-1]
    image.pixels.foreach_set(values.ravel())
    image.update()
    return image
