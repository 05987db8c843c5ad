"""How far the formats of one capture are apart, and what a reader does with thousands of damaged files.

Quantised formats are off by at most their own steps: places are then counted in steps.
"""

from __future__ import annotations

import json
import resource
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

from backend import formats
from backend.gaussians import Gaussians
from tests.splat_agreement import angles, from_y_up, matched
from tests.splat_damage import KINDS, each_damaged, intact, read_or_refuse

from .figures import DATA, row

SPLATS = DATA / "splats"
DAMAGED = 300
"""Files of each kind."""


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit; those of the capture only where it is."""
    rows = _damage()
    if (SPLATS / "padilla_plant/converted").exists():
        rows += _plant(SPLATS / "padilla_plant")
    if (SPLATS / "splat_transform_minimal").exists():
        rows += _fixtures()
    return rows


def _plant(folder: Path) -> list[dict]:
    """The plant in every format, against the file that it was made from."""
    converted = folder / "converted"
    splat, ply, compressed, spz, sog, level_0, level_1 = (
        formats.read(path).gaussians
        for path in [
            folder / "plant.splat",
            *(converted / f"plant{end}" for end in (".ply", ".compressed.ply", "_v3.spz", ".sog")),
            *(converted / f"plant_c{level}.ksplat" for level in (0, 1)),
        ]
    )
    in_order = matched(compressed, ply)
    visible = splat.select(splat.opacity > 0)  # .ksplat has no others
    extent = np.ptp(splat.positions, axis=0).max()
    chunk = np.arange(len(compressed)) // 256
    starts = np.arange(0, len(compressed), 256)
    width = np.maximum.reduceat(in_order.positions, starts) - np.minimum.reduceat(in_order.positions, starts)
    means = json.loads(zipfile.ZipFile(converted / "plant.sog").read("meta.json"))["means"]
    step = (np.array(means["maxs"]) - means["mins"]) / 65535 * (1 + np.abs(in_order.positions))  # of ln(1 + x)
    rows = _apart(".ply", ply, splat, extent, "extent")
    rows += _apart(".ksplat level 0", level_0, matched(level_0, visible), extent, "extent")
    rows += _apart(".ksplat level 1", level_1, matched(level_1, visible), 5 / 2 / 32767, "steps")  # buckets of 5
    rows += _apart("compressed.ply", compressed, in_order, width[chunk] / [2047, 1023, 2047] + 1e-6, "steps")
    rows += _apart(".spz", from_y_up(spz), ply, 1 / 4096, "steps")
    return rows + _apart(".sog", sog, in_order, step, "steps")


def _apart(name: str, a: Gaussians, b: Gaussians, unit: float | np.ndarray, of: str) -> list[dict]:
    """Largest differences between the same splats in the same order."""
    shown = (a.opacity > 0) & (b.opacity > 0)  # images of a .sog keep no colour where nothing is seen
    return [
        row(f"Plant in {name}: places off by", (np.abs(a.positions - b.positions) / unit).max(), of),
        row(f"Plant in {name}: colours off by", np.abs(a.colours - b.colours)[shown].max() * 255, "/ 255"),
        row(f"Plant in {name}: rotations off by", angles(a, b).max(), "deg"),
    ]


def _fixtures() -> list[dict]:
    """Files whose values are known to the last bit."""
    corners = np.float32([[-1, 0, -1], [0, 0, -1], [-1, 0, 0], [0, 0, 0]])
    three, four = SPLATS / "metalsplatter_3points", SPLATS / "splat_transform_minimal"
    stem = "test-splat.3-points-from-train"
    pairs = [(formats.read(four / f"minimal{end}").gaussians.positions, corners) for end in (".splat", ".ksplat")]
    ply, splat = (formats.read(three / f"{stem}{end}").gaussians.positions for end in (".ply", ".splat"))
    differ = sum(np.count_nonzero(a != b) for a, b in [*pairs, (splat, ply)])
    return [row("Fixtures of 3 and 4 splats: places that differ", differ, "")]


def _damage() -> list[dict]:
    """Every damaged file is refused in a sentence or read as valid splats."""
    wrong, longest = 0, 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = intact(folder)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for kind in KINDS:
            path = folder / kind

            def check(content: bytes, path: Path = path) -> None:
                nonlocal wrong, longest
                path.write_bytes(content)
                begun = time.perf_counter()
                try:
                    read_or_refuse(path)
                except Exception:  # what a reader must not let through
                    wrong += 1
                longest = max(longest, time.perf_counter() - begun)

            each_damaged(files[kind], DAMAGED, check)
        more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # KiB
    return [
        row("Damaged files tried", DAMAGED * len(KINDS), ""),
        row("Damaged files neither refused nor valid", wrong, ""),
        row("Damaged files: longest", longest, "s"),
        row("Damaged files: most memory", more / 2**20, "GB"),
    ]
