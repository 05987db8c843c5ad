"""A clip made to look as if a still camera had taken it: measured, stabilised where that helps, refused elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .checks import refuse_jolt
from .tracks import background_fit, optical_flow, shift_of
from .warping import resample

STILL = 0.001
"""Of the width: a camera that moves less needs no correction."""
NOISE = 0.2
"""Pixels of camera motion that are measured where there is none, in noisy pictures."""
MOST = 0.03
"""Of the width: a camera that moves more is not corrected, as its parallax would look like motion."""
LEAST_AGREEMENT = 0.55
"""Share of the background that must move as one, in every frame."""
LEFT = 0.004
"""Of the width: what the correction may leave."""


@dataclass(frozen=True)
class Steady:
    """A clip from a still camera."""

    frames: np.ndarray
    """[T, H, W, 3], float32, 0..1."""
    flow: np.ndarray
    """Of each pixel of the first frame [T, H, W, 2], pixels."""
    moved: float
    """How far the camera had moved at most, pixels."""
    left: float
    """How far it seems to move now, pixels."""


def steady(frames: np.ndarray, still: np.ndarray, name: str) -> Steady:
    """Take the camera's own motion out of a clip.

    frames [T, H, W, 3]; still [H, W]: True where the first frame shows what does not move by itself. Raises ValueError
    with one sentence where the camera moves too much, or not as one camera does.
    """
    height, width = frames.shape[1:3]
    flow = optical_flow(frames)
    matrices, agreement = background_fit(flow, still, frames[0])
    shifts = shift_of(matrices, width, height)
    refuse_jolt(shifts, width, name)
    moved = float(shifts.max())
    if moved > MOST * width or agreement.min() < LEAST_AGREEMENT:
        raise ValueError(_sentence(moved / width, name))
    if moved <= max(STILL * width, NOISE):
        return Steady(frames, flow, moved, moved)
    corrected = np.empty_like(frames)
    for t, (frame, matrix) in enumerate(zip(frames, matrices, strict=True)):
        warped, inside = resample(frame, matrix, width, height)
        corrected[t] = warped * inside[..., None] + frames[0] * (1 - inside[..., None])
    flow = optical_flow(corrected)
    matrices, _agreement = background_fit(flow, still, frames[0])
    left = float(shift_of(matrices, width, height).max())
    if left > max(LEFT * width, 2 * NOISE):
        raise ValueError(_sentence(moved / width, name))
    return Steady(corrected, flow, moved, left)


def _sentence(share: float, name: str) -> str:
    how = f"by {share:.0%} of the picture's width" if share > 0.01 else "around the subject, or its background changes"
    return f"The camera moves in {name}, {how}; use a clip from a tripod, or stabilise it first."


def keep_background(steady_frames: np.ndarray, flow: np.ndarray, still: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """Lay the still's own background around what moves: [T, H, W, 3].

    steady_frames [T, H, W, 3]; flow [T, H, W, 2] of the first frame's pixels; still [H, W, 3]; matte [H, W], 0..1. The
    moving part keeps the clip's pixels where it is, where it was at rest, and a little around.
    """
    import cv2

    height, width = matte.shape
    around = max(round(0.012 * height), 2)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * around + 1, 2 * around + 1))
    rest = (matte > 0.1).astype(np.uint8)
    rows, columns = np.nonzero(rest)
    out = np.empty_like(steady_frames)
    for t, frame in enumerate(steady_frames):
        there = np.rint(np.stack([columns, rows], 1) + flow[t, rows, columns]).astype(int)
        there = there[((there >= 0) & (there < (width, height))).all(1)]
        where = rest.copy()
        where[there[:, 1], there[:, 0]] = 1
        soft = cv2.GaussianBlur(cv2.dilate(where, disc).astype(np.float32), (0, 0), around / 2)[..., None]
        out[t] = soft * frame + (1 - soft) * still
    return out
