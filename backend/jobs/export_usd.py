"""Export to USD: clouds that Blender wrote, one file a frame, become one .usdc."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .. import arrays
from ..api.export_usd import ExportUsdParams
from ..baking.usd import write_usd
from ..context import JobContext
from ..gaussians import Gaussians

PARAMS = ExportUsdParams


def run(params: ExportUsdParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Write the file. Input: `frames`, a folder of .npz named after their frames. Output: `usd` (.usdc)."""
    files = sorted(Path(inputs["frames"]).glob("*.npz"), key=lambda file: int(file.stem))

    def clouds() -> Iterator[tuple[float, Gaussians]]:
        for done, file in enumerate(files):
            ctx.progress(done / len(files))
            yield float(file.stem), Gaussians.from_arrays(arrays.load(file))
            file.unlink()  # a million splats are 60 MB a frame

    path = ctx.output("splats.usdc")
    with ctx.stage("Writing USD", 0.0, 1.0):
        frames = write_usd(path, params.name, clouds(), params.fps, params.schema.name)
    return {"usd": path}, {"frames": frames, "megabytes": path.stat().st_size / 2**20}
