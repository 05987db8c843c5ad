"""The built-in wind and the floor as handles: an arrow as long as the wind is strong, a ring that turns it."""

from __future__ import annotations

from math import cos, sin

import bpy
from mathutils import Matrix, Vector

from ..backend.api.simulate import Wind
from ..scene.splats import is_splats
from .handles import HandleGroup, pointing, tab_is_open

_BLOWS = {wind.name for wind in (Wind.gust, Wind.steady, Wind.impulse)}
ARROW = 0.25
"""Length of the arrow at a strength of 1, of the object's size."""


class SWAY_GGT_wind(HandleGroup, bpy.types.GizmoGroup):
    bl_idname = "SWAY_GGT_wind"
    bl_label = "Wind"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_splats(context.active_object) and tab_is_open(context) and _blows(context.scene)

    def setup(self, _context: bpy.types.Context) -> None:
        self.strength = self.arrow("wind", _strength, _set_strength)
        self.direction = self.ring("wind", _direction, _set_direction)

    def place(self, context: bpy.types.Context) -> None:
        top, size = _top(context.active_object)
        angle = _settings().direction
        self.strength.matrix_basis = pointing(top, Vector((cos(angle), sin(angle), 0.0)))
        self.direction.matrix_basis = Matrix.Translation(top)
        self.direction.scale_basis = 0.4


class SWAY_GGT_floor(HandleGroup, bpy.types.GizmoGroup):
    bl_idname = "SWAY_GGT_floor"
    bl_label = "Floor"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_splats(context.active_object) and tab_is_open(context) and context.scene.sway.simulate.floor

    def setup(self, _context: bpy.types.Context) -> None:
        self.height = self.arrow("floor", lambda: _settings().floor_height, _set_floor)
        self.height.draw_style = "BOX"

    def place(self, context: bpy.types.Context) -> None:
        place = context.active_object.matrix_world.translation
        self.height.matrix_basis = Matrix.Translation((place.x, place.y, 0.0))


def _settings() -> bpy.types.PropertyGroup:
    return bpy.context.scene.sway.simulate


def _blows(scene: bpy.types.Scene) -> bool:
    return scene.sway.simulate.wind in _BLOWS


def _top(obj: bpy.types.Object) -> tuple[Vector, float]:
    """The middle of the top of an object's box, and the box's longest side, metres."""
    corners = [obj.matrix_world @ Vector(corner) for corner in obj.bound_box]
    low = Vector(map(min, zip(*corners, strict=True)))
    high = Vector(map(max, zip(*corners, strict=True)))
    return Vector(((low.x + high.x) / 2, (low.y + high.y) / 2, high.z)), max(high - low) or 1.0


def _unit() -> float:
    """Length of the arrow at a strength of 1, metres."""
    return ARROW * _top(bpy.context.active_object)[1]


def _strength() -> float:
    return _settings().strength * _unit()


def _set_strength(length: float) -> None:
    _settings().strength = length / _unit()


def _direction() -> float:
    return _settings().direction


def _set_direction(angle: float) -> None:
    _settings().direction = angle


def _set_floor(height: float) -> None:
    _settings().floor_height = height


CLASSES = (SWAY_GGT_wind, SWAY_GGT_floor)
