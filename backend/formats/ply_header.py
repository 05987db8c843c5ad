"""The container of .ply files: a text header that declares elements, then their records, one element after the other.

| line of the header | meaning |
|---|---|
| ply | first line |
| format binary_little_endian 1.0 | or binary_big_endian; ascii is refused |
| comment ... | anything; "Vertical Axis: z", as Nerfstudio writes it, names the axis that points up |
| element NAME COUNT | a table of COUNT records |
| property TYPE NAME | a column of it |
| property list TYPE TYPE NAME | a column of lists: their length, then the items |
| end_header | last line |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

SCALARS = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
"""PLY's names of scalar types -> numpy's, without byte order."""
BYTE_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">"}
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
    def columns(self) -> set[str]:
        """Names of the properties that are no lists."""
        return {name for name, kind in self.properties if not isinstance(kind, tuple)}

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


@dataclass(frozen=True)
class Header:
    path: Path
    elements: list[Element]
    up: str | None
    """The axis that a comment says is vertical, "+X" to "-Z"."""
    start: int
    """Offset of the first record [bytes]."""

    def element(self, name: str) -> Element | None:
        return next((element for element in self.elements if element.name == name), None)

    def records(self, element: Element, names: tuple[str, ...]) -> np.ndarray:
        """The named properties of an element without lists, as a structured array [count] that is a view of the file.

        Raises ValueError when the file ends before them.
        """
        start, size = self.offset(element), self.path.stat().st_size
        there = max(size - start, 0) // max(element.itemsize, 1)
        if there < element.count:
            things = "splats" if element.name == "vertex" else f"records of {element.name}"
            raise ValueError(
                f"{self.path.name} is cut off: it announces {element.count:,} {things} and holds {there:,}; "
                "copy or export it again"
            )
        if element.count == 0:
            return np.empty(0, element.dtype(names))
        return np.memmap(self.path, element.dtype(names), "r", start, element.count)

    def offset(self, element: Element) -> int:
        """Where an element's records start [bytes]; the file's size where it ends before."""
        size = self.path.stat().st_size
        with open(self.path, "rb") as file:
            file.seek(self.start)
            for before in self.elements[: self.elements.index(element)]:
                _skip(file, before, size)
            return min(file.tell(), size)


def read_header(path: Path) -> Header:
    """The header of a binary .ply; raises ValueError for a file that is none, is ASCII, or whose header is damaged."""
    with open(path, "rb") as file:
        if file.readline(8).strip() != b"ply":
            raise ValueError(f"{path.name} is not a PLY file although its name ends in .ply; export it again as .ply")
        elements: list[Element] = []
        order, up = None, None
        while (line := file.readline(HEADER_LIMIT).decode("latin-1")).strip() != "end_header":
            if not line.endswith("\n") or file.tell() > HEADER_LIMIT:
                raise ValueError(f"{path.name} is cut off inside its header; copy or export it again")
            match line.split():
                case ["format", encoding, *_] if encoding in BYTE_ORDERS:
                    order = BYTE_ORDERS[encoding]
                case ["format", encoding, *_]:
                    kind = "an ASCII" if encoding == "ascii" else f"a {encoding[:20]}"
                    raise ValueError(f"{path.name} is {kind} .ply; export it as binary little endian")
                case ["comment", *_]:
                    up = up or _vertical_axis(line)
                case ["element", name, count] if order and count.isdecimal() and len(count) < 19:
                    elements.append(Element(name, int(count), []))
                case ["property", *kinds, name] if elements and (kind := _kind(kinds, order)):
                    elements[-1].properties.append((name, kind))
                case ["element" | "property", *_]:
                    raise ValueError(f"{path.name} has a damaged header ({line.strip()[:60]}); copy or export it again")
        return Header(path, elements, up, file.tell())


def _kind(kinds: list[str], order: str | None) -> str | tuple[str, str] | None:
    """numpy's type of a property ["float"], or (count, item) of ["list", "uchar", "int"]; None for what PLY lacks."""
    match kinds:
        case [kind] if kind in SCALARS:
            return f"{order}{SCALARS[kind]}"
        case ["list", count, item] if SCALARS.get(count, "f")[0] in "iu" and item in SCALARS:
            return f"{order}{SCALARS[count]}", f"{order}{SCALARS[item]}"
    return None


def _skip(file: BinaryIO, element: Element, size: int) -> None:
    """Move past all records of an element, or to the end [bytes] of a file that is cut off."""
    if not element.has_lists:
        file.seek(min(file.tell() + element.count * element.itemsize, size))
        return
    for _ in range(element.count):
        if file.tell() >= size:
            return
        for _, kind in element.properties:
            length = 1
            if isinstance(kind, tuple):
                count_type, kind = kind
                length = max(int(np.fromfile(file, count_type, 1).sum()), 0)  # sum: 0 at the end of the file
            file.seek(min(file.tell() + length * np.dtype(kind).itemsize, size))


def _vertical_axis(comment: str) -> str | None:
    found = re.search(r"vertical axis:\s*([+-]?)([xyz])\b", comment, re.IGNORECASE)
    return (found[1] or "+") + found[2].upper() if found else None
