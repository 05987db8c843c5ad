"""What a person may tell the predictor besides the picture, and how the network is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GUIDES = 5
"""Channels: mask, stroke x and y, wind x and y."""


@dataclass(frozen=True)
class Guidance:
    """All of it may be left out."""

    mask: np.ndarray | None = None
    """What is to move [H, W], 0..1; nothing else then does."""
    strokes: tuple[np.ndarray, ...] = ()
    """Lines [n, 2] from where a plant is held to where it is free, pixels (x, y) of the picture."""
    wind: float | None = None
    """Where it blows to, degrees: 0 to the right, 90 up."""

    def channels(self, size: tuple[int, int], picture: tuple[int, int]) -> np.ndarray:
        """For the network [GUIDES, h, w] float32; sizes are (height, width), of these channels and of the picture.

        Raises ValueError for a mask or strokes of another shape.
        """
        import cv2

        channels = np.zeros((GUIDES, *size), np.float32)
        if self.mask is not None:
            if self.mask.shape != picture:
                raise ValueError(
                    f"the mask is {self.mask.shape} but the picture {picture} (height, width); paint it on this picture"
                )
            small = cv2.resize(np.asarray(self.mask, np.float32), size[::-1], interpolation=cv2.INTER_AREA)
            channels[0] = np.where(small > 0.4, 1, -1)
        scale = np.array([size[1] / picture[1], size[0] / picture[0]])
        for stroke in self.strokes:
            if stroke.ndim != 2 or stroke.shape[1] != 2 or len(stroke) < 2:
                raise ValueError("a stroke needs at least two points; draw it longer")
            draw_stroke(channels[1:3], stroke * scale)
        if self.wind is not None:
            angle = np.radians(self.wind)
            channels[3], channels[4] = np.cos(angle), -np.sin(angle)
        return channels


def draw_stroke(channels: np.ndarray, points: np.ndarray) -> None:
    """Draw a line from root to tip [n, 2] (x, y) into two channels [2, H, W]: its direction on its pixels."""
    import cv2

    for start, end in zip(points[:-1], points[1:], strict=True):
        length = np.hypot(*(end - start))
        if length < 1e-3:
            continue
        ends = [tuple(int(v) for v in np.round(p)) for p in (start, end)]
        for axis in (0, 1):
            cv2.line(channels[axis], ends[0], ends[1], float((end - start)[axis] / length), 2)
