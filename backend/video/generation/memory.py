"""Where a model's parts are kept while it runs: chosen from what is free, so that small cards work too."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass

from .family import Family
from .folder import ModelFolder

GIB = 2**30
ROOM = 1.1
"""Over the weights, for what a pass through them leaves about."""
BYTES_PER_PIXEL = 330
"""Of all frames, kept beside the weights: from the peak that diffusers' documentation states for Stable Video
Diffusion, about 3 GB for 14 frames of 1024 x 576."""


@dataclass(frozen=True)
class Hardware:
    """What this machine can use for a model."""

    device: str
    """"cuda", "mps" or "cpu"."""
    free: int
    """Bytes free on the device."""
    memory: int
    """Bytes of the machine's main memory that are available."""
    half: str
    """Name of the 16-bit type that the device computes in; empty where it has none worth using."""


@dataclass(frozen=True)
class Placement:
    """How to keep a model."""

    device: str
    dtype: str
    offload: str
    """"none" (all on the device), "model" (one part at a time) or "layer" (one layer at a time, the slowest)."""
    tiled: bool
    """Whether pictures are decoded in tiles."""
    chunk: int
    """Frames decoded at once."""


def measure() -> Hardware:
    """Look at the machine."""
    import psutil
    import torch

    memory = psutil.virtual_memory().available
    if torch.cuda.is_available():
        half = "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
        return Hardware("cuda", torch.cuda.mem_get_info()[0], memory, half)
    if torch.backends.mps.is_available():
        return Hardware("mps", memory, memory, "bfloat16")
    return Hardware("cpu", memory, memory, "")


def place(model: ModelFolder, family: Family, hardware: Hardware, pixels: int) -> Placement:
    """The fastest placement that fits.

    pixels: of all frames together. Raises ValueError where even the slowest does not fit, saying how much is missing.
    """
    dtype = hardware.half and (family.half if hardware.half == "bfloat16" else hardware.half)
    whole, largest = _sizes(model, 2 if dtype else 4)
    if not dtype:
        # Processors are faster in 32 bits, but slow is better than not at all.
        dtype = "float32" if whole <= hardware.memory else "bfloat16"
        whole, largest = _sizes(model, 4 if dtype == "float32" else 2)
    work = pixels * BYTES_PER_PIXEL
    if whole > hardware.memory and (hardware.device != "cuda" or whole + work > hardware.free):
        raise ValueError(
            f"{family.title} needs {whole / GIB:.0f} GB of memory and {hardware.memory / GIB:.0f} GB are free; close "
            "other programs or choose a smaller model."
        )
    tight = work > hardware.free / 4
    chunk = 2 if tight else 8
    if hardware.device != "cuda" or whole + work < hardware.free:
        offload = "none"
    elif largest + work < hardware.free:
        offload = "model"
    else:
        offload = "layer"
    return Placement(hardware.device, dtype, offload, tight or offload != "none", chunk)


def _sizes(model: ModelFolder, bytes_a_value: int) -> tuple[int, int]:
    """Bytes that all parts and the largest one take, with room for what a pass leaves about.

    Weights are published in 8, 16 or 32 bits; what is loaded has the type that is computed in.
    """
    scale = ROOM * bytes_a_value / _bytes_a_value(model)
    return round(model.size * scale), round(max(model.weights.values()) * scale)


def _bytes_a_value(model: ModelFolder) -> int:
    """Of the largest part's weights as they are stored."""
    part = max(model.weights, key=lambda name: model.weights[name])
    file = next(f for f in sorted((model.path / part).glob("*.safetensors")) if model.variant in f.name)
    with file.open("rb") as stream:
        header = json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))
    kinds = {entry["dtype"] for name, entry in header.items() if name != "__metadata__"}
    return 4 if "F32" in kinds and not kinds & {"F16", "BF16"} else 1 if "F8_E4M3" in kinds else 2
