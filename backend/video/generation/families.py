"""Which family the weights in a folder belong to."""

from __future__ import annotations

from collections.abc import Callable

from . import cogvideox, ltx, ltx2, svd, wan
from .family import Family
from .folder import ModelFolder

READERS: dict[str, Callable[[ModelFolder], Family]] = {
    "StableVideoDiffusionPipeline": svd.read,
    "WanImageToVideoPipeline": wan.read,
    "WanPipeline": wan.read,
    "LTXPipeline": ltx.read,
    "LTXImageToVideoPipeline": ltx.read,
    "LTXConditionPipeline": ltx.read,
    "LTX2Pipeline": ltx2.read,
    "LTX2ImageToVideoPipeline": ltx2.read,
    "LTX2ConditionPipeline": ltx2.read,
    "CogVideoXImageToVideoPipeline": cogvideox.read,
}
"""By the name in model_index.json; `folder.IMAGE_TO_VIDEO` lists the same names."""


def family_of(model: ModelFolder) -> Family:
    """The family, with sizes and abilities as this model's settings say."""
    return READERS[model.pipeline](model)
