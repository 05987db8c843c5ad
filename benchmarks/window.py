"""How long a real window stands still while jobs run: gaps between timer ticks, from a job's press to its result.

Needs a Blender with a window, named by the variable SWAY_WINDOW as the command that starts it: `SWAY_WINDOW=blender`.
The same is done in it twice: with a small plant, and with the real one, of which the viewport draws few splats, so that
what is measured is the add-on and not the graphics card. On a busy machine a gap is longer than the window's own work:
its thread's processor time within the gap is told beside.
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

PATIENCE = 900
"""Seconds until a window that has written nothing is given up."""


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
        started = subprocess.Popen([*shlex.split(command), "--python", str(script)], env=variables)
        until = time.monotonic() + PATIENCE
        while not out.exists() and time.monotonic() < until:
            time.sleep(0.5)
        started.terminate()
        if not out.exists():
            raise SystemExit("The window has measured nothing in time.")
        found = json.loads(out.read_text(encoding="utf-8"))
    rows = []
    for phase, gap in found.items():
        rows.append(row(f"Window, {phase}: longest gap", gap["longest_ms"], "ms"))
        rows.append(row(f"Window, {phase}: its own work in a gap", gap["work_ms"], "ms"))
    return rows
