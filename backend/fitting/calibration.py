"""Tracks without what optical flow gets wrong: analysis by synthesis.

Flow of small pictures shows motion a few percent too small, most at the tips, and a track follows a surface instead of
the particle behind it. Both happen in the same way to pictures of a simulation, of which the particles' true way is
known: what flow makes of them, less their way, is taken off the clip's tracks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ..camera import Camera
from ..video.tracks import optical_flow, sample_tracks
from .observation import Tracks


def calibrated(
    tracks: Tracks, still: np.ndarray, pictures: Iterable[np.ndarray], way: np.ndarray, camera: Camera, rest: np.ndarray
) -> Tracks:
    """The tracks less the error of flow on rendered `pictures` [H, W, 3] of the frames after the `still` one.

    `way` [T - 1, V, 2] is how far the tracked particles truly went in them, pixels; `rest` [P, 3] (m) of all particles.
    """
    film = np.stack([still, *pictures]).clip(0, 1).astype(np.float32)
    flow = optical_flow(film)
    seen = sample_tracks(flow, camera.project(rest[tracks.particles]))[1:]
    return replace(tracks, displacement=tracks.displacement - (seen - way))
