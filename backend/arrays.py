"""Named arrays in one .npz file: how data crosses between Blender and the worker.

A file is written beside its final name and renamed, so that a reader never sees half of one.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np


def save(path: str | os.PathLike[str], arrays: dict[str, np.ndarray]) -> Path:
    """Write arrays (no object dtypes) to `path`, atomically."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    with open(partial, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    os.replace(partial, path)
    return path


def load(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read every array of a file that `save` wrote. Pickled objects are refused (numpy's default)."""
    with np.load(path) as file:
        return {name: file[name] for name in file.files}
