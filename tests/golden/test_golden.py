"""Pictures that should only change on purpose; `make.py` beside this draws them anew."""

from __future__ import annotations

import numpy as np

from backend.render.losses import psnr
from tests.golden import make


def test_the_procedural_plant_looks_as_it_did():
    """Sample, rasteriser and colours together; 8-bit rounding alone leaves 58.9 dB."""
    import cv2

    golden = cv2.imread(str(make.FOLDER / "potted_plant.png"))[..., ::-1] / 255
    assert psnr(np.clip(make.plant_picture(), 0, 1), golden) > 50
