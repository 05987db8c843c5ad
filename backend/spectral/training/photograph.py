"""What a camera and a file do to a picture: light, focus, noise, sharpening, compression."""

from __future__ import annotations

import numpy as np

from .scenery import noise


def develop(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A picture [H, W, 3] uint8 as a photograph of it, uint8. Nothing moves from its place."""
    import cv2

    height, width = image.shape[:2]
    light = image.astype(np.float32) / 255
    if rng.random() < 0.7:
        light *= (1 + rng.uniform(0, 0.4) * (noise(rng, height, width, rng.uniform(0.4, 1.0)) - 0.5))[..., None]
    if rng.random() < 0.4:
        x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, None]
        light *= (1 - rng.uniform(0, 0.5) * (x**2 + y**2) / 2).astype(np.float32)[..., None]
    light *= rng.uniform(0.75, 1.25) * rng.uniform(0.88, 1.12, 3).astype(np.float32)
    light = (light - 0.5) * rng.uniform(0.6, 1.35) + 0.5 + rng.uniform(-0.1, 0.1)
    light = np.clip(light, 0, 1) ** rng.uniform(0.7, 1.4)
    if rng.random() < 0.06:
        light[:] = light.mean(-1, keepdims=True)
    if rng.random() < 0.85:
        # Cameras choose the exposure: the darkest and brightest parts are near the ends of the scale.
        low, high = np.percentile(light[::2, ::2], (2, 98))
        dark = rng.uniform(0, 0.15)
        light = np.clip(dark + (light - low) * (rng.uniform(0.8, 1.05) - dark) / max(high - low, 0.1), 0, 1)
    if rng.random() < 0.4:
        light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.3, 0.9))
    elif rng.random() < 0.3:
        light = light + rng.uniform(0.2, 0.8) * (light - cv2.GaussianBlur(light, (0, 0), 1.0))
    light = light + rng.normal(0, rng.uniform(0, 0.03), light.shape).astype(np.float32)
    image = np.clip(light * 255, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))]
        image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)
    return image
