"""What lies behind a layer: the picture with a hole filled so that it can show at the layer's edge.

Far from its rim a hole is filled by push and pull over a pyramid (Gortler et al. 1996, "The Lumigraph", section 3.4);
near it, where a moving layer uncovers it, by Telea's fast marching (2004), which continues edges. Pixels outside the
hole stay exactly as they are.
"""

from __future__ import annotations

import numpy as np

RIM = 24
"""Pixels of the working picture: this wide a band of the hole is inpainted along its rim."""
WORKING = 1_000_000
"""Pixels: larger pictures are filled at about this size, so that time and memory stay bounded."""


def fill(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """`image` [H, W, C], uint8 or float32, with `hole` [H, W] (bool) filled from around it."""
    import cv2

    if not hole.any():
        return image
    if hole.all():
        raise ValueError("the masks cover the whole picture, so nothing is left to show behind; leave some of it out")
    scale = min(1.0, (WORKING / hole.size) ** 0.5)
    size = max(round(hole.shape[1] * scale), 1), max(round(hole.shape[0] * scale), 1)
    inside = cv2.resize(hole.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    if scale < 1:
        # Shrunk pixels that a hole's pixel had a share in count as hole.
        inside = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
    small = small.reshape(*small.shape[:2], -1)
    filled = pull_push(small.astype(np.float32), ~inside)
    if image.dtype == np.uint8:
        filled = _textured(small, filled, inside)
    if scale < 1:
        filled = cv2.resize(filled, hole.shape[::-1], interpolation=cv2.INTER_LINEAR)
    filled = filled.reshape(image.shape)
    out = image.copy()
    out[hole] = np.round(filled[hole]).clip(0, 255) if image.dtype == np.uint8 else filled[hole]
    return out


def pull_push(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Smooth continuation of an image [h, w, C] float32 beyond its known pixels [h, w], which stay unchanged."""
    import cv2

    if known.all() or min(known.shape) == 1:
        return image if known.any() else np.zeros_like(image)
    weight = known.astype(np.float32)
    size = (known.shape[1] + 1) // 2, (known.shape[0] + 1) // 2
    coarse_weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(image * weight[..., None], size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], -1)
    some = coarse_weight > 1e-6
    coarse[some] /= coarse_weight[some, None]
    coarse = pull_push(coarse, some) if some.any() else coarse
    wide = cv2.resize(coarse, known.shape[::-1], interpolation=cv2.INTER_LINEAR).reshape(image.shape)
    return np.where(known[..., None], image, wide)


def _textured(image: np.ndarray, filled: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """`filled` with the hole's rim inpainted from the image [h, w, 3] uint8, faded into it at the band's inner side."""
    import cv2

    if image.shape[2] != 3:
        return filled
    depth = cv2.distanceTransform(np.pad(hole, 1, constant_values=True).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    band = hole & (depth < RIM)
    start = np.round(filled).clip(0, 255).astype(np.uint8)
    painted = cv2.inpaint(start, band.astype(np.uint8), 5, cv2.INPAINT_TELEA)
    share = np.clip(1.5 - depth * 1.5 / RIM, 0, 1) * band
    return filled + share[..., None] * (painted.astype(np.float32) - filled)
