"""Safetensors files of single-precision arrays, in numpy alone: Blender's Python has no library for them.

https://github.com/huggingface/safetensors#format: the header's length as eight bytes, little-endian, the header as
JSON, and the arrays one after another.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

METADATA = "__metadata__"
HEADER_MAX = 10**8
"""Bytes: the format's own limit."""


def write(path: str | os.PathLike[str], arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> Path:
    """Write float32 arrays beside the final name, and rename."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    header: dict[str, object] = {METADATA: metadata}
    end = 0
    for name, array in arrays.items():
        begin, end = end, end + 4 * array.size
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [begin, end]}
    written = json.dumps(header).encode()
    written += b" " * (-len(written) % 8)  # arrays begin at a multiple of eight
    partial = path.with_name(path.name + ".part")
    with open(partial, "wb") as file:
        file.write(len(written).to_bytes(8, "little") + written)
        for array in arrays.values():
            file.write(np.ascontiguousarray(array, "<f4").tobytes())
    os.replace(partial, path)
    return path


def read(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Arrays by name, and the metadata. Raises ValueError for what is no such file, or holds other than float32."""
    path = Path(path)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    try:
        if not 2 <= length <= min(HEADER_MAX, len(data) - 8):
            raise ValueError("its header is cut off")
        header = json.loads(data[8 : 8 + length])
        metadata = header.pop(METADATA, {})
        arrays = {name: _array(data[8 + length :], **entry) for name, entry in header.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} is not a safetensors file of float32 arrays ({error})") from error
    return arrays, metadata


def _array(data: bytes, dtype: str, shape: list[int], data_offsets: list[int]) -> np.ndarray:
    if dtype != "F32":
        raise ValueError(f"an array is of type {dtype}")
    begin, end = data_offsets
    if not 0 <= begin <= end <= len(data):
        raise ValueError("an array is cut off")
    return np.frombuffer(data[begin:end], "<f4").reshape(shape)
