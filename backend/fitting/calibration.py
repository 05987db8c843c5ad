"""Tracks by synthesis: how far the clip is from pictures of the fit, instead of how far from its own first frame.

Optical flow over a long way is off by some percent of it, most at the tips, and takes what hides a particle for the
particle. Between a picture of the fit and the clip's frame of the same time the way is short, and so is the error; it
shrinks with every round. Where the particle is in the picture is known, so no surface stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..camera import Camera
from ..video.tracks import optical_flow, sample_tracks, track_confidence
from .observation import Tracks, huber


def calibrated(
    tracks: Tracks,
    pictures: Iterable[np.ndarray],
    frames: np.ndarray,
    way: np.ndarray,
    camera: Camera,
    rest: np.ndarray,
) -> Tracks:
    """The same particles' tracks, by rendered `pictures` [H, W, 3] of a fit that are like the clip's `frames`.

    `frames` [T - 1, H, W, 3] are those after the first one, `way` [T - 1, V, 2] is how far the tracked particles go in
    the pictures (pixels), `rest` [P, 3] (m) of all particles. Tracks that stand out from the others weigh less.
    """
    start = camera.project(rest[tracks.particles])
    missed, trust = np.empty_like(way), np.empty(way.shape[:2])
    for t, (picture, frame) in enumerate(zip(pictures, frames, strict=True)):
        pair = np.stack([picture.clip(0, 1), frame]).astype(np.float32)
        flow, back = optical_flow(pair), optical_flow(pair, reverse=True)
        missed[t] = sample_tracks(flow, start + way[t])[1]
        trust[t] = track_confidence(flow, back, start + way[t])[1]
    usual = float(np.median(np.linalg.norm(missed, axis=-1)))
    return Tracks(tracks.particles, way + missed, trust * huber(missed, 2 * usual))
