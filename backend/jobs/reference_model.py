"""Reference motion from an image-to-video model: several videos of the rendered view, checked like a person's film."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..api.reference import ReferenceParams
from ..context import JobContext
from ..render.view import View, render_view
from ..subject import Subject
from ..video.alignment import Misaligned
from ..video.generation.families import family_of
from ..video.generation.family import Request
from ..video.generation.folder import inspect
from ..video.generation.framing import Framing
from ..video.generation.memory import measure, place
from ..video.generation.model import VideoModel
from .pictures import save_picture
from .reference_candidate import Candidate, candidate_of

TRIES = 3
"""Videos made for each candidate at most: those whose camera moves are thrown away."""


def from_model(
    params: ReferenceParams, subject: Subject, view: View, ctx: JobContext, show: Callable[[Candidate], None]
) -> list[Candidate]:
    """As many videos as candidates are wanted, each from the next seed.

    Raises ValueError with one sentence for a folder that holds no fitting model, and where no video could be used.
    """
    if not params.model_folder:
        raise ValueError("Choose the folder of a video model, or press Download Video Model.")
    folder = inspect(params.model_folder)
    family = family_of(folder)
    height, width = view.matte.shape
    framing = Framing((width, height), family.size_for(width / height, params.model_height))
    frames = family.frames_for(params.frames)
    with ctx.stage(f"Loading {family.title}", 0.1, 0.2):
        placement = place(folder, family, measure(), frames * framing.outer[0] * framing.outer[1])
        if placement.device == "cpu":
            ctx.log(f"{family.title} runs without a graphics card here; each video may take hours.", "warning")
        ctx.progress(0.1)
        large = replace(subject, camera=subject.camera.resized(*framing.inner))
        still = render_view(large).still
        ctx.progress(0.3)
        model = VideoModel.load(folder, placement)
        ctx.progress(1.0)
    request = Request(
        picture=Framing(framing.inner, framing.outer).enlarge(still),
        prompt=params.prompt,
        frames=frames,
        fps=params.fps or family.fps,
        steps=params.model_steps or family.steps,
        seed=params.seed,
        hold_end=params.hold_end,
        motion=params.motion_bucket,
        chunk=placement.chunk,
    )
    try:
        with ctx.stage("Making videos", 0.2, 0.95):
            return _candidates(params, model, request, framing, view, ctx, show)
    finally:
        model.close()


def _candidates(
    params: ReferenceParams,
    model: VideoModel,
    request: Request,
    framing: Framing,
    view: View,
    ctx: JobContext,
    show: Callable[[Candidate], None],
) -> list[Candidate]:
    """Videos from one seed after the other until enough of them can be used."""
    found: list[Candidate] = []
    why = ""
    most = TRIES * params.candidates
    for seed in range(params.seed, params.seed + most):
        if len(found) == params.candidates:
            break
        name = f"Video {len(found) + 1} of {params.candidates}"

        def step(done: int, rough: np.ndarray | None, name: str = name) -> None:
            share = (len(found) + 0.95 * done / request.steps) / params.candidates
            if rough is not None:
                ctx.preview(save_picture(_rough(ctx, done), rough))
            ctx.progress(share, f"{name}, step {done} of {request.steps}")

        ctx.progress(len(found) / params.candidates, f"{name}, step 0 of {request.steps}")
        made = model.make(replace(request, seed=seed), step)
        ctx.progress((len(found) + 0.95) / params.candidates, f"{name}, checking")
        try:
            candidate = candidate_of(
                framing.cut(made.frames[: params.frames]),
                made.fps,
                view,
                f"the video of seed {seed}",
                seed,
                aligned=params.align,
                background=params.keep_background,
                progress=lambda _share: ctx.check_cancelled(),
            )
        except Misaligned:
            why = "the model did not keep to the picture it was given"
        except ValueError as refusal:
            why = str(refusal)
        else:
            found.append(candidate)
            show(candidate)
            continue
        ctx.log(f"Seed {seed} was not used: {why}")
    if not found:
        raise ValueError(f"None of {most} videos could be used, the last because {why}")
    if len(found) < params.candidates:
        ctx.log(f"{len(found)} of {params.candidates} videos could be used; of another, {why}", "warning")
    return found


def _rough(ctx: JobContext, done: int) -> Path:
    """Two names that take turns: the sidebar may still be reading the one before."""
    return ctx.output(f"rough_{done % 2}.png")
