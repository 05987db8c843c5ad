"""Export of a motion: clouds that Blender wrote, one file a frame, become one .usdc or .abc."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .. import arrays
from ..api.export_motion import ExportMotionParams, MotionFormat
from ..baking.alembic import write_alembic
from ..baking.usd import POINTS, SPLATS, write_usd
from ..context import JobContext
from ..gaussians import Gaussians

PARAMS = ExportMotionParams


def run(params: ExportMotionParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Write the file. Input: `frames`, a folder of .npz named after their frames. Output: `motion`."""
    files = sorted(Path(inputs["frames"]).glob("*.npz"), key=lambda file: int(file.stem))

    def clouds() -> Iterator[tuple[float, Gaussians]]:
        for done, file in enumerate(files):
            ctx.progress(done / len(files))
            yield float(file.stem), Gaussians.from_arrays(arrays.load(file))
            file.unlink()  # a million splats are 60 MB a frame

    path = ctx.output("splats" + params.format.suffix)
    with ctx.stage("Writing", 0.0, 1.0):
        if params.format is MotionFormat.alembic:
            frames = write_alembic(path, params.name, clouds(), params.fps)
        else:
            schema = SPLATS if params.format is MotionFormat.usd_splats else POINTS
            frames = write_usd(path, params.name, clouds(), params.fps, schema)
    return {"motion": path}, {"frames": frames, "megabytes": path.stat().st_size / 2**20}
