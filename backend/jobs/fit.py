"""Material fit: driving particles, then stiffness and first velocity by the chosen strategy, then how good it is."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import numpy as np

from .. import arrays, taichi_runtime
from ..api.fit import FitParams, Strategy
from ..context import JobContext
from ..fitting import physdreamer
from ..fitting.chain import Push, pictures_of
from ..fitting.checkpoint import Checkpoint
from ..fitting.driving import drive
from ..fitting.fitted import Fitted, compliance_of, tip_motion
from ..fitting.losses import Losses
from ..fitting.result import Fit
from ..fitting.strategies import STRATEGIES
from ..fitting.task import Observation, Refining, Task
from ..parts import split_moving
from ..render.losses import psnr
from ..spectral.frequency import dominant_frequency
from ..subject import Subject, camera_from
from ..video.clip import Clip
from .pictures import save_picture, strip, where_it_moves

PARAMS = FitParams
FREE_PERIODS = 3.0
"""Periods of free sway in which its frequency is measured."""
FREE_FPS = 48.0
CHECKPOINT = "checkpoint"
"""Folder, in the job's own, of what a stopped fit goes on from."""


def run(params: FitParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Fit. Output: `fit` (.npz), `preview` (.png: clip above, fitted below).

    Beside `subject` and `clip` there may be further clips `clip_2`, `clip_3`, ... of the subject, each with its own
    camera, and `resume`: the folder of an earlier fit of the same, which this one goes on with. Clips whose array
    `motion` is the same number (0 is that of `clip`) show one motion from several sides; without one each has its own.
    """
    with ctx.stage("Placing driving particles", 0.0, 0.08):
        taichi_runtime.start()
        subject = Subject.from_arrays(arrays.load(inputs["subject"]))
        reference = arrays.load(inputs["clip"])
        own, *others = _observations(inputs, reference)
        clip = own.clip
        ctx.progress(0.2)
        faithful = params.strategy is Strategy.physdreamer
        redrive = partial(
            drive,
            subject.gaussians,
            _parts(params, subject),
            particles=params.particles,
            density=physdreamer.DENSITY if faithful else params.density,
            poisson=params.poisson_ratio,
            seed=params.seed,
        )
        driven = redrive(cells=params.grid_cells)
        ctx.progress(1.0)
    for note in driven.notes:
        ctx.log(note, "warning")
    with ctx.stage("Fitting", 0.08, 0.85):
        task = Task(
            driven=driven,
            clip=clip,
            camera=own.camera,
            gaussians=subject.gaussians,
            background=subject.background,
            iterations=params.iterations,
            cfl=params.cfl,
            report=ctx.progress,
            others=tuple(others),
            wind=params.wind,
            refining=_refining(params),
            checkpoint=_checkpoint(inputs, ctx),
            seed=params.seed,
            poisson=params.fit_poisson,
            scale=params.scale,
            redrive=lambda cells: redrive(cells=cells),
        )
        found = STRATEGIES[params.strategy](task)
    for note in found.notes:
        ctx.log(note, "warning")
    for remark in found.remarks:
        ctx.log(remark)
    with ctx.stage("Comparing with the clip", 0.85, 1.0):
        fitted_frames = _fitted_frames(task, found, ctx)
        frequency, reach = _free_sway(task, found, ctx)
    stiffer = float(np.mean(found.young)) / float(task.modes.young[0])
    compliance = compliance_of(driven.model, task.modes.stiffened(stiffer))
    fitted = Fitted(driven, found.young, found.velocity, found.damping, found.frequency, reach, compliance)
    rows, columns = where_it_moves(clip.frames)
    pairs = [strip(frames[:, rows, columns], 2) for frames in (clip.frames[1:], fitted_frames)]
    outputs = {
        "fit": arrays.save(ctx.output("fit.npz"), fitted.to_arrays()),
        "preview": save_picture(ctx.output("preview.png"), np.concatenate(pairs)),
    }
    still = np.repeat(clip.frames[:1], len(clip) - 1, 0)
    results = {
        "strategy": params.strategy.name,
        "driving_particles": len(driven.model.rest),
        "grid": list(driven.model.grid.shape),
        "cell_m": driven.model.grid.cell,
        "young_pa": found.young_by_part.tolist(),
        "log10_young_error": found.log_young_error.tolist(),
        "damping_per_s": found.damping,
        "delay_frames": found.delay,
        "frequency_hz": frequency,
        "clip_frequency_hz": float(reference["frequency"]),
        "loss_first": found.loss_first,
        "loss_last": found.loss_last,
        "psnr_still_db": psnr(still, clip.frames[1:]),
        "psnr_fitted_db": psnr(fitted_frames, clip.frames[1:]),
        "notes": [*driven.notes, *found.notes],
        "remarks": list(found.remarks),
    }
    results["gain_db"] = results["psnr_fitted_db"] - results["psnr_still_db"]
    return outputs, results


def _observations(inputs: dict[str, str], first: dict[str, np.ndarray]) -> list[Observation]:
    """The clip and further ones in the inputs, in order; each without a motion of its own number gets the next."""
    further = sorted((name for name in inputs if name.startswith("clip_")), key=lambda name: int(name[len("clip_") :]))
    clips = [first, *(arrays.load(inputs[name]) for name in further)]
    return [
        Observation(
            Clip(a["frames"].astype(np.float32) / 255, float(a["fps"])), camera_from(a), int(a.get("motion", index))
        )
        for index, a in enumerate(clips)
    ]


def _refining(params: FitParams) -> Refining:
    losses = Losses(params.track_loss, params.blurred_loss, params.picture_loss, params.spectrum_loss)
    return Refining(params.field_steps, params.truncation or None, losses)


def _checkpoint(inputs: dict[str, str], ctx: JobContext) -> Checkpoint:
    """In the job's folder, beginning with what an earlier fit left in its own."""
    folder = ctx.output(CHECKPOINT)
    if "resume" in inputs:
        earlier = Path(inputs["resume"]) / CHECKPOINT
        if not earlier.is_dir():
            raise FileNotFoundError(f"the earlier fit left nothing to go on with in {earlier.parent}; begin a new one")
        if earlier.resolve() != folder.resolve():
            shutil.copytree(earlier, folder, dirs_exist_ok=True)
    return Checkpoint(folder)


def _parts(params: FitParams, subject: Subject) -> np.ndarray:
    """Part of every splat: one for all that moves, the parts painted by hand, or bands from root to tip."""
    if params.parts == 1:
        return subject.moving.astype(np.int32)
    if subject.parts.max() > 1:
        return subject.parts
    return split_moving(subject.gaussians.positions, subject.moving, params.parts)


def _fitted_frames(task: Task, found: Fit, ctx: JobContext) -> np.ndarray:
    """What the fit makes of the clip's frames after the first one [T - 1, H, W, 3]."""
    frames = []
    for picture in pictures_of(task).pictures(Push.of(found.young, found.damping, found.started[0])):
        frames.append(picture)
        ctx.progress(0.6 * len(frames) / (len(task.clip) - 1))
    return np.clip(np.stack(frames), 0, 1).astype(np.float32)


def _free_sway(task: Task, found: Fit, ctx: JobContext) -> tuple[float, float]:
    """Frequency [Hz] and largest displacement [m] of the tip in free sway from the fitted state."""
    count = int(np.ceil(FREE_PERIODS / found.frequency * FREE_FPS))
    substeps = task.solver.substeps_per_frame(found.young, FREE_FPS, task.cfl)
    motion = task.solver.simulate(
        found.young,
        found.velocity,
        count,
        FREE_FPS,
        substeps=substeps,
        damping=found.damping,
        tick=lambda done, total: ctx.progress(0.6 + 0.4 * done / total),
    )
    tip = tip_motion(np.concatenate([task.driven.model.rest[None], motion.positions]), task.driven.model)
    return dominant_frequency(tip, FREE_FPS), float(np.abs(tip).max())
