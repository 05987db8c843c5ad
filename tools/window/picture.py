"""Pictures of the screen that an X server keeps in a file (Xvfb -fbdir), in XWD format."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def read(file: Path) -> np.ndarray:
    """The screen as it is now. Source: XWDFile.h of the X server, version 7.

    Returns:
        [H, W, 3] uint8, sRGB.
    """
    content = file.read_bytes()
    header = np.frombuffer(content, ">u4", 25)
    size, width, height, row, colours = (int(header[i]) for i in (0, 4, 5, 12, 19))
    begins = size + 12 * colours
    rows = np.frombuffer(content, np.uint8, row * height, begins).reshape(height, row)
    return np.ascontiguousarray(rows[:, : 4 * width].reshape(height, width, 4)[..., 2::-1])
