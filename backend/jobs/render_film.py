"""A film of the splats alone: clouds and cameras that Blender wrote, one file a frame, become pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .. import arrays, taichi_runtime
from ..api.render_film import FilmFormat, RenderFilmParams
from ..context import JobContext
from ..gaussians import Gaussians
from ..render.passes import Passes, Shot, film_passes
from ..spectral.export import export
from ..spectral.exr import write_exr
from ..subject import camera_from
from .pictures import save_picture

PARAMS = RenderFilmParams
DILATION = 0.3
"""Of the trainers' rasterisers, pixels squared (Kerbl et al. 2023)."""


def run(params: RenderFilmParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Render. Input: `frames`, a folder of .npz named after their frames. Output: `film`, the first file of it."""
    with ctx.stage("Preparing", 0.0, 0.02):
        taichi_runtime.start()
    files = sorted(Path(inputs["frames"]).glob("*.npz"), key=lambda file: int(file.stem))
    first = arrays.load(files[0])
    background = None if params.transparent else first["background"]
    path = ctx.output("film." + params.format.name)
    with ctx.stage("Rendering", 0.02, 1.0):
        passes = film_passes(
            _shots(files, ctx), background, dilation=params.trainer_blur * DILATION, vectors=params.vectors
        )
        written = export(_colours(passes, params, ctx), path, params.fps)
    results = {"frames": len(files), "megabytes": sum(file.stat().st_size for file in written) / 2**20}
    return {"film": written[0]}, results


def _shots(files: list[Path], ctx: JobContext) -> Iterator[Shot]:
    for done, file in enumerate(files):
        ctx.progress(done / len(files))
        a = arrays.load(file)
        camera = camera_from(a)
        yield Shot(Gaussians.from_arrays(a).seen_from(camera.eye), camera)
        file.unlink()  # a million splats are 60 MB a frame


def _colours(passes: Iterator[Passes], params: RenderFilmParams, ctx: JobContext) -> Iterator[np.ndarray]:
    """Colour frames for the export; other passes are written on the way."""
    for number, one in enumerate(passes, 1):
        if params.depth:
            write_exr(ctx.output(f"depth_{number:04d}.exr"), {"Z": one.depth})
        if one.vectors is not None:
            channels = {name: np.ascontiguousarray(one.vectors[..., k]) for k, name in enumerate("RGBA")}
            write_exr(ctx.output(f"vectors_{number:04d}.exr"), channels)
        save_picture(ctx.output("preview.png"), one.colour[..., :3] * one.colour[..., 3:])
        ctx.preview(ctx.output("preview.png"))
        yield one.colour if params.transparent and params.format is not FilmFormat.mp4 else one.colour[..., :3]
