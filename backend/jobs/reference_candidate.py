"""`Candidate`: a clip that can be the reference motion, and how one is made of the frames of a film."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..render.view import View
from ..spectral.frequency import dominant_frequency
from ..video.alignment import align, centred, match_colours
from ..video.checks import refuse_cut, refuse_still
from ..video.clip import Clip
from ..video.stillness import keep_background, steady
from ..video.warping import resample

FEWEST = 8
"""Samples that a frequency is estimated from."""
BACKGROUND = 0.1
"""Matte below which a pixel counts as background."""


@dataclass(frozen=True)
class Candidate:
    """One clip of the view."""

    clip: Clip
    frequency: float
    """At which the liveliest part sways, hertz."""
    reach: float
    """How far it goes, pixels."""
    seed: int
    measured: dict[str, float] = field(default_factory=dict)
    """Of a film: how far its camera moved and how well it lies on the view."""

    def to_jsonable(self) -> dict:
        return {
            "frames": len(self.clip),
            "fps": self.clip.fps,
            "frequency_hz": self.frequency,
            "reach_px": round(self.reach, 2),
            "seed": self.seed,
            **{name: round(value, 4) for name, value in self.measured.items()},
        }


def candidate_of(
    film: np.ndarray,
    fps: float,
    view: View,
    name: str,
    seed: int,
    *,
    aligned: bool,
    background: bool,
    progress: Callable[[float], None],
) -> Candidate:
    """Check a film of the view and lay it on it.

    film [T, h, w, 3], uint8 or 0..1, of about the view's shape. aligned: whether its first frame is registered with the
    view; otherwise its middle is taken. background: whether the view's replaces the film's. progress: called with 0..1.
    Raises ValueError with one sentence that says what is wrong with the film.
    """
    refuse_cut(film, name)
    progress(0.1)
    height, width = view.matte.shape
    shown = np.isfinite(view.depth)
    first = _as_float(film[0])
    matrix, measured = centred((film.shape[2], film.shape[1]), (width, height)), {}
    if aligned:
        found = align(first, view.still, shown)
        matrix = found.matrix
        measured = {"alignment": found.correlation, "covered": found.covered}
    progress(0.3)
    laid = [resample(_smooth(_as_float(frame), matrix), matrix, width, height) for frame in film]
    frames = np.stack([picture for picture, _inside in laid])
    seen = laid[0][1]
    if aligned:
        frames = match_colours(frames, view.still, shown & (seen > 0.99))
    frames = frames * seen[..., None] + view.still * (1 - seen[..., None])
    frames = frames.astype(np.float32)
    progress(0.5)
    held = steady(frames, view.matte < BACKGROUND, name)
    reach = refuse_still(held.flow, view.matte, name)
    progress(0.9)
    frames = held.frames
    if background:
        frames = keep_background(frames, held.flow, view.still, view.matte)
    most = np.linalg.norm(held.flow, axis=-1).max(0) * (view.matte > 0.5)
    liveliest = np.unravel_index(most.argmax(), most.shape)
    frequency = sway_frequency(held.flow[:, *liveliest], fps)
    measured |= {"camera_px": held.moved, "camera_left_px": held.left}
    return Candidate(Clip(frames.astype(np.float32), fps), frequency, reach, seed, measured)


def sway_frequency(motion: np.ndarray, fps: float) -> float:
    """Dominant frequency [Hz] of a pixel's displacement [T, 2] along the direction in which it moves most."""
    centre = motion - motion.mean(0)
    direction = np.linalg.svd(centre, full_matrices=False)[2][0]
    course = motion @ direction
    if len(course) < FEWEST:  # too few for a spectrum: read in between them
        places = np.linspace(0, len(course) - 1, FEWEST)
        fps *= (FEWEST - 1) / (len(course) - 1)
        course = np.interp(places, np.arange(len(course)), course)
    return dominant_frequency(course, fps)


def _as_float(frame: np.ndarray) -> np.ndarray:
    return frame.astype(np.float32) / 255 if frame.dtype == np.uint8 else np.asarray(frame, np.float32)


def _smooth(picture: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """A picture without the detail that shrinking by a map's zoom would turn into shimmer."""
    import cv2

    zoom = float(np.sqrt(np.linalg.det(matrix[:, :2])))
    return picture if zoom <= 1.1 else cv2.GaussianBlur(picture, (0, 0), 0.4 * np.sqrt(zoom**2 - 1))
