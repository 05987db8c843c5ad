"""Wan 2.1 and 2.2: image to video, first and last frame to video, and the small model that reads text and pictures."""

from __future__ import annotations

from functools import partial
from typing import Any

from .family import CAMERA_MOVES, Family, Request, still_camera
from .folder import ModelFolder

STOCK_NEGATIVE = (
    "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，JPEG压缩残留，"
    "丑陋的，残缺的，多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，手指融合，"
    "静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走"
)
"""What Wan's authors ask it to avoid."""
STILLNESS = ("静态", "静止", "静止不动的画面")
"""Static, still, a motionless picture: the camera is to be just that."""
NEGATIVE = "，".join([*(word for word in STOCK_NEGATIVE.split("，") if word not in STILLNESS), CAMERA_MOVES])


def read(model: ModelFolder) -> Family:
    transformer, vae = model.config("transformer"), model.config("vae")
    small = bool(model.index.get("expand_timesteps"))
    mixture = not small and model.index.get("boundary_ratio") is not None
    # The first-and-last-frame model of 2.1 has places for two pictures; 2.2's small one takes a last frame and ignores
    # it, and plain 2.1 fails over it.
    must_end = bool(transformer.get("pos_embed_seq_len"))
    ends = mixture or must_end
    shrink = int(vae.get("scale_factor_spatial") or 8)
    newer = "Wan 2.2 TI2V-5B" if small else "Wan 2.2 I2V-A14B"
    return Family(
        title=newer if small or mixture else "Wan 2.1 FLF2V" if must_end else "Wan 2.1 I2V",
        pipeline="WanImageToVideoPipeline",
        arguments=partial(_arguments, guidance=3.5 if mixture else 5.0, ends=ends, must_end=must_end),
        multiple=shrink * int(transformer["patch_size"][-1]),
        area=1280 * 704 if small else 832 * 480,
        fps=24.0 if small else 16.0,
        steps=40 if mixture else 50,
        frames_unit=4,
        frames_least=49 if small else 33,
        ends_where_told=ends,
        compression=(shrink, 4),
        precise_vae=True,
    )


def _arguments(request: Request, guidance: float, ends: bool, must_end: bool) -> dict[str, Any]:
    last = {"last_image": request.image} if must_end or (ends and request.hold_end) else {}
    return {
        "image": request.image,
        "prompt": still_camera(request.prompt),
        "negative_prompt": NEGATIVE,
        "guidance_scale": guidance,
        **last,
    }
