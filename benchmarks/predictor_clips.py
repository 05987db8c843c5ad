"""Clips whose motion the extractor measures: real ones, and a plant of the project's own, simulated and filmed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from backend import arrays, taichi_runtime
from backend.api.assignment import Assignment
from backend.api.materials import PRESETS, Preset
from backend.api.quality import Quality
from backend.api.simulate import SimulateParams, Wind
from backend.camera import Camera
from backend.context import JobContext
from backend.deformation import six_numbers
from backend.parts import guess_parts
from backend.sample import potted_plant
from backend.spectral.video_modes import measure, mode_volume
from backend.subject import Subject
from backend.surroundings import Surroundings
from backend.trajectory import Trajectory
from backend.video.files import read_film

from .figures import DATA

REAL = {
    "Carnation": "videos/physdreamer_real_capture/carnations_0.mp4",
    "Flag": "videos/dyngen_flag2_571c110",
}
SIDE = 256
"""Longer side of the pictures, pixels."""
SECONDS = 5.0
"""Of a clip that are looked at."""
YOUNG, STRENGTH = 3e5, 0.05
"""Of the simulated plant [Pa], and of its wind: a tip that sways by some two centimetres, at 0.7 Hz."""
FRAMES, FPS = 150, 30.0


@dataclass(frozen=True)
class Measured:
    """A picture and the motion that was found in its clip."""

    name: str
    image: np.ndarray
    """The rest frame [H, W, 3], uint8: the one that the volume's pixels are those of."""
    coefficients: np.ndarray
    """S_k [K, H, W, 2], complex64, pixels; 0 outside of what moves."""


def real_clips(frequencies: np.ndarray) -> list[Measured]:
    """Those that are on this machine."""
    found = []
    for name, place in REAL.items():
        path = DATA / place
        if path.is_dir():
            path = next(iter(sorted(path.glob("*.avi"))), path)
        if path.is_file():
            film, fps = read_film(path, SIDE, 1000)
            found.append(_extracted(name, film[: round(SECONDS * fps)], fps, frequencies))
    return found


def simulated_clip(frequencies: np.ndarray) -> Measured:
    """The procedural plant in gusty wind, by the elastic solver, before a textured wall."""
    taichi_runtime.start("f32")
    gaussians = potted_plant(count=15000)
    middle = np.array([0.0, 0.0, 0.19])
    camera = Camera.look_at(middle + [0, -0.5, 0], middle, 280.0, SIDE, 176)
    subject = Subject(gaussians, guess_parts(gaussians), camera, np.zeros(3), FPS)
    material = replace(PRESETS[Preset.leaf], young_modulus=YOUNG)
    settings = SimulateParams(
        frames=FRAMES, wind=Wind.steady, strength=STRENGTH, damping=1.0, quality=Quality.custom, particles=1000,
        grid_cells=14,
    )  # fmt: skip
    from backend.jobs import simulate

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = {
            "subject": str(arrays.save(folder / "subject.npz", subject.to_arrays())),
            "surroundings": str(arrays.save(folder / "around.npz", Surroundings(gravity=np.zeros(3)).to_arrays())),
            "materials": Assignment(material).save(folder / "materials.json"),
        }
        outputs, _results = simulate.run(settings, inputs, JobContext("benchmark", folder, lambda message: None))
        motion = Trajectory.from_arrays(arrays.load(outputs["trajectory"]))
    return _extracted("Simulated plant", _filmed(subject, motion), FPS, frequencies)


def _filmed(subject: Subject, motion: Trajectory) -> np.ndarray:
    """Frames [T, H, W, 3] uint8 with a little noise."""
    from backend.render.rasteriser import Rasteriser

    raster = Rasteriser(subject.camera, len(subject.gaussians))
    wall = _wall(subject.camera.height, subject.camera.width)
    random = np.random.default_rng(0)
    film = []
    for frame in range(FRAMES):
        g = motion.posed(subject.gaussians, frame)
        plant = raster.render(g.positions, six_numbers(g.covariances()), g.colours, g.opacity, (0, 0, 0))
        picture = plant + (1 - raster.alpha[..., None]) * wall + random.normal(0, 0.006, plant.shape)
        film.append(np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8))
    return np.stack(film)


def _wall(height: int, width: int) -> np.ndarray:
    """Rough plaster, lighter above [H, W, 3]."""
    import cv2

    random = np.random.default_rng(1)
    rough = sum(
        cv2.GaussianBlur(random.normal(0, s, (height, width)).astype(np.float32), (0, 0), s) for s in (1.0, 3.0, 12.0)
    )
    shade = np.linspace(0.8, 0.6, height, dtype=np.float32)[:, None] + 0.06 * rough
    return np.clip(shade[..., None] * np.array([1.0, 0.95, 0.88], np.float32), 0, 1)


def _extracted(name: str, film: np.ndarray, fps: float, frequencies: np.ndarray) -> Measured:
    measured = measure(film, fps)
    return Measured(name, measured.picture, mode_volume(measured, frequencies, source=name).coefficients)
