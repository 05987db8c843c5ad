"""Jobs in view: what runs, what waits, what came of it; on top of both tabs and in the status bar."""

from __future__ import annotations

import bpy

from ..jobs import notices, queue, writing
from ..operators import status_bars
from ..operators.worker_operator import describe
from ..translations import say
from ..translations.lines import lines_of
from .step_panel import draw_progress
from .width import ICON, room

STATUS_WIDTH = 18
"""Of the progress bar in the status bar, in units of the interface."""


class JobsPanel:
    """There only while there is something to tell."""

    bl_label = "Jobs"
    bl_region_type = "UI"
    bl_category = "Sway"
    bl_order = 0
    layout: bpy.types.UILayout

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return queue.running() is not None or bool(notices.unseen())

    def draw(self, _context: bpy.types.Context) -> None:
        running = queue.running()
        if running:
            column = self.layout.column(align=True)
            column.label(text=title(running), icon="SORTTIME", translate=False)
            draw_bar(column, running)
            draw_waiting(self.layout)
        for notice in notices.unseen():
            draw_notice(self.layout, notice)


class SWAY_PT_jobs(JobsPanel, bpy.types.Panel):
    bl_space_type = "VIEW_3D"


class SWAY_PT_picture_jobs(JobsPanel, bpy.types.Panel):
    bl_space_type = "IMAGE_EDITOR"


def title(job: queue.Job) -> str:
    """What a job does, and to what."""
    label = bpy.app.translations.pgettext_iface(job.label)
    return f"{label}: {job.subject_name}" if job.subject_name else label


def draw_bar(layout: bpy.types.UILayout, job: queue.Job) -> None:
    """How far the running job is, and a button that ends it."""
    row = layout.row(align=True)
    draw_progress(row, job, beside=ICON)
    row.operator("sway.cancel", text="", icon="X")


def draw_waiting(layout: bpy.types.UILayout) -> None:
    """The jobs behind the running one, in order."""
    waiting = queue.waiting()
    if not waiting:
        return
    column = layout.box().column(align=True)
    column.label(text="Waiting", icon="TIME")
    for number, job in enumerate(waiting, 1):
        row = column.row(align=True)
        row.label(text=f"{number}. {title(job)}", translate=False)
        up = row.row(align=True)
        up.enabled = queue.may_move_up(job)
        up.operator("sway.queue_move_up", text="", icon="TRIA_UP", emboss=False).job = job.id
        row.operator("sway.queue_remove", text="", icon="X", emboss=False).job = job.id


def draw_notice(layout: bpy.types.UILayout, notice: notices.Notice) -> None:
    """What came of a job, until it is seen."""
    box = layout.box().column(align=True)
    row = box.row(align=True)
    row.label(text=title(notice.job), icon="CHECKMARK" if notice.good else "ERROR", translate=False)
    row.operator("sway.seen", text="", icon="X", emboss=False).job = notice.job.id
    for line in lines_of(say(notice.text), room(icon=True)):
        box.label(text=line, translate=False)


def draw_status(self: bpy.types.Header, context: bpy.types.Context) -> None:
    """The running job, or what came of the last one, at the left of Blender's status bar."""
    status_bars.note(context)
    layout, running, frames = self.layout, queue.running(), writing.running()
    if running:
        row = layout.row(align=True)
        bar = row.row(align=True)
        bar.ui_units_x = STATUS_WIDTH
        text = f"{title(running)}: {say(describe(running))}"
        bar.progress(factor=running.fraction, text=text, translate=False)
        row.operator("sway.cancel", text="", icon="X")
        if count := len(queue.waiting()):
            layout.label(text=say(f"{count} waiting"), translate=False)
    elif frames:
        bar = layout.row(align=True)
        bar.ui_units_x = STATUS_WIDTH
        bar.progress(factor=frames.fraction, text=say(f"Writing frames, {frames.fraction:.0%}"))
        layout.operator("sway.pause_bake", text="", icon="PAUSE")
    elif notice := next(iter(notices.unseen()), None):
        row = layout.row(align=True)
        icon = "CHECKMARK" if notice.good else "ERROR"
        row.label(text=f"{title(notice.job)}: {say(notice.text)}", icon=icon, translate=False)
        row.operator("sway.seen", text="", icon="X", emboss=False).job = notice.job.id


def register() -> None:
    bpy.types.STATUSBAR_HT_header.prepend(draw_status)
    status_bars.register()


def unregister() -> None:
    status_bars.unregister()
    bpy.types.STATUSBAR_HT_header.remove(draw_status)


CLASSES = (SWAY_PT_jobs, SWAY_PT_picture_jobs)
