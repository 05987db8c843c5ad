"""Strokes without drawing: a stem and a few side branches from the matte of a plant alone."""

from __future__ import annotations

import numpy as np

from .motion_texture import Stroke

AMPLITUDE = 0.035
"""Sway of the tip over the picture's height: clearly visible, with leaves still far from folding over."""
BRANCH_FREQUENCIES = (1.7, 2.1)
"""Natural frequencies of the left and right side branch over the stem's: shorter parts are faster."""


def automatic_strokes(
    mask: np.ndarray,
    root_hint: tuple[float, float] | None = None,
    *,
    tip_hint: tuple[float, float] | None = None,
    frequency: float = 1.6,
    damping: float = 0.06,
    amplitude: float | None = None,
    branch_share: float = 0.15,
) -> list[Stroke]:
    """The stem first, then up to two side branches.

    mask [H, W], 0..1: what moves. root_hint, tip_hint (x, y) pixels: where the plant is held (for a pot, the middle of
    the soil) and its highest point; guessed from the mask where not given. amplitude: of the stem's tip, pixels;
    AMPLITUDE of the picture's height where not given. The branches move by `branch_share` of it, little on purpose: a
    physical model fitted to the clip has no modes of these very branches. 0 leaves them out.
    """
    rows, columns = np.nonzero(mask > 0.5)
    if len(rows) < 16:
        raise ValueError("the mask of the moving part is empty; mark what should move")
    xy = np.stack([columns, rows], 1) + 0.5
    if root_hint is None:
        root_hint = _middle(xy, xy[:, 1] >= np.quantile(xy[:, 1], 0.98))
    root = np.asarray(root_hint, float)
    if tip_hint is None:
        tip_hint = _middle(xy, xy[:, 1] <= np.quantile(xy[:, 1], 0.005))
    tip = np.asarray(tip_hint, float)
    stem = Stroke(
        np.stack([root, tip]), frequency, AMPLITUDE * mask.shape[0] if amplitude is None else amplitude, damping
    )
    if not branch_share:
        return [stem]
    return [stem, *_branches(xy, stem, branch_share * stem.amplitude)]


def _middle(xy: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    return xy[chosen].mean(0)


def _branches(xy: np.ndarray, stem: Stroke, amplitude: float) -> list[Stroke]:
    """The parts that reach farthest left and right of the stem's middle, as strokes that leave the stem below."""
    root, tip = stem.points[0], stem.points[-1]
    length = np.linalg.norm(tip - root)
    chord = (tip - root) / length
    along = (xy - root) @ chord / length
    beside = (xy - root) @ np.array([-chord[1], chord[0]])
    middle = (along > 0.3) & (along < 0.85)
    branches = []
    for side, ratio in zip((-1, 1), BRANCH_FREQUENCIES, strict=True):
        reach = side * beside[middle]
        if reach.size == 0 or reach.max() < 0.1 * length:
            continue
        end = xy[middle][reach.argmax()]
        # Branches rise from the stem at about 45 degrees, but leave it well above the root.
        start = root + chord * length * max(along[middle][reach.argmax()] - reach.max() / length, 0.15)
        points = np.stack([start, end])
        branches.append(Stroke(points, stem.frequency * ratio, amplitude, stem.damping, reach=0.35 * reach.max()))
    return branches
