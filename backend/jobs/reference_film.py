"""Reference motion from a person's own film: a video file or a folder of images of the same view."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..api.reference import ReferenceParams, Source
from ..context import JobContext
from ..render.view import View
from ..subject import Subject
from ..video.checks import refuse_other_shape, refuse_short
from ..video.files import read_film
from .reference_candidate import Candidate, candidate_of

FINER = 2
"""How many times the view's size a film is read at: alignment then resamples it once, from more than enough."""
FEW, LEAST_FOR_FIT = 14, 8
"""Frames below which a fit has little to go by, and none at all."""
FOLDER_FPS = 24.0


def own_film(
    params: ReferenceParams, subject: Subject, view: View, ctx: JobContext, show: Callable[[Candidate], None]
) -> list[Candidate]:
    """The film as one candidate. Raises ValueError with one sentence for a film that cannot serve."""
    images = params.source is Source.images
    path = params.image_folder if images else params.path
    if not path:
        raise ValueError(f"Choose {'a folder of images' if images else 'a video file'} for the reference motion.")
    if images and not Path(path).is_dir():
        raise FileNotFoundError(f"there is no folder {path}; choose the one that holds the images.")
    name = Path(path).name
    height, width = view.matte.shape
    with ctx.stage("Reading the video", 0.3, 0.5):
        rate = params.fps or FOLDER_FPS
        side = FINER * max(width, height)
        film, fps = read_film(path, side, params.frames, params.start, step=params.step, folder_fps=rate)
        if params.fps:
            fps = params.fps / params.step
        refuse_short(len(film), name)
        refuse_other_shape((film.shape[2], film.shape[1]), (width, height), name)
        ctx.progress(1.0)
    with ctx.stage("Laying it on the view", 0.5, 0.95):
        found = candidate_of(
            film, fps, view, name, 0, aligned=params.align, background=params.keep_background, progress=ctx.progress
        )
    if len(film) < FEW:
        fit = "cannot tell stiffness from speed" if len(film) < LEAST_FOR_FIT else "is less sure of the stiffness"
        ctx.log(f"{name} has {len(film)} frames; with fewer than {FEW} Fit Material {fit}.", "warning")
    show(found)
    return [found]
