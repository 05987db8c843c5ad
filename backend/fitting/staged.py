"""The staged strategy: modes, then parts, then a field of stiffness.

| stage | finds | from |
|---|---|---|
| search | stiffness, damping, onset | tracks, in modal space |
| velocity | first velocity, stiffness frozen | tracks of the first frames, by least squares with the solver |
| one | one stiffness for all | all tracks, the same way |
| calibrated | stiffness of each part, in rounds | tracks by pictures of the fit, see `calibration` |
| field | stiffness between and within parts, velocity beyond the modes | pictures, L1 + D-SSIM, through the chain |

The field is kept where pictures of all clips are nearer with it than without.
"""

from __future__ import annotations

import numpy as np

from ..render.losses import photometric
from .calibration import calibrated
from .chain import picture_losses, pictures_of
from .fields.meanings import log_young, velocity
from .fields.triplane import Shape, TriplaneField
from .modal import Explained, explain, first_guess, observe_all, problems_of, still_loss
from .notes import limit_notes, remarks_on
from .observation import Tracks
from .picture_refinement import Scene, Schedule, descend
from .poisson import poisson_note
from .push import Push
from .result import Fit, Started
from .sway import SwayProblem
from .task import Task

FIRST_PERIODS = 0.4
"""Periods of the slowest sway after which first frames end: the less a plant has turned back, the more it is push."""
VELOCITY_ITERATIONS = 2
CALIBRATIONS, CALIBRATED_ITERATIONS = 2, 2
"""Rounds of tracks by the fit's own pictures; iterations of each, but for the first one that tells parts apart."""
CALIBRATIONS_OF_PARTS = 3
"""The same rounds where parts are told apart: they begin with pictures of one stiffness, which are farther off."""
FIELD = Shape(resolution=8)
"""Of stiffness, as coarse as PhysDreamer's, and of velocity, whose modes are there already."""
DECADES = 0.3
"""Most that the field adds to log10 E of a part."""
UNIT = 0.1
"""Of velocity, over the largest one."""
PICTURES = 5
RATES = {"young": 1e-3, "velocity": 5e-4}
"""A step changes log10 E by half a hundredth at most: AdamW's steps do not shrink where there is nothing to gain."""
SMOOTH = {"young": 1e-2, "velocity": 1e-2}


def fit_staged(task: Task) -> Fit:
    """Fit a task in stages, all of them resumed from the task's checkpoint where it has them.

    Raises ValueError as `fit_modal` does.
    """
    task.checkpoint.claim(task.identity("full"))
    task.report(0.0, "Following the motion")
    tracks = observe_all(task)
    task.report(0.08, "Finding the sway modes")
    problems = problems_of(task, tracks)
    task.report(0.12, "Searching stiffness, damping and onset")
    states, weights = first_guess(problems, task.prior)

    one = np.zeros_like(task.part)
    early = _early(task, problems, weights, float(states[0].log_young[0]))
    found = explain(
        task, "velocity", problems, states, early, one, share=(0.15, 0.2), frozen=True, iterations=VELOCITY_ITERATIONS
    )
    history = found.history
    found = explain(task, "one", problems, found.states, weights, one, share=(0.2, 0.3))
    history += found.history
    rounds = CALIBRATIONS_OF_PARTS if task.part.any() else CALIBRATIONS
    for turn in range(rounds):
        begin, end = 0.3 + 0.3 * turn / rounds, 0.3 + 0.3 * (turn + 1) / rounds
        task.report(begin, "Following what the fit misses")
        tracks = _calibrated(task, tracks, found)
        problems = problems_of(task, tracks)
        weights = [problem.tracks.weights for problem in problems]
        iterations = min(task.iterations, CALIBRATED_ITERATIONS)
        if turn == 0 and task.part.any():
            iterations = task.iterations
        stage = f"calibrated_{turn}"
        found = explain(
            task, stage, problems, found.states, weights, task.part, share=(begin, end), iterations=iterations
        )
        history += found.history
    scene = scene_of(task, found, tracks)
    tracked = len(history)
    history += tuple(descend(task, "field", _schedule(task), scene, (0.6, 0.95)))
    task.report(0.95, "Judging the result")
    plain = scene_of(task, found, tracks)
    if task.refining.steps and _picture_loss(task, scene) >= _picture_loss(task, plain):
        scene = plain
    return fit_of(task, found, scene, history, tracked, (poisson_note(found),) if task.poisson else ())


