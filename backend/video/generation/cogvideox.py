"""CogVideoX 5B: image to video at one size and length."""

from __future__ import annotations

from functools import partial
from typing import Any

from .family import CAMERA_MOVES, Family, Request, still_camera
from .folder import ModelFolder


def read(model: ModelFolder) -> Family:
    transformer, vae = model.config("transformer"), model.config("vae")
    shrink = 2 ** (len(vae["block_out_channels"]) - 1)
    multiple = shrink * int(transformer["patch_size"])
    size = (transformer["sample_width"] * shrink, transformer["sample_height"] * shrink)
    learned = bool(transformer.get("use_learned_positional_embeddings"))
    newer = transformer.get("patch_size_t") is not None  # 1.5
    return Family(
        title="CogVideoX 1.5" if newer else "CogVideoX",
        pipeline="CogVideoXImageToVideoPipeline",
        arguments=partial(_arguments, tokens=int(transformer["max_text_seq_length"])),
        multiple=multiple,
        area=size[0] * size[1],
        fps=16.0 if newer else 8.0,
        steps=50,
        frames_unit=8 if newer else 4,
        fixed_size=size if learned else None,
        fixed_frames=int(transformer["sample_frames"]) if learned else None,
        frames_least=49 if newer else 25,
        compression=(shrink, int(transformer.get("temporal_compression_ratio") or 4)),
    )


def _arguments(request: Request, tokens: int) -> dict[str, Any]:
    return {
        "image": request.image,
        "prompt": still_camera(request.prompt),
        "negative_prompt": f"low quality, distorted, {CAMERA_MOVES}",
        "guidance_scale": 6.0,
        "max_sequence_length": tokens,
    }
