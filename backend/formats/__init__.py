"""Splat files to `Gaussians` and back: one format per module, numpy only, no loop over splats.

To add a format (say .xyz):
1. Write `xyz.py`, its docstring giving the byte layout, with `read(path: Path) -> SplatFile`; it hands what it decoded
   to `SplatFile.checked`, which makes the refusals every format shares.
2. Refuse what it cannot read with a ValueError of one sentence: the file's name, what is wrong, what to do. Trust no
   number in the file: compare counts with its size before memory is asked for (`check_expansion` where it is packed).
3. Enter it in `READERS` below; the file dialog and drag and drop take their suffixes from there. To write it too, add
   `write(path, gaussians, up=None)` and enter that in `WRITERS`.
4. Test it in `tests/backend/test_formats_agree.py` on a real file, against the same splats in another format, and enter
   a small one in `tests/backend/test_formats_damage.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..gaussians import Gaussians
from . import compressed_ply, ksplat, ply, sequence, sog, splat, spz
from .ply import write as write_ply
from .sog import ImageDecoder
from .splat_file import SplatFile

__all__ = ["READERS", "WRITERS", "ImageDecoder", "SplatFile", "read", "sequence_of", "sog", "write", "write_ply"]

READERS: dict[str, Callable[..., SplatFile]] = {
    ".ply": ply.read,
    ".splat": splat.read,
    ".spz": spz.read,
    ".ksplat": ksplat.read,
    ".sog": sog.read,
    sog.META: sog.read,
}
"""Reader by the lower-case suffix, or by the whole name."""

WRITERS: dict[str, Callable[[Path, Gaussians, str | None], None]] = {
    ".ply": ply.write,
    ".compressed.ply": compressed_ply.write,
    ".splat": splat.write,
    ".spz": spz.write,
}
"""Writer by how the lower-case file name ends; the longest ending counts."""

AXES = ("+X", "-X", "+Y", "-Y", "+Z", "-Z")


def read(path: str | os.PathLike[str], decode_image: ImageDecoder | None = None) -> SplatFile:
    """Read a splat file by its suffix, or a folder that holds a .sog's files.

    `decode_image` decodes the images of a .sog: Blender's side passes `scene.images.decode_webp`, else OpenCV does it.
    Raises FileNotFoundError for a missing file and ValueError for one that cannot be used; both in one sentence that
    names the file, the cause and the remedy.
    """
    path = Path(path)
    if (path / sog.META).is_file():
        path = path / sog.META
    reader = READERS.get(path.name.lower()) or READERS.get(path.suffix.lower())
    if reader is None:
        kind = f"{path.suffix} files" if path.suffix else "files without a suffix"
        raise ValueError(f"{path.name}: Sway cannot read {kind}; choose one of {', '.join(READERS)}")
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist or is not a file; check the path")
    # Overflows give infinity, refused at the end like what was not finite in the file, or an opacity of exactly 0.
    with np.errstate(all="ignore"):
        return reader(path, decode_image) if reader is sog.read else reader(path)


def sequence_of(path: str | os.PathLike[str]) -> list[Path]:
    """The numbered files from this one on, or those of a folder, in the order of their numbers: a file a frame.

    Raises ValueError where there is no sequence, and FileNotFoundError for a missing path.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist; check the path")
    return sequence.files_of(path, READERS)


def write(path: str | os.PathLike[str], gaussians: Gaussians, up: str | None = None) -> None:
    """Write a splat file by its suffix, never half of one.

    `up` ("+X" to "-Z") is the cloud's upward axis, noted in formats that can note it; .spz turns the cloud to its own.
    Raises ValueError for an unknown suffix, an unknown axis, an empty cloud or what the format cannot hold.
    """
    path = Path(path)
    endings = [ending for ending in WRITERS if path.name.lower().endswith(ending)]
    if not endings:
        raise ValueError(f"{path.name}: Sway writes {', '.join(WRITERS)}; choose one of these suffixes")
    if up is not None and up not in AXES:
        raise ValueError(f"up axis {up!r} is not one of {', '.join(AXES)}")
    if not len(gaussians):
        raise ValueError(f"{path.name} would hold no splats; choose a cloud that has some")
    WRITERS[max(endings, key=len)](path, gaussians, up)
