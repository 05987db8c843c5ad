"""Bake in the sidebar."""

from __future__ import annotations

import bpy

from ..jobs import queue, writing
from ..operators.bake import describe, kept
from ..properties import steps
from ..scene.bakes import bake
from ..translations import say
from .step_panel import StepPanel


class SWAY_PT_bake(StepPanel, bpy.types.Panel):
    bl_label = "Bake"
    step, operator, icon = "bake", "sway.bake", "RENDER_ANIMATION"
    may_wait = False

    def draw_button(self, context, layout):
        running, found = writing.running(), steps.summary(context.active_object, "bake")
        if running:
            layout.progress(factor=running.fraction, text=say(f"Writing frames, {running.fraction:.0%}"))
            layout.operator("sway.pause_bake", icon="PAUSE")
            return
        row = layout.row(align=True)
        row.scale_y = 1.4
        row.enabled = queue.pending("simulate", context.active_object.session_uid) is None
        row.operator(self.operator, icon=self.icon, text="Resume" if "frames_done" in found else "Bake")
        if context.active_object.sway.bake.made:
            row.operator("sway.free_bake", icon="TRASH")
            dials = layout.column()
            dials.use_property_split = True
            bake.draw_dials(dials, context.active_object)
        layout.operator("sway.render_film", icon="RENDER_ANIMATION")

    def hidden(self, context):
        target = context.scene.sway.bake.target
        settings = {"loop_frames": "loop", "bones": "bones", "tolerance": "bones"}
        return tuple(name for name, only in settings.items() if target != only)

    def lines(self, found):
        return [line for line in (describe(found), kept(found), "Plays without the add-on") if line]


CLASSES = (SWAY_PT_bake,)
