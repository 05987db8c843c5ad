"""Pins, holding planes and blades as handles: drag a pin or plane where it holds, and see what it holds at once."""

from __future__ import annotations

import bpy
from mathutils import Matrix, Vector

from ..backend.api.acting import Acting
from .handles import HandleGroup, pointing, tab_is_open

_AXES = ((Vector((1, 0, 0)), "blow"), (Vector((0, 1, 0)), "reach"))
"""The plane's own axes that it can be tilted around, with the colour of the ring."""


class SWAY_GGT_pin(HandleGroup, bpy.types.GizmoGroup):
    bl_idname = "SWAY_GGT_pin"
    bl_label = "Pin"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _is(context.active_object, Acting.pin) and tab_is_open(context)

    def setup(self, _context: bpy.types.Context) -> None:
        self.centre = self._handle("GIZMO_GT_move_3d", "blow", _place, _set_place)
        self.centre.draw_options = {"FILL", "ALIGN_VIEW"}
        self.centre.scale_basis = 0.15
        self.radius = self.arrow("reach", lambda: _active().sway.acting.radius, _set_radius)
        self.radius.draw_style, self.radius.length = "BOX", 0.3

    def place(self, context: bpy.types.Context) -> None:
        self.radius.matrix_basis = pointing(context.active_object.matrix_world.translation, Vector((0, 0, 1)))


class SWAY_GGT_holding_plane(HandleGroup, bpy.types.GizmoGroup):
    bl_idname = "SWAY_GGT_holding_plane"
    bl_label = "Holding Plane"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _is(context.active_object, Acting.plane, Acting.blade) and tab_is_open(context)

    def setup(self, _context: bpy.types.Context) -> None:
        self.height = self.arrow("floor", _height, _set_height)
        self.height.draw_options = set()  # no stem: it would begin where height is counted from
        self.tilts, self.tilted = [], [0.0, 0.0]
        for index, (_axis, colour) in enumerate(_AXES):
            self.tilts.append(self.ring(colour, *self._tilt(index)))

    def place(self, context: bpy.types.Context) -> None:
        matrix = context.active_object.matrix_world
        place, turned = matrix.translation, matrix.to_quaternion()
        normal = turned @ Vector((0, 0, 1))
        self.height.matrix_basis = pointing(place - normal * place.dot(normal), normal)
        for ring, (axis, _colour) in zip(self.tilts, _AXES, strict=True):
            ring.matrix_basis = pointing(place, turned @ axis)
            ring.scale_basis = 0.5

    def _tilt(self, index: int):
        def turn(angle: float) -> None:
            obj, by = _active(), angle - self.tilted[index]
            self.tilted[index] = angle
            obj.matrix_world = obj.matrix_world @ Matrix.Rotation(by, 4, _AXES[index][0])

        return (lambda: self.tilted[index]), turn


def _is(obj: bpy.types.Object | None, *kinds: Acting) -> bool:
    return obj is not None and obj.sway.acting.kind in {kind.name for kind in kinds}


def _active() -> bpy.types.Object:
    return bpy.context.active_object


def _place() -> Vector:
    return _active().matrix_world.translation


def _set_place(place: tuple[float, float, float]) -> None:
    matrix = _active().matrix_world.copy()
    matrix.translation = place
    _active().matrix_world = matrix


def _set_radius(length: float) -> None:
    obj = _active()
    obj.sway.acting.radius = length
    obj.empty_display_size = obj.sway.acting.radius


def _height() -> float:
    """How far the plane is from the world's origin, along its normal, metres."""
    matrix = _active().matrix_world
    return matrix.translation.dot(matrix.to_quaternion() @ Vector((0, 0, 1)))


def _set_height(height: float) -> None:
    matrix = _active().matrix_world.copy()
    matrix.translation += (height - _height()) * (matrix.to_quaternion() @ Vector((0, 0, 1)))
    _active().matrix_world = matrix


CLASSES = (SWAY_GGT_pin, SWAY_GGT_holding_plane)
