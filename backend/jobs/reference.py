"""Reference motion: render the view, make or read a clip of it in which the subject moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import arrays, taichi_runtime
from ..api.reference import ReferenceParams, Source
from ..context import JobContext
from ..render.view import View, render_view
from ..spectral.frequency import clip_rate, dominant_frequency
from ..spectral.motion_texture import motion_texture
from ..spectral.strokes import automatic_strokes
from ..spectral.warp import animate
from ..subject import Subject, camera_arrays
from ..video.clip import Clip
from ..video.files import read_clip, write_mp4
from ..video.tracks import optical_flow
from .pictures import save_picture, strip, where_it_moves

PARAMS = ReferenceParams
LATE_ONSET = 0.5
"""Frames between the still picture and the gust."""


def run(params: ReferenceParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Make the clip. Output: `clip` (.npz), `film` (.mp4), `preview` (.png)."""
    subject = Subject.from_arrays(arrays.load(inputs["subject"]))
    with ctx.stage("Rendering the view", 0.0, 0.3):
        taichi_runtime.start()
        view = render_view(subject)
        ctx.progress(1.0)
    if params.source is Source.wind:
        clip, frequency = _sway(params, subject, view, ctx)
    else:
        clip, frequency = _own(params, subject, view, ctx)
    with ctx.stage("Writing the clip", 0.9, 1.0):
        outputs = {name: ctx.output(name + suffix) for name, suffix in _SUFFIX.items()}
        encoded = np.round(clip.frames * 255).astype(np.uint8)
        arrays.save(
            outputs["clip"],
            {
                "frames": encoded,
                "fps": np.array(clip.fps),
                "frequency": np.array(frequency),
                "still": view.still.astype(np.float32),
                **camera_arrays(subject.camera),
            },
        )
        write_mp4(outputs["film"], clip.frames, clip.fps)
        close = clip.frames[:, *where_it_moves(clip.frames)]
        half = len(close) // 2
        save_picture(outputs["preview"], np.concatenate([strip(close[:half], 2), strip(close[half:], 2)]))
    results = {"frames": len(clip.frames), "fps": clip.fps, "frequency_hz": frequency, "source": params.source.name}
    return outputs, results


_SUFFIX = {"clip": ".npz", "film": ".mp4", "preview": ".png"}


def _sway(params: ReferenceParams, subject: Subject, view: View, ctx: JobContext) -> tuple[Clip, float]:
    """The built-in prior: a stochastic motion texture over the moving part. Returns clip and tip frequency [Hz]."""
    with ctx.stage("Swaying the picture", 0.3, 0.9):
        root, tip = _root_and_tip(subject)
        height = subject.camera.height
        strokes = automatic_strokes(
            view.matte,
            root,
            tip_hint=tip,
            frequency=params.frequency,
            amplitude=params.amplitude / 100 * height,
        )
        fps = subject.fps / clip_rate(params.frequency, subject.fps, params.frames)
        _, motion = motion_texture(strokes, view.matte, params.frames, fps, params.seed, LATE_ONSET / fps)
        ctx.progress(0.3)
        frames = animate(view.still, view.plate, view.matte, motion)
        x, y = np.clip(np.array(tip, int), 0, [subject.camera.width - 1, height - 1])
        return Clip(frames, fps), _sway_frequency(motion[:, y, x], fps)


def _own(params: ReferenceParams, subject: Subject, view: View, ctx: JobContext) -> tuple[Clip, float]:
    """A person's own clip of the same view."""
    with ctx.stage("Reading the video", 0.3, 0.9):
        if not params.path:
            raise ValueError("Choose a video file or a folder of images for the reference motion.")
        camera = subject.camera
        clip = read_clip(params.path, camera.width, camera.height, params.frames, start=params.start, step=params.step)
        ctx.progress(0.5)
        motion = optical_flow(clip.frames)
        most = np.linalg.norm(motion, axis=-1).max(0) * (view.matte > 0.5)
        return clip, _sway_frequency(motion[:, *np.unravel_index(most.argmax(), most.shape)], clip.fps)


def _root_and_tip(subject: Subject) -> tuple[tuple[float, float], tuple[float, float]]:
    """Pixels (x, y) of where the moving part is held (middle of its lowest twentieth) and of its top."""
    solid = subject.moving & (subject.gaussians.opacity > 0.3)
    points = subject.gaussians.positions[solid if solid.any() else subject.moving]
    z = points[:, 2]
    low, high = np.quantile(z, (0.05, 0.995))
    ends = (points[z <= low].mean(0), points[z >= high].mean(0))
    root, tip = (tuple(subject.camera.project(end).tolist()) for end in ends)
    return root, tip  # type: ignore[return-value]


def _sway_frequency(motion: np.ndarray, fps: float) -> float:
    """Dominant frequency [Hz] of a pixel's displacement [T, 2] along the direction in which it moves most."""
    centred = motion - motion.mean(0)
    direction = np.linalg.svd(centred, full_matrices=False)[2][0]
    return dominant_frequency(motion @ direction, fps)
