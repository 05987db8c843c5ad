"""Jobs as Blender sees them, in the order in which they run. All functions run on Blender's main thread.

One job runs at a time; those behind it wait here, where they can be taken out and moved up. A job is made of what there
was when it was submitted: later changes never reach it. The one exception is an input that is the `Output` of a job
before it, for which it waits: it never comes before that one, and leaves the queue with it when that one fails.
"""

from __future__ import annotations

import queue
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..backend.api import wire
from .background import Background
from .pieces import Pieces
from .worker import Worker

KILL_AFTER = 5.0
"""Seconds a running job may take to obey a cancel before its worker is ended."""


@dataclass
class Job:
    """One piece of work for the worker, and how it goes."""

    kind: str
    label: str
    folder: Path
    subject: int = 0
    """`session_uid` of what it is for; 0 for nothing in the scene. A subject has one job of a label at a time."""
    subject_name: str = ""
    makes: str = ""
    """The step of the work whose result it is; that of its kind's name without."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    state: str = "waiting"
    """waiting, running, finished, cancelled or failed."""
    fraction: float = 0.0
    stage: str = "Starting the backend"
    eta: float | None = None
    preview: str = ""
    partial: str = ""
    """File of the output as far as it is finished; another one each time there is more."""
    outputs: dict[str, str] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    """Why it failed, or was taken out of the queue by another's end, as a sentence."""
    notes: list[wire.Log] = field(default_factory=list)
    """What the job had to say on its way."""
    cancelled_at: float | None = None
    begun: float | None = None
    """When it was sent to the worker (`time.monotonic`); None while it waits."""
    seconds: float = 0.0
    """From then to its end."""
    _ask: _Ask | None = field(default=None, repr=False)

    @property
    def ended(self) -> bool:
        return self.state in ("finished", "cancelled", "failed")

    @property
    def needs(self) -> list[Job]:
        """Jobs whose outputs it is made of."""
        inputs = self._ask.inputs.values() if self._ask else ()
        return [value.job for value in inputs if isinstance(value, Output)]

    @property
    def reading(self) -> Pieces | None:
        """What is still being read for it from the scene, which whoever submitted it does."""
        inputs = self._ask.inputs.values() if self._ask else ()
        return next((value for value in inputs if isinstance(value, Pieces) and not value.ended), None)


@dataclass(frozen=True)
class Output:
    """An output, by its name, of a job that has not ended yet."""

    job: Job
    name: str


Input = str | Output | Pieces | Callable[[], str]
"""A file's path; or what will be one, of a job before; or what writes one in a thread and returns its path; or what is
read from the scene's frames, whose folder it is."""


@dataclass(frozen=True)
class _Ask:
    """What a job is submitted with."""

    params: dict[str, Any]
    inputs: Mapping[str, Input]
    written: Background
    """Those of the inputs that had to be written first."""
    worker: Callable[[], Worker]


_worker: Worker | None = None
_jobs: list[Job] = []
"""In the order in which they run; the first one is the worker's."""
_arriving: list[Job] = []
"""Finished ones for a subject, until the scene has taken in their results."""


def submit(
    job: Job,
    params: dict[str, Any],
    inputs: Mapping[str, Input],
    python: Callable[[], str],
    log: Path,
    variables: dict[str, str] | None = None,
) -> None:
    """Put a job at the end of the queue, starting the worker if need be.

    Raises ValueError when the worker cannot be started, and for a second job of one label for one subject, whose
    result would only replace the first one's.
    """
    pump()  # notices a worker that died since
    if job.subject and any(other.subject == job.subject and other.label == job.label for other in _jobs):
        raise ValueError(f"{job.label} is in the queue for {job.subject_name} already; cancel that one first.")

    def worker() -> Worker:
        global _worker
        if _worker is None or not _worker.alive:
            _worker = Worker(python(), log, variables)
        return _worker

    worker()
    job._ask = _Ask(params, inputs, Background(lambda: {k: v() for k, v in inputs.items() if callable(v)}), worker)
    job.stage = "Waiting" if _jobs else job.stage
    _jobs.append(job)
    pump()


def running() -> Job | None:
    """The job to show: the first that has not ended."""
    return next((job for job in _jobs if not job.ended), None)


def waiting() -> list[Job]:
    """Jobs behind the running one, in order."""
    return [job for job in _jobs if not job.ended][1:]


def pending(step: str, subject: int) -> Job | None:
    """The last job that makes a step's result for a subject, which the scene does not have yet, but will."""
    found = [j for j in (*_arriving, *_jobs) if (j.makes or j.kind, j.subject) == (step, subject)]
    return next((j for j in reversed(found) if j.state not in ("failed", "cancelled")), None)


def taken(job: Job) -> None:
    """Say that the scene has a job's result now, or never will."""
    if job in _arriving:
        _arriving.remove(job)


