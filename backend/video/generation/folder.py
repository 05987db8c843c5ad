"""A folder with the weights of a video model in diffusers' layout: what it holds, and whether it can be trusted.

Standard library only, so that Blender can name the model before any compute package is there.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"}
"""Suffixes of weights that run code as they are read."""
WEIGHTLESS = ("scheduler", "tokenizer", "tokenizer_2", "processor", "feature_extractor")
"""How the names of components end that hold settings only."""
LIBRARIES = {"diffusers", "transformers", "ltx2"}
"""Where components may come from; the last is the part of diffusers with LTX-2's own."""
IMAGE_TO_VIDEO = {
    "StableVideoDiffusionPipeline",
    "WanImageToVideoPipeline",
    "WanPipeline",
    "LTXPipeline",
    "LTXImageToVideoPipeline",
    "LTXConditionPipeline",
    "LTX2Pipeline",
    "LTX2ImageToVideoPipeline",
    "LTX2ConditionPipeline",
    "CogVideoXImageToVideoPipeline",
}
"""Names in model_index.json that stand for models which can start from a picture. Weights of the LTX models and of Wan
2.2 TI2V-5B are published under the name of their text pipeline and do both."""
TEXT_TO_VIDEO = {"CogVideoXPipeline", "TextToVideoSDPipeline", "MochiPipeline", "AnimateDiffPipeline"}
INDEX = "model_index.json"
_SHARDED = re.compile(r"\.safetensors\.index(\.\w+)?\.json$")
"""Names of the lists of the files that weights are split into; between the last dots stands the variant."""


@dataclass(frozen=True)
class ModelFolder:
    """A complete model of safetensors weights."""

    path: Path
    pipeline: str
    """Name in model_index.json."""
    index: dict[str, Any]
    weights: dict[str, int]
    """Bytes of each component that has weights, in the precision they are stored in."""
    variant: str
    """Of the weights' file names, such as "fp16"; empty for the plain ones."""

    def config(self, component: str) -> dict[str, Any]:
        """Settings of a component; empty where it has none."""
        for name in ("config.json", "scheduler_config.json", "preprocessor_config.json"):
            file = self.path / component / name
            if file.is_file():
                return _json(file)
        return {}

    @property
    def size(self) -> int:
        """Bytes of all weights."""
        return sum(self.weights.values())


def inspect(path: str | Path) -> ModelFolder:
    """Read what a folder holds without loading it.

    Raises FileNotFoundError where there is none, ValueError with one sentence for a folder that is incomplete, holds
    pickled weights or code, or is no model that makes a video from a picture.
    """
    path = Path(path)
    if not path.is_dir():
        raise FileNotFoundError(f"there is no folder {path}; choose the one that holds the video model.")
    if not (path / INDEX).is_file():
        raise ValueError(
            f"{path.name} is not a video model's folder: it has no {INDEX}; choose the folder of a model in "
            "diffusers' layout."
        )
    index = _json(path / INDEX)
    pipeline = str(index.get("_class_name", ""))
    if pipeline in TEXT_TO_VIDEO or (pipeline == "WanPipeline" and not index.get("expand_timesteps")):
        raise ValueError(
            f"{path.name} makes videos from text alone ({pipeline}); choose a model that starts from a picture."
        )
    if pipeline not in IMAGE_TO_VIDEO:
        raise ValueError(
            f"{path.name} holds a {pipeline or 'pipeline without a name'}, which does not make videos from a picture; "
            "choose Stable Video Diffusion, Wan, LTX or CogVideoX."
        )
    weights, variants = {}, set()
    for name, entry in index.items():
        if name.startswith("_") or not isinstance(entry, list) or len(entry) != 2 or entry[1] is None:
            continue
        library = entry[0]
        if library not in LIBRARIES:
            raise ValueError(f"{path.name} brings code of its own ({library}); choose a model without.")
        size, variant = _component(path, name)
        if size:
            weights[name] = size
            variants.add(variant)
    return ModelFolder(path, pipeline, index, weights, max(variants, default=""))


def _component(path: Path, name: str) -> tuple[int, str]:
    """Bytes of a component's weights (0 for one without) and their variant. Refuses what is missing or pickled."""
    folder = path / name
    if not folder.is_dir():
        raise ValueError(f"{path.name} is incomplete: its folder {name} is missing; download the model again.")
    pickled = next((f for f in sorted(folder.iterdir()) if f.suffix.lower() in PICKLES), None)
    if pickled:
        raise ValueError(
            f"{path.name} holds pickled weights ({name}/{pickled.name}), which could run anything; use a model saved "
            "as safetensors and remove these files."
        )
    if name.endswith(WEIGHTLESS):
        if not any(folder.iterdir()):
            raise ValueError(f"{path.name} is incomplete: its folder {name} is empty; download the model again.")
        return 0, ""
    if not (folder / "config.json").is_file():
        raise ValueError(f"{path.name} is incomplete: {name}/config.json is missing; download the model again.")
    return _weights(path, folder)


def _weights(path: Path, folder: Path) -> tuple[int, str]:
    """Bytes and variant of a component's safetensors; the plain ones where both are there."""
    names = {file.name for file in folder.glob("*.safetensors*")}
    for index in sorted((n for n in names if _SHARDED.search(n)), key=len):
        shards = sorted(set(_json(folder / index).get("weight_map", {}).values()))
        missing = next((shard for shard in shards if shard not in names), None)
        if missing is None and shards:
            return sum(_whole(path, folder / shard) for shard in shards), _variant(shards[0])
        raise ValueError(
            f"{path.name} is incomplete: {folder.name}/{missing or index} is missing; download the model again."
        )
    files = sorted((n for n in names if n.endswith(".safetensors")), key=len)
    if not files:
        raise ValueError(
            f"{path.name} is incomplete: {folder.name} has no .safetensors weights; download the model again."
        )
    return _whole(path, folder / files[0]), _variant(files[0])


def _whole(path: Path, file: Path) -> int:
    """Bytes of a safetensors file. Raises ValueError where it ends before the last tensor that its header names."""
    size = file.stat().st_size
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length)) if length < size else {}
        end = max(entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__")
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path.name} is damaged: {file.parent.name}/{file.name} cannot be read; download the model again."
        ) from error
    if size < 8 + length + end:
        raise ValueError(
            f"{path.name} is incomplete: {file.parent.name}/{file.name} ends too early; download the model again."
        )
    return size


def _variant(name: str) -> str:
    """The "fp16" of model.fp16.safetensors and of model.fp16-00001-of-00002.safetensors."""
    parts = name.split(".")
    return parts[1].split("-")[0] if len(parts) > 2 else ""


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file.parent.name}/{file.name} is damaged; download the model again.") from error
    if not isinstance(content, dict):
        raise ValueError(f"{file.parent.name}/{file.name} is damaged; download the model again.")
    return content
