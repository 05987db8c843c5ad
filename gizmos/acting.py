"""Blows and pulls as handles: how fast or far along the object's Z axis, and how far around it."""

from __future__ import annotations

import bpy
from mathutils import Vector

from ..backend.api.acting import Acting
from .handles import HandleGroup, pointing, tab_is_open

SECONDS = 0.1
"""An impulse's arrow is as long as its speed goes in this time."""
_ARROWS = {Acting.impulse.name: ("speed", SECONDS), Acting.pull.name: ("length", 1.0)}
"""The number that the arrow drags, and metres of arrow for each of its units."""


class SWAY_GGT_acting(HandleGroup, bpy.types.GizmoGroup):
    bl_idname = "SWAY_GGT_acting"
    bl_label = "Blows and Pulls"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        obj = context.active_object
        return obj is not None and obj.sway.acting.kind in _ARROWS and tab_is_open(context)

    def setup(self, _context: bpy.types.Context) -> None:
        self.along = self.arrow("blow", _along, _set_along)
        self.radius = self.arrow("reach", _radius, _set_radius)
        self.radius.draw_style = "BOX"

    def place(self, context: bpy.types.Context) -> None:
        matrix = context.active_object.matrix_world
        place, turned = matrix.translation, matrix.to_quaternion()
        self.along.matrix_basis = pointing(place, turned @ Vector((0, 0, 1)))
        self.radius.matrix_basis = pointing(place, turned @ Vector((1, 0, 0)))


def _acting() -> bpy.types.PropertyGroup:
    return bpy.context.active_object.sway.acting


def _along() -> float:
    name, unit = _ARROWS[_acting().kind]
    return getattr(_acting(), name) * unit


def _set_along(length: float) -> None:
    name, unit = _ARROWS[_acting().kind]
    setattr(_acting(), name, max(length, 0.0) / unit)


def _radius() -> float:
    return _acting().radius


def _set_radius(length: float) -> None:
    _acting().radius = length


CLASSES = (SWAY_GGT_acting,)
