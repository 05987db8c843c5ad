"""A picture's layers drawn over the image editor as they are poked, from the same grids that the planes have."""

from __future__ import annotations

from pathlib import Path

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from . import picture_plane


class Overlay:
    """Draws until `remove` is called."""

    def __init__(self, plate: Path, layers: list[picture_plane.Layer]) -> None:
        self._images = [_values(path) for path in (plate, *(layer.image for layer in layers))]
        self._textures = [gpu.texture.from_image(image) for image in self._images]
        self._shader = gpu.shader.from_builtin("IMAGE")
        self._size = np.array(layers[0].motion.size, float)
        self._grids = []
        for layer in layers:
            pixels, faces = picture_plane.grid(layer.motion)
            triangles = np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])
            triangles = np.ascontiguousarray(triangles, np.int32)
            self._grids.append((pixels, triangles, layer.motion.at(pixels)))
        self._moved = [pixels for pixels, _triangles, _shapes in self._grids]
        self._handler = bpy.types.SpaceImageEditor.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")

    def update(self, coordinates: list[np.ndarray]) -> None:
        """Take the layers' modal coordinates [M], one a layer."""
        self._moved = [
            pixels + np.tensordot(q, shapes, 1).real
            for (pixels, _triangles, shapes), q in zip(self._grids, coordinates, strict=True)
        ]

    def remove(self) -> None:
        """Stop drawing and free the pictures."""
        bpy.types.SpaceImageEditor.draw_handler_remove(self._handler, "WINDOW")
        self._textures.clear()
        for image in self._images:
            bpy.data.images.remove(image)
        self._images.clear()

    def _draw(self) -> None:
        view = bpy.context.region.view2d
        corner = np.array(view.view_to_region(0, 0, clip=False), float)
        across = np.array(view.view_to_region(1, 1, clip=False), float) - corner

        def batch(pixels: np.ndarray, at: np.ndarray, triangles: np.ndarray) -> gpu.types.GPUBatch:
            uv = at / self._size
            uv[:, 1] = 1 - uv[:, 1]
            place = pixels / self._size
            place[:, 1] = 1 - place[:, 1]
            content = {
                "pos": np.ascontiguousarray(corner + place * across, np.float32),
                "texCoord": np.ascontiguousarray(uv, np.float32),
            }
            return batch_for_shader(self._shader, "TRIS", content, indices=triangles)

        whole = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * self._size
        draws = [(whole, whole, np.array([(0, 1, 2), (0, 2, 3)], np.int32))]
        draws += [(m, g[0], g[1]) for m, g in zip(self._moved, self._grids, strict=True)]
        gpu.state.blend_set("ALPHA")
        for texture, (moved, at, triangles) in zip(self._textures, draws, strict=True):
            drawn = batch(moved, at, triangles)
            self._shader.bind()
            self._shader.uniform_sampler("image", texture)
            drawn.draw(self._shader)
        gpu.state.blend_set("NONE")


def _values(path: Path) -> bpy.types.Image:
    """The image as plain display values: what an overlay draws is not colour managed."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    image.alpha_mode = "CHANNEL_PACKED"
    return image
