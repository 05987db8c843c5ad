"""Download a video model, once a person has accepted its licence and Blender allows the network."""

from __future__ import annotations

from pathlib import Path

from ..api.video_model import VideoModelParams
from ..context import JobContext
from ..video.generation.download import download
from ..video.generation.families import family_of

PARAMS = VideoModelParams
OFFLINE = "Blender is set to stay offline; allow Online Access under Preferences > System > Network first."


def run(params: VideoModelParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Output: `model`, the folder. A cancelled or broken download goes on where it stopped."""
    offer = params.model.offer
    if not params.online:
        raise ValueError(OFFLINE)
    if not params.accept:
        raise ValueError(f"{params.model.label} comes under the {offer.licence}; read it and accept it first.")
    folder = Path(params.folder or ctx.folder) / offer.repository.replace("/", "--")

    def progress(there: int, total: int) -> None:
        ctx.progress(there / max(total, 1), f"{params.model.label}: {there / 1e9:.1f} of {total / 1e9:.1f} GB")

    with ctx.stage(f"Downloading {params.model.label}", 0.0, 1.0):
        model = download(offer.repository, folder, progress)
    family = family_of(model)
    return {"model": model.path}, {"family": family.title, "bytes": model.size, "licence": offer.licence}
