"""Work of a thread in Blender's own process: numpy and files only, so that the window stays usable meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class Background:
    """One call in a thread. It must not touch bpy, which belongs to the main thread."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._result: Any = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="sway-background")
        self._thread.start()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def wait(self) -> None:
        self._thread.join()

    def result(self) -> Any:
        """What the call returned, or raised; waits for its end."""
        self.wait()
        if self._error is not None:
            raise self._error
        return self._result

    def _run(self) -> None:
        try:
            self._result = self._call()
        except Exception as error:  # raised again where the result is asked for
            self._error = error
