"""What every benchmark gives: rows of figures, and the fastest of some runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("SWAY_DATA", ROOT.parent / "shared" / "data"))
"""Real captures, clips and photographs."""
REAL_PLANT = DATA / "splats/padilla_plant/plant.splat"


def row(figure: str, value: float, unit: str) -> dict:
    """One figure, as `dev.py bench` holds it against benchmarks/targets.toml."""
    return {"figure": figure, "value": float(value), "unit": unit}


def best_time(call: Callable[[], object], repeats: int = 8) -> float:
    """Seconds of the fastest of some calls, after one that compiles."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)
