"""Poke and drag a picture, in the image editor or on its planes in the viewport."""

from __future__ import annotations

import time
from pathlib import Path

import bpy
import numpy as np
from bpy_extras import view3d_utils
from mathutils import Vector

from ...backend.api.picture import Outcome
from ...scene import films
from ...scene.pictures import picture_hand, picture_layers, picture_overlay, picture_plane
from ...translations import say
from ..worker_operator import WorkerOperator
from .picture_operator import AnimateOperator, begin_animation, required_image

POKE = 0.04
"""Of the picture's height: the swing after a click."""
STILL = 3
"""Pixels of the screen: a mouse that moved less has clicked."""
HELP = "Drag: pull   Click: poke   R: record   Enter or Esc: end"


class Playing:
    """Mixin of modal operators that let a hand play: mouse, clock, recording. `hand` and `place` are theirs."""

    hand: picture_hand.Hand
    recording = False
    _timer: bpy.types.Timer | None = None
    _clock = _frame_clock = 0.0
    _pressed: tuple[int, int] | None = None

    def place(self, context: bpy.types.Context, event: bpy.types.Event) -> tuple[float, float] | None:
        """The picture's pixel under the mouse, None beside it."""
        raise NotImplementedError

    def show(self, context: bpy.types.Context) -> None:
        """Show the hand's state."""
        raise NotImplementedError

    def start(self, context: bpy.types.Context) -> None:
        self._clock = self._frame_clock = time.monotonic()
        self._timer = context.window_manager.event_timer_add(1 / 60, window=context.window)
        self._say(context)

    def play(self, context: bpy.types.Context, event: bpy.types.Event) -> bool:
        """Handle an event; False when the hand is to stop."""
        if event.type in ("ESC", "RET", "NUMPAD_ENTER") and event.value == "PRESS":
            return False
        if event.type == "R" and event.value == "PRESS":
            self.recording = not self.recording
            if self.recording:
                self.hand.performance.clear()
                self._frame_clock = time.monotonic()
            self._say(context)
        elif event.type == "LEFTMOUSE" and event.value == "PRESS":
            at = self.place(context, event)
            if at is not None and self.hand.grab(*at):
                self._pressed = event.mouse_x, event.mouse_y
        elif event.type == "MOUSEMOVE" and self._pressed is not None:
            if (at := self.place(context, event)) is not None:
                self.hand.drag(*at)
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE" and self._pressed is not None:
            moved = np.hypot(event.mouse_x - self._pressed[0], event.mouse_y - self._pressed[1])
            self.hand.release()
            if moved < STILL and (at := self.place(context, event)) is not None:
                swing = POKE * self.hand.motions[0].size[1] * (-1 if event.shift else 1)
                self.hand.poke(*at, swing, 0.0)
            self._pressed = None
        elif event.type == "TIMER":
            now = time.monotonic()
            self.hand.step(now - self._clock)
            self._clock = now
            frame = 1 / (context.scene.render.fps / context.scene.render.fps_base)
            while self.recording and now - self._frame_clock >= frame:
                self.hand.note()
                self._frame_clock += frame
            self.show(context)
        return True

    def stop(self, context: bpy.types.Context) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        context.workspace.status_text_set(None)

    def _say(self, context: bpy.types.Context) -> None:
        context.workspace.status_text_set(say(f"{HELP}   Recording, R stops" if self.recording else HELP))


