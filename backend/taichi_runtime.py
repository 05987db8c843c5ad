"""Taichi's start-up in one place: device, precision, threads and the cache of compiled kernels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import taichi as ti

Precision = Literal["f32", "f64"]
_started: tuple[str, str] | None = None


def start(precision: Precision = "f32", device: Literal["cpu", "cuda", "metal", "vulkan"] = "cpu") -> None:
    """Make Taichi ready; a second call with the same arguments does nothing.

    A call with other arguments restarts Taichi and destroys every field made before.
    """
    global _started
    if _started == (precision, device):
        return
    cache = cache_folder() / "taichi"
    ti.init(
        arch=getattr(ti, device),
        default_fp=getattr(ti, precision),
        offline_cache=True,
        offline_cache_file_path=str(cache),
        log_level=ti.ERROR,
        random_seed=0,
    )
    _started = (precision, device)


def cache_folder() -> Path:
    """Where what can be made again is kept between sessions."""
    return Path(os.environ.get("SWAY_CACHE") or Path.home() / ".cache" / "sway")


def device() -> str:
    """What Taichi runs on, and in which precision, such as "cpu f32"."""
    return " ".join(reversed(_started)) if _started else ""


def real() -> type:
    """The numpy type of the precision Taichi runs in."""
    import numpy as np

    return np.float64 if _started and _started[0] == "f64" else np.float32
