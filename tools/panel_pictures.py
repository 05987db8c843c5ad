"""Pictures of every panel in every state, for the manual: docs/panels/*.png.

    SWAY_BLENDER=... python -m tools.panel_pictures [NAMES that they begin with]

Runs in the worker's environment; starts a Blender of its own, with a fresh user folder, on an X server without monitor
(Xvfb). `--scale 2 --theme Blender_Light --width 200 --out FOLDER` shows how the panels look to others.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import dev
import numpy as np
from backend import formats
from backend.sample import potted_plant
from PIL import Image

from . import environments
from .window import launch

COLOURS = 48
"""Of a picture: what panels are drawn with, and little more."""
SCREEN = (900, 1700)
"""At the usual scale: a sidebar beside a strip of viewport, high enough for the largest panel unfolded."""
LONGEST = 1800.0
"""Seconds until something hangs."""


def main() -> int:
    options = arguments()
    problem = launch.missing()
    if problem:
        print(f"panel_pictures: {problem}", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    package = dev.build()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "screen").mkdir()
        formats.write_ply(folder / "potted_plant.ply", potted_plant(count=8000))
        try:
            launch.tell(
                "tools.window.panel_states",
                folder,
                LONGEST,
                screen=folder / "screen",
                size=(int(SCREEN[0] * options.scale), int(SCREEN[1] * options.scale)),
                package=str(package),
                capture=str(folder / "potted_plant.ply"),
                worker=str(environments.WORKER.ensure()),
                only=options.names,
                scale=options.scale,
                theme=options.theme,
                language=options.language,
                width=options.width,
            )
        finally:
            for shot in sorted((folder / "shots").glob("*.npy")):
                image = Image.fromarray(np.load(shot)).quantize(COLOURS, dither=Image.Dither.NONE)
                image.save(options.out / f"{shot.stem}.png", optimize=True)
                print(f"{shot.stem}.png: {image.width} x {image.height}", flush=True)
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only pictures whose names begin so")
    parser.add_argument("--out", type=Path, default=dev.ROOT / "docs" / "panels")
    parser.add_argument("--scale", type=float, default=1.0, help="of Blender's interface")
    parser.add_argument("--theme", default="", help="as Blender_Light")
    parser.add_argument("--language", default="", help="as zh_HANS")
    parser.add_argument("--width", type=int, default=0, help="of the sidebar, pixels; 0 is Blender's own")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
