"""The worker process: started with the backend's own Python, spoken to in JSON lines over its pipes.

A reader thread turns its lines into messages on a queue; nothing here touches bpy.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import threading
from pathlib import Path

from ..backend.api import wire

_BOOT = """
import os, runpy, sys
root, niceness = sys.argv[1:]
del sys.argv[1:]
if hasattr(os, "nice"):
    os.nice(int(niceness))
sys.path.append(root)
runpy.run_module("backend", run_name="__main__")
"""
"""Puts the add-on's folder last on the path, so that its `jobs` and `scene` never hide an installed package."""
_WINDOWS_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
NICENESS = 10
"""The window comes first: a worker takes every core, and leaves them to Blender whenever Blender wants them."""


class Worker:
    """One running worker. `messages` receives what it says, and None when it has ended."""

    def __init__(self, python: str, log: Path, variables: dict[str, str] | None = None) -> None:
        """Start the process, with further environment variables.

        Raises ValueError when the interpreter cannot be started.
        """
        self.log = log
        self.messages: queue.Queue[wire.Message | None] = queue.Queue()
        log.parent.mkdir(parents=True, exist_ok=True)
        root = str(Path(__file__).resolve().parents[1])
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | (variables or {})
        try:
            self._process = subprocess.Popen(
                [python, "-I", "-X", "utf8", "-c", _BOOT, root, str(NICENESS)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                env=environment,
                creationflags=_WINDOWS_FLAGS,
            )
        except OSError as error:
            raise ValueError(f"The backend's Python could not be started ({python}): {error.strerror}.") from error
        threading.Thread(target=self._read, daemon=True, name="sway-worker-messages").start()
        threading.Thread(target=self._drain, daemon=True, name="sway-worker-log").start()

    def send(self, message: wire.Message) -> None:
        """Send a message; a worker that has just died says so through `messages`, not here."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(wire.encode(message) + "\n")
            self._process.stdin.flush()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        """End the process: close its stdin, and kill it if it does not leave."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def kill(self) -> None:
        self._process.kill()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                self.messages.put(wire.decode(line))
            except ValueError:
                continue  # not ours; the log has it if it came through stderr
        self._process.wait()
        self.messages.put(None)

    def _drain(self) -> None:
        """Keep the stderr pipe empty, or the child would hang when it is full."""
        assert self._process.stderr is not None
        with open(self.log, "w", encoding="utf-8", buffering=1) as log:
            for line in self._process.stderr:
                log.write(line)
