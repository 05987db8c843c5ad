"""What the panels of the "Sway" tab have in common: where they live, and a step's settings, button and state."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import bpy

from ..jobs import notices, queue
from ..operators.worker_operator import describe
from ..properties import steps
from ..scene.splats import is_splats
from ..translations import say
from ..translations.lines import lines_of, measured
from .params import draw_params
from .pictures import draw_picture
from .width import room

_ICON = {steps.State.todo: "RADIOBUT_OFF", steps.State.done: "CHECKMARK", steps.State.outdated: "ERROR"}
OVER = 8
"""Pixels at the usual scale that a bar's text has more than a label's, which begins and ends further in."""
_TITLES: dict[str, str] = {}
"""Of each step's panel."""


def draw_lines(layout: bpy.types.UILayout, sentence: str) -> None:
    """A sentence in Blender's language, over as many lines as the sidebar needs as wide as it is."""
    column = layout.column(align=True)
    for line in lines_of(say(sentence), room(), indent="    "):
        column.label(text=line, translate=False)


def draw_note(layout: bpy.types.UILayout, sentence: str, icon: str) -> None:
    """The same beside an icon."""
    column = layout.column(align=True)
    for number, line in enumerate(lines_of(say(sentence), room(icon=True))):
        column.label(text=line, icon="BLANK1" if number else icon, translate=False)  # type: ignore[arg-type]


def draw_progress(layout: bpy.types.UILayout, job: queue.Job, beside: int = 0) -> None:
    """How far a job is, in as many words as there is room for beside so many pixels of buttons."""
    percent, most = f"{job.fraction:.0%}", room() + OVER - beside
    texts = [say(describe(job)), say(f"{job.stage}, {percent}"), percent]
    text = next((text for text in texts if measured(text) <= most), percent)
    layout.progress(factor=job.fraction, text=text, translate=False)


def draw_running(layout: bpy.types.UILayout, job: queue.Job) -> None:
    """The same, what it shows so far, and a button that ends it."""
    draw_progress(layout, job)
    draw_picture(layout, job.preview)
    layout.operator("sway.cancel", icon="X")


class SidebarPanel:
    """Where every panel of the tab lives."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Sway"
    layout: bpy.types.UILayout
    bl_label: str


class StepPanel(SidebarPanel):
    """A step of the work: greyed out until the one before has run."""

    step: ClassVar[str]
    operator: ClassVar[str]
    icon: ClassVar[str]
    may_wait: ClassVar[bool] = True
    """Whether it can be asked for while the step before it is still in the queue."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _TITLES[cls.step] = cls.bl_label

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_splats(context.active_object)

    def draw_header(self, context: bpy.types.Context) -> None:
        job = queue.pending(self.step, context.active_object.session_uid)
        if job:
            self.layout.label(icon="SORTTIME")
            return
        if notice := notices.about(self.step, context.active_object.session_uid):
            icon = "CHECKMARK" if notice.good else "ERROR"
            self.layout.operator("sway.seen", text="New" if notice.good else "Failed", icon=icon).job = notice.job.id
            return
        self.layout.label(icon=_ICON[steps.state(context.scene, context.active_object, self.step)])

    def draw(self, context: bpy.types.Context) -> None:
        obj = context.active_object
        layout = self.layout
        ready = self.ready(obj)
        column = layout.column()
        column.enabled = ready
        self.draw_settings(context, column)
        self.draw_button(context, column)
        if not ready:
            draw_note(layout, self.waits_for(obj), "INFO")
        self.draw_state(context, obj, layout)

    def ready(self, obj: bpy.types.Object) -> bool:
        before = steps.needed(obj, self.step)
        if not before or getattr(obj.sway, before).made:
            return True
        return self.may_wait and queue.pending(before, obj.session_uid) is not None

    def waits_for(self, obj: bpy.types.Object) -> str:
        return f"First: {_TITLES[steps.needed(obj, self.step)]}"

    def draw_settings(self, context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
        cls = steps.PARAMS[self.step]
        if cls:
            draw_params(layout, getattr(context.scene.sway, self.step), cls, hide=self.hidden(context))

    def hidden(self, context: bpy.types.Context) -> tuple[str, ...]:
        return ()

    def draw_button(self, context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
        job = queue.pending(self.step, context.active_object.session_uid)
        if job in queue.waiting():
            row = layout.row(align=True)
            row.label(text=say(f"Waiting, number {queue.waiting().index(job) + 1}"), icon="SORTTIME")
            row.operator("sway.queue_remove", text="", icon="X").job = job.id
            return
        if job:
            draw_running(layout, job)
            return
        row = layout.row()
        row.scale_y = 1.4
        row.operator(self.operator, icon=self.icon)

    def draw_state(self, context: bpy.types.Context, obj: bpy.types.Object, layout: bpy.types.UILayout) -> None:
        found = steps.summary(obj, self.step)
        if not getattr(obj.sway, self.step).made:
            return
        if steps.state(context.scene, obj, self.step) is steps.State.outdated:
            draw_note(layout, "Outdated: something before it changed", "ERROR")
        for sentence in self.lines(found):
            draw_lines(layout, sentence)
        file = getattr(obj.sway, self.step).file
        if file:
            draw_picture(layout, str(Path(file).with_name("preview.png")))

    def lines(self, found: dict) -> list[str]:
        return []


class AdvancedPanel(SidebarPanel):
    """The folded settings of a step."""

    bl_label = "Advanced"
    bl_options = {"DEFAULT_CLOSED"}
    step: ClassVar[str]

    def draw(self, context: bpy.types.Context) -> None:
        cls = steps.PARAMS[self.step]
        assert cls is not None
        draw_params(self.layout, getattr(context.scene.sway, self.step), cls, advanced=True, hide=self.hidden(context))

    def hidden(self, _context: bpy.types.Context) -> tuple[str, ...]:
        return ()
