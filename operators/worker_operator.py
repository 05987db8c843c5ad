"""What operators that use the worker do alike: run to the end in background mode, modally in a window."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import bpy
from bpy_extras.io_utils import ExportHelper

from .. import preferences
from ..backend.api.wire import to_jsonable
from ..jobs import notices, queue
from ..jobs.background import Background
from ..properties import steps
from ..properties.from_params import override
from ..scene.splats import is_splats
from ..translations import say
from . import status_bars
from .pace import Pace

TICK = 0.1
"""Seconds between two looks at a running job."""
READING_TICK = 0.01
"""While frames are read for it."""

_drawn = "", ""
"""Which jobs were last shown, and what of them: panels are drawn anew only when that has changed."""
_pace = Pace()


class WorkerOperator:
    """Mixin: `begin` submits a job, `apply` takes in what it made.

    Called from a script or in background mode the operator returns when the job has ended; from a button it is modal,
    shows progress, leaves the window usable and stops on Esc. A job behind others waits for them.
    """

    WAITS: ClassVar[bool] = True
    """Whether it may wait; not where a person has to be there when it begins."""
    job: queue.Job
    loaded: Any = None
    """What the call that `load` gave returned."""
    _timer: bpy.types.Timer | None = None
    _loading: Background | None = None
    _looked = 0.0

    def begin(self, context: bpy.types.Context) -> queue.Job:
        """Submit the job. Raises ValueError with one sentence when something is missing."""
        raise NotImplementedError

    def load(self, context: bpy.types.Context) -> Callable[[], Any]:
        """What is read and computed between the job's end and `apply`, in a thread: the call must not touch bpy."""
        return lambda: None

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
        if reading := self.job.reading:
            self._read_on(reading.run)
        queue.wait(self.job)
        queue.taken(self.job)
        return self._end(context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        if not self._begun(context):
            return {"CANCELLED"}
        self._set_timer(context, READING_TICK if self.job.reading else TICK)
        context.window_manager.modal_handler_add(self)  # type: ignore[arg-type]
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        reading = self.job.reading
        if event.type == "ESC" and event.value == "PRESS" and (reading or self._is_meant(context)):
            queue.cancel(self.job)
            return {"RUNNING_MODAL"}
        if reading and event.type == "TIMER":
            self._read_on(reading.end if self.job.ended else reading.step)
            if reading.ended:
                self._set_timer(context, TICK)
        now = time.monotonic()
        # Every timer of the window comes along here, also those of the other jobs' operators.
        if event.type == "TIMER" and now - self._looked >= TICK / 2:
            self._looked = now
            queue.pump()
            show_progress(context)
            if not self.job.ended:
                self.watch(context)
            elif self._is_loaded(context):
                queue.taken(self.job)
                return self.ended(context)
        return while_reading(event) if reading else {"PASS_THROUGH"}

    def _read_on(self, read: Callable[[], None]) -> None:
        """Read what the job still needs of the scene, or a piece of it."""
        try:
            read()
        except (ValueError, OSError) as error:
            self.job.state, self.job.error = "failed", str(error)
        except BaseException:  # a mistake of ours: the job must not run with half of its frames
            queue.cancel(self.job)
            raise

    def _set_timer(self, context: bpy.types.Context, seconds: float) -> None:
        if self._timer:
            context.window_manager.event_timer_remove(self._timer)
        self._timer = context.window_manager.event_timer_add(seconds, window=context.window)

    def _is_meant(self, context: bpy.types.Context) -> bool:
        """Whether Esc is for this job: for the running one, and where it does not stop the timeline's playing."""
        return queue.running() is self.job and not (context.screen and context.screen.is_animation_playing)

    def _is_loaded(self, context: bpy.types.Context) -> bool:
        """Whether a job that has ended can be taken in; begins to load it."""
        if self.job.state == "finished" and self._loading is None:
            try:
                self._loading = Background(self.load(context))
            except ValueError as error:
                self.job.state, self.job.error = "failed", str(error)
        return self._loading is None or self._loading.ended

    def ended(self, context: bpy.types.Context) -> set[str]:
        """The job of a button has ended."""
        self._close(context)
        return self._end(context)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender gives up the operator: its dialog, the file or the window is being closed."""
        if self._timer:
            if reading := self.job.reading:
                with contextlib.suppress(ReferenceError):  # the scene may be gone with its file
                    reading.end()
            queue.cancel(self.job)
            queue.taken(self.job)
            self._close(context)

    def _begun(self, context: bpy.types.Context) -> bool:
        try:
            if not self.WAITS and queue.running():
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
            if self.job.error:  # by another's end
                self._tell(self.job.error, failed=True)
            said = self.job.error or f"{self.job.label} cancelled"
            self.report({"WARNING" if self.job.error else "INFO"}, say(said))  # type: ignore[attr-defined]
            return {"CANCELLED"}
        try:
            if self.job.state == "failed":
                raise ValueError(self.job.error)
            self.loaded = (self._loading or Background(self.load(context))).result()
            said = self.apply(context)
        except (ValueError, OSError) as error:
            self._tell(str(error), failed=True)
            self._refuse(error)
            return {"CANCELLED"}
        self._tell(said)
        self.report({"INFO"}, say(said))  # type: ignore[attr-defined]
        return {"FINISHED"}

    def _tell(self, said: str, *, failed: bool = False) -> None:
        """Let the panels say it until it is seen, where a person may be looking elsewhere."""
        if self._looked:
            notices.tell(self.job, said, failed=failed)

    def _refuse(self, reason: Any) -> None:
        self.report({"ERROR"}, say(str(reason)))  # type: ignore[attr-defined]

    def _close(self, context: bpy.types.Context) -> None:
        if self._timer:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        show_progress(context)
        redraw(context)


def while_reading(event: bpy.types.Event) -> set[str]:
    """What a modal operator returns while frames of the scene are read, which stays as it is until they are."""
    return {"PASS_THROUGH"} if event.type in ("TIMER", "MOUSEMOVE") else {"RUNNING_MODAL"}


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

    def inputs(self, context: bpy.types.Context, obj: bpy.types.Object, job: queue.Job) -> Mapping[str, queue.Input]:
        """The job's input files. Raises ValueError with one sentence when something is missing."""
        raise NotImplementedError

    def take_in(self, context: bpy.types.Context, obj: bpy.types.Object) -> str:
        """Use the finished job's outputs; return one sentence about the result."""
        raise NotImplementedError

    def begin(self, context: bpy.types.Context) -> queue.Job:
        obj = active_splats(context)
        override(getattr(context.scene.sway, self.STEP), self, steps.PARAMS[self.STEP])  # type: ignore[arg-type]
        before = queue.pending(steps.needed(obj, self.STEP), obj.session_uid)
        self._origin = steps.origin(context.scene, obj, self.STEP, before.id if before else "")
        self._object = obj.session_uid
        notices.see(subject=obj.session_uid)
        params = to_jsonable(steps.params(context.scene, self.STEP))
        folder = preferences.job_folder(obj.name, self.STEP)
        job = queue.Job(self.STEP, self.bl_label, folder, *subject_of(obj))  # type: ignore[attr-defined]
        submit(job, params, self.inputs(context, obj, job))
        return job

    def earlier(self, obj: bpy.types.Object, step: str, output: str) -> queue.Output | str:
        """An earlier step's file, of the job in the queue that makes it anew where there is one; "" without either."""
        job = queue.pending(step, obj.session_uid)
        return queue.Output(job, output) if job else getattr(obj.sway, step).file

    @classmethod
    def description(cls, _context: bpy.types.Context, _properties: Any) -> str:
        text = bpy.app.translations.pgettext_tip(cls.__doc__ or "")
        if queue.running() is None:
            return text
        waits = (
            "It waits for the jobs before it. Settings, splats and surroundings are taken now, as they are: later "
            "changes do not reach it. Only what a step before it in the queue makes is taken when that is done"
        )
        return f"{text}.\n{say(waits)}"

    def object(self) -> bpy.types.Object | None:
        """The object that the job is for; None when it is gone."""
        return next((o for o in bpy.data.objects if o.session_uid == self._object), None)

    def required(self) -> bpy.types.Object:
        """The object that the job is for. Raises ValueError when it is gone."""
        obj = self.object()
        if obj is None:
            raise ValueError("The splat object is gone; its result was not used.")
        return obj

    def apply(self, context: bpy.types.Context) -> str:
        return self.take_in(context, self.required())

    def note(self, obj: bpy.types.Object, file: str) -> None:
        """Note the finished step on the object."""
        steps.finish(obj, self.STEP, self._origin, file, self.job.results, made=self.job.id)


def subject_of(data: bpy.types.ID) -> tuple[int, str]:
    """Of a job for something in the scene."""
    return data.session_uid, data.name


def submit(job: queue.Job, params: dict[str, Any], inputs: Mapping[str, queue.Input]) -> None:
    """Put a job at the end of the queue of the worker that the preferences name."""
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
        return f"{job.stage}, {job.fraction:.0%}, {job.eta:.0f} s left"
    return f"{job.stage}, {job.fraction:.0%}, {job.eta / 60:.0f} min left"


def show_progress(context: bpy.types.Context) -> None:
    """Draw panels and status bar anew where the queue has changed since they were drawn: at once where jobs came and
    went, how far they are as often as drawing that takes little of the window's time."""
    global _drawn
    jobs = [job for job in (queue.running(), *queue.waiting()) if job]
    which = " ".join([*(job.id for job in jobs), str(len(notices.unseen()))])
    now = which, "\n".join(f"{describe(job)} {job.preview}" for job in jobs)
    if now == _drawn or (which == _drawn[0] and not _pace.is_due):
        return
    _drawn = now
    _pace.shown()
    redraw(context)
    status_bars.redraw(context)
