"""The report of a fit as files: pictures, a film and numbers."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ..context import JobContext
from ..fitting import report_pictures
from ..fitting.report import Comparison, report_on
from ..fitting.result import Fit
from ..fitting.task import Task
from ..video.clip import Clip
from ..video.files import write_mp4
from .pictures import save_picture, where_it_moves

SLOWED = 3
"""The film plays so many times slower than the clip, at most: a clip is over in a second."""


def report(
    task: Task, found: Fit, ctx: JobContext, *, frequency: float, clip_frequency: float, whole: Clip | None = None
) -> tuple[dict[str, Path], dict, Comparison]:
    """(outputs, results, all frames) of a fit.

    Outputs: `preview` (.png: three frames of the clip, of the fit, their difference), `loss` (.png), `film` (.mp4, the
    same for every frame) and `report` (.json). `frequency` is that of the fit's free sway, `clip_frequency` the
    clip's, hertz, 0 where unknown. `whole` is a clip that goes on after the task's: those frames are held out.
    """
    made = report_on(task, found, whole or task.clip, frequency, clip_frequency, ctx.progress)
    comparison = made.comparison
    place = where_it_moves(comparison.wanted)
    outputs = {
        "preview": save_picture(ctx.output("preview.png"), report_pictures.side_by_side(comparison, place)),
        "loss": save_picture(ctx.output("loss.png"), report_pictures.loss_plot(found)),
        "film": write_mp4(
            ctx.output("report.mp4"), report_pictures.film(comparison, place), max(comparison.fps / SLOWED, 4.0)
        ),
        "report": _write_json(ctx.output("report.json"), made.to_jsonable() | {"loss": list(found.history)}),
    }
    numbers = made.to_jsonable()
    kept = ("parts", "frequency_error_percent", "fitted_frames", "held_out_frames", "sentences")
    return outputs, {name: _finite(numbers[name]) for name in kept}, comparison


def _write_json(path: Path, values: dict) -> Path:
    """Written beside its final name and renamed."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(json.dumps(_finite(values), indent=1), encoding="utf-8")
    os.replace(partial, path)
    return path


def _finite(value):
    """The same with null for numbers that are not finite, which have no place in JSON."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
