"""What is found of a layer, shown over the picture in the image editor: its mask as a tint, and lines from scripts."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from .picture_layers import COLOURS

STRENGTH = 0.3
"""Of the tint where the mask is full."""
WIDTH = 3.0
"""Of lines, pixels."""
_handler: Any = None


def register() -> None:
    """Show masks from now on."""
    global _handler
    _handler = bpy.types.SpaceImageEditor.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")


def unregister() -> None:
    """Stop showing them."""
    global _handler
    bpy.types.SpaceImageEditor.draw_handler_remove(_handler, "WINDOW")
    _handler = None


def _draw() -> None:
    image = bpy.context.space_data.image
    if image is None or not image.sway.show_mask or not image.sway.layers:
        return
    layer = image.sway.layers[min(image.sway.active_layer, len(image.sway.layers) - 1)]
    view = bpy.context.region.view2d
    corner = np.array(view.view_to_region(0, 0, clip=False), float)
    across = np.array(view.view_to_region(1, 1, clip=False), float) - corner
    gpu.state.blend_set("ALPHA")
    if layer.mask is not None and layer.mask.size[0]:
        _draw_mask(layer, corner, across)
    for line in json.loads(layer.lines or "[]"):
        _draw_line(corner + np.array(line, float) * across, COLOURS[layer.kind])
    gpu.state.blend_set("NONE")


def _draw_mask(layer: Any, corner: np.ndarray, across: np.ndarray) -> None:
    unit = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    content = {"pos": np.float32(corner + unit * across), "texCoord": unit}
    shader = _tint()
    batch = batch_for_shader(shader, "TRIS", content, indices=((0, 1, 2), (0, 2, 3)))
    shader.bind()
    shader.uniform_sampler("mask", gpu.texture.from_image(layer.mask))
    shader.uniform_float("tint", (*COLOURS[layer.kind], STRENGTH))
    batch.draw(shader)


def _draw_line(places: np.ndarray, colour: tuple[float, float, float]) -> None:
    """Region pixels [n, 2]."""
    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    batch = batch_for_shader(shader, "LINE_STRIP", {"pos": np.column_stack([places, 0 * places[:, 0]]).tolist()})
    shader.bind()
    region = bpy.context.region
    shader.uniform_float("viewportSize", (region.width, region.height))
    shader.uniform_float("lineWidth", WIDTH)
    shader.uniform_float("color", (*colour, 1.0))
    batch.draw(shader)


@cache
def _tint() -> gpu.types.GPUShader:
    """Paints one colour where a mask texture is bright."""
    passed = gpu.types.GPUStageInterfaceInfo("sway_mask")
    passed.smooth("VEC2", "uv")
    info = gpu.types.GPUShaderCreateInfo()
    info.push_constant("MAT4", "ModelViewProjectionMatrix")
    info.push_constant("VEC4", "tint")
    info.sampler(0, "FLOAT_2D", "mask")
    info.vertex_in(0, "VEC2", "pos")
    info.vertex_in(1, "VEC2", "texCoord")
    info.vertex_out(passed)
    info.fragment_out(0, "VEC4", "colour")
    info.vertex_source("void main() { uv = texCoord; gl_Position = ModelViewProjectionMatrix * vec4(pos, 0.0, 1.0); }")
    info.fragment_source("void main() { colour = vec4(tint.rgb, tint.a * texture(mask, uv).r); }")
    return gpu.shader.create_from_info(info)
