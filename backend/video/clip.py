"""`Clip`: a short film in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Clip:
    """Frames evenly spaced in time."""

    frames: np.ndarray
    """[T, H, W, 3], float32, display-referred (sRGB-encoded), 0..1."""
    fps: float
    """Frames per second of real time."""

    def __post_init__(self) -> None:
        if self.frames.ndim != 4 or self.frames.shape[3] != 3 or 0 in self.frames.shape:
            raise ValueError(f"a clip's frames have shape {self.frames.shape}, expected (frames, height, width, 3)")
        if not self.fps > 0:
            raise ValueError(f"a clip runs at {self.fps} frames per second; it needs a rate above 0")

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the last one."""
        return (len(self) - 1) / self.fps