def scene_of(task: Task, found: Explained, tracks: list[list[Tracks]]) -> Scene:
    """Fields that begin as what was found by tracks."""
    rest = task.driven.body.rest
    low, high = rest.min(0), rest.max(0)
    state, started = found.states[0], found.started
    speeds = [float(np.linalg.norm(own.velocity, axis=1).max()) for own in started]
    return Scene(
        TriplaneField(low, high, 1, log_young(found.young, DECADES), FIELD, seed=task.seed),
        [
            TriplaneField(low, high, 3, velocity(own.velocity, UNIT * speed), FIELD, seed=task.seed)
            for own, speed in zip(started, speeds, strict=True)
        ],
        found.problems[0].damping(state),
        started,
        tracks,
    )


def fit_of(
    task: Task, found: Explained, scene: Scene, history: tuple[float, ...], tracked: int, notes: tuple[str, ...]
) -> Fit:
    """What a scene amounts to; the first `tracked` losses of the history are by tracks."""
    rest = task.driven.body.rest
    young = scene.young.value(rest)
    started = [
        Started(own.value(rest), before.delay, before.acceleration)
        for own, before in zip(scene.velocities, scene.started, strict=True)
    ]
    parts = int(task.part.max()) + 1
    log_by_part = np.bincount(task.part, np.log10(young), parts) / np.bincount(task.part, minlength=parts)
    loss_first, loss_last = picture_losses(task, Push.of(young, scene.damping, started[0]))
    return Fit(
        young=young,
        young_by_part=10**log_by_part,
        log_young_error=found.log_young_error,
        velocity=started[0].velocity,
        damping=scene.damping,
        delay=started[0].delay,
        frequency=float(task.modes_at(young).frequency[0]),
        loss_first=loss_first,
        loss_last=loss_last,
        history=history,
        tracked=tracked,
        tracks_still=still_loss(found.problems, found.weights),
        notes=(*limit_notes(found.states[0].log_young, found.problems[0].log_young_max), *notes),
        remarks=remarks_on(task),
        acceleration=started[0].acceleration,
        further=tuple(started[1:]),
        expected=found.expected,
    )


def _picture_loss(task: Task, scene: Scene) -> float:
    """Photometric loss of a scene, the mean over all views."""
    rest, losses = task.driven.body.rest, []
    for motion, views in enumerate(task.motions):
        push = scene.push(motion, rest)
        for view in views:
            made = zip(pictures_of(task, None, view).pictures(push), view.clip.frames[1:], strict=True)
            losses.append(np.mean([photometric(picture, wanted)[0] for picture, wanted in made]))
    return float(np.mean(losses))


def _early(task: Task, problems: list[SwayProblem], weights: list[np.ndarray], log_young_found: float):
    """Weights of the tracks [T - 1, V] of each motion, those after the first frames nothing."""
    frequency = task.modes.stiffened(10**log_young_found / task.modes.young[0]).frequency[0]
    early = []
    for problem, own in zip(problems, weights, strict=True):
        frames = max(3, round(FIRST_PERIODS / frequency * problem.timing.fps) + 1)
        early.append(np.where(np.arange(len(own))[:, None] < frames, own, 0))
    return early


def _calibrated(task: Task, tracks: list[list[Tracks]], found: Explained) -> list[list[Tracks]]:
    """Tracks of each view of each motion, by pictures of what was found."""
    rest, result = task.driven.body.rest, []
    for k, views in enumerate(task.motions):
        problem, state = found.problems[k], found.states[k]
        way = problem.pixels(state, problem.simulate([state])[0])
        ways = np.split(way, np.cumsum([len(own.particles) for own in tracks[k]])[:-1], axis=1)
        push = Push.of(found.young, problem.damping(state), found.started[k])
        own = []
        for view, seen, true in zip(views, tracks[k], ways, strict=True):
            chain = pictures_of(task, None, view)
            own.append(calibrated(seen, chain.pictures(push), view.clip.frames[1:], true, view.camera, rest))
        result.append(own)
    return result


def _schedule(task: Task) -> Schedule:
    frames = max(len(view.clip) for view in task.observations) - 1
    refining = task.refining
    return Schedule(
        steps=refining.steps,
        moves=("young", "velocity"),
        first=max(3, frames // 3),
        last=frames,
        pictures=PICTURES,
        rates=RATES,
        smooth=SMOOTH,
        losses=refining.losses,
        truncation=refining.truncation,
        grown=0.5,
        fading=0.3,
    )
