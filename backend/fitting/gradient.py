"""The gradient strategy, after PhysDreamer (Zhang et al. 2024): pixels through the differentiable chain, by Adam.

Velocity first, on the clip's first frames, with stiffness frozen; then stiffness, with velocity frozen, on a growing
window; then both. Different from the paper, so that tens of steps do instead of hundreds: the velocity is a combination
of sway modes and stiffness one number per part instead of neural fields, stiffness is searched in its logarithm,
pictures are blurred from coarse to fine, onset and damping are fitted too, and gradients go through all frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from ..render.losses import photometric
from .adam import Adam
from .chain import Judge, picture_losses, pictures_of
from .fields.parts import PartsField
from .modes import Modes
from .notes import limit_notes, remarks_on
from .observation import Tracks, observe
from .push import Push, PushGradient
from .result import Fit
from .sway import DAMPING_MAX, YOUNG_MAX, YOUNG_MIN, State, SwayProblem
from .task import Standing, Task
from .track_refinement import Layout, log_young_covariance, refine

MODES = 4
"""Slowest modes that the velocity is made of."""
FIRST_PACE = 1 / 3
"""Of the pace that the tracks show: about a decade too soft. A soft plant needs few substeps, and stiffening is the way
of the gradient that does not stall; from much farther away, an oscillation would be taken for the one before it."""
FIRST_PERIODS = 0.3
"""Periods after the onset that tell the velocity: the less a plant has turned back the better."""
FIRST_DELAY = 0.3
"""Onset, frames after the last one in which next to nothing moves."""
STILL = 0.08
"""Part of the largest displacement below which nothing has begun to move."""
LONGEST_WINDOW, LONGEST_PERIODS = 14, 1.5
"""Frames, and periods after the onset; longer windows cost more than they tell."""
PICTURES = 6
"""Frames that are rendered in a step, spread over the window."""
BLURS = (0.03, 0.016, 0.008, 0.0)
"""Blur of the pictures from the first steps to the last, over the picture's height."""
RATES = {"velocity": 0.25, "log_young": 0.15, "delay": 0.2, "damping": 0.03}
"""Lengths of a step: of the speed seen in the clip, decades, frames, damping ratio."""


@dataclass(frozen=True)
class Stage:
    moves: tuple[str, ...]
    """Adam's groups that are fitted."""
    window: Literal["first", "growing", "all"]
    steps: int
    """For each of the task's iterations."""


STAGES = (
    Stage(("velocity",), "first", 2),
    Stage(("log_young",), "growing", 4),
    Stage(("velocity", "log_young", "delay", "damping"), "all", 4),
)


@dataclass(frozen=True)
class Step:
    """One step of Adam."""

    groups: tuple[str, ...]
    frames: list[int]
    """Of the clip, those that are compared."""
    blur: float
    """Over the picture's height."""
    pace: float
    """Factor on the step's length."""
    afresh: bool
    """Whether Adam forgets the gradients before."""


@dataclass(frozen=True)
class Impression:
    """What tracks tell of a clip before any simulation."""

    speed: float
    """The highest, m/s."""
    onset: int
    """Last frame in which next to nothing moves."""
    period: float
    """Frames."""

    @staticmethod
    def of(task: Task, tracks: Tracks) -> Impression:
        views = task.camera.project_jacobian(task.driven.model.rest[tracks.particles])
        per_metre = np.linalg.norm(views, axis=(1, 2)).mean() / np.sqrt(2)
        path = np.concatenate([np.zeros((1, len(tracks.particles), 2)), tracks.displacement])
        steps = np.linalg.norm(np.diff(path, axis=0), axis=-1)  # [T - 1, V]
        reach = np.percentile(np.linalg.norm(path, axis=-1), 95, axis=1)
        onset = int(np.flatnonzero(reach > STILL * reach.max())[0]) - 1
        speed = np.percentile(steps.max(0), 95) * task.clip.fps / per_metre
        return Impression(float(speed), onset, task.clip.fps / tracks.pace(task.clip.fps))


