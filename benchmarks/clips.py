"""Films laid on a view: how exactly framings and camera drifts are found that are known because they were made."""

from __future__ import annotations

import numpy as np

from backend.video.alignment import align
from backend.video.files import read_film
from backend.video.stillness import steady
from backend.video.tracks import background_fit, optical_flow, shift_of
from backend.video.warping import compose, resample

from .figures import DATA, row

FILMS = ("carnations_0", "carnations_1", "telephone_0")
WIDTH, HEIGHT, FRAMES = 320, 256, 12
NOISE = 0.02
"""Standard deviation, of the range of values."""
FRAMINGS = 5
DRIFTS = ((1.0, 0.0), (2.0, 0.01), (4.0, -0.01), (8.0, 0.0))
"""Shift [px] and zoom that a camera has reached at the end."""


def run(options: dict) -> list[dict]:
    films = [read_film(DATA / f"videos/physdreamer_real_capture/{name}.mp4", 1024, FRAMES) for name in FILMS]
    aligned = [error for film, _fps in films for error in _alignment(film[0] / 255)]
    drifted = np.array([_drift(film, *drift) for film, _fps in films for drift in DRIFTS])
    return [
        row("Framing of a film, off by at the median", np.median(aligned), "px"),
        row("Framing of a film, off by at most", max(aligned), "px"),
        row("Drift of a camera, measured wrong by at most", drifted[:, 0].max(), "px"),
        row("Drift of a camera, left after correction", drifted[:, 1].max(), "px"),
    ]


def _view_of(picture: np.ndarray) -> np.ndarray:
    """The map [2, 3] from a view's pixels to the middle of a picture [h, w, 3]."""
    scale = 0.8 * min(picture.shape[1] / WIDTH, picture.shape[0] / HEIGHT)
    corner = (np.array(picture.shape[1::-1]) - scale * np.array([WIDTH, HEIGHT])) / 2
    return np.array([[scale, 0, corner[0]], [0, scale, corner[1]]])


def _similarity(zoom: float, turn: float, shift: np.ndarray) -> np.ndarray:
    """About the view's centre [2, 3]."""
    linear = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = np.array([WIDTH, HEIGHT]) / 2
    return np.concatenate([linear, (centre + shift - linear @ centre)[:, None]], 1)


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    """Mean distance of where two maps put the view's corners and centre, pixels."""
    places = np.array([[0, 0], [WIDTH, 0], [0, HEIGHT], [WIDTH, HEIGHT], [WIDTH / 2, HEIGHT / 2]])
    return float(np.linalg.norm(places @ (a - b)[:, :2].T + (a - b)[:, 2], axis=1).mean())


def _seen(picture: np.ndarray, place: np.ndarray) -> np.ndarray:
    """A picture as a camera there sees it, without the detail that its pixels cannot hold."""
    import cv2

    soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), place[0, 0] / 2.5)
    return resample(soft, place, WIDTH, HEIGHT)[0]


def _alignment(picture: np.ndarray) -> list[float]:
    """Errors [px] of framings with up to 6 degrees, 12 % and 12 px, another exposure and noise."""
    random = np.random.default_rng(0)
    middle, errors = _view_of(picture), []
    still = _seen(picture, middle)
    for _ in range(FRAMINGS):
        zoom, turn = np.exp(random.uniform(-0.12, 0.12)), np.radians(random.uniform(-6, 6))
        place = _similarity(zoom, turn, random.uniform(-12, 12, 2))
        film = 0.85 * _seen(picture, compose(middle, place)) + 0.05 + random.normal(0, NOISE, still.shape)
        found = align(np.clip(film, 0, 1).astype(np.float32), still)
        errors.append(_apart(compose(place, found.matrix), np.eye(2, 3)))
    return errors


def _drift(film: np.ndarray, shift: float, zoom: float) -> tuple[float, float]:
    """(error of the measured drift, what is left of it) [px], behind a flower or a cord that swings."""
    middle, random = _view_of(film[0]), np.random.default_rng(0)
    still = np.stack([_seen(frame / 255, middle) for frame in film])
    swings = np.linalg.norm(optical_flow(still), axis=-1).max(0)
    quiet = swings < 0.1 * swings.max()
    places = [_similarity(1 + zoom * u, 0, shift * u * np.array([0.8, 0.6])) for u in np.linspace(0, 1, FRAMES)]
    seen = np.stack([_seen(f / 255, compose(middle, place)) for f, place in zip(film, places, strict=True)])
    moving = np.clip(seen + random.normal(0, NOISE, seen.shape), 0, 1).astype(np.float32)
    found, _agreement = background_fit(optical_flow(moving), quiet, moving[0])
    # Where the camera went one way, the picture went the other.
    error = max(_apart(compose(place, matrix), np.eye(2, 3)) for place, matrix in zip(places, found, strict=True))
    held = steady(moving, quiet, "film")
    left, _agreement = background_fit(held.flow, quiet, held.frames[0])
    return error, float(shift_of(left, WIDTH, HEIGHT).max())
