"""Softmax splatting: the whole picture pushed forward along its motion, without layers.

Niklaus and Liu 2020 (Softmax Splatting for Video Frame Interpolation), eq. 6, with the importance of Li et al. 2024
(Generative Image Dynamics), section 4: what moves more on average lies in front. Holes are filled from coarser scales
of the picture, where there are fewer, and from the plate last.
"""

from __future__ import annotations

import numpy as np

from .layers import straight
from .renderer import UNSEEN, LayeredRenderer

SHARPNESS = 20.0
"""Weight exp(SHARPNESS importance) for an importance of 0..1: how strictly what moves more hides the rest."""
IMPORTANCE_FRAMES = 12
"""Instants that the mean motion is taken over."""


def softmax_splat(image: np.ndarray, displacement: np.ndarray, importance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Push pixels forward: (picture [H, W, C] float32, weight [H, W] float32: 0 where nothing arrived).

    image [H, W, C]; displacement [H, W, 2], pixels; importance [H, W]: larger ones win, by the ratio of their
    exponentials.
    """
    height, width, channels = image.shape
    weight = np.exp(np.asarray(importance, np.float32) - np.float32(importance.min()))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x, y = x + displacement[..., 0], y + displacement[..., 1]
    left, top = np.floor(x), np.floor(y)
    # A frame of one pixel around catches what leaves the picture.
    stride = width + 3
    fx, fy = (x - left).ravel(), (y - top).ravel()
    column = np.clip(left, -1, width).astype(np.int32).ravel() + 1
    row = np.clip(top, -1, height).astype(np.int32).ravel() + 1
    inside = ((left >= -1) & (left < width) & (top >= -1) & (top < height)).ravel()
    weight = weight.ravel() * inside
    target = row * stride + column
    size = (height + 3) * stride
    flat = image.reshape(-1, channels).astype(np.float32)
    total = np.zeros((channels + 1, size))
    for offset, share in (
        (0, (1 - fx) * (1 - fy)),
        (1, fx * (1 - fy)),
        (stride, (1 - fx) * fy),
        (stride + 1, fx * fy),
    ):
        mass = weight * share
        place = target + offset
        total[channels] += np.bincount(place, mass, size)
        for c in range(channels):
            total[c] += np.bincount(place, mass * flat[:, c], size)
    total = total.reshape(channels + 1, height + 3, stride)[:, 1 : height + 1, 1 : width + 1]
    arrived = total[channels]
    picture = np.moveaxis(total[:channels] / np.maximum(arrived, 1e-12), 0, -1)
    return picture.astype(np.float32), arrived.astype(np.float32)


def splat_filled(
    image: np.ndarray, displacement: np.ndarray, importance: np.ndarray, plate: np.ndarray, scales: int = 1
) -> np.ndarray:
    """`softmax_splat` with its holes filled: from `scales` - 1 halved pictures, splatted too, then from the plate."""
    import cv2

    height, width = image.shape[:2]
    back = np.asarray(plate, np.float32)
    if scales > 1 and min(height, width) >= 16:
        size = (width + 1) // 2, (height + 1) // 2
        ratio = np.array([size[0] / width, size[1] / height], np.float32)
        coarse = splat_filled(
            cv2.resize(image, size, interpolation=cv2.INTER_AREA),
            cv2.resize(displacement, size, interpolation=cv2.INTER_AREA) * ratio,
            cv2.resize(importance, size, interpolation=cv2.INTER_AREA),
            cv2.resize(plate, size, interpolation=cv2.INTER_AREA),
            scales - 1,
        )
        back = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    picture, arrived = softmax_splat(image, displacement, importance)
    # Half a pixel's worth of contributions is a pixel; less is the soft edge of a hole.
    share = np.clip(2 * arrived, 0, 1)[..., None]
    return share * picture + (1 - share) * back


class SplattingRenderer(LayeredRenderer):
    """Frames by splatting the photograph; the layers give the motion and the plate only."""

    def __init__(self, prepared, frames, fps, controls) -> None:
        super().__init__(prepared, frames, fps, controls)
        times = np.linspace(0, frames, IMPORTANCE_FRAMES, endpoint=False)
        mean = sum(np.linalg.norm(self.displacement(t), axis=-1) for t in times) / IMPORTANCE_FRAMES
        self._importance = (SHARPNESS * mean / max(float(mean.max()), 1e-6)).astype(np.float32)

    def frame(self, index: int) -> np.ndarray:
        """Frame `index` [H, W, 3 or 4], of the picture's type, straight alpha."""
        prepared, displacement = self.prepared, self.displacement(index)
        moving = np.linalg.norm(displacement, axis=-1) > UNSEEN
        if not moving.any():
            return prepared.picture.image.copy()
        reach = int(np.ceil(np.abs(displacement).max())) + 2
        rows, columns = _around(moving, reach)
        part = splat_filled(
            prepared.image[rows, columns],
            displacement[rows, columns],
            self._importance[rows, columns],
            prepared.plate[rows, columns],
            self.controls.scales,
        )
        out = prepared.image.copy()
        if out.dtype == np.uint8:
            part = np.clip(np.round(part), 0, 255)
        touched = _grown(moving, reach)[rows, columns]
        out[rows, columns][touched] = part[touched].astype(out.dtype)
        return straight(out)


def _around(moving: np.ndarray, reach: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(moving.any(1)), np.flatnonzero(moving.any(0))
    return (
        slice(max(rows[0] - reach, 0), rows[-1] + 1 + reach),
        slice(max(columns[0] - reach, 0), columns[-1] + 1 + reach),
    )


def _grown(mask: np.ndarray, reach: int) -> np.ndarray:
    import cv2

    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
