"""What operators that use the worker do alike: run to the end in background mode, modally in a window."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import bpy
from bpy_extras.io_utils import ExportHelper

from .. import preferences
from ..backend.api.wire import to_jsonable
from ..jobs import queue
from ..properties import steps
from ..properties.from_params import override
from ..scene.splats import is_splats
from ..translations import say

TICK = 0.1
"""Seconds between two looks at a running job."""


class WorkerOperator:
    """Mixin: `begin` submits a job, `apply` takes in what it made.

    Called from a script or in background mode the operator returns when the job has ended; from a button it is modal,
    shows progress, leaves the window usable and stops on Esc.
    """

    job: queue.Job
    _timer: bpy.types.Timer | None = None

    def begin(self, context: bpy.types.Context) -> queue.Job:
        """Submit the job. Raises ValueError with one sentence when something is missing."""
        raise NotImplementedError

    def apply(self, context: bpy.types.Context) -> str:
        """Take in the finished job and return one sentence about the result. Raises ValueError as `begin` does."""
        raise NotImplementedError

    def watch(self, context: bpy.types.Context) -> None:
        """Look at the running job, from a button only: its preview, its output as far as it is finished."""

    def give_up(self, context: bpy.types.Context) -> None:
        """Undo what `watch` did: the job was cancelled or has failed."""

    def execute(self, context: bpy.types.Context) -> set[str]:
        if not self._begun(context):
            return {"CANCELLED"}
        queue.wait(self.job)
        return self._end(context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        if not self._begun(context):
            return {"CANCELLED"}
        self._timer = context.window_manager.event_timer_add(TICK, window=context.window)
        context.window_manager.modal_handler_add(self)  # type: ignore[arg-type]
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            queue.cancel(self.job)
            return {"RUNNING_MODAL"}
        if event.type == "TIMER":
            queue.pump()
            _show(context, self.job)
            self.watch(context)
            if self.job.ended:
                return self.ended(context)
        return {"PASS_THROUGH"}

    def ended(self, context: bpy.types.Context) -> set[str]:
        """The job of a button has ended."""
        self._close(context)
        return self._end(context)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender gives up the operator: its dialog, the file or the window is being closed."""
        if self._timer:
            queue.cancel(self.job)
            self._close(context)

    def _begun(self, context: bpy.types.Context) -> bool:
        try:
            if queue.running():
                raise ValueError("Sway is busy with another job; wait for it or cancel it first.")
            self.job = self.begin(context)
        except ValueError as error:
            self._refuse(error)
            return False
        return True

    def _end(self, context: bpy.types.Context) -> set[str]:
        for note in self.job.notes:
            self.report({"WARNING" if note.level == "warning" else "INFO"}, say(note.text))  # type: ignore[attr-defined]
        if self.job.state != "finished":
            self.give_up(context)
        if self.job.state == "cancelled":
            self.report({"INFO"}, say(f"{self.job.label} cancelled"))  # type: ignore[attr-defined]
            return {"CANCELLED"}
        try:
            if self.job.state == "failed":
                raise ValueError(self.job.error)
            self.report({"INFO"}, say(self.apply(context)))  # type: ignore[attr-defined]
        except ValueError as error:
            self._refuse(error)
            return {"CANCELLED"}
        return {"FINISHED"}

    def _refuse(self, reason: Any) -> None:
        self.report({"ERROR"}, say(str(reason)))  # type: ignore[attr-defined]

    def _close(self, context: bpy.types.Context) -> None:
        if self._timer:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        if context.workspace:
            context.workspace.status_text_set(None)
        redraw(context)


