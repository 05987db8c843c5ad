"""The worker: requests on stdin, events on the original stdout, everything else that prints goes to stderr.

`python -m backend` serves Blender until stdin closes; with arguments it runs jobs without Blender (command_line.py).
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from . import command_line
from .api import wire
from .api.param import validate
from .context import Cancelled, JobContext


def run_job(request: wire.Submit, context: JobContext) -> wire.Done:
    """Run one job to its end and say how it went. Never raises."""
    try:
        if not request.kind.isidentifier() or request.kind.startswith("_"):
            raise ValueError(f"there is no job of kind {request.kind!r}.")
        module = importlib.import_module(f".jobs.{request.kind}", __package__)
        params = wire.from_jsonable(module.PARAMS, request.params)
        validate(params)
        context.check_cancelled()
        command_line.keep_job(request)
        outputs, results = module.run(params, request.inputs, context)
        results = {**results, "seconds": context.seconds, "peak_rss_mb": peak_rss_mb()}
        return wire.Done(request.job, "finished", {k: str(v) for k, v in outputs.items()}, results)
    except Cancelled:
        return wire.Done(request.job, "cancelled")
    except (ValueError, FileNotFoundError) as refusal:  # expected refusals carry their own sentence
        traceback.print_exc()
        return wire.Done(request.job, "failed", error=str(refusal))
    except MemoryError:
        traceback.print_exc()
        return wire.Done(request.job, "failed", error="Not enough memory; use fewer particles or a smaller picture.")
    except Exception as bug:
        traceback.print_exc()
        return wire.Done(request.job, "failed", error=f"Unexpected {type(bug).__name__}: {bug}")


def peak_rss_mb() -> float:
    """Largest resident memory of this process so far [MB]."""
    import psutil

    info = psutil.Process().memory_info()
    if hasattr(info, "peak_wset"):  # Windows
        return info.peak_wset / 2**20
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _claim_stdout() -> Callable[[wire.Message], None]:
    """Keep the real stdout for messages and point file descriptor 1 at stderr, before any noisy library loads."""
    out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    lock = threading.Lock()

    def send(message: wire.Message) -> None:
        with lock:
            out.write(wire.encode(message) + "\n")

    return send


def _ready() -> wire.Ready:
    packages = ("numpy", "torch", "taichi")
    return wire.Ready("cpu", {"python": sys.version.split()[0], **{name: version(name) for name in packages}})


def _choose_device() -> None:
    """Hide graphics cards from every library where SWAY_DEVICE asks for the processor; before any of them loads."""
    if os.environ.get("SWAY_DEVICE") == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = os.environ["HIP_VISIBLE_DEVICES"] = "-1"


def serve() -> None:
    """Run submitted jobs one after another until stdin closes."""
    send = _claim_stdout()
    jobs = _Jobs()

    def read() -> None:
        for line in sys.stdin:
            message = wire.decode(line)
            if isinstance(message, wire.Submit):
                jobs.add(message, JobContext(message.job, Path(message.folder), send))
            elif isinstance(message, wire.Cancel) and jobs.cancel(message.job):
                send(wire.Done(message.job, "cancelled"))
        os._exit(0)  # Blender is gone: leave at once, whatever a job is doing

    send(_ready())
    threading.Thread(target=read, daemon=True, name="requests").start()
    while True:
        send(run_job(*jobs.next()))


class _Jobs:
    """Jobs that wait, in order, and the one that runs; used by the reading thread and the working one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, tuple[wire.Submit, JobContext]] = {}
        self._running: JobContext | None = None

    def add(self, request: wire.Submit, context: JobContext) -> None:
        with self._changed:
            self._waiting[request.job] = request, context
            self._changed.notify()

    def next(self) -> tuple[wire.Submit, JobContext]:
        """Wait for a job; it counts as running until the next call."""
        with self._changed:
            self._running = None
            self._changed.wait_for(lambda: self._waiting)
            request, self._running = self._waiting.pop(next(iter(self._waiting)))
            return request, self._running

    def cancel(self, job: str) -> bool:
        """Drop a job that waits (True: it will never run) or tell the running one to stop."""
        with self._changed:
            if self._running and self._running.job == job:
                self._running.cancel()
            return self._waiting.pop(job, None) is not None


def main(arguments: list[str]) -> int:
    _choose_device()
    if not arguments:
        serve()
    return command_line.main(arguments, run_job, _claim_stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