def by_id(job_id: str) -> Job | None:
    """A job that has not ended."""
    return next((job for job in _jobs if job.id == job_id and not job.ended), None)


def needed_by(job: Job) -> list[Job]:
    """Waiting jobs that are made of a job's result, directly or through others."""
    found = [job]
    for other in waiting():
        if any(need in found for need in other.needs):
            found.append(other)
    return found[1:]


def may_move_up(job: Job) -> bool:
    """Whether a waiting job may change places with the one before: that must wait too, and not be needed by it."""
    behind = waiting()
    return job in behind[1:] and behind[behind.index(job) - 1] not in job.needs


def move_up(job: Job) -> None:
    """Let a waiting job change places with the one before, where it may."""
    if may_move_up(job):
        place = _jobs.index(job)
        _jobs[place - 1], _jobs[place] = job, _jobs[place - 1]


def cancel(job: Job) -> None:
    """Ask for the end of a job; one that waits is taken out at once. `pump` ends a worker that does not obey."""
    if job.ended or job.cancelled_at is not None:
        return
    job.cancelled_at = time.monotonic()
    job.stage = "Cancelling"
    if job.begun is None:
        job.state = "cancelled"
    elif _worker:
        _worker.send(wire.Cancel(job.id))


def pump() -> None:
    """Take in what the worker has said since the last call, and give it the next job."""
    _listen()
    for job in _jobs:
        lost = next((need for need in job.needs if need.state in ("failed", "cancelled")), None)
        if lost and not job.ended:
            ending = "failed" if lost.state == "failed" else "was cancelled"
            job.state, job.error = "cancelled", f"{job.label} was not run, since {lost.label} {ending}."
    for job in [job for job in _jobs if job.ended]:
        job.seconds = time.monotonic() - job.begun if job.begun else 0.0
        _jobs.remove(job)
        if job.state == "finished" and job.subject:
            _arriving.append(job)
    _send_next()


def _listen() -> None:
    global _worker
    if _worker is None:
        return
    for job in _jobs:
        if job.state == "running" and job.cancelled_at and time.monotonic() - job.cancelled_at > KILL_AFTER:
            _worker.kill()
    while True:
        try:
            message = _worker.messages.get_nowait()
        except queue.Empty:
            break
        if message is None:
            _worker_ended(_worker)
            _worker = None
            break
        _take(message)


def _send_next() -> None:
    """Give the worker the first job, once its inputs are written."""
    job = running()
    if job is None or job.begun is not None or job._ask is None:
        return
    if reading := job.reading:
        job.stage, job.fraction = "Reading frames (Esc stops)", reading.fraction
        return
    job.stage = "Starting"
    ask = job._ask
    if not ask.written.ended:
        return
    try:
        files = ask.written.result()
        worker = ask.worker()
    except (ValueError, OSError) as error:
        job.state, job.error = "failed", str(error)
        return
    for name, value in ask.inputs.items():
        if isinstance(value, Output):
            files[name] = value.job.outputs[value.name]
        elif isinstance(value, Pieces):
            files[name] = str(value.folder)
        elif isinstance(value, str):
            files[name] = value
    job.begun = time.monotonic()
    worker.send(wire.Submit(job.id, job.kind, str(job.folder), ask.params, files))


def _take(message: wire.Message) -> None:
    job = next((job for job in _jobs if job.id == getattr(message, "job", "")), None)
    if job is None:
        return  # of a job that was given up
    match message:
        case wire.Progress():
            job.state, job.fraction, job.eta = "running", message.fraction, message.eta
            if job.cancelled_at is None:
                job.stage = message.stage
        case wire.Preview():
            job.preview = message.path
        case wire.Partial():
            job.partial = message.path
        case wire.Log():
            job.notes.append(message)
        case wire.Done():
            job.state, job.error = message.state, message.error
            job.outputs, job.results = message.outputs, message.results
            job.fraction = 1.0


def _worker_ended(worker: Worker) -> None:
    """The job of a worker that is gone has ended: as asked for when it was cancelled, else by a crash."""
    for job in _jobs:
        if job.begun is None or job.ended:
            continue
        if job.cancelled_at is not None:
            job.state = "cancelled"
        else:
            job.state = "failed"
            job.error = f"The compute backend stopped unexpectedly; its log is {worker.log}."


def wait(job: Job, each: Callable[[Job], None] | None = None) -> None:
    """Pump until the job has ended, and those before it: for scripts, background mode and tests."""
    while not job.ended:
        pump()
        if each:
            each(job)
        time.sleep(0.02)


def stop_worker() -> None:
    """End the worker and with it every job."""
    global _worker
    if _worker:
        _worker.stop()
        _worker = None
    for job in _jobs:
        if not job.ended:
            job.state = "cancelled"
    _jobs.clear()
    _arriving.clear()
