"""Frames of splats in the folder layout of Blender's Bake node, written without Blender: stopped and resumed at will.

    FOLDER/sway.json                       what the frames were made of; only folders that have it are ever deleted
    FOLDER/BAKE_ID/meta/00012_00000.json   frame 12: which attributes lie where in the blob
    FOLDER/BAKE_ID/blobs/00012_00000.blob  the arrays, one after the other

The metadata are those that Blender 4.5 and 5.2 write (bake format 3): 4.5 finds an item by `name`, 5.2 by `value_name`.
A frame counts once its metadata are there, and these are written last, beside their final name, and renamed: whatever
kills the writer leaves whole frames only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MANIFEST = "sway.json"
FORMAT = 3
TYPES = {"rotation": "QUATERNION", "radiance:base": "FLOAT_COLOR"}
"""Blender's type of the attributes that are no vectors."""


@dataclass(frozen=True)
class BakeItem:
    """The geometry item of a Bake node, as Blender numbers it."""

    bake_id: int
    identifier: str
    """Number of the item in the node, as text."""
    name: str


class FrameCache:
    """A folder of frames of one motion."""

    def __init__(self, folder: Path, made_of: str, item: BakeItem) -> None:
        """`made_of` says, for comparison, what the frames come from. Makes the folder where it is absent.

        Raises ValueError for a folder that holds frames of something else.
        """
        self.folder, self.item = folder, item
        self._last: dict[str, tuple[bytes, dict[str, str | int]]] = {}
        manifest = folder / MANIFEST
        if folder.exists() and any(folder.iterdir()) and _made_of(folder) != made_of:
            raise ValueError(f"the folder {folder.name} holds another bake; free that bake first")
        for kind in ("meta", "blobs"):
            (self._own / kind).mkdir(parents=True, exist_ok=True)
        if not manifest.exists():
            _replace(manifest, json.dumps({"made_of": made_of}).encode())

    @property
    def _own(self) -> Path:
        return self.folder / str(self.item.bake_id)

    def frames(self) -> set[int]:
        """The frames that are whole."""
        return {int(file.stem.split("_")[0]) for file in (self._own / "meta").glob("*_00000.json")}

    def missing(self, frames: Iterable[int]) -> list[int]:
        """Those of some frames that still have to be written, in order."""
        whole = self.frames()
        return [frame for frame in frames if frame not in whole]

    def write(self, frame: int, attributes: dict[str, np.ndarray]) -> None:
        """Write a frame: "position" [M, 3] and others, as wide as their type. What stays as it was is stored once."""
        name = f"{frame:05d}_00000"
        listed, blob = [], bytearray()
        for attribute, values in attributes.items():
            data = np.ascontiguousarray(values, "<f4").tobytes()
            before, place = self._last.get(attribute, (None, {}))
            if data != before:
                place = {"name": f"{name}.blob", "start": len(blob), "size": len(data)}
                blob += data
            self._last[attribute] = data, place
            kind = TYPES.get(attribute, "FLOAT_VECTOR")
            listed.append({"name": attribute, "domain": "POINT", "type": kind, "data": place})
        count = len(next(iter(attributes.values())))
        points = {"num_points": count, "materials": [], "attributes": listed}
        item = {
            "name": self.item.name,
            "value_name": self.item.name,
            "type": "GEOMETRY",
            "data": {"pointcloud": points},
        }
        meta = {"version": FORMAT, "items": {self.item.identifier: item}}
        _replace(self._own / "blobs" / f"{name}.blob", bytes(blob))
        _replace(self._own / "meta" / f"{name}.json", json.dumps(meta, separators=(",", ":")).encode())


def delete(folder: Path) -> None:
    """Delete a folder of frames and nothing else: what `FrameCache` did not write stays, as does a foreign folder."""
    if _made_of(folder) is None:
        return
    for pattern in ("*/meta/*_00000.json", "*/blobs/*_00000.blob", "*/*/*.part", "*.part", MANIFEST):
        for file in folder.glob(pattern):
            file.unlink()
    for inner in (*folder.glob("*/meta"), *folder.glob("*/blobs"), *folder.glob("*"), folder, folder.parent):
        if inner.is_dir() and not any(inner.iterdir()):
            inner.rmdir()


def _made_of(folder: Path) -> str | None:
    """What the frames in a folder come from; None where Sway did not write them."""
    try:
        return json.loads((folder / MANIFEST).read_text())["made_of"]
    except (OSError, ValueError, KeyError):
        return None


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    os.replace(partial, path)
