"""Splat .ply as the trainer of Kerbl et al. 2023 (Inria) writes it: binary, one `vertex` for each splat.

Properties of a vertex, in any order, of any scalar type, among any others:

| property | meaning |
|---|---|
| x y z | position |
| f_dc_0..2 | spherical harmonics, the constant coefficient of red, green, blue |
| f_rest_0..n-1 | the others, n = 0, 9, 24, 45, 72 for degree 0 to 4: all of red, then of green, then of blue |
| opacity | before the sigmoid |
| scale_0..2 | natural logarithms |
| rot_0..3 | quaternion wxyz, of any length |

Read in either byte order, written little endian.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..gaussians import Gaussians
from . import compressed_ply
from .ply_header import Element, read_header
from .splat_file import SplatFile, log_scales, replace_file

POSITION = ("x", "y", "z")
NORMAL = ("nx", "ny", "nz")
BASE = ("f_dc_0", "f_dc_1", "f_dc_2")
SCALE = ("scale_0", "scale_1", "scale_2")
ROTATION = ("rot_0", "rot_1", "rot_2", "rot_3")
REQUIRED = (*POSITION, *BASE, "opacity", *SCALE, *ROTATION)
REST_COUNTS = (0, 9, 24, 45, 72)
"""Number of f_rest properties for spherical harmonics of degree 0 to 4."""
BLOCK = 2048
"""Vertices that are taken apart at a time, few enough to stay in the processor's cache (248 bytes each)."""


def read(path: Path) -> SplatFile:
    """Read a splat .ply, compressed or not; see `formats.read` for what it raises."""
    header = read_header(path)
    vertex = header.element("vertex") or Element("vertex", 0, [])
    if "packed_position" in vertex.columns:
        return compressed_ply.read(path)
    rest = _require_splats(path, vertex)
    needed = (*REQUIRED, *rest)
    vertices = np.asarray(header.records(vertex, needed))  # a memmap is slower to index
    count, further = vertex.count, len(rest) // 3
    positions, scales, rotations = (np.empty((count, width), np.float32) for width in (3, 3, 4))
    opacity = np.empty(count, np.float32)
    sh = np.empty((1 + further, count, 3), np.float32)  # a coefficient after the other, as Blender takes them
    columns = dict(zip((*POSITION, *SCALE, *ROTATION), (*positions.T, *scales.T, *rotations.T), strict=True))
    columns |= dict(zip((*BASE, "opacity"), (*sh[0].T, opacity), strict=True))
    columns |= {name: sh[1 + k % further, :, k // further] for k, name in enumerate(rest)}
    for start in range(0, count, BLOCK):
        some = slice(start, start + BLOCK)
        for name, column in columns.items():
            column[some] = vertices[name][some]
    notes = []
    skipped = [name for name, _ in vertex.properties if name not in (*needed, *NORMAL)]
    if skipped:
        notes.append(f"Skipped the properties {', '.join(skipped)}.")
    excess = path.stat().st_size - header.offset(vertex) - vertex.count * vertex.itemsize
    if excess and vertex is header.elements[-1]:
        notes.append(f"Ignored {excess:,} bytes after the last splat.")
    return SplatFile.checked(
        path,
        positions=positions,
        rotations=rotations,
        scales=np.exp(scales),
        opacity=1 / (1 + np.exp(-opacity)),
        sh=sh.swapaxes(0, 1),
        format="3DGS .ply",
        up=header.up,
        notes=tuple(notes),
    )


def write(path: Path, gaussians: Gaussians, up: str | None = None) -> None:
    """Write a splat .ply in Inria's layout, which `read` gives back exactly up to rounding; see `formats.write`.

    `up` ("+X" to "-Z") is noted in the header. Opacity is kept off 0 and 1 and scales off 0, whose logit and logarithm
    are infinite and which other programs refuse.
    """
    count, coefficients = gaussians.sh.shape[:2]
    rest = tuple(f"f_rest_{k}" for k in range(3 * (coefficients - 1)))
    names = (*POSITION, *NORMAL, *BASE, *rest, "opacity", *SCALE, *ROTATION)
    opacity = np.clip(gaussians.opacity.astype(np.float64), 2.0**-24, 1 - 2.0**-24)  # float32 resolves no more near 1
    rows = np.concatenate(
        [
            gaussians.positions,
            np.zeros((count, 3)),
            gaussians.sh[:, 0],
            gaussians.sh[:, 1:].transpose(0, 2, 1).reshape(count, -1),
            np.log(opacity / (1 - opacity))[:, None],
            log_scales(gaussians),
            gaussians.rotations,
        ],
        axis=1,
        dtype="<f4",
    )
    axis = [f"comment Vertical Axis: {up.lower()}"] if up else []
    properties = [f"property float {name}" for name in names]
    header = ["ply", "format binary_little_endian 1.0", *axis, f"element vertex {count}", *properties, "end_header", ""]
    replace_file(path, "\n".join(header).encode(), rows)


def _require_splats(path: Path, vertex: Element) -> tuple[str, ...]:
    """The f_rest properties in order, for vertices that have all a splat needs."""
    names = vertex.columns
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise ValueError(
            f"{path.name} holds a mesh or plain points, not Gaussian splats (it lacks {', '.join(missing)}); "
            "choose a .ply that a splat trainer or splat editor wrote"
        )
    if vertex.has_lists:
        raise ValueError(f"{path.name} has lists among the properties of its splats; export it again without them")
    found = {name for name in names if name.startswith("f_rest_")}
    rest = tuple(f"f_rest_{k}" for k in range(len(found)))
    if len(found) not in REST_COUNTS or found != set(rest):
        raise ValueError(
            f"{path.name} has {len(found)} f_rest properties where spherical harmonics of degree 0 to 4 have "
            "0, 9, 24, 45 or 72; export it again with a whole degree"
        )
    return rest
