"""Reference motion: render the view, make or read clips of it in which the subject moves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .. import arrays, taichi_runtime
from ..api.reference import ReferenceParams, Source
from ..context import JobContext
from ..render.view import View, render_view
from ..spectral.frequency import clip_rate
from ..spectral.motion_texture import motion_texture
from ..spectral.predictor.reference import prediction_motion
from ..spectral.strokes import automatic_strokes
from ..spectral.warp import animate
from ..subject import Subject, camera_arrays
from ..video.clip import Clip
from ..video.files import write_mp4
from .pictures import save_picture, strip, where_it_moves
from .reference_candidate import Candidate, sway_frequency
from .reference_film import own_film
from .reference_model import from_model

PARAMS = ReferenceParams
LATE_ONSET = 0.5
"""Frames between the still picture and the gust."""
SEEN = 0.5
"""Matte above which a pixel shows what moves."""
LEAST = 0.002
"""Share of the picture that must show it: about 5 % of its height and width. In less no line can be followed."""
SHEET_FRAMES = 4
"""Of each candidate in the contact sheet."""


def run(params: ReferenceParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Make the clip. Outputs: `clip` (.npz), `film` (.mp4), `preview` (.png).

    Of several candidates these are the first one's; each has them in a folder of its own, and `clip_1`, `clip_2`... and
    the contact sheet `sheet` (.png, one row each) are outputs too.
    Raises ValueError with one sentence where nothing moves in the view, and for films and models that cannot serve.
    """
    subject = Subject.from_arrays(arrays.load(inputs["subject"]))
    if not subject.moving.any():
        raise ValueError("no splat is marked as moving; paint the moving part first")
    with ctx.stage("Rendering the view", 0.0, 0.1 if params.source is Source.model else 0.3):
        taichi_runtime.start()
        view = render_view(subject)
        ctx.progress(1.0)
    if (view.matte > SEEN).mean() < LEAST:
        raise ValueError(
            "the camera sees nothing or too little of the moving part; bring it near and point it there, "
            "or delete it to have one placed"
        )
    shown: list[Candidate] = []

    def show(candidate: Candidate) -> None:
        """A candidate is ready: keep it on disk, whatever happens to the others, and show what there is."""
        shown.append(candidate)
        if params.candidates > 1:
            _write(candidate, _folder(ctx, len(shown)), subject, view)
            ctx.preview(save_picture(ctx.output(f"sheet_{len(shown)}.png"), _sheet(shown)))

    candidates = _SOURCES[params.source](params, subject, view, ctx, show)
    with ctx.stage("Writing the clip", 0.95, 1.0):
        several = len(candidates) > 1
        first = _folder(ctx, 1) if params.candidates > 1 else ctx.folder
        if params.candidates == 1:
            _write(candidates[0], first, subject, view)
        outputs = {name: first / (name + suffix) for name, suffix in _SUFFIX.items()}
        if several:
            outputs["sheet"] = save_picture(ctx.output("sheet.png"), _sheet(candidates))
            outputs |= {f"clip_{k}": _folder(ctx, k) / "clip.npz" for k in range(1, len(candidates) + 1)}
    results = {
        **candidates[0].to_jsonable(),
        "source": params.source.name,
        "candidates": [candidate.to_jsonable() for candidate in candidates] if several else [],
    }
    return outputs, results


_SUFFIX = {"clip": ".npz", "film": ".mp4", "preview": ".png"}


def _folder(ctx: JobContext, number: int) -> Path:
    folder = ctx.output(f"candidate_{number}")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write(candidate: Candidate, folder: Path, subject: Subject, view: View) -> None:
    clip = candidate.clip
    arrays.save(
        folder / "clip.npz",
        {
            "frames": np.round(clip.frames * 255).astype(np.uint8),
            "fps": np.array(clip.fps),
            "frequency": np.array(candidate.frequency),
            "still": view.still.astype(np.float32),
            **camera_arrays(subject.camera),
        },
    )
    write_mp4(folder / "film.mp4", clip.frames, clip.fps)
    close = clip.frames[:, *where_it_moves(clip.frames)]
    half = len(close) // 2
    save_picture(folder / "preview.png", np.concatenate([strip(close[:half], 2), strip(close[half:], 2)]))
    farthest = np.abs(close - close[0]).mean((1, 2, 3)).argmax()
    save_picture(folder / "pick.png", np.concatenate([close[farthest], _course(close)[::2]]))
    (folder / "about.json").write_text(json.dumps(candidate.to_jsonable(), indent=1), encoding="utf-8")


