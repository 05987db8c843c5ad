"""Where a fit stands, as a picture while it goes on: the clip beside the fit so far, above the course of the loss."""

from __future__ import annotations

import time

import numpy as np

from ..context import JobContext
from ..fitting import report_pictures
from ..fitting.chain import pictures_of
from ..fitting.report import Comparison
from ..fitting.task import Standing, Task
from .pictures import save_picture, where_it_moves

SHARE = 20
"""Times as long as a simulation for the picture took, until there is another: a preview costs a twentieth at most."""


class FitPreview:
    """Called by a search after each of its steps."""

    def __init__(self, ctx: JobContext) -> None:
        self._ctx = ctx
        self._courses: dict[bool, dict[str, list[float]]] = {False: {}, True: {}}
        self._strip: np.ndarray | None = None
        self._again = 0.0
        self._count = 0

    def __call__(self, task: Task, standing: Standing) -> None:
        courses = self._courses[standing.by_pictures]
        courses[standing.stage] = list(standing.losses)
        begun = time.monotonic()
        if begun >= self._again:
            self._strip = _strip(task, standing)
            now = time.monotonic()
            self._again = now + SHARE * (now - begun)
        losses = [loss for course in courses.values() for loss in course]
        plot = report_pictures.course_plot(losses, standing.by_pictures)
        picture = plot if self._strip is None else np.concatenate([self._strip, plot])
        # Two files in turn: Blender may be reading the one last told of.
        self._count += 1
        self._ctx.preview(save_picture(self._ctx.output(f"so_far_{self._count % 2}.png"), picture))


def _strip(task: Task, standing: Standing) -> np.ndarray:
    """Some frames of the clip above the same of the fit [H, W, 3], as wide as the plot."""
    import cv2

    clip = task.clip
    made = np.stack([np.clip(p, 0, 1).astype(np.float32) for p in pictures_of(task).pictures(standing.push())])
    comparison = Comparison(clip.frames[1:], made, clip.frames[0], clip.fps, len(made))
    shown = report_pictures.side_by_side(comparison, where_it_moves(comparison.wanted))
    shown = shown[: len(shown) * 2 // 3]
    width = report_pictures.WIDTH
    return cv2.resize(shown, (width, round(len(shown) * width / shown.shape[1])), interpolation=cv2.INTER_AREA)
