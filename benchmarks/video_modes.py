"""Modes of a video: against a clip whose modes are known, and a real flower whose frequency was measured by hand."""

from __future__ import annotations

import numpy as np

from backend.spectral.motion_texture import Stroke
from backend.spectral.power_spectrum import find_peaks
from backend.spectral.video_modes import measure, mode_volume
from backend.spectral.warp import animate
from backend.spectral_volume import SpectralVolume
from backend.video.files import read_film

from .figures import DATA, row

CARNATION = "videos/physdreamer_real_capture/carnations_0.mp4"
HAND_HZ = 13 / (136 - 11.6) * 30
"""How it was measured: docs/picture_editor.md."""
HEIGHT, WIDTH, FRAMES, FPS = 160, 208, 120, 24.0
STEMS = ((60.0, 20.0, 2.4, 1.65), (150.0, 36.0, 1.6, 2.9))
"""Place, top [px], amplitude of the tip [px] and frequency [Hz] of two stems in one mode each."""


def run(options) -> list[dict]:
    film, shapes, matte = _clip()
    measured = measure(film, FPS)
    true = np.array([stem[3] for stem in STEMS])
    peaks = np.sort(find_peaks(measured.spectrum(), len(STEMS), 0.3, 0.5))
    volume = mode_volume(measured, peaks)
    alike = [_alike(volume.coefficients[k], shapes[k], matte > 0) for k in range(len(STEMS))]
    import cv2

    wall = cv2.dilate(matte, np.ones((5, 5))) == 0
    moved = np.sqrt((np.abs(volume.coefficients) ** 2).sum((0, 3))) * volume.mask
    rows = [
        row("Known modes of a clip, correlation of the shapes", min(alike), ""),
        row("Known modes of a clip, frequency off by", np.abs(peaks - true).max() * FRAMES / FPS, "bins"),
        row("Known modes of a clip, still background moves", moved[wall].max(), "px"),
    ]
    clip = DATA / CARNATION
    if clip.exists():
        film, fps = read_film(clip, 384, 300)
        found = find_peaks(measure(film, fps).spectrum(), 4, 0.3, 0.5)[0]
        rows.append(row("Carnation, first mode off the hand-measured track by", 100 * abs(found / HAND_HZ - 1), "%"))
    return rows


def _alike(found: np.ndarray, true: np.ndarray, where: np.ndarray) -> float:
    a, b = found[where].ravel(), true[where].ravel()
    return abs(np.vdot(a, b)) / (np.linalg.norm(a) * np.linalg.norm(b))


def _clip() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Film [T, H, W, 3] uint8 of two swaying stems before a still wall, the true shapes [2, H, W, 2], the matte."""
    matte = np.zeros((HEIGHT, WIDTH), np.float32)
    shapes = np.zeros((len(STEMS), HEIGHT, WIDTH, 2), np.complex64)
    columns = np.arange(WIDTH)[None, :, None]
    for k, (x, top, amplitude, frequency) in enumerate(STEMS):
        matte[int(top) : 145, int(x) - 13 : int(x) + 13] = 1
        field = Stroke(np.array([[x, 145.0], [x, top]]), frequency, 1.0).field(HEIGHT, WIDTH)
        shapes[k] = field * (np.abs(columns - x) < 45) * amplitude * np.exp(1j * (0.3 + 1.6 * k))
    volume = SpectralVolume(shapes, np.array([stem[3] for stem in STEMS]), FRAMES / FPS, matte)
    plate = _texture(1) * [0.2, 0.3, 0.4] + [0.1, 0.3, 0.6]
    image = np.where(matte[..., None] > 0, _texture(2) * [0.6, 0.5, 0.2] + [0.3, 0.2, 0], plate)
    motion = np.stack([volume.displacement(t / FPS) for t in range(FRAMES)])
    frames = animate(image.astype(np.float32), plate.astype(np.float32), matte, motion)
    noisy = frames + np.random.default_rng(3).normal(0, 0.008, frames.shape)
    return np.round(np.clip(noisy, 0, 1) * 255).astype(np.uint8), shapes, matte


def _texture(seed: int) -> np.ndarray:
    import cv2

    noise = np.random.default_rng(seed).random((HEIGHT, WIDTH, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 2)
    return (blurred - blurred.min()) / np.ptp(blurred)
