"""Which kind of video model a folder holds, for the sidebar: read from its index, anew when that has changed."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

PROMPTLESS = "StableVideoDiffusionPipeline"
"""The one kind of model that reads no prompt and has a dial for motion instead."""

_TITLES = {
    "StableVideoDiffusion": "Stable Video Diffusion",
    "Wan": "Wan",
    "LTX2": "LTX-2",
    "LTX": "LTX-Video",
    "CogVideoXImageToVideo": "CogVideoX",
}
"""By how the pipelines' names begin, longer beginnings first."""


def pipeline_in(folder: str) -> str:
    """The name of the pipeline in a model's folder; empty where it is no model."""
    index = Path(folder) / "model_index.json"
    try:
        return _pipeline(str(index), index.stat().st_mtime_ns) if folder else ""
    except OSError:
        return ""


@lru_cache(maxsize=8)
def _pipeline(index: str, _changed: int) -> str:
    try:
        return str(json.loads(Path(index).read_text(encoding="utf-8"))["_class_name"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def title_of(pipeline: str) -> str:
    """What people call the models of a pipeline; empty for one that makes no videos of pictures."""
    return next((title for start, title in _TITLES.items() if pipeline.startswith(start)), "")
