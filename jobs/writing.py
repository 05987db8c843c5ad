"""Frames written by a thread of Blender's own process: numpy and files only, so that the window stays usable."""

from __future__ import annotations

import threading

from ..scene.bakes.frames_bake import Frames


class Stopped(Exception):
    """Raised inside the thread once a person asked it to stop."""


class Writing:
    """One run of `Frames.write`."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.fraction = 0.0
        self.error = ""
        """Why it ended early, as a sentence; empty where it did not, or was stopped."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def stop(self) -> None:
        """End after the frame that is being written."""
        self._stop.set()

    def _run(self) -> None:
        try:
            self.frames.write(self._progress)
        except Stopped:
            pass
        except OSError as error:
            self.error = f"the bake stopped: {error}"

    def _progress(self, fraction: float) -> None:
        self.fraction = fraction
        if self._stop.is_set():
            raise Stopped


_running: Writing | None = None


def start(frames: Frames) -> Writing:
    """Begin to write. Raises ValueError while another bake is being written."""
    global _running
    if running():
        raise ValueError("Sway is writing another bake; pause it or wait for it first.")
    _running = Writing(frames)
    return _running


def running() -> Writing | None:
    """The bake that is being written."""
    return _running if _running is not None and not _running.ended else None
