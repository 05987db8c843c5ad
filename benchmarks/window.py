"""How long a real window stands still while jobs run: gaps between timer ticks, from a job's press to its result.

Needs a Blender with a window, named by the variable SWAY_WINDOW as the command that starts it: `SWAY_WINDOW=blender`.
The same is done in it twice: with a small plant, and with the real one, of which the viewport draws few splats.

What makes up a gap is told apart, and set against the same drawing while nothing runs: with the viewport, or of the
sidebar alone. For a software renderer takes as long as a gap may be for an empty scene already: 140 to 260 ms of
processor time for Blender's default viewport of 1311 x 786 pixels, 65 ms without overlays and anti-aliasing, and some
36 ms to put a window of 1280 x 720 together when a single word in it has changed. Hence the small window and the
plain viewport. On a busy machine a gap is longer than the work in it: the processor time of the main thread, and of
all threads, is told beside.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .figures import REAL_PLANT, ROOT, row

WINDOW = ["--window-geometry", "0", "0", "1280", "720"]
PATIENCE = 900
"""Seconds until a window that has written nothing is given up."""

FIGURES = {
    "longest_ms": ("longest gap", "ms"),
    "undrawn_ms": ("longest gap without a drawing", "ms"),
    "work_ms": ("its own work in a gap", "ms"),
    "process_ms": ("work of all threads in a gap", "ms"),
    "drawn": ("drawings of the viewport", ""),
}
"""What `window_ticks.py` writes of a phase, how it is called, and its unit."""
BASES = [
    ("longest_ms", "viewport", "longest gap over that of drawing the viewport"),
    ("undrawn_ms", "sidebar", "longest gap without a drawing over that of drawing the sidebar"),
]
JOBS = ("simulation", "reference", "fit")


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit."""
    command = os.environ.get("SWAY_WINDOW")
    if not command:
        raise SystemExit("SWAY_WINDOW names no command that starts a Blender with a window, such as `blender`.")
    script = Path(__file__).with_name("window_ticks.py")
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "ticks.json"
        arguments = {
            "root": str(ROOT),
            "worker": os.environ.get("SWAY_WORKER_PYTHON", sys.executable),
            "plant": str(REAL_PLANT) if REAL_PLANT.exists() else "",
            "out": str(out),
        }
        variables = {**os.environ, "SWAY_TICKS": json.dumps(arguments)}
        options = [*WINDOW, "--python", str(script)]
        started = subprocess.Popen([*shlex.split(command), *options], env=variables)
        until = time.monotonic() + PATIENCE
        while not out.exists() and time.monotonic() < until:
            time.sleep(0.5)
        started.terminate()
        if not out.exists():
            raise SystemExit("The window has measured nothing in time.")
        found = json.loads(out.read_text(encoding="utf-8"))
    rows = []
    for phase, gap in found.items():
        if not gap:
            raise SystemExit(f"The window's script was {phase}.")
        rows += [row(f"Window, {phase}: {said}", gap[key], unit) for key, (said, unit) in FIGURES.items()]
        if not phase.endswith(JOBS):
            continue
        plant = phase.rpartition(", ")[0]
        for key, what, said in BASES:
            base = found[f"{plant}, {what} drawn while nothing runs"]["longest_ms"]
            rows.append(row(f"Window, {phase}: {said}", gap[key] / base, ""))
    return rows
