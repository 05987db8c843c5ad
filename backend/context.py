"""`JobContext`: what a running job may say (progress, previews, log) and must ask (was it cancelled?)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .api import wire


class Cancelled(Exception):
    """Raised inside a job by `JobContext.check_cancelled` after a person asked it to stop."""


class JobContext:
    """Handed to `run(params, inputs, ctx)`. Jobs call `progress` often: messages are thinned out here."""

    MIN_INTERVAL = 0.2  # seconds between two progress messages of the same stage

    def __init__(self, job: str, folder: Path, send: Callable[[wire.Message], None]) -> None:
        self.job = job
        self.folder = folder
        self._send = send
        self._cancel = threading.Event()
        self._start = self._last_sent = time.monotonic()
        self._range = (0.0, 1.0)
        self._stage = ""
        self.seconds: dict[str, float] = {}
        """Wall time by stage, for reports."""

    def cancel(self) -> None:
        """Ask the job to stop; safe from any thread."""
        self._cancel.set()

    def check_cancelled(self) -> None:
        """Raise Cancelled once a person has asked the job to stop."""
        if self._cancel.is_set():
            raise Cancelled

    @contextmanager
    def stage(self, name: str, start: float, end: float) -> Iterator[None]:
        """Name what runs now; `progress` inside counts from `start` to `end` of the whole job."""
        self._range, self._stage = (start, end), name
        begun = time.monotonic()
        self._report(start)
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - begun

    def progress(self, fraction: float, what: str = "") -> None:
        """Report how much of the current stage is done (0..1), and what just now; stop here when cancelled."""
        self.check_cancelled()
        if what:
            self._stage = what
        if time.monotonic() - self._last_sent >= self.MIN_INTERVAL:
            low, high = self._range
            self._report(low + (high - low) * min(max(fraction, 0.0), 1.0))

    def _report(self, fraction: float) -> None:
        self._last_sent = time.monotonic()
        elapsed = self._last_sent - self._start
        eta = elapsed * (1 - fraction) / fraction if fraction > 0.03 else None
        self._send(wire.Progress(self.job, fraction, self._stage, eta))

    def preview(self, path: Path) -> None:
        self._send(wire.Preview(self.job, str(path)))

    def partial(self, path: Path) -> None:
        """Tell of a file that holds an output as far as it is finished."""
        self._send(wire.Partial(self.job, str(path)))

    def log(self, text: str, level: str = "info") -> None:
        self._send(wire.Log(self.job, "warning" if level == "warning" else "info", text))

    def output(self, name: str) -> Path:
        """The path of an output file in the job's folder."""
        return self.folder / name
