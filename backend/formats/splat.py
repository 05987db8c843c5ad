""".splat of antimatter15: records of 32 bytes, little endian, without a header.

| bytes | type | meaning |
|---|---|---|
| 0-11 | 3 float32 | position |
| 12-23 | 3 float32 | scale, linear |
| 24-27 | 4 uint8 | red, green, blue (display-referred), opacity; 255 = 1 |
| 28-31 | 4 uint8 | quaternion wxyz, (q - 128) / 128 |
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..gaussians import Gaussians, sh_from_colours
from .splat_file import SplatFile, replace_file

RECORD = np.dtype([("position", "<f4", 3), ("scale", "<f4", 3), ("rgba", "u1", 4), ("rotation", "u1", 4)])


def read(path: Path) -> SplatFile:
    """Read a .splat file; see `formats.read` for what it raises."""
    size = path.stat().st_size
    if size == 0:
        raise ValueError(f"{path.name} is empty; copy or export it again")
    if size % RECORD.itemsize:
        raise ValueError(
            f"{path.name} is {size:,} bytes long, not a multiple of the {RECORD.itemsize} bytes of a splat; "
            "it is cut off or not a .splat file, copy or export it again"
        )
    records = np.fromfile(path, RECORD)
    rgba = records["rgba"].astype(np.float32) / 255  # [N, 4], 0..1
    return SplatFile.checked(
        path,
        positions=records["position"].copy(),
        rotations=(records["rotation"].astype(np.float32) - 128) / 128,
        scales=records["scale"].copy(),
        opacity=rgba[:, 3].copy(),
        sh=sh_from_colours(rgba[:, :3]),
        format=".splat",
    )


def write(path: Path, gaussians: Gaussians, up: str | None = None) -> None:
    """Write a .splat; see `formats.write`.

    The format has no place for spherical harmonics above degree 0, for colours beyond 0..1 or for `up`; programs take
    -Y for up.
    """
    records = np.empty(len(gaussians), RECORD)
    records["position"], records["scale"] = gaussians.positions, gaussians.scales
    colours = np.concatenate([gaussians.colours, gaussians.opacity[:, None]], axis=1)
    records["rgba"] = np.rint(np.clip(colours, 0, 1) * 255)
    records["rotation"] = np.clip(np.rint(gaussians.rotations * 128 + 128), 0, 255)
    replace_file(path, records)
