"""What every operator that works through the worker does alike: run to the end in background mode, modally in a window."""

from __future__ import annotations

from typing import Any, ClassVar

import bpy

from .. import preferences
from ..backend.api.wire import to_jsonable
from ..jobs import queue
from ..properties import steps
from ..properties.from_params import override
from ..scene.splats import is_splats


def active_splats(context: bpy.types.Context) -> bpy.types.Object:
    """The splat object to work on. Raises ValueError when the active object is none."""
    obj = context.active_object
    if obj is None or not is_splats(obj):
        raise ValueError("The active object has no splats; select one, or import a file with File > Import > Gaussian Splats.")
    return obj


class SplatsOperator:
    """Mixin of operators that need splats: greyed out without them."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.active_object is None or not is_splats(context.active_object):
            cls.poll_message_set("Select a splat object first")  # type: ignore[attr-defined]
            return False
        return True


class JobOperator(SplatsOperator):
    """Mixin: `inputs` says what the worker needs, `apply` takes in what it made.

    Called from a script or in background mode the operator returns when the job has ended; from a button it is modal, shows
    progress, leaves the window usable and stops on Esc.
    """

    step: ClassVar[str]
    bl_options = {"UNDO"}

    _job: queue.Job
    _origin: str
    _object: int
    _timer: bpy.types.Timer | None = None

    def inputs(self, context: bpy.types.Context, obj: bpy.types.Object) -> dict[str, str]:
        """Write and name the input files. Raises ValueError with one sentence when something is missing."""
        raise NotImplementedError

    def apply(self, context: bpy.types.Context, obj: bpy.types.Object, job: queue.Job, origin: str) -> str:
        """Take in a finished job's outputs and return one sentence about the result."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            self._begin(context)
        except ValueError as error:
            return self._refuse(error)
        queue.wait(self._job)
        return self._end(context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        try:
            self._begin(context)
        except ValueError as error:
            return self._refuse(error)
        self._timer = context.window_manager.event_timer_add(0.1, window=context.window)
        context.window_manager.modal_handler_add(self)  # type: ignore[arg-type]
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            queue.cancel(self._job)
            return {"RUNNING_MODAL"}
        if event.type == "TIMER":
            queue.pump()
            _show(context, self._job)
            if self._job.ended:
                self._close(context)
                return self._end(context)
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender gives up the operator: the file or the window is being closed."""
        queue.cancel(self._job)
        self._close(context)

    def _begin(self, context: bpy.types.Context) -> None:
        if queue.running():
            raise ValueError("Sway is busy with another job; wait for it or cancel it first.")
        obj = active_splats(context)
        cls = steps.PARAMS[self.step]
        assert cls is not None
        override(getattr(context.scene.sway, self.step), self, cls)  # type: ignore[arg-type]
        self._origin = steps.origin(context.scene, obj, self.step)
        self._object = obj.session_uid
        params = steps.params(context.scene, self.step)
        self._job = queue.Job(self.step, self.bl_label, preferences.job_folder(obj.name, self.step))  # type: ignore[attr-defined]
        files = self.inputs(context, obj)
        queue.submit(
            self._job, to_jsonable(params), files, preferences.worker_python, preferences.cache_folder() / "worker.log"
        )

    def _end(self, context: bpy.types.Context) -> set[str]:
        job = self._job
        if job.state == "cancelled":
            self.report({"INFO"}, f"{job.label} cancelled")  # type: ignore[attr-defined]
            return {"CANCELLED"}
        if job.state == "failed":
            return self._refuse(job.error)
        obj = next((o for o in bpy.data.objects if o.session_uid == self._object), None)
        if obj is None:
            return self._refuse("The splat object is gone; its result was not used.")
        try:
            self.report({"INFO"}, self.apply(context, obj, job, self._origin))  # type: ignore[attr-defined]
        except ValueError as error:
            return self._refuse(error)
        return {"FINISHED"}

    def _refuse(self, reason: Any) -> set[str]:
        self.report({"ERROR"}, str(reason))  # type: ignore[attr-defined]
        return {"CANCELLED"}

    def _close(self, context: bpy.types.Context) -> None:
        if self._timer:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        if context.workspace:
            context.workspace.status_text_set(None)
        redraw(context)


def redraw(context: bpy.types.Context) -> None:
    """Draw the sidebars anew."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


def _show(context: bpy.types.Context, job: queue.Job) -> None:
    if context.workspace:
        context.workspace.status_text_set(f"{job.label}: {describe(job)}   (Esc cancels)")
    redraw(context)


def describe(job: queue.Job) -> str:
    """Stage, percent and time to go in one short text."""
    text = f"{job.stage}, {job.fraction:.0%}"
    if job.eta is not None and job.eta > 1:
        text += f", about {job.eta:.0f} s left" if job.eta < 90 else f", about {job.eta / 60:.0f} min left"
    return text