@dataclass(frozen=True)
class Unknowns:
    """Numbers in `Adam`'s groups and the `Push` that they stand for."""

    modes: Modes
    points: np.ndarray
    """Particles at rest [P, 3], metres."""
    part: np.ndarray
    """Part of each particle [P], counted from 0."""
    speed: float
    """m/s, the unit of velocities."""
    latest: float
    """Onset at most, frames."""

    def start(self, pace: float, onset: float) -> dict[str, np.ndarray]:
        """At rest, with a slowest mode of `pace` hertz."""
        young = self.modes.young[0] * (pace / self.modes.frequency[0]) ** 2
        return {
            "velocity": np.zeros(len(self.modes)),
            "log_young": np.full(self.part.max() + 1, np.log10(young)),
            "delay": np.array([onset]),
            "damping": np.array([0.0]),
        }

    def stiffness(self, x: dict[str, np.ndarray]) -> PartsField:
        return PartsField(self.points, self.part, x["log_young"])

    def push(self, x: dict[str, np.ndarray]) -> Push:
        return Push(
            self.stiffness(x).value(self.points),
            self.speed * np.tensordot(x["velocity"], self.modes.shapes, 1),
            float(x["damping"][0] * self._damping_unit(x)),
            float(x["delay"][0]),
        )

    def pull(self, x: dict[str, np.ndarray], g: PushGradient) -> dict[str, np.ndarray]:
        """Gradient by the numbers in all groups."""
        stiffness = self.stiffness(x)
        stiffness.value(self.points)
        log_young = stiffness.pull(g.young)["log_young"]
        # The damping ratio is kept, so a stiffer plant has the larger rate.
        log_young += 0.5 * np.log(10) * g.damping * self.push(x).damping / len(log_young)
        return {
            "velocity": self.speed * np.einsum("mpc,pc->m", self.modes.shapes, g.velocity),
            "log_young": log_young,
            "delay": np.array([g.delay]),
            "damping": np.array([g.damping * self._damping_unit(x)]),
        }

    def bounded(self, x: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {
            "velocity": x["velocity"],
            "log_young": np.clip(x["log_young"], np.log10(YOUNG_MIN), np.log10(YOUNG_MAX)),
            "delay": np.clip(x["delay"], 0, self.latest),
            "damping": np.clip(x["damping"], 0, DAMPING_MAX),
        }

    def frequency(self, x: dict[str, np.ndarray]) -> float:
        mean = 10 ** x["log_young"][self.part].mean()
        return float(self.modes.stiffened(mean / self.modes.young[0]).frequency[0])

    def standard_errors(self, x: dict[str, np.ndarray], task: Task, tracks: Tracks) -> np.ndarray:
        """Standard errors of log10 E of the parts [C], from how the tracks of the clip depend on all numbers."""
        problem = SwayProblem(task.solver, self.modes, self.part, task.camera, tracks, task.timing, task.cfl)
        mean = 10 ** x["log_young"][self.part].mean()
        rates = 2 * np.pi * self.modes.stiffened(mean / self.modes.young[0]).frequency
        amplitudes = self.speed * x["velocity"] / rates
        state = State(amplitudes, x["log_young"], float(x["damping"][0]), float(x["delay"][0]))
        minimum = refine([problem], [state], [tracks.weights], 0)[1]
        return np.sqrt(np.diag(log_young_covariance(Layout.of([state]), minimum, len(tracks.weights))))

    def _damping_unit(self, x: dict[str, np.ndarray]) -> float:
        """`Solver.simulate`'s damping for a ratio of 1, 1/s."""
        return 4 * np.pi * self.frequency(x)


def fit_gradient(task: Task) -> Fit:
    """Fit a task by pictures. Raises ValueError when the clip shows no usable motion, or without an iteration to do."""
    if task.iterations < 1:
        raise ValueError("the gradient strategy starts from rest; give it at least one iteration")
    if task.others or task.wind or task.prior:
        raise ValueError(
            "the gradient strategy knows one clip, no wind and no expected material; choose the modal or the staged one"
        )
    task.checkpoint.claim(task.identity("gradient"))
    task.report(0.0, "Following the motion")
    tracks = observe(task.driven.model, task.clip, task.camera, task.depth)
    seen = Impression.of(task, tracks)
    task.report(0.05, "Finding the sway modes")
    unknowns = Unknowns(task.modes.first(MODES), task.driven.body.rest, task.part, seen.speed, seen.onset + 1.0)
    plan = _plan(task.iterations, seen, len(task.clip) - 1)
    history: list[float] = []

    def tick(done: int, total: int) -> None:
        task.report(0.1 + 0.9 * len(history) / max(len(plan), 1), "Comparing pictures")

    chain = pictures_of(task, tick)
    x = unknowns.bounded(unknowns.start(FIRST_PACE * task.clip.fps / seen.period, seen.onset + FIRST_DELAY))
    adam = Adam(RATES)
    if kept := task.checkpoint.load("pictures"):
        x = {name: kept[f"x_{name}"] for name in x}
        adam.restore(kept)
        history += kept["history"].tolist()
    for step in plan[len(history) :]:
        if step.afresh:
            adam = Adam(RATES)
        loss, slopes = chain.gradient(unknowns.push(x), _judge(task, step), step.frames)
        history.append(loss)
        pulled = unknowns.pull(x, slopes)
        x = unknowns.bounded(adam.step(x, {name: pulled[name] for name in step.groups}, step.pace))
        numbers = {f"x_{name}": value for name, value in x.items()}
        task.checkpoint.save("pictures", numbers | adam.to_arrays() | {"history": np.array(history)})
        task.show(task, Standing("pictures", history, True, partial(unknowns.push, x)))

    task.report(0.97, "Judging the result")
    push = unknowns.push(x)
    loss_first, loss_last = picture_losses(task, push)
    return Fit(
        young=push.young,
        young_by_part=10 ** x["log_young"],
        log_young_error=unknowns.standard_errors(x, task, tracks),
        velocity=push.velocity,
        damping=push.damping,
        delay=push.delay,
        frequency=float(task.modes_at(push.young).frequency[0]),
        loss_first=loss_first,
        loss_last=loss_last,
        history=tuple(history),
        notes=limit_notes(x["log_young"], np.log10(YOUNG_MAX)),
        remarks=remarks_on(task),
    )


def _judge(task: Task, step: Step) -> Judge:
    """The loss of one frame in a step, a mean over the step's frames."""
    blur, share = step.blur * task.camera.height, 1 / len(step.frames)

    def judge(frame: int, picture: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slope = photometric(picture, task.clip.frames[frame], blur)
        return share * loss, share * slope

    return judge


def _plan(iterations: int, seen: Impression, frames: int) -> list[Step]:
    """All steps: which numbers move, what is looked at, how sharply."""
    first = min(seen.onset + max(round(FIRST_PERIODS * seen.period), 2), frames)
    longest = max(first, min(frames, LONGEST_WINDOW, seen.onset + round(LONGEST_PERIODS * seen.period)))
    total = iterations * sum(stage.steps for stage in STAGES)
    plan: list[Step] = []
    for stage in STAGES:
        count = stage.steps * iterations
        for k in range(count):
            grown = {"first": 0, "growing": (k + 1) / count, "all": 1}[stage.window]
            window = first + (longest - first) * grown
            chosen = np.unique(np.linspace(round(window), seen.onset + 1, PICTURES).round().astype(int))
            blur = BLURS[len(BLURS) * len(plan) // total]
            pace = 1 - 0.8 * k / count if stage is STAGES[-1] else 1.0
            plan.append(Step(stage.moves, chosen.tolist(), blur, pace, afresh=k == 0))
    return plan
