"""Paint in the viewport which splats move, hold still or are background."""

from __future__ import annotations

import bpy
import gpu
import numpy as np
from gpu_extras.presets import draw_circle_2d

from ...scene import shown
from ...scene.painting import Painter, View
from ...translations import say
from ..viewport_region import over_picture, window_region
from ..worker_operator import SplatsOperator, active_splats, redraw
from .editing import note_parts
from .select_splats import PART_KINDS, part_number

_HINT = (
    "Drag: paint   Ctrl: hold still   F or wheel: radius   X: X-ray   1 to 9: moving part   0: holding   B: background"
    "   Ctrl Z: undo a stroke   Enter: done   Esc: put back"
)
_DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
_KEYS = {name: k for k, digit in enumerate(_DIGITS) for name in (digit, f"NUMPAD_{k}")}
_STEP = 1.2
"""Times that the brush grows with a notch of the wheel."""


class SWAY_OT_paint_parts(SplatsOperator, bpy.types.Operator):
    """Paint over the splats that move: they are tinted at once, and only they will sway"""

    bl_idname = "sway.paint_parts"
    bl_label = "Paint Parts"
    bl_options = {"UNDO"}

    kind: bpy.props.EnumProperty(
        name="Kind", description="For scripts: what is painted", items=PART_KINDS, options={"SKIP_SAVE"}
    )
    part: bpy.props.IntProperty(
        name="Part", description="For scripts: number of the moving part", default=1, min=1, options={"SKIP_SAVE"}
    )
    radius: bpy.props.FloatProperty(
        name="Radius", description="For scripts: of the brush, pixels", default=40, min=1, options={"SKIP_SAVE"}
    )
    x_ray: bpy.props.BoolProperty(
        name="X-Ray", description="For scripts: paint through what is in front", options={"SKIP_SAVE"}
    )
    start: bpy.props.FloatVectorProperty(
        name="Start", description="For scripts: where a stroke begins, pixels", size=2, options={"SKIP_SAVE"}
    )
    end: bpy.props.FloatVectorProperty(
        name="End", description="For scripts: where it ends, pixels", size=2, options={"SKIP_SAVE"}
    )
    view: bpy.props.FloatVectorProperty(
        name="View",
        description="For scripts: matrix from world to clip space, row by row",
        size=16,
        options={"SKIP_SAVE"},
    )
    screen: bpy.props.IntVectorProperty(
        name="Screen", description="For scripts: width and height, pixels", size=2, options={"SKIP_SAVE"}
    )

    def execute(self, context):
        """Scripts: one stroke."""
        try:
            obj = active_splats(context)
            if min(self.screen) < 1:
                raise ValueError("Paint Parts needs a 3D viewport, or from a script a view and the size of its screen.")
            painter = Painter(obj, View(_as_shown(context, obj)))
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        painter.view.look(np.array(self.view).reshape(4, 4), tuple(self.screen))
        part = part_number(self.kind, self.part)
        count = painter.paint(obj, np.array(self.start), np.array(self.end), self.radius, part, self.x_ray)
        note_parts(context.scene, obj)
        self.report({"INFO"}, say(f"{count:,} splats painted"))
        return {"FINISHED"}

    def invoke(self, context, event):
        if bpy.app.background or context.area is None or context.area.type != "VIEW_3D":
            return self.execute(context)
        try:
            obj = active_splats(context)
            if obj.mode != "OBJECT":
                bpy.ops.object.mode_set(mode="OBJECT")
            self._painter = Painter(obj, View(_as_shown(context, obj)))
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        self._uid, self._area = obj.session_uid, context.area
        self._region = window_region(context.area)
        self._mouse = self._place(event)
        self._painting, self._sized_from = False, None
        self._outline = bpy.types.SpaceView3D.draw_handler_add(self._draw_brush, (context,), "WINDOW", "POST_PIXEL")
        obj.sway.show_parts = True
        context.workspace.status_text_set(say(_HINT))
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        obj = next((o for o in bpy.data.objects if o.session_uid == self._uid), None)
        if obj is None:
            return self._end(context, {"CANCELLED"})
        settings = context.scene.sway.editing
        earlier, self._mouse = self._mouse, self._place(event)
        self._region.tag_redraw()
        if self._sized_from is not None:
            return self._resize(event, settings)
        pressed = event.value == "PRESS"
        if event.type == "LEFTMOUSE":
            if not self._painting and not over_picture(self._area, event):
                return {"PASS_THROUGH"}
            self._painting = pressed
            if pressed:
                self._painter.begin()
                self._stroke(obj, self._mouse, event, settings)
        elif event.type in ("MOUSEMOVE", "INBETWEEN_MOUSEMOVE"):
            if self._painting:
                self._stroke(obj, earlier, event, settings)
        elif not pressed or not over_picture(self._area, event):
            return {"PASS_THROUGH"}
        elif event.type == "ESC":
            self._painter.take_back(obj, whole=True)
            return self._end(context, {"CANCELLED"})
        elif event.type in ("RET", "NUMPAD_ENTER", "RIGHTMOUSE"):
            note_parts(context.scene, obj)
            return self._end(context, {"FINISHED"})
        elif event.type == "Z" and (event.ctrl or event.oskey):
            self._painter.take_back(obj)
        elif event.type == "F":
            self._sized_from = self._mouse[0], settings.radius
        elif event.type == "WHEELUPMOUSE":
            settings.radius = int(np.ceil(settings.radius * _STEP))
        elif event.type == "WHEELDOWNMOUSE":
            settings.radius = int(settings.radius / _STEP)
        elif event.type == "X":
            settings.x_ray = not settings.x_ray
        elif event.type == "B":
            settings.kind = "BACKGROUND"
        elif event.type in _KEYS:
            number = _KEYS[event.type]
            settings.kind = "MOVING" if number else "HOLDING"
            settings.part = number or settings.part
        else:
            return {"PASS_THROUGH"}
        redraw(context)
        return {"RUNNING_MODAL"}

    def cancel(self, context):
        self._end(context, {"CANCELLED"})

    def _stroke(self, obj, start, event, settings):
        self._painter.view.look(self._perspective(), (self._region.width, self._region.height))
        part = 0 if event.ctrl else part_number(settings.kind, settings.part)
        self._painter.paint(obj, start, self._mouse, settings.radius, part, settings.x_ray)

    def _resize(self, event, settings):
        x, radius = self._sized_from  # type: ignore
        if event.type == "MOUSEMOVE":
            settings.radius = max(int(radius + self._mouse[0] - x), 1)
        elif event.value == "PRESS" and event.type in ("ESC", "RIGHTMOUSE"):
            settings.radius, self._sized_from = radius, None
        elif event.value == "PRESS" and event.type in ("LEFTMOUSE", "RET", "F"):
            self._sized_from = None
        return {"RUNNING_MODAL"}

    def _perspective(self):
        return np.array(self._area.spaces.active.region_3d.perspective_matrix)

    def _place(self, event):
        return np.array([event.mouse_x - self._region.x, event.mouse_y - self._region.y], float)

    def _draw_brush(self, context):
        if context.area != self._area:
            return
        gpu.state.blend_set("ALPHA")
        draw_circle_2d(tuple(self._mouse), (1, 1, 1, 0.9), context.scene.sway.editing.radius, segments=64)
        gpu.state.blend_set("NONE")

    def _end(self, context, result):
        bpy.types.SpaceView3D.draw_handler_remove(self._outline, "WINDOW")
        context.workspace.status_text_set(None)
        self._region.tag_redraw()
        redraw(context)
        return result


def _as_shown(context, obj):
    """The splats where they are seen. Raises ValueError where a modifier hides some of them."""
    cloud = shown.shown_gaussians(context, obj)
    if len(cloud) != len(obj.data.points):
        raise ValueError(f"A modifier of {obj.name} adds or deletes splats; disable it to paint.")
    return cloud
