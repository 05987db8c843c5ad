"""Display-referred sRGB colours and linear light, both 0..1 (IEC 61966-2-1)."""

from __future__ import annotations

import numpy as np


def to_linear(encoded: np.ndarray) -> np.ndarray:
    """Linear light of display colours; values below 0 go on along the straight part."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((np.maximum(encoded, 0) + 0.055) / 1.055) ** 2.4)


def from_linear(light: np.ndarray) -> np.ndarray:
    """Display colours of linear light; values below 0 go on along the straight part."""
    return np.where(light < 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)
