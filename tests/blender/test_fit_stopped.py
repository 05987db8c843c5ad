"""A fit that was stopped is found again by the next press of the button."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("bpy")


def _fit(folder: Path, name: str, age: float, *files: str) -> Path:
    """A job's folder with some files, `age` seconds old."""
    for file in files:
        path = folder / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        os.utime(path, (1e9 - age, 1e9 - age))
    return folder / name


def test_the_latest_fit_is_gone_on_with_where_it_was_stopped(package, tmp_path):
    """Not one that ended, not one before that, not one that had hardly begun, and none where there is none."""
    from bl_ext.user_default.sway.operators.fit import stopped

    assert stopped(tmp_path) is None
    _fit(tmp_path, "fit-0", 90, "checkpoint/identity.npz")
    _fit(tmp_path, "simulate-1", 0, "checkpoint/identity.npz")
    begun = _fit(tmp_path, "fit-1", 50, "checkpoint/identity.npz", "checkpoint/one.npz")
    _fit(tmp_path, "fit-2", 10, "subject.npz")
    assert stopped(tmp_path) == begun
    _fit(tmp_path, "fit-3", 5, "checkpoint/identity.npz", "fit.npz")
    assert stopped(tmp_path) is None
