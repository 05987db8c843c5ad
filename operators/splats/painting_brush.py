"""What brushes over splats in the viewport do alike: strokes, keys, the circle, undo of each stroke, scripts."""

from __future__ import annotations

from typing import ClassVar

import bpy
import gpu
import numpy as np
from gpu_extras.presets import draw_circle_2d

from ...scene import shown
from ...scene.painting import Painter, View
from ...translations import say
from ..viewport_region import over_picture, window_region
from ..worker_operator import SplatsOperator, active_splats, redraw

_KEYS_OF_ALL = "F or wheel: radius   X: X-ray   Ctrl Z: undo a stroke   Enter: done   Esc: put back"
_STEP = 1.2
"""Times that the brush grows with a notch of the wheel."""
_WIDE = 200
"""Pixels of mouse travel from no strength to all of it."""


class BrushOperator(SplatsOperator):
    """Mixin: what a brush paints is the subclass's; a script paints one stroke by its arguments."""

    bl_options = {"UNDO"}
    bl_label: str
    hint: ClassVar[str]

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

    def painter_of(self, obj: bpy.types.Object, view: View) -> Painter:
        """What keeps the values and the strokes."""
        raise NotImplementedError

    def by_script(self, obj: bpy.types.Object, painter: Painter, start: np.ndarray, end: np.ndarray) -> int:
        """Paints one stroke as the arguments say; returns how many splats changed."""
        raise NotImplementedError

    def dab(self, obj, painter: Painter, start, end, event, settings) -> None:
        """Paints from `start` to `end` (pixels) with the scene's settings and the keys held."""
        raise NotImplementedError

    def show(self, context: bpy.types.Context, obj: bpy.types.Object) -> None:
        """Shows what is painted, from now on."""

    def changed(self, context: bpy.types.Context, obj: bpy.types.Object) -> None:
        """Something was painted: shows it."""

    def hide(self, context: bpy.types.Context, obj: bpy.types.Object) -> None:
        """Shows what was shown before."""

    def note(self, context: bpy.types.Context, obj: bpy.types.Object) -> None:
        """Notes what was painted as done."""
        raise NotImplementedError

    def key(self, event: bpy.types.Event, settings: bpy.types.PropertyGroup) -> bool:
        """Whether a key that was pressed means something to this brush."""
        return False

    def execute(self, context):
        """Scripts: one stroke."""
        try:
            obj = active_splats(context)
            if min(self.screen) < 1:
                raise ValueError("Painting needs a 3D viewport, or from a script a view and the size of its screen.")
            painter = self.painter_of(obj, View(_as_shown(context, obj)))
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        painter.view.look(np.array(self.view).reshape(4, 4), tuple(self.screen))
        count = self.by_script(obj, painter, np.array(self.start), np.array(self.end))
        self.note(context, obj)
        self.report({"INFO"}, say(f"{count:,} splats painted"))
        return {"FINISHED"}

    def invoke(self, context, event):
        if bpy.app.background or context.area is None or context.area.type != "VIEW_3D":
            return self.execute(context)
        try:
            obj = active_splats(context)
            if obj.mode != "OBJECT":
                bpy.ops.object.mode_set(mode="OBJECT")
            self._painter = self.painter_of(obj, View(_as_shown(context, obj)))
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        self._uid, self._area = obj.session_uid, context.area
        self._region = window_region(context.area)
        self._mouse = self._place(event)
        self._painting, self._dialled = False, None
        self._outline = bpy.types.SpaceView3D.draw_handler_add(self._draw_brush, (context,), "WINDOW", "POST_PIXEL")
        self.show(context, obj)
        keys = f"{say(self.hint)}   {say(_KEYS_OF_ALL)}"
        context.workspace.status_text_set(keys)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        obj = next((o for o in bpy.data.objects if o.session_uid == self._uid), None)
        if obj is None:
            return self._end(context, {"CANCELLED"})
        settings = context.scene.sway.editing
        earlier, self._mouse = self._mouse, self._place(event)
        self._region.tag_redraw()
        if self._dialled is not None:
            return self._dial(event, settings)
        pressed = event.value == "PRESS"
        if event.type == "LEFTMOUSE":
            if not self._painting and not over_picture(self._area, event):
                return {"PASS_THROUGH"}
            self._painting = pressed
            if pressed:
                self._painter.begin()
                self._stroke(context, obj, self._mouse, event, settings)
        elif event.type in ("MOUSEMOVE", "INBETWEEN_MOUSEMOVE"):
            if self._painting:
                self._stroke(context, obj, earlier, event, settings)
        elif not pressed or not over_picture(self._area, event):
            return {"PASS_THROUGH"}
        elif event.type == "ESC":
            self._painter.take_back(obj, whole=True)
            self.hide(context, obj)
            return self._end(context, {"CANCELLED"})
        elif event.type in ("RET", "NUMPAD_ENTER", "RIGHTMOUSE"):
            self.note(context, obj)
            self.hide(context, obj)
            return self._end(context, {"FINISHED"})
        elif event.type == "Z" and (event.ctrl or event.oskey):
            step = self._painter.do_again if event.shift else self._painter.take_back
            if step(obj):
                self.changed(context, obj)
        elif event.type == "F":
            name = "strength" if event.shift and self.uses_strength else "radius"
            self._dialled = name, self._mouse[0], getattr(settings, name)
        elif event.type == "WHEELUPMOUSE":
            settings.radius = int(np.ceil(settings.radius * _STEP))
        elif event.type == "WHEELDOWNMOUSE":
            settings.radius = int(settings.radius / _STEP)
        elif event.type == "X":
            settings.x_ray = not settings.x_ray
        elif not self.key(event, settings):
            return {"PASS_THROUGH"}
        redraw(context)
        return {"RUNNING_MODAL"}

    uses_strength: ClassVar[bool] = False

    def cancel(self, context):
        self._end(context, {"CANCELLED"})

    def _stroke(self, context, obj, start, event, settings):
        self._painter.view.look(self._perspective(), (self._region.width, self._region.height))
        self.dab(obj, self._painter, start, self._mouse, event, settings)
        self.changed(context, obj)

    def _dial(self, event, settings):
        """The mouse sets the radius or the strength, sideways."""
        name, x, before = self._dialled  # type: ignore
        if event.type == "MOUSEMOVE":
            moved = self._mouse[0] - x
            value = max(int(before + moved), 1) if name == "radius" else float(np.clip(before + moved / _WIDE, 0, 1))
            setattr(settings, name, value)
        elif event.value == "PRESS" and event.type in ("ESC", "RIGHTMOUSE"):
            setattr(settings, name, before)
            self._dialled = None
        elif event.value == "PRESS" and event.type in ("LEFTMOUSE", "RET", "F"):
            self._dialled = None
        return {"RUNNING_MODAL"}

    def _perspective(self):
        return np.array(self._area.spaces.active.region_3d.perspective_matrix)

    def _place(self, event):
        return np.array([event.mouse_x - self._region.x, event.mouse_y - self._region.y], float)

    def _draw_brush(self, context):
        if context.area != self._area:
            return
        settings = context.scene.sway.editing
        gpu.state.blend_set("ALPHA")
        draw_circle_2d(tuple(self._mouse), (1, 1, 1, 0.9), settings.radius, segments=64)
        if self._dialled is not None and self._dialled[0] == "strength":
            draw_circle_2d(tuple(self._mouse), (1, 1, 1, 0.9), settings.radius * settings.strength, segments=64)
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
