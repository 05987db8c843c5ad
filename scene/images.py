"""Pixels of an image file exactly as stored, decoded by Blender: the backend has no decoder of its own there."""

from __future__ import annotations

import bpy
import numpy as np


def decode_webp(data: bytes) -> np.ndarray:
    """Pixels of a lossless WebP image, uint8 [H, W, 4] RGBA, top row first; raises ValueError when it is damaged.

    Blender 4.5 takes no note of damage behind the header: it hands out what it decoded up to there, and zeros.
    Exact: Blender keeps 8-bit images as bytes and hands out byte / 255, without colour management as data, and without
    multiplication by an alpha that is a channel like any other.
    """
    image = bpy.data.images.new("sway webp", 1, 1)
    try:
        image.pack(data=data, data_len=len(data))
        image.source = "FILE"  # from here on the pixels are those of the packed file
        image.colorspace_settings.is_data = True
        image.alpha_mode = "CHANNEL_PACKED"
        width, height = image.size
        if not image.has_data:
            raise ValueError("a damaged WebP image")
        values = np.empty((height, width, image.channels), np.float32)
        image.pixels.foreach_get(values.ravel())
    finally:
        bpy.data.images.remove(image)
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., : values.shape[2]] = np.rint(values[::-1] * 255)
    return pixels
