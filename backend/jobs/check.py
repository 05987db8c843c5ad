"""Backend check: load every compute package, compute for a moment, report versions and speed."""

from __future__ import annotations

import os
import platform
import time
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ..api.check import CheckParams
from ..context import JobContext

PARAMS = CheckParams
PACKAGES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "torch": "torch",
    "taichi": "taichi",
    "cv2": "opencv-python-headless",
    "av": "av",
}
"""Module name and distribution of what the jobs use."""


def run(params: CheckParams, _inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Raises ValueError naming the first package that cannot be loaded."""
    with ctx.stage("Loading packages", 0.0, 0.5):
        for i, module in enumerate(PACKAGES):
            try:
                import_module(module)
            except ImportError as error:
                raise ValueError(
                    f"The backend lacks {PACKAGES[module]} ({error}); install requirements/worker.txt into its Python."
                ) from error
            ctx.progress((i + 1) / len(PACKAGES))
    with ctx.stage("Computing", 0.5, 1.0):
        matrix = np.random.default_rng(0).standard_normal((256, 256))
        start, rounds = time.monotonic(), 0
        while (elapsed := time.monotonic() - start) < params.seconds:
            matrix = np.linalg.qr(matrix)[0] + 0.0
            rounds += 1
            ctx.progress(elapsed / params.seconds)
    versions = {distribution: version(distribution) for distribution in PACKAGES.values()}
    return {}, {
        "versions": {"python": platform.python_version(), **versions},
        "cores": os.cpu_count(),
        "rounds": rounds,
        "devices": _devices(),
    }


def _devices() -> list[str]:
    """What torch can compute on, the processor last."""
    import torch

    found = []
    if torch.cuda.is_available():  # also of ROCm's build
        found += [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("Metal")
    return [*found, platform.processor() or platform.machine()]