def _sheet(candidates: list[Candidate]) -> np.ndarray:
    """Contact sheet: a row for each candidate, with close-ups of the same part of the picture and its course."""
    together = np.concatenate([candidate.clip.frames for candidate in candidates])
    where = where_it_moves(together)
    close = [candidate.clip.frames[:, *where] for candidate in candidates]
    return np.concatenate([np.concatenate([strip(c, SHEET_FRAMES), _course(c)], 1) for c in close])


def _course(frames: np.ndarray) -> np.ndarray:
    """What a clip's liveliest row shows over time, from the top down: a swing is a wave [H, W, 3].

    frames [T, H, W, 3]. Single frames of two gusts look alike; their courses do not.
    """
    import cv2

    row = int(frames.std(0).sum((1, 2)).argmax())
    height, width = frames.shape[1:3]
    return np.clip(cv2.resize(frames[:, row], (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)


def _sway(
    params: ReferenceParams, subject: Subject, view: View, ctx: JobContext, show: Callable[[Candidate], None]
) -> list[Candidate]:
    """What is built in: a motion texture or predicted modes of the moving part, each candidate another gust."""
    found = []
    with ctx.stage("Swaying the picture", 0.3, 0.95):
        root, tip = _root_and_tip(subject)
        width, height = subject.camera.width, subject.camera.height
        fps = subject.fps / clip_rate(params.frequency, subject.fps, params.frames)
        x, y = np.clip(np.array(tip, int), 0, [width - 1, height - 1])
        for k in range(params.candidates):
            seed = params.seed + k
            share, damping, gustiness = _gust(seed)
            amplitude = share * params.amplitude / 100 * height
            pace = {"frequency": params.frequency, "amplitude": amplitude, "damping": damping}
            gust = {"seed": seed, "onset": LATE_ONSET / fps, "gustiness": gustiness}
            if params.source is Source.predicted:
                motion = prediction_motion(view.still, view.matte, params.frames, fps, **pace, **gust)
            else:
                strokes = automatic_strokes(view.matte, root, tip_hint=tip, **pace)
                _, motion = motion_texture(strokes, view.matte, params.frames, fps, **gust)
            ctx.progress((k + 0.3) / params.candidates)
            frames = animate(view.still, view.plate, view.matte, motion)
            reach = float(np.linalg.norm(motion, axis=-1).max())
            found.append(Candidate(Clip(frames, fps), sway_frequency(motion[:, y, x], fps), reach, seed))
            show(found[-1])
            ctx.progress((k + 1) / params.candidates)
    return found


def _gust(seed: int) -> tuple[float, float, float]:
    """What sets gusts apart, (share of the amplitude, damping, gustiness): seed 0 is the plain one, from the left.

    A negative share comes from the right.
    """
    if seed == 0:
        return 1.0, 0.06, 0.04
    random = np.random.default_rng(seed)
    side = -1 if seed % 2 else 1
    return side * random.uniform(0.6, 1.0), random.uniform(0.03, 0.09), random.uniform(0.02, 0.08)


_SOURCES = {
    Source.wind: _sway,
    Source.predicted: _sway,
    Source.video: own_film,
    Source.images: own_film,
    Source.model: from_model,
}


def _root_and_tip(subject: Subject) -> tuple[tuple[float, float], tuple[float, float]]:
    """Pixels (x, y) of where the moving part is held (middle of its lowest twentieth) and of its top."""
    solid = subject.moving & (subject.gaussians.opacity > 0.3)
    points = subject.gaussians.positions[solid if solid.any() else subject.moving]
    z = points[:, 2]
    low, high = np.quantile(z, (0.05, 0.995))
    ends = (points[z <= low].mean(0), points[z >= high].mean(0))
    root, tip = (tuple(subject.camera.project(end).tolist()) for end in ends)
    return root, tip  # type: ignore[return-value]
