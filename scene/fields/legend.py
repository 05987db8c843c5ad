"""The overlay's legend, in a corner of the viewport: the ramp with numbers in words, or what colours stand for."""

from __future__ import annotations

from collections.abc import Callable

import blf
import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from ...backend.units import pascals
from ...translations import say
from .. import splats
from . import heat_map, overlay

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


def _stiffness(log_young: float) -> str:
    """Young's modulus: "32 kPa" of 4.5."""
    return pascals(10**log_young, 2)


def _times(log_factor: float) -> str:
    """A painted factor: "× 0.1" of -1."""
    return f"× {10**log_factor:.2g}"


def _speed(value: float) -> str:
    """Metres or centimetres in a second."""
    return f"{value:.2g} m/s" if value >= 1 or value == 0 else f"{100 * value:.2g} cm/s"


def _percent(value: float) -> str:
    return f"{value:.2g} %"


_LEGENDS: dict[str, tuple[str, Callable[[float], str]]] = {
    overlay.STIFFNESS: ("Stiffness (Young's modulus)", _stiffness),
    overlay.PAINTED: ("Painted stiffness (times the material's)", _times),
    overlay.SPEED: ("Velocity", _speed),
    overlay.STRAIN: ("Strain (largest principal logarithmic strain)", _percent),
}
"""What the ramp shows, and how a number on it is told."""
_HELD = ((overlay.HELD_BY_PART, "Held by its part"), (overlay.HELD_BESIDE, "Held by paint, pin or plane"))
_HELD += ((overlay.FREED, "Painted free"),)


def _draw() -> None:
    context = bpy.context
    obj = context.active_object
    if not splats.is_splats(obj) or not context.space_data.overlay.show_overlays:
        return
    kind, scale = heat_map.kind(obj), context.preferences.system.ui_scale
    if not kind:
        return
    blf.size(0, TEXT * scale)
    blf.color(0, 1, 1, 1, 1)
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 3, 0, 0, 0, 0.9)
    if kind == overlay.HELD:
        _draw_held(scale)
    elif kind in _LEGENDS:
        _draw_ramp(scale, heat_map.limits(obj), *_LEGENDS[kind])
    blf.disable(0, blf.SHADOW)


def _draw_ramp(scale: float, ends: tuple[float, float], title: str, words: Callable[[float], str]) -> None:
    left, bottom, width, height = (round(scale * n) for n in (2.5 * MARGIN, 2 * MARGIN, WIDTH, HEIGHT))
    share = np.linspace(0, 1, STEPS)
    _fill_strip(left + width * share, bottom, height, heat_map.colours(share))
    for place in (0, 0.5, 1):
        text = words(ends[0] + place * (ends[1] - ends[0]))
        blf.position(0, left + width * place - blf.dimensions(0, text)[0] / 2, bottom - 1.3 * TEXT * scale, 0)
        blf.draw(0, text)
    blf.position(0, left, bottom + height + 0.5 * TEXT * scale, 0)
    blf.draw(0, say(title))


def _draw_held(scale: float) -> None:
    left, bottom, side = (round(scale * n) for n in (2.5 * MARGIN, 1.2 * MARGIN, HEIGHT))
    for row, (place, title) in enumerate(reversed(_HELD)):
        low = bottom + row * 1.5 * side
        _fill_strip(np.array([left, left + side]), low, side, heat_map.colours(np.array([place, place])))
        blf.position(0, left + 1.5 * side, low + 0.15 * side, 0)
        blf.draw(0, say(title))


def _fill_strip(x: np.ndarray, bottom: float, height: float, colours: np.ndarray) -> None:
    """A strip through x [S], pixels, with colours [S, 3] there."""
    corners = np.stack([np.repeat(x, 2), np.tile([bottom, bottom + height], len(x))], 1).astype(np.float32)
    # The viewport shows what is drawn here as it is, in display colours.
    rgba = np.concatenate([np.repeat(colours, 2, 0), np.ones((2 * len(x), 1))], 1).astype(np.float32)
    shader = gpu.shader.from_builtin("SMOOTH_COLOR")
    batch_for_shader(shader, "TRI_STRIP", {"pos": corners, "color": rgba}).draw(shader)
