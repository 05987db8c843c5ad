"""The golden pictures: `python -m tests.golden.make` in the worker's environment draws them anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from backend import taichi_runtime
from backend.camera import Camera
from backend.render.view import render_view
from backend.sample import potted_plant
from backend.subject import Subject

FOLDER = Path(__file__).parent
SIZE = 96


def plant_picture() -> np.ndarray:
    """The procedural plant from the front [H, W, 3], display-referred."""
    taichi_runtime.start()
    plant = potted_plant(count=12000)
    middle = np.array([0.0, 0.0, 0.17])
    camera = Camera.look_at(middle - [0, 0.9, 0], middle, 1.9 * SIZE, SIZE, SIZE)
    subject = Subject(plant, np.zeros(len(plant), np.int32), camera, np.array([0.9, 0.92, 0.95]), 24.0)
    return render_view(subject).still


if __name__ == "__main__":
    import cv2

    picture = np.round(255 * np.clip(plant_picture()[..., ::-1], 0, 1)).astype(np.uint8)
    cv2.imwrite(str(FOLDER / "potted_plant.png"), picture)
