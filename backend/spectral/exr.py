"""OpenEXR pictures: one part, scan lines, ZIP. Layout: "OpenEXR File Layout", openexr.com, version 2."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np

MAGIC = 20000630
LINES = 16
"""Of a compressed block."""
ZIP = 3
HALF, FLOAT = 1, 2


def write_exr(path: str | os.PathLike[str], channels: dict[str, np.ndarray]) -> Path:
    """Write channels [H, W], float16 or float32, by name (R, G, B, A: scene-linear). Atomically."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    names = sorted(channels)
    height, width = channels[names[0]].shape
    kinds = {n: HALF if channels[n].dtype == np.float16 else FLOAT for n in names}
    listed = b"".join(n.encode() + b"\0" + struct.pack("<iB3xii", kinds[n], 0, 1, 1) for n in names) + b"\0"
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    head = struct.pack("<ii", MAGIC, 2)
    for name, kind, value in (
        ("channels", "chlist", listed),
        ("compression", "compression", bytes([ZIP])),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1)),
    ):
        head += name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value
    head += b"\0"
    rows = np.concatenate(
        [np.ascontiguousarray(channels[n], "<f2" if kinds[n] == HALF else "<f4").view(np.uint8) for n in names], 1
    )
    blocks = []
    for top in range(0, height, LINES):
        raw = rows[top : top + LINES].tobytes()
        packed = _packed(raw)
        data = packed if len(packed) < len(raw) else raw
        blocks.append(struct.pack("<ii", top, len(data)) + data)
    start = len(head) + 8 * len(blocks)
    offsets = start + np.append(0, np.cumsum([len(b) for b in blocks[:-1]]))
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(head + offsets.astype("<u8").tobytes() + b"".join(blocks))
    os.replace(partial, path)
    return path


def _packed(raw: bytes) -> bytes:
    """Even and odd bytes apart, differences of neighbours, deflated: what makes floats compress."""
    data = np.frombuffer(raw, np.uint8)
    apart = np.concatenate([data[::2], data[1::2]])
    difference = apart.copy()
    difference[1:] = apart[1:] - apart[:-1] + 128
    return zlib.compress(difference.tobytes(), 4)
