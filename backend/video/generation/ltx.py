"""LTX-Video: fast; from 0.9.5 on its weights also take pictures for later frames."""

from __future__ import annotations

from functools import partial
from typing import Any

from .family import CAMERA_MOVES, Family, Request, still_camera
from .folder import ModelFolder

NEGATIVE = f"worst quality, inconsistent motion, blurry, jittery, distorted, {CAMERA_MOVES}"


def read(model: ModelFolder) -> Family:
    ends = model.pipeline == "LTXConditionPipeline"
    distilled = "distilled" in model.path.name.lower()
    return Family(
        title="LTX-Video",
        pipeline="LTXConditionPipeline" if ends else "LTXImageToVideoPipeline",
        arguments=partial(_arguments, ends=ends, guidance=1.0 if distilled else 3.0),
        multiple=32,
        area=704 * 512,
        fps=24.0,
        steps=8 if distilled else 40,
        frames_unit=8,
        frames_least=49,
        ends_where_told=ends,
        compression=(32, 8),
    )


def _arguments(request: Request, ends: bool, guidance: float) -> dict[str, Any]:
    given: dict[str, Any] = {"image": request.image}
    if ends:
        from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition

        places = (0, request.frames - 1) if request.hold_end else (0,)
        given = {"conditions": [LTXVideoCondition(image=request.image, frame_index=place) for place in places]}
    return {
        **given,
        "prompt": still_camera(request.prompt),
        "negative_prompt": NEGATIVE,
        "guidance_scale": guidance,
        "frame_rate": round(request.fps),
        "decode_timestep": 0.05,
        "decode_noise_scale": 0.025,
    }
