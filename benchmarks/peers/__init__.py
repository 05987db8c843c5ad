"""Other people's ways to do what a benchmark measures, each a script run in an environment of its own.

A peer is `benchmarks/peers/NAME.py`: `python -m benchmarks.peers.NAME SCENE.npz RESULT.npz`. It simulates a `Scene`
a few times and writes `seconds` (of the fastest time, compiling left out) and `positions` [P, 3].
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tools.environments import ROOT, Environment, SetupError

ENVIRONMENTS = {
    "warp_mpm": Environment("peer-warp", "peer-warp.txt", "3.11"),
    "mpm_pytorch": Environment("peer-mpm-pytorch", "peer-mpm-pytorch.txt", "3.11"),
}


@dataclass(frozen=True)
class Scene:
    """An elastic body of equal particles in the unit cube, which nothing holds and nothing pulls."""

    points: np.ndarray
    """Positions at rest [P, 3], metres."""
    velocity: np.ndarray
    """At the start [P, 3], m/s."""
    volume: float
    """Of each particle, cubic metres."""
    density: float
    young: float
    poisson: float
    cells: int
    """Along each side of the cube."""
    dt: float
    steps: int
    repeats: int


@dataclass(frozen=True)
class Result:
    seconds: float
    positions: np.ndarray


def simulate(name: str, scene: Scene) -> Result | None:
    """What a peer makes of a scene; None, and a line that says why, where it cannot be installed or run."""
    try:
        python = ENVIRONMENTS[name].ensure()
    except (SetupError, subprocess.CalledProcessError) as error:
        print(f"Skipped {name}: {error}", file=sys.stderr)
        return None
    with tempfile.TemporaryDirectory() as folder:
        given, result = Path(folder) / "scene.npz", Path(folder) / "result.npz"
        np.savez(given, **asdict(scene))
        command = [str(python), "-m", f"benchmarks.peers.{name}", str(given), str(result)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            print(f"Skipped {name}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            return None
        with np.load(result) as file:
            return Result(float(file["seconds"]), file["positions"])
