"""LTX-2: large, makes sound as well (thrown away here), and takes pictures for any frame."""

from __future__ import annotations

from functools import partial
from typing import Any

from .family import CAMERA_MOVES, Family, Request, still_camera
from .folder import ModelFolder

NEGATIVE = f"worst quality, inconsistent motion, blurry, jittery, distorted, {CAMERA_MOVES}"


def read(model: ModelFolder) -> Family:
    distilled = "distilled" in model.path.name.lower()
    return Family(
        title="LTX-2",
        pipeline="LTX2ConditionPipeline",
        arguments=partial(_arguments, distilled=distilled),
        multiple=32,
        area=768 * 512,
        fps=24.0,
        steps=8 if distilled else 30,
        frames_unit=8,
        frames_least=49,
        ends_where_told=True,
        compression=(32, 8),
    )


def _arguments(request: Request, distilled: bool) -> dict[str, Any]:
    from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition

    places = (0, -1) if request.hold_end else (0,)  # of the latents' frames
    guidance = {"guidance_scale": 1.0, "audio_guidance_scale": 1.0} if distilled else {}
    return {
        "conditions": [LTX2VideoCondition(frames=request.image, index=place) for place in places],
        "prompt": still_camera(request.prompt),
        "negative_prompt": NEGATIVE,
        "frame_rate": request.fps,
        **guidance,
    }