class SplatsOperator:
    """Mixin of operators that need splats: greyed out without them."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if is_splats(context.active_object):
            return True
        cls.poll_message_set("Select a splat object first")  # type: ignore[attr-defined]
        return False


class ExportOperator(SplatsOperator, WorkerOperator, ExportHelper):
    """Mixin of operators that ask where to save what a job makes."""

    check_extension = None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return ExportHelper.invoke(self, context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        # The file dialog calls this for a button's press as well: there the window stays usable.
        if bpy.app.background or context.window is None:
            return WorkerOperator.execute(self, context)
        return WorkerOperator.invoke(self, context, None)  # type: ignore[arg-type]

    def target(self, suffix: str) -> Path:
        """The chosen file with a suffix. Raises ValueError where its folder is not there."""
        path = Path(bpy.path.abspath(self.filepath)).with_suffix(suffix)
        if not path.parent.is_dir():
            raise ValueError(f"The folder {path.parent} does not exist; choose another.")
        return path


class StepOperator(SplatsOperator, WorkerOperator):
    """Mixin of a step of the work: its settings are the job's parameters, its result is noted on the object."""

    STEP: ClassVar[str]
    """Name in `steps.PARAMS`; in capitals since parameters, which become attributes too, are in small letters."""
    bl_options = {"UNDO"}

    _origin: str
    _object: int

    def inputs(self, context: bpy.types.Context, obj: bpy.types.Object, job: queue.Job) -> dict[str, str]:
        """Write and name the job's input files. Raises ValueError with one sentence when something is missing."""
        raise NotImplementedError

    def take_in(self, context: bpy.types.Context, obj: bpy.types.Object) -> str:
        """Use the finished job's outputs; return one sentence about the result."""
        raise NotImplementedError

    def begin(self, context: bpy.types.Context) -> queue.Job:
        obj = active_splats(context)
        override(getattr(context.scene.sway, self.STEP), self, steps.PARAMS[self.STEP])  # type: ignore[arg-type]
        self._origin = steps.origin(context.scene, obj, self.STEP)
        self._object = obj.session_uid
        params = to_jsonable(steps.params(context.scene, self.STEP))
        job = queue.Job(self.STEP, self.bl_label, preferences.job_folder(obj.name, self.STEP))  # type: ignore[attr-defined]
        submit(job, params, self.inputs(context, obj, job))
        return job

    def object(self) -> bpy.types.Object | None:
        """The object that the job is for; None when it is gone."""
        return next((o for o in bpy.data.objects if o.session_uid == self._object), None)

    def apply(self, context: bpy.types.Context) -> str:
        obj = self.object()
        if obj is None:
            raise ValueError("The splat object is gone; its result was not used.")
        return self.take_in(context, obj)

    def note(self, obj: bpy.types.Object, file: str) -> None:
        """Note the finished step on the object."""
        steps.finish(obj, self.STEP, self._origin, file, self.job.results)


def submit(job: queue.Job, params: dict[str, Any], inputs: dict[str, str]) -> None:
    """Send a job to the worker that the preferences name."""
    variables = preferences.worker_environment()
    queue.submit(job, params, inputs, preferences.worker_python, preferences.log_file(), variables)


def active_splats(context: bpy.types.Context) -> bpy.types.Object:
    """The splat object to work on. Raises ValueError when the active object is none."""
    obj = context.active_object
    if obj is None or not is_splats(obj):
        raise ValueError("The active object has no splats; select one, or import a file with Import Splats.")
    return obj


def redraw(context: bpy.types.Context) -> None:
    """Draw the sidebars anew, and not the viewports beside them: a large cloud takes its time."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("VIEW_3D", "IMAGE_EDITOR"):
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def describe(job: queue.Job) -> str:
    """Stage, percent and time to go in one short text."""
    if job.eta is None or job.eta <= 1:
        return f"{job.stage}, {job.fraction:.0%}"
    if job.eta < 90:
        return f"{job.stage}, {job.fraction:.0%}, about {job.eta:.0f} s left"
    return f"{job.stage}, {job.fraction:.0%}, about {job.eta / 60:.0f} min left"


def _show(context: bpy.types.Context, job: queue.Job) -> None:
    if context.workspace:
        context.workspace.status_text_set(say(f"{job.label}: {describe(job)}   (Esc cancels)"))
    redraw(context)
