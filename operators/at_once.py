"""From a fresh capture to a baked one at one press: every step that is not done yet."""

from __future__ import annotations

import bpy

from ..backend.api.materials import Preset
from ..jobs import queue
from ..properties import materials, steps
from .worker_operator import TICK, SplatsOperator, active_splats

MATERIAL = Preset.leaf
"""What is taken for granted where nothing was fitted or chosen: most captures that sway are plants."""


class SWAY_OT_make_it_sway(SplatsOperator, bpy.types.Operator):
    """Do what is not done yet: guess what moves, simulate it in the wind as a leaf unless there is a fit, and bake"""

    bl_idname = "sway.make_it_sway"
    bl_label = "Make It Sway"
    bl_options = {"UNDO"}

    _timer: bpy.types.Timer | None = None

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            if self._begin(context):
                bpy.ops.sway.simulate()
            bpy.ops.sway.bake()
        except RuntimeError as refusal:
            return self._refuse(refusal)
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        try:
            if not self._begin(context):
                return self._bake(context)
            obj = active_splats(context)
            self._object, self._before = obj.session_uid, obj.sway.simulate.made
            if bpy.ops.sway.simulate("INVOKE_DEFAULT") == {"CANCELLED"}:
                return {"CANCELLED"}
        except RuntimeError as refusal:
            return self._refuse(refusal)
        self._timer = context.window_manager.event_timer_add(TICK, window=context.window)
        context.window_manager.modal_handler_add(self)  # type: ignore[arg-type]
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        obj = next((o for o in bpy.data.objects if o.session_uid == self._object), None)
        if obj is not None and obj.sway.simulate.made != self._before:
            self.cancel(context)
            context.view_layer.objects.active = obj
            return self._bake(context)
        if obj is None or queue.pending("simulate", self._object) is None:  # Esc, or it failed and said why
            self.cancel(context)
            return {"CANCELLED"}
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """The simulation has ended, or Blender gives up the operator: the file or the window is being closed."""
        if self._timer:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None

    def _begin(self, context: bpy.types.Context) -> bool:
        """See to the parts and the material; whether there is something to simulate then."""
        obj = active_splats(context)
        if not obj.sway.parts.made:
            bpy.ops.sway.guess_parts()
        if materials.is_fitted(obj) and not obj.sway.fit.made:
            obj.sway.material.preset = MATERIAL.name
        return steps.state(context.scene, obj, "simulate") is not steps.State.done

    def _bake(self, context: bpy.types.Context) -> set[str]:
        try:
            bpy.ops.sway.bake()
        except RuntimeError as refusal:
            return self._refuse(refusal)
        if not context.screen.is_animation_playing:
            bpy.ops.screen.animation_play()
        return {"FINISHED"}

    def _refuse(self, refusal: RuntimeError) -> set[str]:
        self.report({"ERROR"}, str(refusal).removeprefix("Error: ").strip())
        return {"CANCELLED"}


CLASSES = (SWAY_OT_make_it_sway,)
