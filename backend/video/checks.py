"""Whether a clip can serve as a reference motion: one sentence for each thing that can be wrong with it."""

from __future__ import annotations

import numpy as np

SHAPES_ALIKE = 1.15
"""Ratio of two aspect ratios up to which cropping hides the difference."""
LEAST_FRAMES = 3
CUT = 0.3
"""One less the correlation of two frames' details from which there may be a cut between them; swings stay below 0.2."""
STANDS_OUT = 4.0
"""How many times more than usual a cut changes the picture, or jolts the camera."""
JOLT = 0.02
"""Of the width: a background that has moved on by as much from one frame to the next."""
LEAST_MOTION = 0.0015
"""Of the height: what moves less is noise."""


def refuse_short(count: int, name: str) -> None:
    """Raise ValueError for fewer than three frames."""
    if count < LEAST_FRAMES:
        raise ValueError(
            f"{name} has {'1 frame' if count == 1 else f'{count} frames'} from the first one chosen; a reference "
            f"motion needs {LEAST_FRAMES} or more: choose a longer video, an earlier First Frame or a smaller Frame "
            "Step."
        )


def refuse_other_shape(clip: tuple[int, int], view: tuple[int, int], name: str) -> None:
    """Raise ValueError where a clip's (width, height) has another aspect ratio than the view's."""
    ratio = clip[0] / clip[1] / (view[0] / view[1])
    if max(ratio, 1 / ratio) > SHAPES_ALIKE:
        raise ValueError(
            f"{name} is {_shape(*clip)} and the camera's picture {_shape(*view)}; set the render resolution to the "
            "clip's shape (Output properties), or crop the clip."
        )


def _shape(width: int, height: int) -> str:
    return f"{width / height:.2f} times as wide as high"


def refuse_cut(frames: np.ndarray, name: str) -> None:
    """Raise ValueError where frames [T, H, W, 3], 0..1 or uint8, jump to another picture."""
    import cv2

    scale = 96 / max(frames.shape[1:3])
    size = (max(round(frames.shape[2] * scale), 8), max(round(frames.shape[1] * scale), 8))
    small = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames])
    grey = small.astype(np.float32).mean(-1)
    detail = np.stack([cv2.GaussianBlur(g, (0, 0), 1) - cv2.GaussianBlur(g, (0, 0), 8) for g in grey])
    detail = detail.reshape(len(frames), -1)
    detail /= np.maximum(np.linalg.norm(detail, axis=1, keepdims=True), 1e-6)
    unlike = 1 - (detail[1:] * detail[:-1]).sum(1)
    cut = int(unlike.argmax())
    if unlike[cut] > CUT and unlike[cut] > STANDS_OUT * np.median(unlike):
        raise ValueError(_cut(cut, name))


def refuse_jolt(shifts: np.ndarray, width: int, name: str) -> None:
    """Raise ValueError where the background's shift since the first frame [T], pixels, jumps."""
    steps = np.abs(np.diff(shifts))
    cut = int(steps.argmax())
    if steps[cut] > JOLT * width and steps[cut] > STANDS_OUT * np.median(steps):
        raise ValueError(_cut(cut, name))


def _cut(place: int, name: str) -> str:
    return (
        f"{name} has a cut between its frames {place + 1} and {place + 2}; choose a First Frame after it, or a clip "
        "without."
    )


def refuse_still(flow: np.ndarray, matte: np.ndarray, name: str) -> float:
    """How far the subject moves, pixels; raise ValueError where that is next to nothing.

    flow [T, H, W, 2] from the first frame; matte [H, W], 0..1: the subject. The distance between the extremes of the
    livelier twentieth of the subject.
    """
    moves = np.linalg.norm(flow - flow.mean(0), axis=-1).max(0)
    subject = moves[matte > 0.5]
    reach = float(np.quantile(subject, 0.95)) if len(subject) else 0.0
    if reach < LEAST_MOTION * flow.shape[1]:
        raise ValueError(
            f"Nothing moves in {name} where the camera sees the moving part; choose a clip in which it sways, or mark "
            "what moves with Guess Parts."
        )
    return reach
