"""Splat .ply as the trainer of Kerbl et al. 2023 (Inria) writes it: binary, little endian, one `vertex` for each splat.

Properties of a vertex, in any order, of any scalar type, among any others:

| property | meaning |
|---|---|
| x y z | position |
| f_dc_0..2 | spherical harmonics, the constant coefficient of red, green, blue |
| f_rest_0..n-1 | the others, n = 0, 9, 24, 45, 72 for degree 0 to 4: all of red, then of green, then of blue |
| opacity | before the sigmoid |
| scale_0..2 | natural logarithms |
| rot_0..3 | quaternion wxyz, of any length |

A comment "Vertical Axis: z", as Nerfstudio writes it, names the axis that points up.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib.recfunctions import structured_to_unstructured

from ..gaussians import Gaussians
from .splat_file import SplatFile

POSITION = ("x", "y", "z")
NORMAL = ("nx", "ny", "nz")
BASE = ("f_dc_0", "f_dc_1", "f_dc_2")
SCALE = ("scale_0", "scale_1", "scale_2")
ROTATION = ("rot_0", "rot_1", "rot_2", "rot_3")
REQUIRED = (*POSITION, *BASE, "opacity", *SCALE, *ROTATION)
REST_COUNTS = (0, 9, 24, 45, 72)
"""Number of f_rest properties for spherical harmonics of degree 0 to 4."""

SCALARS = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "<i2"),
    **dict.fromkeys(("ushort", "uint16"), "<u2"),
    **dict.fromkeys(("int", "int32"), "<i4"),
    **dict.fromkeys(("uint", "uint32"), "<u4"),
    **dict.fromkeys(("float", "float32"), "<f4"),
    **dict.fromkeys(("double", "float64"), "<f8"),
}
"""PLY's names of scalar types -> numpy's."""

HEADER_LIMIT = 1 << 20
"""No header is this long [bytes]: a file with more before `end_header` is not a PLY file."""


@dataclass
class Element:
    """One element of the header: its records have properties (name, numpy type); a list is (count type, item type)."""

    name: str
    count: int
    properties: list[tuple[str, str | tuple[str, str]]]

    @property
    def has_lists(self) -> bool:
        return any(isinstance(kind, tuple) for _, kind in self.properties)

    @property
    def itemsize(self) -> int:
        """Bytes of one record, for an element without lists."""
        return sum(np.dtype(kind).itemsize for _, kind in self.properties)

    def dtype(self, names: tuple[str, ...]) -> np.dtype:
        """Structured type of a record that shows only the named properties and skips over the others."""
        offsets = np.cumsum([0] + [np.dtype(kind).itemsize for _, kind in self.properties])
        where = {name: (kind, offset) for (name, kind), offset in zip(self.properties, offsets[:-1], strict=True)}
        formats, starts = zip(*(where[name] for name in names), strict=True)
        return np.dtype({"names": names, "formats": formats, "offsets": starts, "itemsize": int(offsets[-1])})


def read(path: Path) -> SplatFile:
    """Read a splat .ply; see `formats.read` for what it raises."""
    with open(path, "rb") as file:
        elements, comments = _read_header(path, file)
        vertex = next((element for element in elements if element.name == "vertex"), None)
        rest = _require_splats(path, vertex)
        for element in elements[: elements.index(vertex)]:
            _skip(file, element)
        start = file.tell()
    excess = path.stat().st_size - start - vertex.count * vertex.itemsize
    if excess < 0:
        there = max(vertex.count + excess // vertex.itemsize, 0)
        raise ValueError(
            f"{path.name} is cut off: it announces {vertex.count:,} splats and holds {there:,}; copy or export it again"
        )
    needed = (*REQUIRED, *rest)
    if vertex.count == 0:
        vertices = np.empty(0, vertex.dtype(needed))
    else:
        vertices = np.memmap(path, vertex.dtype(needed), "r", start, vertex.count)

    def columns(*properties: str) -> np.ndarray:  # [N, properties], float32, no longer a view of the file
        return np.array(structured_to_unstructured(vertices[list(properties)], np.float32))

    sh = np.empty((vertex.count, 1 + len(rest) // 3, 3), np.float32)
    with np.errstate(over="ignore"):  # an overflow gives inf: refused below, or an opacity of exactly 0
        sh[:, 0] = columns(*BASE)
        if rest:
            sh[:, 1:] = columns(*rest).reshape(vertex.count, 3, -1).transpose(0, 2, 1)
        positions, rotations = columns(*POSITION), columns(*ROTATION)
        scales = np.exp(columns(*SCALE))
        opacity = 1 / (1 + np.exp(-columns("opacity")[:, 0]))
    notes = []
    skipped = [name for name, _ in vertex.properties if name not in (*needed, *NORMAL)]
    if skipped:
        notes.append(f"Skipped the properties {', '.join(skipped)}.")
    if excess and vertex is elements[-1]:
        notes.append(f"Ignored {excess:,} bytes after the last splat.")
    return SplatFile.checked(
        path,
        positions=positions,
        rotations=rotations,
        scales=scales,
        opacity=opacity,
        sh=sh,
        format="3DGS .ply",
        up=_vertical_axis(comments),
        notes=tuple(notes),
    )


def write(path: str | os.PathLike[str], gaussians: Gaussians, *, up: str | None = None) -> None:
    """Write a splat .ply in Inria's layout that `read` gives back, beside its final name and then renamed.

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
            np.log(np.maximum(gaussians.scales, np.finfo(np.float32).tiny)),
            gaussians.rotations,
        ],
        axis=1,
        dtype="<f4",
    )
    axis = [f"comment Vertical Axis: {up.lower()}"] if up else []
    properties = [f"property float {name}" for name in names]
    header = ["ply", "format binary_little_endian 1.0", *axis, f"element vertex {count}", *properties, "end_header", ""]
    path = Path(path)
    partial = path.with_name(path.name + ".part")
    with open(partial, "wb") as file:
        file.write("\n".join(header).encode())
        rows.tofile(file)
    os.replace(partial, path)


