"""What handles have in common: when they show, their colours, and arrows and rings that drag a number."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import bpy
from mathutils import Matrix, Vector

COLOURS = {"wind": (0.35, 0.7, 1.0), "blow": (1.0, 0.55, 0.2), "reach": (1.0, 0.85, 0.4), "floor": (0.5, 0.85, 0.5)}
HIGHLIGHT = (1.0, 1.0, 1.0)


class HandleGroup:
    """A gizmo group of this add-on: shown while the Sway tab is open, so that it is in nobody's way otherwise."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "WINDOW"
    bl_options = {"3D", "PERSISTENT", "SHOW_MODAL_ALL"}
    gizmos: bpy.types.bpy_prop_collection
    bl_label: str
    dragged = False

    def draw_prepare(self, context: bpy.types.Context) -> None:
        self.place(context)
        dragged = any(handle.is_modal for handle in self.gizmos)
        if self.dragged and not dragged:
            bpy.app.timers.register(partial(_push_undo, self.bl_label), first_interval=0)
        self.dragged = dragged

    def place(self, context: bpy.types.Context) -> None:
        """Put the handles where they act."""
        raise NotImplementedError

    def arrow(self, colour: str, get: Callable[[], float], put: Callable[[float], None]) -> bpy.types.Gizmo:
        """An arrow of a length in metres that is read from and given back as a number."""
        return self._handle("GIZMO_GT_arrow_3d", colour, get, put)

    def ring(self, colour: str, get: Callable[[], float], put: Callable[[float], None]) -> bpy.types.Gizmo:
        """A ring whose angle in radians is read from and given back as a number."""
        handle = self._handle("GIZMO_GT_dial_3d", colour, get, put)
        handle.wrap_angle = True
        handle.use_draw_value = True
        return handle

    def _handle(self, kind: str, colour: str, get: Callable, put: Callable) -> bpy.types.Gizmo:
        handle = self.gizmos.new(kind)
        handle.target_set_handler("offset", get=get, set=put)
        handle.color, handle.alpha = COLOURS[colour], 0.8
        handle.color_highlight, handle.alpha_highlight = HIGHLIGHT, 1.0
        handle.use_draw_modal = True
        return handle


def tab_is_open(context: bpy.types.Context) -> bool:
    """Whether the sidebar of the viewport shows the Sway tab."""
    area = context.area
    if area is None or not context.space_data.show_region_ui:
        return False
    return any(r.type == "UI" and r.active_panel_category == "Sway" for r in area.regions)


def pointing(at: Vector, along: Vector) -> Matrix:
    """World matrix of a handle at a place, its Z along a direction."""
    return Matrix.Translation(at) @ along.to_track_quat("Z", "Y").to_matrix().to_4x4()


def _push_undo(message: str) -> None:
    """Blender makes no undo step of what handles drag; and it forbids one while it draws."""
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.ed.undo_push(message=message)
