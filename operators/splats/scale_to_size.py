"""Give a capture its real size: pick two of its points and say how far apart they are."""

from __future__ import annotations

from typing import Any

import bpy
import gpu
import numpy as np
from bpy_extras.view3d_utils import location_3d_to_region_2d
from gpu_extras.batch import batch_for_shader
from mathutils import Matrix, Vector

from ...scene import shown
from ...scene.painting import View
from ...translations import say
from ..viewport_region import over_picture, window_region
from ..worker_operator import SplatsOperator, active_splats
from .editing import note_parts, refuse_while_busy

NEAR = 20
"""Pixels around a click within which a splat is picked."""
CLOSEST = 1e-6
"""Metres between two points that tell a size, at least."""


class SWAY_OT_scale_to_size(SplatsOperator, bpy.types.Operator):
    """Scale the splats to their real size by two clicks on them and the distance between: weight, stiffness and sway
    follow from metres"""

    bl_idname = "sway.scale_to_size"
    bl_label = "Scale to Real Size"
    bl_options = {"REGISTER", "UNDO"}
    _line: Any = None

    first: bpy.props.FloatVectorProperty(
        name="First", description="One point of the capture, in the scene", subtype="XYZ", options={"SKIP_SAVE"}
    )
    second: bpy.props.FloatVectorProperty(
        name="Second", description="Another, at a distance that is known", subtype="XYZ", options={"SKIP_SAVE"}
    )
    distance: bpy.props.FloatProperty(
        name="Real Distance",
        description="How far apart the two are in reality",
        default=1.0,
        min=0.0,
        soft_max=100.0,
        unit="LENGTH",
        precision=4,
        options={"SKIP_SAVE"},
    )

    def draw(self, _context):
        self.layout.label(text=say(f"They are {self._apart():.4g} m apart now"))
        self.layout.prop(self, "distance")

    def execute(self, context):
        try:
            obj = active_splats(context)
            refuse_while_busy()
            if self._apart() < CLOSEST:
                raise ValueError("The two points are at the same place; pick two that are apart.")
            if self.distance < CLOSEST:
                raise ValueError("The real distance is zero; type how far apart the two points are.")
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        factor = self.distance / self._apart()
        middle = Matrix.Translation(Vector(self.first))
        obj.matrix_world = middle @ Matrix.Scale(factor, 4) @ middle.inverted() @ obj.matrix_world
        context.view_layer.update()
        note_parts(context.scene, obj)
        self.report({"INFO"}, say(f"{obj.name} is {factor:.4g} times as large now"))
        return {"FINISHED"}

    def invoke(self, context, _event):
        if self.properties.is_property_set("first") and self.properties.is_property_set("second"):
            return context.window_manager.invoke_props_dialog(self, title="Scale to Real Size")
        if bpy.app.background or context.area is None or context.area.type != "VIEW_3D":
            return self.execute(context)
        try:
            self._view = View(shown.shown_gaussians(context, active_splats(context)))
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        self._area = context.area
        self._region = window_region(context.area)
        self._picked: list[Vector] = []
        self._mouse = (0, 0)
        self._line = bpy.types.SpaceView3D.draw_handler_add(self._draw_line, (context,), "WINDOW", "POST_PIXEL")
        context.workspace.status_text_set(say("Click two splats whose distance you know   Esc: cancel"))
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        self._mouse = event.mouse_x - self._region.x, event.mouse_y - self._region.y
        if event.type in ("ESC", "RIGHTMOUSE") and event.value == "PRESS":
            self._close(context)
            return {"CANCELLED"}
        if event.type == "MOUSEMOVE" and self._picked:
            self._region.tag_redraw()
        if event.type != "LEFTMOUSE" or event.value != "PRESS" or not over_picture(self._area, event):
            return {"PASS_THROUGH"}
        perspective = np.array(self._area.spaces.active.region_3d.perspective_matrix)
        projected = self._view.look(perspective, (self._region.width, self._region.height))
        splat = projected.picked(np.array(self._mouse, float), NEAR, self._view.seen())
        if splat is None:
            self.report({"WARNING"}, "There is no splat; click on one")
            return {"RUNNING_MODAL"}
        self._picked.append(Vector(self._view.cloud.positions[splat].tolist()))
        self._region.tag_redraw()
        if len(self._picked) < 2:
            return {"RUNNING_MODAL"}
        self._close(context)
        first, second = self._picked
        apart = (second - first).length
        bpy.ops.sway.scale_to_size("INVOKE_DEFAULT", first=first, second=second, distance=apart)
        return {"FINISHED"}

    def cancel(self, context):
        self._close(context)

    def _apart(self) -> float:
        return (Vector(self.second) - Vector(self.first)).length

    def _draw_line(self, context):
        if context.area != self._area or not self._picked:
            return
        places = [location_3d_to_region_2d(self._region, context.region_data, point) for point in self._picked]
        ends = [tuple(place) for place in places if place is not None]
        if len(self._picked) == 1:
            ends.append(self._mouse)
        if len(ends) < 2:
            return
        shader = gpu.shader.from_builtin("UNIFORM_COLOR")
        shader.uniform_float("color", (1, 1, 1, 1))
        batch_for_shader(shader, "LINES", {"pos": [(x, y, 0) for x, y in ends]}).draw(shader)

    def _close(self, context):
        if self._line is None:  # it was the dialog that was closed
            return
        bpy.types.SpaceView3D.draw_handler_remove(self._line, "WINDOW")
        self._line = None
        context.workspace.status_text_set(None)
        self._region.tag_redraw()