class SWAY_OT_poke_picture(Playing, AnimateOperator, bpy.types.Operator):
    """Poke and drag the picture's layers in the image editor; they ring down, and R records onto the planes"""

    bl_idname = "sway.poke_picture"
    bl_label = "Poke and Drag"
    bl_options = {"UNDO"}
    OUTCOME = Outcome.planes
    WAITS = False

    image: bpy.props.StringProperty(
        name="Image", description="Name of the picture; empty takes the image editor's", options={"SKIP_SAVE"}
    )

    _overlay: picture_overlay.Overlay | None = None

    def begin(self, context):
        image = required_image(context, self.image)
        self._image = image.session_uid
        return begin_animation(context, image, self.OUTCOME, self.bl_label)

    def take_in(self, context, image):
        layers = picture_layers.load_planes(self.job.outputs)
        self.hand = picture_hand.hand_for(layers)
        if context.space_data is None or context.space_data.type != "IMAGE_EDITOR" or bpy.app.background:
            return "The picture is ready to be poked; call this from an image editor"
        self._overlay = picture_overlay.Overlay(Path(self.job.outputs["plate"]), layers)
        films.show(context, image)
        context.space_data.show_annotation = False
        self.start(context)
        return HELP

    def modal(self, context, event):
        if self._overlay is None:
            done = WorkerOperator.modal(self, context, event)
            return {"RUNNING_MODAL"} if self._overlay is not None else done
        inside = context.region is not None and event.type in ("MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE")
        if inside:
            return {"PASS_THROUGH"}
        if self.play(context, event):
            return {"RUNNING_MODAL"}
        self.stop(context)
        self._overlay.remove()
        self._overlay = None
        context.space_data.show_annotation = True
        context.area.tag_redraw()
        return self._recorded(context)

    def place(self, context, event):
        region = next(r for r in context.area.regions if r.type == "WINDOW")
        u, v = region.view2d.region_to_view(event.mouse_x - region.x, event.mouse_y - region.y)
        width, height = self.hand.motions[0].size
        return u * width, (1 - v) * height

    def show(self, context):
        self._overlay.update(self.hand.coordinates())
        context.area.tag_redraw()

    def _recorded(self, context):
        if not self.hand.performance:
            return {"FINISHED"}
        image = next((i for i in bpy.data.images if i.session_uid == self._image), None)
        parent = None if image is None else bpy.data.objects.get(Path(image.name).stem)
        try:
            if parent is None:
                raise ValueError("There are no planes to record on; press Make Planes first.")
            layers = picture_plane.layers_of(parent)
            frames = picture_hand.write_performance(self.hand, layers, context.scene.frame_start)
        except ValueError as error:
            self.report({"WARNING"}, say(str(error)))
            return {"CANCELLED"}
        self.report({"INFO"}, say(f"{frames} frames recorded on {parent.name}"))
        return {"FINISHED"}


class SWAY_OT_poke_planes(Playing, bpy.types.Operator):
    """Poke and drag the layers of a picture's planes in the viewport; R records keyframes"""

    bl_idname = "sway.poke_planes"
    bl_label = "Poke and Drag"
    bl_options = {"UNDO"}

    _parent = ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if picture_plane.parent_of(context.active_object) is not None:
            return True
        cls.poll_message_set("Select a picture's planes first")
        return False

    def invoke(self, context, _event):
        parent = picture_plane.parent_of(context.active_object)
        try:
            if parent is None:
                raise ValueError("Select a picture's planes first.")
            self._parent = parent.name
            self.hand = picture_hand.hand_for(picture_layers.load_folder(parent[picture_plane.FOLDER]))
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        self.start(context)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        if event.type in ("MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE"):
            return {"PASS_THROUGH"}
        if self.play(context, event):
            return {"RUNNING_MODAL"}
        self.stop(context)
        if self.hand.performance:
            layers = picture_plane.layers_of(bpy.data.objects[self._parent])
            frames = picture_hand.write_performance(self.hand, layers, context.scene.frame_start)
            self.report({"INFO"}, say(f"{frames} frames recorded on {self._parent}"))
        return {"FINISHED"}

    def place(self, context, event):
        region = next(r for r in context.area.regions if r.type == "WINDOW")
        at = event.mouse_x - region.x, event.mouse_y - region.y
        view = context.space_data.region_3d
        origin = view3d_utils.region_2d_to_origin_3d(region, view, at)
        direction = view3d_utils.region_2d_to_vector_3d(region, view, at)
        inverse = bpy.data.objects[self._parent].matrix_world.inverted()
        start, along = inverse @ origin, inverse.to_3x3() @ direction
        if abs(along.z) < 1e-6:
            return None
        hit: Vector = start - along * (start.z / along.z)
        return picture_plane.pixel_at(bpy.data.objects[self._parent], hit)

    def show(self, context):
        picture_hand.show_on_planes(self.hand, picture_plane.layers_of(bpy.data.objects[self._parent]))


CLASSES = (SWAY_OT_poke_picture, SWAY_OT_poke_planes)
