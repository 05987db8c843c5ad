"""Stable Video Diffusion: no prompt, and the only family with a dial for motion.

PhysDreamer (Zhang et al. 2024) used it with a motion bucket of 5 to 8: "mostly object motion and little camera motion".
"""

from __future__ import annotations

from typing import Any

from .family import Family, Request
from .folder import ModelFolder


def read(model: ModelFolder) -> Family:
    unet, vae = model.config("unet"), model.config("vae")
    shrink = 2 ** (len(vae["block_out_channels"]) - 1)
    return Family(
        title="Stable Video Diffusion",
        pipeline="StableVideoDiffusionPipeline",
        arguments=_arguments,
        multiple=shrink * 2 ** (len(unet["block_out_channels"]) - 1),
        area=1024 * 576,
        fps=7.0,
        steps=25,
        frames_least=int(unet.get("num_frames") or 14),
        prompted=False,
        half="float16",
        compression=(shrink, 1),
    )


def _arguments(request: Request) -> dict[str, Any]:
    return {
        "image": request.image,
        "motion_bucket_id": request.motion,
        "fps": max(round(request.fps), 1),
        "noise_aug_strength": 0.02,
        "decode_chunk_size": request.chunk,
    }
