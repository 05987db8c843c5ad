"""The generator's plants for another renderer: what stands where goes out as outlines, its pictures come back.

`python -m backend.spectral.training --out FOLDER --outlines 100` writes FOLDER/outlines.npz,
`tools/render_outlines.py FOLDER` (in Blender) the pictures beside it, and `rendered` makes a pool of the two.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from .generator import HELD_OUT, Sample, compose
from .pool import Pool

FIRST_SEED = 2 * 10**9
"""No other set has these seeds."""
CELLS = (64, 96)
"""Height and width of the pictures, pixels."""


def samples_of(count: int, families: tuple[str, ...] = HELD_OUT) -> list[tuple[Sample, list]]:
    """Scenes without any background, and their shapes from back to front: (polygon, colour, owner)."""
    return [compose(FIRST_SEED + i, *CELLS, families) for i in range(count)]


def write_outlines(folder: Path, count: int) -> None:
    """The shapes of `count` scenes as `outlines.npz`.

    points [P, 2] in pixels; lengths [S]: points of each shape; colours [S, 3], 0..1; owners [S]: 0 for what is still;
    scenes [count]: shapes of each scene; size [2]: height, width.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scenes = [shapes for _sample, shapes in samples_of(count)]
    shapes = [shape for scene in scenes for shape in scene]
    np.savez_compressed(
        folder / "outlines.npz",
        points=np.concatenate([polygon for polygon, _colour, _owner in shapes]).astype(np.float32),
        lengths=np.array([len(polygon) for polygon, _colour, _owner in shapes]),
        colours=np.array([colour for _polygon, colour, _owner in shapes], np.float32),
        owners=np.array([owner for _polygon, _colour, owner in shapes]),
        scenes=np.array([len(scene) for scene in scenes]),
        size=np.array(CELLS),
    )


def rendered(folder: Path) -> Pool:
    """The pool of the pictures that the other renderer left in `folder` as 00000.png and so on.

    Raises FileNotFoundError where there are none.
    """
    import cv2

    paths = sorted(folder.glob("?????.png"))
    if not paths:
        raise FileNotFoundError(f"there are no rendered pictures in {folder}; render its outlines first")
    made = samples_of(int(paths[-1].stem) + 1)
    samples = []
    for path in paths:
        picture = cv2.cvtColor(np.asarray(cv2.imread(str(path))), cv2.COLOR_BGR2RGB)
        samples.append(dataclasses.replace(made[int(path.stem)][0], image=picture))
    return Pool.of(samples)
