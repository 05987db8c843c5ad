"""Splat files to `Gaussians` and back: one format per module, numpy only, no loop over splats.

To add a format (say .spz):
1. Write `spz.py`, its docstring giving the byte layout, with `read(path: Path) -> SplatFile`; it hands what it decoded
   to `SplatFile.checked`, which makes the refusals every format shares.
2. Refuse what it cannot read with a ValueError of one sentence: the file's name, what is wrong, what to do.
3. Enter it in `READERS` below; the file dialog and drag and drop take their suffixes from there.
4. Test it in `tests/backend/test_formats.py` on a real file, against the same splats in another format.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from . import ply, splat
from .ply import write as write_ply
from .splat_file import SplatFile

__all__ = ["READERS", "SplatFile", "read", "write_ply"]

READERS: dict[str, Callable[[Path], SplatFile]] = {".ply": ply.read, ".splat": splat.read}
"""Reader of each lower-case suffix."""


def read(path: str | os.PathLike[str]) -> SplatFile:
    """Read a splat file by its suffix.

    Raises FileNotFoundError for a missing file and ValueError for one that cannot be used; both in one sentence that
    names the file, the cause and the remedy.
    """
    path = Path(path)
    if path.suffix.lower() not in READERS:
        kind = f"{path.suffix} files" if path.suffix else "files without a suffix"
        raise ValueError(f"{path.name}: Sway cannot read {kind}; choose one of {', '.join(READERS)}")
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist or is not a file; check the path")
    return READERS[path.suffix.lower()](path)
