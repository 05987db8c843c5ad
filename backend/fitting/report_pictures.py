"""A fit's report for people to look at: the loss as the search went on, and the fit beside the clip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .report import Comparison
from .result import Fit

WIDTH = 480
"""Of every plot, pixels. With what is shown beside it a plot makes about a square, as panels show pictures."""
ALONE, STACKED, BELOW = 400, 240, 180
"""Height of a plot by itself, of one of two, and of one below a strip of frames, pixels."""
MARGINS = (34, 14, 34, 62)
"""Top, right, bottom, left."""
BACKGROUND, GRID, INK = (28, 28, 30), (61, 61, 66), (220, 220, 225)
CURVE, STILL, HELD = (115, 190, 255), (255, 158, 64), (255, 158, 64)
"""RGB, 0..255."""
EXAGGERATED = 4.0
"""Factor on differences, or the eye misses them."""
SHOWN = 3
"""Frames in the strip."""
TICKS = 5
"""Numbers below a plot, at most."""
LABEL, LINE = 18, 160
"""Height of a line of words, and the least width of a picture below one, pixels."""


def loss_plot(found: Fit) -> np.ndarray:
    """The loss of each evaluation, on a scale of decades, and that of the still picture dashed: [H, W, 3], 0..1.

    Losses by tracks and by pictures stand in plots of their own, one above the other: they cannot be compared.
    """
    by_tracks, by_pictures = found.history[: found.tracked], found.history[found.tracked :]
    plots = []
    if by_tracks:
        plots.append(("Pixels off the clip's tracks", by_tracks, found.tracks_still, 1))
    if by_pictures or not by_tracks:
        plots.append(("Difference from the pictures", by_pictures, found.loss_first, len(by_tracks) + 1))
    height = ALONE if len(plots) == 1 else STACKED
    return np.concatenate([_plot(height, *plot) for plot in plots]).astype(np.float32) / 255


def course_plot(losses: Sequence[float], by_pictures: bool) -> np.ndarray:
    """The losses of a search that still goes on [BELOW, WIDTH, 3], 0..1."""
    words = "Difference from the pictures" if by_pictures else "Pixels off the clip's tracks"
    return _plot(BELOW, words, losses, None, 1).astype(np.float32) / 255


def _plot(height: int, words: str, losses: Sequence[float], still: float | None, first: int) -> np.ndarray:
    """Losses, the first of which is that of the simulation with the number `first` [height, WIDTH, 3], uint8."""
    import cv2

    history = np.maximum(np.array(losses, float), 1e-12)
    decades = np.log10(history if still is None else np.append(history, max(still, 1e-12)))
    low, high = decades.min() - 0.08, decades.max() + 0.08
    top, right, bottom, left = MARGINS
    rise, across = height - top - bottom, WIDTH - left - right
    plot = np.full((height, WIDTH, 3), BACKGROUND, np.uint8)

    def x_of(index: float) -> int:
        return round(left + index / max(len(history) - 1, 1) * across)

    def y_of(decade: float) -> int:
        return round(top + (high - decade) / (high - low) * rise)

    for value in _ticks(low, high):
        y = y_of(np.log10(value))
        cv2.line(plot, (left, y), (left + across, y), GRID, 1)
        _write(plot, f"{value:.3g}", (6, y + 5))
    for index in range(0, len(history), -(-len(history) // TICKS)):
        _write(plot, str(first + index), (x_of(index) - 4, top + rise + 20))
    if still is not None:
        dash = y_of(np.log10(max(still, 1e-12)))
        for x in range(left, left + across, 12):
            cv2.line(plot, (x, dash), (min(x + 6, left + across), dash), STILL, 1)
        _write(plot, "standing still", (left + 4, dash + 16 if dash < top + 24 else dash - 6), STILL)
    course = [(x_of(k), y_of(np.log10(value))) for k, value in enumerate(history)]
    cv2.polylines(plot, [np.array(course, np.int32)], False, CURVE, 2, cv2.LINE_AA)
    for point in course if len(course) <= 40 else ():
        cv2.circle(plot, point, 3, CURVE, -1, cv2.LINE_AA)
    _write(plot, words, (left, 20))
    return plot


def side_by_side(comparison: Comparison, place: tuple[slice, slice]) -> np.ndarray:
    """Three frames of the clip above the fit's and above their difference [H, W, 3]; `place` is rows and columns."""
    chosen = np.linspace(0, len(comparison.wanted) - 1, SHOWN + 1).round().astype(int)[1:]
    bands = []
    for words, frames in _bands(comparison, place):
        lines = [words] * SHOWN if bands else [f"{words}, frame {index + 2}" for index in chosen]
        held = [not bands and index >= comparison.seen for index in chosen]
        shown = zip(frames[chosen], lines, held, strict=True)
        bands.append(np.concatenate([_labelled(p, line + (", held out" if h else ""), h) for p, line, h in shown], 1))
    return np.concatenate(bands)


def film(comparison: Comparison, place: tuple[slice, slice]) -> np.ndarray:
    """The clip, the fit and their difference side by side, every frame with its number [T - 1, H, W, 3], 0..1."""
    bands = _bands(comparison, place)
    shown = []
    for index in range(len(comparison.wanted)):
        pictures = [_labelled(frames[index], words) for words, frames in bands]
        score = f"frame {index + 2}, {comparison.psnr[index]:.1f} dB"
        held = index >= comparison.seen
        shown.append(_labelled(np.concatenate(pictures, 1), score + (", held out" if held else ""), held))
    return np.stack(shown)


def _bands(comparison: Comparison, place: tuple[slice, slice]) -> list[tuple[str, np.ndarray]]:
    """What is compared, cut out and large enough for a line of words above it [T - 1, H, W, 3]."""
    wanted, fitted = (_enlarged(frames[:, *place]) for frames in (comparison.wanted, comparison.fitted))
    difference = np.clip(EXAGGERATED * np.abs(fitted - wanted), 0, 1)
    return [("Clip", wanted), ("Fit", fitted), (f"Difference, {EXAGGERATED:g} times", difference)]


def _enlarged(frames: np.ndarray) -> np.ndarray:
    import cv2

    times = -(-LINE // frames.shape[2])
    if times == 1:
        return frames
    return np.stack([cv2.resize(f, None, fx=times, fy=times, interpolation=cv2.INTER_LINEAR) for f in frames])


def _labelled(picture: np.ndarray, words: str, stands_out: bool = False) -> np.ndarray:
    """A picture [H, W, 3] under a line of words."""
    line = np.full((LABEL, picture.shape[1], 3), BACKGROUND, np.uint8)
    _write(line, words, (4, LABEL - 5), HELD if stands_out else INK)
    return np.concatenate([line.astype(np.float32) / 255, picture])


def _ticks(low: float, high: float) -> list[float]:
    """Values 1, 2 and 5 of each decade between two logarithms; the ends where there is none."""
    decades = np.arange(np.floor(low), np.ceil(high) + 1)
    values = [float(m * 10**d) for d in decades for m in (1, 2, 5) if low <= np.log10(m) + d <= high]
    return values if len(values) > 1 else [10 ** (low + 0.08), 10 ** (high - 0.08)]


def _write(picture: np.ndarray, text: str, at: tuple[int, int], colour: tuple[int, int, int] = INK) -> None:
    import cv2

    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)
