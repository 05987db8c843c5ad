"""A picture brought to a size that a model takes, and the model's frames brought back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Framing:
    """Where a view of one size lies within pictures of another: scaled evenly, the rest filled by mirroring."""

    view: tuple[int, int]
    """(width, height) of the view."""
    outer: tuple[int, int]
    """(width, height) of the model's pictures."""

    @property
    def inner(self) -> tuple[int, int]:
        """(width, height) of the view within the model's pictures."""
        scale = min(self.outer[0] / self.view[0], self.outer[1] / self.view[1])
        return tuple(min(max(round(v * scale), 1), o) for v, o in zip(self.view, self.outer, strict=True))  # type: ignore[return-value]

    def enlarge(self, picture: np.ndarray) -> np.ndarray:
        """A view's picture [H, W, 3], 0..1, as the model takes it [h, w, 3], uint8."""
        import cv2

        width, height = self.inner
        shrinks = width < picture.shape[1]
        scaled = cv2.resize(
            np.asarray(picture, np.float32),
            (width, height),
            interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC,
        )
        eight_bit = np.round(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
        left, top = self._corner
        right, bottom = self.outer[0] - width - left, self.outer[1] - height - top
        return cv2.copyMakeBorder(eight_bit, top, bottom, left, right, cv2.BORDER_REFLECT_101)

    def cut(self, frames: np.ndarray) -> np.ndarray:
        """The model's frames [T, h, w, 3], 0..1, as pictures of the view [T, H, W, 3]."""
        import cv2

        (left, top), (width, height) = self._corner, self.inner
        shrinks = self.view[0] < width
        method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        inside = frames[:, top : top + height, left : left + width]
        return np.clip(np.stack([cv2.resize(f, self.view, interpolation=method) for f in inside]), 0, 1)

    @property
    def _corner(self) -> tuple[int, int]:
        width, height = self.inner
        return (self.outer[0] - width) // 2, (self.outer[1] - height) // 2
