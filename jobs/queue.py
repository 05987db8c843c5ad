"""Jobs as Blender sees them: submit, pump, cancel, wait. All functions run on Blender's main thread."""

from __future__ import annotations

import queue
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..backend.api import wire
from .worker import Worker

KILL_AFTER = 5.0
"""Seconds a running job may take to obey a cancel before its worker is ended."""


@dataclass
class Job:
    """One piece of work for the worker, and how it goes."""

    kind: str
    label: str
    folder: Path
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
    notes: list[wire.Log] = field(default_factory=list)
    """What the job had to say on its way."""
    cancelled_at: float | None = None

    @property
    def ended(self) -> bool:
        return self.state in ("finished", "cancelled", "failed")


_worker: Worker | None = None
_jobs: dict[str, Job] = {}


def submit(
    job: Job,
    params: dict[str, Any],
    inputs: dict[str, str],
    python: Callable[[], str],
    log: Path,
    variables: dict[str, str] | None = None,
) -> None:
    """Send a job to the worker, starting it if need be. Raises ValueError when it cannot be started."""
    global _worker
    pump()  # notices a worker that died since
    if _worker is None or not _worker.alive:
        _worker = Worker(python(), log, variables)
    _jobs[job.id] = job
    _worker.send(wire.Submit(job.id, job.kind, str(job.folder), params, inputs))


def running() -> Job | None:
    """The job to show: the oldest that has not ended."""
    return next((job for job in _jobs.values() if not job.ended), None)


def cancel(job: Job) -> None:
    """Ask for the end of a job; `pump` ends a worker that does not obey."""
    if not job.ended and job.cancelled_at is None:
        job.cancelled_at = time.monotonic()
        job.stage = "Cancelling"
        if _worker:
            _worker.send(wire.Cancel(job.id))


def pump() -> None:
    """Take in what the worker has said since the last call."""
    global _worker
    if _worker is None:
        return
    for job in _jobs.values():
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
    for job_id in [job.id for job in _jobs.values() if job.ended]:
        del _jobs[job_id]


def _take(message: wire.Message) -> None:
    job = _jobs.get(getattr(message, "job", ""))
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
    """Jobs whose worker is gone have ended: as asked for when they were cancelled, else by a crash."""
    for job in _jobs.values():
        if job.cancelled_at is not None:
            job.state = "cancelled"
        else:
            job.state = "failed"
            job.error = f"The compute backend stopped unexpectedly; its log is {worker.log}."


def wait(job: Job, each: Callable[[Job], None] | None = None) -> None:
    """Pump until the job has ended: for scripts, background mode and tests."""
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
    _jobs.clear()
