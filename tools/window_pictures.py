"""Pictures of Blender's window while Sway works on the real plant: docs/fitting.png and docs/baked.png.

    SWAY_BLENDER=... python -m tools.window_pictures ../shared/data/splats/padilla_plant/plant.splat

Runs in the worker's environment; starts a Blender of its own, with a fresh user folder, on an X server without monitor
(Xvfb). The plant is by Marcel Padilla, CC-BY-4.0.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import dev
import numpy as np
from PIL import Image

from . import environments
from .window import launch

SIZE = (1200, 760)
SCROLL = {"fitting": -25, "baked": -40}
"""Notches of the wheel over the sidebar before each picture: to the step that is at work, and to the last one."""
COLOURS = 256
LONGEST = 1800.0
"""Seconds until something hangs."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("capture", type=Path)
    parser.add_argument("--up", default="-Y", help="the capture's upward axis")
    parser.add_argument("--out", type=Path, default=dev.ROOT / "docs")
    options = parser.parse_args()
    problem = launch.missing()
    if problem:
        print(f"window_pictures: {problem}", file=sys.stderr)
        return 1
    package = dev.build()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "screen").mkdir()
        launch.tell(
            "tools.window.whole_window",
            folder,
            LONGEST,
            screen=folder / "screen",
            size=SIZE,
            package=str(package),
            worker=str(environments.WORKER.ensure()),
            capture=str(options.capture.resolve()),
            up=options.up,
            scroll=SCROLL,
        )
        for shot in sorted(folder.glob("*.npy")):
            Image.fromarray(np.load(shot)).quantize(COLOURS).save(options.out / f"{shot.stem}.png", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