def _read_header(path: Path, file: BinaryIO) -> tuple[list[Element], list[str]]:
    """Elements and comments of the header; leaves `file` at the first byte after it."""
    if file.readline(8).strip() != b"ply":
        raise ValueError(f"{path.name} is not a PLY file although its name ends in .ply; export it again as .ply")
    elements: list[Element] = []
    comments: list[str] = []
    while (line := file.readline(HEADER_LIMIT).decode("latin-1")).strip() != "end_header":
        if not line.endswith("\n") or file.tell() > HEADER_LIMIT:
            raise ValueError(f"{path.name} is cut off inside its header; copy or export it again")
        match line.split():
            case ["format", encoding, *_]:
                if encoding != "binary_little_endian":
                    kind = {"ascii": "an ASCII", "binary_big_endian": "a big-endian"}.get(encoding, f"a {encoding}")
                    raise ValueError(f"{path.name} is {kind} .ply; export it as binary little endian")
            case ["comment", *_]:
                comments.append(line)
            case ["element", name, count] if count.isdecimal():
                elements.append(Element(name, int(count), []))
            case ["property", "list", count_type, item_type, name] if elements and {count_type, item_type} <= set(
                SCALARS
            ):
                elements[-1].properties.append((name, (SCALARS[count_type], SCALARS[item_type])))
            case ["property", kind, name] if elements and kind in SCALARS:
                elements[-1].properties.append((name, SCALARS[kind]))
            case ["element" | "property", *_]:
                raise ValueError(f"{path.name} has a damaged header ({line.strip()[:60]}); copy or export it again")
    return elements, comments


def _require_splats(path: Path, vertex: Element | None) -> tuple[str, ...]:
    """The f_rest properties in order, for vertices that have all a splat needs."""
    names = {name for name, kind in vertex.properties if not isinstance(kind, tuple)} if vertex else set()
    if "packed_position" in names:
        raise ValueError(f"{path.name} is a compressed .ply; export it from the splat editor as an uncompressed .ply")
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


def _skip(file: BinaryIO, element: Element) -> None:
    """Move past all records of an element that comes before the splats."""
    if not element.has_lists:
        file.seek(element.count * element.itemsize, os.SEEK_CUR)
        return
    for _ in range(element.count):
        for _, kind in element.properties:
            length = 1
            if isinstance(kind, tuple):
                count_type, kind = kind
                length = int(np.fromfile(file, count_type, 1).sum())  # sum: 0 at the end of a file that is cut off
            file.seek(length * np.dtype(kind).itemsize, os.SEEK_CUR)


def _vertical_axis(comments: list[str]) -> str | None:
    for comment in comments:
        if found := re.search(r"vertical axis:\s*([+-]?)([xyz])\b", comment, re.IGNORECASE):
            return (found[1] or "+") + found[2].upper()
    return None
