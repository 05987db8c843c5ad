"""Look after the worker: check it, cancel its job, read its log."""

from __future__ import annotations

import bpy

from .. import preferences
from ..backend.api.check import CheckParams
from ..backend.api.wire import to_jsonable
from ..jobs import notices, queue
from ..translations import say
from .worker_operator import WorkerOperator, show_progress, submit


class SWAY_OT_check_backend(WorkerOperator, bpy.types.Operator):
    """Start the compute backend, load its packages and compute for a moment"""

    bl_idname = "sway.check_backend"
    bl_label = "Check Backend"

    def begin(self, _context):
        job = queue.Job("check", self.bl_label, preferences.cache_folder() / "check")
        submit(job, to_jsonable(CheckParams()), {})
        return job

    def apply(self, _context):
        versions = ", ".join(f"{name} {version}" for name, version in self.job.results["versions"].items())
        return f"The backend works: {versions}; {self.job.results['cores']} cores"


class SWAY_OT_cancel(bpy.types.Operator):
    """Stop the running job; what was finished before stays, and the jobs behind it go on"""

    bl_idname = "sway.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return queue.running() is not None

    def execute(self, _context: bpy.types.Context) -> set[str]:
        job = queue.running()
        if job:
            queue.cancel(job)
        return {"FINISHED"}


class JobOperator:
    """Mixin of operators on one job, named by its id."""

    job: bpy.props.StringProperty(name="Job", description="Which job", options={"SKIP_SAVE"})


class SWAY_OT_queue_remove(JobOperator, bpy.types.Operator):
    """Take a waiting job out of the queue, and with it those that build on its result"""

    bl_idname = "sway.queue_remove"
    bl_label = "Remove from Queue"

    def execute(self, context: bpy.types.Context) -> set[str]:
        job = queue.by_id(self.job)
        if job is None:
            return {"CANCELLED"}
        others = queue.needed_by(job)
        queue.cancel(job)
        queue.pump()
        if others:
            self.report({"INFO"}, say(f"Removed {job.label}, and {len(others)} that build on its result"))
        show_progress(context)
        return {"FINISHED"}


class SWAY_OT_queue_move_up(JobOperator, bpy.types.Operator):
    """Let a waiting job run before the one above it; not before one whose result it builds on"""

    bl_idname = "sway.queue_move_up"
    bl_label = "Move Up"

    def execute(self, context: bpy.types.Context) -> set[str]:
        job = queue.by_id(self.job)
        if job is None or not queue.may_move_up(job):
            self.report({"INFO"}, "It builds on the result of the job above, or that one runs already.")
            return {"CANCELLED"}
        queue.move_up(job)
        show_progress(context)
        return {"FINISHED"}


class SWAY_OT_seen(JobOperator, bpy.types.Operator):
    """Take this note away: you have seen what came of the job"""

    bl_idname = "sway.seen"
    bl_label = "Seen"

    def execute(self, context: bpy.types.Context) -> set[str]:
        notices.see(self.job)
        show_progress(context)
        return {"FINISHED"}


class SWAY_OT_open_log(bpy.types.Operator):
    """Open the compute backend's log as a text in Blender"""

    bl_idname = "sway.open_log"
    bl_label = "Show Backend Log"

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = preferences.log_file()
        if not path.exists():
            self.report({"INFO"}, "The backend has not run yet, so there is no log.")
            return {"CANCELLED"}
        text = bpy.data.texts.get("Sway Backend Log") or bpy.data.texts.new("Sway Backend Log")
        text.from_string(path.read_text(encoding="utf-8", errors="replace"))
        self.report({"INFO"}, say(f"The log is in the text editor as {text.name}"))
        return {"FINISHED"}


CLASSES = (
    SWAY_OT_check_backend,
    SWAY_OT_cancel,
    SWAY_OT_queue_remove,
    SWAY_OT_queue_move_up,
    SWAY_OT_seen,
    SWAY_OT_open_log,
)
