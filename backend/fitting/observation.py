"""What a clip tells about the driving particles: 2-D tracks of those that the camera sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..camera import Camera
from ..mpm.model import Model
from ..spectral.frequency import dominant_frequency
from ..video.clip import Clip
from ..video.tracks import optical_flow, sample_tracks, track_confidence

BEHIND = 0.3
"""Cells by which a particle may lie behind what the camera sees and still count as seen: half a leaf's thickness."""
TRUSTED = 0.3
"""Mean confidence of a track from which it is used."""
FEWEST = 12
"""Tracks below which there is nothing to fit."""
NOISE = 0.25
"""Standard deviation of a track, pixels: optical flow on small pictures."""


@dataclass(frozen=True)
class Tracks:
    """Motion of V visible driving particles over the T - 1 frames after the first one."""

    particles: np.ndarray
    """Their numbers [V]."""
    displacement: np.ndarray
    """Pixels since frame 0 [T - 1, V, 2], x right, y down."""
    weights: np.ndarray
    """How far each is trusted [T - 1, V], 0..1."""

    @property
    def reach(self) -> float:
        """Largest displacement of the well-tracked, pixels."""
        return float(np.percentile(np.linalg.norm(self.displacement, axis=-1).max(0), 95))

    def pace(self, fps: float) -> float:
        """Dominant frequency of the motion that most tracks share (their first principal component), hertz."""
        seen = (self.displacement * self.weights[..., None]).reshape(len(self.displacement), -1)
        course = np.linalg.svd(seen, full_matrices=False)[0][:, 0]
        return dominant_frequency(np.append(0, course), fps)


def visible(model: Model, camera: Camera, depth: np.ndarray) -> np.ndarray:
    """Numbers [V] of the particles that a camera sees: inside the picture, not behind its depth [H, W] (m, rest)."""
    z = camera.to_camera(model.rest)[:, 2]
    column, row = np.floor(camera.project(model.rest)).astype(int).T
    inside = (z > 0) & (column >= 0) & (row >= 0) & (column < camera.width) & (row < camera.height)
    front = np.full(len(z), -np.inf)
    front[inside] = depth[row[inside], column[inside]]
    return np.flatnonzero(np.isfinite(front) & (z <= front + BEHIND * model.grid.cell))


def observe(model: Model, clip: Clip, camera: Camera, depth: np.ndarray) -> Tracks:
    """Follow the visible particles through a clip whose frame 0 shows the model at rest.

    `camera` and `depth` [H, W] (camera z at rest, metres) have the clip's size.
    Raises ValueError when too few particles can be followed, or nothing moves.
    """
    particles = visible(model, camera, depth)
    flow, back = optical_flow(clip.frames), optical_flow(clip.frames, reverse=True)
    pixels = camera.project(model.rest[particles])
    weights = track_confidence(flow, back, pixels)[1:]
    good = weights.mean(0) > TRUSTED
    if good.sum() < FEWEST:
        raise ValueError("too little of the moving part can be followed through the clip; use a sharper or calmer one")
    tracks = Tracks(particles[good], sample_tracks(flow, pixels[good])[1:], weights[:, good])
    if tracks.reach < NOISE:
        raise ValueError("hardly anything moves in the clip; use one with more motion")
    return tracks


def huber(residual: np.ndarray, scale: float) -> np.ndarray:
    """Weights of Huber's estimator (1964) for 2-D residuals [..., 2]: 1 within `scale`, falling as 1/r beyond."""
    return np.minimum(1, scale / np.maximum(np.linalg.norm(residual, axis=-1), 1e-12))
