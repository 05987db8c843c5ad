"""The heat map's legend: the ramp with stiffness in words, in a corner of the viewport."""

from __future__ import annotations

import blf
import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from ...translations import say
from .. import splats
from . import heat_map

WIDTH, HEIGHT, MARGIN, STEPS = 220, 14, 24, 64
"""Of the ramp, pixels at a resolution scale of 1; colours along it."""
TEXT = 12
_handle = None


def register() -> None:
    """Starts drawing, where there is a window."""
    global _handle
    if not bpy.app.background:
        _handle = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")


def unregister() -> None:
    """Stops drawing."""
    global _handle
    if _handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")
    _handle = None


def in_words(log_young: float) -> str:
    """Young's modulus for a legend: "32 kPa" of 4.5."""
    value = 10**log_young
    for factor, unit in ((1e9, "GPa"), (1e6, "MPa"), (1e3, "kPa")):
        if value >= factor:
            return f"{value / factor:.2g} {unit}" if value < 99.5 * factor else f"{value / factor:.0f} {unit}"
    return f"{value:.0f} Pa"


def _draw() -> None:
    context = bpy.context
    obj = context.active_object
    if not splats.is_splats(obj) or not heat_map.is_shown(obj) or not context.space_data.overlay.show_overlays:
        return
    scale = context.preferences.system.ui_scale
    left, bottom, width, height = (round(scale * n) for n in (2.5 * MARGIN, 2 * MARGIN, WIDTH, HEIGHT))
    share = np.linspace(0, 1, STEPS)
    x = left + width * share
    corners = np.stack([np.repeat(x, 2), np.tile([bottom, bottom + height], STEPS)], 1).astype(np.float32)
    # The viewport shows what is drawn here as it is, in display colours.
    rgba = np.concatenate([np.repeat(heat_map.colours(share), 2, 0), np.ones((2 * STEPS, 1))], 1).astype(np.float32)
    shader = gpu.shader.from_builtin("SMOOTH_COLOR")
    batch_for_shader(shader, "TRI_STRIP", {"pos": corners, "color": rgba}).draw(shader)
    blf.size(0, TEXT * scale)
    blf.color(0, 1, 1, 1, 1)
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 3, 0, 0, 0, 0.9)
    soft, stiff = heat_map.limits(obj)
    for place, value in ((0, soft), (0.5, (soft + stiff) / 2), (1, stiff)):
        words = in_words(value)
        blf.position(0, left + width * place - blf.dimensions(0, words)[0] / 2, bottom - 1.3 * TEXT * scale, 0)
        blf.draw(0, words)
    blf.position(0, left, bottom + height + 0.5 * TEXT * scale, 0)
    blf.draw(0, say("Stiffness (Young's modulus)"))
    blf.disable(0, blf.SHADOW)
