"""Frames of the scene that are read one at a time, since only the main thread may: the window is drawn in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .background import Background

if TYPE_CHECKING:
    import bpy


class Pieces:
    """Shows frame after frame of a scene; each is read at once and written in a thread.

    `read` is called with each frame when it is shown, and returns what writes it. `folder` is where that goes.
    """

    def __init__(
        self, scene: bpy.types.Scene, frames: Sequence[int], read: Callable[[int], Callable[[], Any]], folder: Path
    ) -> None:
        self.folder, self.ended = folder, False
        self._scene, self._frames, self._read = scene, frames, read
        self._before = scene.frame_current, scene.frame_subframe
        self._done = 0
        self._writing: Background | None = None

    @property
    def fraction(self) -> float:
        return self._done / max(len(self._frames), 1)

    def step(self) -> None:
        """Go on to the next frame, if the last one is written. Raises what reading and writing do, and ends then."""
        if self._writing is not None and not self._writing.ended:
            return
        try:
            if self._writing is not None:
                self._writing.result()
                self._writing, self._done = None, self._done + 1
            if self._done == len(self._frames):
                self.end()
                return
            frame = self._frames[self._done]
            self._scene.frame_set(frame)
            self._writing = Background(self._read(frame))
        except BaseException:
            self.end()
            raise

    def run(self) -> None:
        """All of it at once, for scripts and background mode. Raises what reading and writing do."""
        while not self.ended:
            self.step()
            if self._writing is not None:
                self._writing.wait()

    def end(self) -> None:
        """Read no further; the scene's frame is what it was, and nothing is being written any more."""
        if self.ended:
            return
        self.ended = True
        if self._writing is not None:
            self._writing.wait()
        frame, subframe = self._before
        self._scene.frame_set(frame, subframe=subframe)
