"""compressed.ply of PlayCanvas: a .ply whose splats lie in chunks of 256, packed between the limits of their chunk.

| element | property | type | meaning |
|---|---|---|---|
| chunk | min_x .. max_z | float | limits of the positions |
| chunk | min_scale_x .. max_scale_z | float | limits of the scales' natural logarithms |
| chunk | min_r .. max_b | float | limits of the colours, display-referred; 0 and 1 in files without them |
| vertex | packed_position, packed_scale | uint | x in the highest 11 bits, y in 10, z in 11; 0 lowest, all 1 highest |
| vertex | packed_rotation | uint | index (wxyz) of the largest component in 2 bits, others (k / 1023 - 1/2) * sqrt(2) |
| vertex | packed_color | uint | red (highest byte), green, blue, opacity 0..1 |
| sh | f_rest_0..n-1 | uchar | coefficients as in .ply, n = 9, 24, 45: (k + 1/2) / 32 - 4, but 0 is -4 and 255 is 4 |
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.lib.recfunctions import structured_to_unstructured

from ..gaussians import SH_C0, Gaussians
from . import smallest_three
from .ply_header import Element, Header, read_header
from .splat_file import SplatFile, log_scales, replace_file

CHUNK = 256
"""Splats of a chunk; the last may have fewer."""
AXES = ("x", "y", "z")
POSITION_LIMITS = tuple(f"{end}_{axis}" for end in ("min", "max") for axis in AXES)
SCALE_LIMITS = tuple(f"{end}_scale_{axis}" for end in ("min", "max") for axis in AXES)
COLOUR_LIMITS = tuple(f"{end}_{channel}" for end in ("min", "max") for channel in "rgb")
PACKED = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
POSITION_BITS, COLOUR_BITS, ROTATION_BITS = (11, 10, 11), (8, 8, 8, 8), (2, 10, 10, 10)
SH_RANGE = 8.0
"""Distance between the lowest and the highest coefficient."""
SCALE_LIMIT = 20.0
"""Logarithms beyond are brought in, so that a splat flat as paper does not spoil the resolution of its chunk."""


def read(path: Path) -> SplatFile:
    """Read a compressed .ply; see `formats.read` for what it raises."""
    header = read_header(path)
    chunk, vertex = _require(header, "chunk", POSITION_LIMITS + SCALE_LIMITS), _require(header, "vertex", PACKED)
    if chunk.count != -(-vertex.count // CHUNK):
        raise ValueError(
            f"{path.name} is damaged: it has {chunk.count:,} chunks of {CHUNK} for {vertex.count:,} splats; "
            "copy or export it again"
        )
    packed = header.records(vertex, PACKED)
    coloured = set(COLOUR_LIMITS) <= chunk.columns
    chunks = header.records(chunk, POSITION_LIMITS + SCALE_LIMITS + (COLOUR_LIMITS if coloured else ()))
    of_splat = np.arange(vertex.count) // CHUNK

    def between(limits: tuple[str, ...], fraction: np.ndarray) -> np.ndarray:  # [N, 3] -> [N, 3]
        low, high = np.split(structured_to_unstructured(chunks[list(limits)], np.float64), 2, axis=1)
        return low[of_splat] * (1 - fraction) + high[of_splat] * fraction

    rgba = _unpack(packed["packed_color"], COLOUR_BITS)
    colours = between(COLOUR_LIMITS, rgba[:, :3]) if coloured else rgba[:, :3]
    three = (_unpack(packed["packed_rotation"], ROTATION_BITS)[:, 1:] - 0.5) * np.sqrt(2)
    base = ((colours - 0.5) / SH_C0)[:, None]
    positions = between(POSITION_LIMITS, _unpack(packed["packed_position"], POSITION_BITS))
    scales = np.exp(between(SCALE_LIMITS, _unpack(packed["packed_scale"], POSITION_BITS)))
    return SplatFile.checked(
        path,
        positions=positions,
        rotations=smallest_three.restore(three, packed["packed_rotation"] >> 30),
        scales=scales,
        opacity=rgba[:, 3],
        sh=np.concatenate([base.astype(np.float32), _read_rest(header, vertex.count)], axis=1),
        format="compressed .ply",
        up=header.up,
    )


def write(path: Path, gaussians: Gaussians, up: str | None = None) -> None:
    """Write a compressed .ply, its splats in Morton order; see `formats.write`.

    `up` ("+X" to "-Z") is noted in the header. Raises ValueError for spherical harmonics of degree 4.
    """
    if gaussians.sh_degree > 3:
        raise ValueError("a compressed .ply has no room for spherical harmonics of degree 4; write a .ply or .spz")
    gaussians = gaussians.select(_morton_order(gaussians.positions))
    count, coefficients = gaussians.sh.shape[:2]
    starts = np.arange(0, count, CHUNK)
    of_splat = np.arange(count) // CHUNK
    limits = []

    def fraction(values: np.ndarray) -> np.ndarray:  # [N, 3] -> 0..1 between the limits of its chunk, which it notes
        low, high = (end.reduceat(values, starts, axis=0).astype("<f4") for end in (np.minimum, np.maximum))
        limits.extend((low, high))
        width = np.where(high > low, high - low, 1)
        return np.clip((values - low[of_splat]) / width[of_splat], 0, 1)

    positions = fraction(gaussians.positions)
    scales = fraction(np.clip(log_scales(gaussians), -SCALE_LIMIT, SCALE_LIMIT))
    colours = fraction(0.5 + SH_C0 * gaussians.sh[:, 0])
    three, largest = smallest_three.split(gaussians.rotations)
    packed = [
        _pack(positions, POSITION_BITS),
        _pack(np.column_stack([largest / 3, three / np.sqrt(2) + 0.5]), ROTATION_BITS),
        _pack(scales, POSITION_BITS),
        _pack(np.column_stack([colours, np.clip(gaussians.opacity, 0, 1)]), COLOUR_BITS),
    ]
    rest = gaussians.sh[:, 1:].transpose(0, 2, 1).reshape(count, -1)
    lines = ["ply", "format binary_little_endian 1.0", *([f"comment Vertical Axis: {up.lower()}"] if up else [])]
    lines += [f"element chunk {len(starts)}"]
    lines += [f"property float {name}" for name in POSITION_LIMITS + SCALE_LIMITS + COLOUR_LIMITS]
    lines += [f"element vertex {count}", *(f"property uint {name}" for name in PACKED)]
    if coefficients > 1:
        lines += [f"element sh {count}", *(f"property uchar f_rest_{k}" for k in range(rest.shape[1]))]
    steps = np.clip(np.floor((rest / SH_RANGE + 0.5) * 256), 0, 255).astype(np.uint8)
    text = "\n".join([*lines, "end_header", ""]).encode()
    replace_file(path, text, np.column_stack(limits), np.column_stack(packed), steps)


def _require(header: Header, name: str, needed: tuple[str, ...]) -> Element:
    """The element, whose properties are those of the format."""
    element = header.element(name)
    if element is None or element.has_lists or not set(needed) <= element.columns:
        raise ValueError(f"{header.path.name} lacks a compressed .ply's {name} data; export it again")
    if name == "vertex" and any(np.dtype(kind).newbyteorder("=") != np.uint32 for _, kind in element.properties):
        raise ValueError(f"{header.path.name} packs its splats into other than unsigned integers; export it again")
    return element


def _read_rest(header: Header, count: int) -> np.ndarray:
    """Spherical harmonics above degree 0 [N, 0 to 15, 3], float32."""
    element = header.element("sh")
    if element is None:
        return np.empty((count, 0, 3), np.float32)
    names = tuple(f"f_rest_{k}" for k in range(len(element.properties)))
    if len(names) not in (9, 24, 45) or element.columns != set(names) or element.count != count:
        raise ValueError(f"{header.path.name} has damaged spherical harmonics; export it again")
    steps = structured_to_unstructured(header.records(element, names), np.uint8)
    values = (np.arange(256) + 0.5) / 256
    values[[0, 255]] = 0, 1
    decoded = ((values - 0.5) * SH_RANGE).astype(np.float32)
    return decoded[steps].reshape(count, 3, len(names) // 3).transpose(0, 2, 1)


def _unpack(words: np.ndarray, bits: tuple[int, ...]) -> np.ndarray:
    """Fields of 32-bit words [N], highest first, each as a fraction 0..1 [N, fields]."""
    shifts = np.cumsum(bits[::-1])[::-1] - np.array(bits)
    masks = (1 << np.array(bits)) - 1
    return ((words[:, None].astype(np.int64) >> shifts) & masks) / masks


def _pack(fractions: np.ndarray, bits: tuple[int, ...]) -> np.ndarray:
    """32-bit words [N], little endian, of fractions 0..1 [N, fields]: the inverse of `_unpack`, rounded."""
    shifts = np.cumsum(bits[::-1])[::-1] - np.array(bits)
    masks = (1 << np.array(bits)) - 1
    return (np.rint(fractions.astype(np.float64) * masks).astype(np.int64) << shifts).sum(1).astype("<u4")


def _morton_order(positions: np.ndarray) -> np.ndarray:
    """Indices [N] that bring neighbours in space close together (Morton 1966), 10 bits an axis."""
    low, high = positions.min(0), positions.max(0)
    cells = ((positions - low) / np.maximum(high - low, 1e-30) * 1023).astype(np.int64)
    code = np.zeros(len(cells), np.int64)
    for bit in range(10):
        for axis in range(3):
            code |= ((cells[:, axis] >> bit) & 1) << (3 * bit + axis)
    return np.argsort(code, kind="stable")
