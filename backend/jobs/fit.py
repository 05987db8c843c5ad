"""Material fit: driving particles, then stiffness and first velocity by the chosen strategy, then how good it is."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import numpy as np

from .. import arrays, taichi_runtime
from ..api.fit import Expectation, FitParams, Strategy
from ..context import JobContext
from ..fitting import physdreamer
from ..fitting.checkpoint import Checkpoint
from ..fitting.driving import Driven, drive
from ..fitting.fitted import Fitted, compliance_of, tip_motion
from ..fitting.losses import Losses
from ..fitting.notes import short_notes
from ..fitting.prior import Prior
from ..fitting.result import Fit
from ..fitting.strategies import STRATEGIES
from ..fitting.task import Observation, Refining, Task
from ..material_file import MaterialField
from ..parts import split_moving
from ..render.losses import psnr
from ..spectral.frequency import dominant_frequency
from ..subject import Subject, camera_from
from ..video.clip import Clip
from .fit_preview import FitPreview
from .fit_report import report

PARAMS = FitParams
FREE_PERIODS = 3.0
"""Periods of free sway in which its frequency is measured."""
FREE_FPS = 48.0
CHECKPOINT = "checkpoint"
"""Folder, in the job's own, of what a stopped fit goes on from."""


def run(params: FitParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Fit. Output: `fit` (.npz) and those of `fit_report.report`.

    Beside `subject` and `clip` there may be further clips `clip_2`, `clip_3`, ... of the subject, each with its own
    camera, and `resume`: the folder of an earlier fit of the same, which this one goes on with; or `earlier`: one that
    it goes on with if that was of the same. Clips whose array `motion` is the same number (0 is that of `clip`) show
    one motion from several sides; without one each has its own. `placement` (.npz) holds the matrix [4, 4]
    that takes the axes of an expected material's file to world space.
    """
    with ctx.stage("Placing driving particles", 0.0, 0.08):
        taichi_runtime.start()
        subject = Subject.from_arrays(arrays.load(inputs["subject"]))
        reference = arrays.load(inputs["clip"])
        own, *others = _observations(inputs, reference, params.held_out)
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
            stiffening=subject.stiffening,
        )
        driven = redrive(cells=params.grid_cells)
        ctx.progress(1.0)
    for note in driven.notes:
        ctx.log(note, "warning")
    with ctx.stage("Fitting", 0.08, 0.85):
        task = Task(
            driven=driven,
            clip=own.clip,
            camera=own.camera,
            gaussians=subject.gaussians,
            background=subject.background,
            iterations=params.iterations,
            cfl=params.cfl,
            report=ctx.progress,
            show=FitPreview(ctx),
            others=tuple(others),
            wind=params.wind,
            refining=_refining(params),
            checkpoint=_checkpoint(inputs, ctx),
            seed=params.seed,
            poisson=params.fit_poisson,
            scale=params.scale,
            prior=_prior(params, driven, inputs),
            redrive=lambda cells: redrive(cells=cells),
        )
        earlier = Path(inputs["earlier"]) / CHECKPOINT if "earlier" in inputs else None
        if earlier and task.checkpoint.take_over(earlier, task.identity(params.strategy.name)):
            ctx.log("Goes on where the last fit was stopped.")
        found = STRATEGIES[params.strategy](task)
    notes = [*found.notes, *short_notes(task, found.frequency)]
    for note in notes:
        ctx.log(note, "warning")
    for remark in found.remarks:
        ctx.log(remark)
    with ctx.stage("Swaying freely", 0.85, 0.9):
        frequency, reach = _free_sway(task, found, ctx)
    with ctx.stage("Comparing with the clip", 0.9, 1.0):
        clip_frequency = float(reference["frequency"])
        pictures, judged, comparison = report(
            task, found, ctx, frequency=frequency, clip_frequency=clip_frequency, whole=_clip(reference)
        )
    stiffer = float(np.mean(found.young)) / float(task.modes.young[0])
    compliance = compliance_of(driven.model, task.modes.stiffened(stiffer))
    fitted = Fitted(driven, found.young, found.velocity, found.damping, found.frequency, reach, compliance)
    outputs = {"fit": arrays.save(ctx.output("fit.npz"), fitted.to_arrays()), **pictures}
    still = np.repeat(comparison.still[None], len(comparison.wanted), 0)
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
        "clip_frequency_hz": clip_frequency,
        "loss_first": found.loss_first,
        "loss_last": found.loss_last,
        "psnr_still_db": psnr(still, comparison.wanted),
        "psnr_fitted_db": psnr(comparison.fitted, comparison.wanted),
        "notes": [*driven.notes, *notes],
        "remarks": list(found.remarks),
        **judged,
    }
    results["gain_db"] = results["psnr_fitted_db"] - results["psnr_still_db"]
    return outputs, results


def _observations(inputs: dict[str, str], first: dict[str, np.ndarray], held_out: int) -> list[Observation]:
    """The clip and further ones in the inputs, in order; each without a motion of its own number gets the next.

    Without the `held_out` last frames of each.
    """
    further = sorted((name for name in inputs if name.startswith("clip_")), key=lambda name: int(name[len("clip_") :]))
    clips = [first, *(arrays.load(inputs[name]) for name in further)]
    return [
        Observation(_clip(a, held_out), camera_from(a), int(a.get("motion", index))) for index, a in enumerate(clips)
    ]


def _clip(a: dict[str, np.ndarray], held_out: int = 0) -> Clip:
    """A clip in named arrays, but for the last frames that are held out."""
    frames = a["frames"][: max(len(a["frames"]) - held_out, 1)]
    return Clip(frames.astype(np.float32) / 255, float(a["fps"]))


def _refining(params: FitParams) -> Refining:
    losses = Losses(params.track_loss, params.blurred_loss, params.picture_loss, params.spectrum_loss)
    return Refining(params.field_steps, params.truncation or None, losses)


def _prior(params: FitParams, driven: Driven, inputs: dict[str, str]) -> Prior | None:
    """What is expected of the material, by preset or by file; raises as `MaterialField.read` and its shape check do."""
    if params.expected is Expectation.nothing:
        return None
    density, spread = driven.model.density, params.expected_spread
    if preset := params.expected.preset:
        return Prior.of_preset(preset, density, spread)
    if not params.expected_file:
        raise ValueError("Choose the file of the expected material, or expect nothing.")
    path = Path(params.expected_file)
    saved = MaterialField.read(path)
    if "placement" in inputs:
        saved = saved.placed(arrays.load(inputs["placement"])["matrix"])
    return Prior.of_material(path.name, saved, driven.model.rest, density, spread)


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
        tick=lambda done, total: ctx.progress(done / total),
    )
    tip = tip_motion(np.concatenate([task.driven.model.rest[None], motion.positions]), task.driven.model)
    return dominant_frequency(tip, FREE_FPS), float(np.abs(tip).max())
