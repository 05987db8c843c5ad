"""Refinement by pictures: fields of stiffness and of first velocity through the differentiable chain.

PhysDreamer's two stages (Zhang et al. 2024) are each a `Schedule`: velocity on the first frames with stiffness frozen,
then stiffness on a growing window with velocity frozen. Each step draws its frames anew, from its number alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .chain import Chain, pictures_of
from .fields.descent import Descent
from .fields.triplane import TriplaneField
from .losses import Losses, spectrum_loss, track_loss
from .observation import Tracks
from .push import Push, PushGradient
from .result import Started
from .task import Observation, Standing, Task


@dataclass(frozen=True)
class Schedule:
    """How a field is moved."""

    steps: int
    moves: tuple[str, ...]
    """Of "young" and "velocity"."""
    first: int
    last: int
    """Frames of the window at first and in the end, without frame 0; it grows evenly."""
    pictures: int
    """Frames compared in a step."""
    rates: dict[str, float]
    """Length of a step of "young" and "velocity"."""
    smooth: dict[str, float]
    """Weights of the roughness of the planes."""
    losses: Losses = field(default_factory=Losses)
    truncation: int | None = None
    """Frames through which a gradient flows back."""
    substeps: int = 0
    """In a frame of the clip, at least."""
    warm_up: int = 0
    grown: float = 1.0
    """Part of the steps after which the window has grown."""
    fading: float = 1.0
    """Length of the last step over that of the first one."""

    def frames(self, step: int, available: int, seed: int) -> list[int]:
        """Frames of a clip of so many after frame 0 that are compared in a step: the window's last one and others."""
        part = min(1.0, step / max(self.grown * (self.steps - 1), 1e-9))
        window = min(round(self.first + (self.last - self.first) * part), available)
        others = np.random.default_rng([seed, step]).permutation(np.arange(1, window))[: self.pictures - 1]
        return sorted([*others.tolist(), window])


@dataclass
class Scene:
    """The fields of a subject and how its motions begin otherwise."""

    young: TriplaneField
    velocities: list[TriplaneField]
    """One for each motion of the task."""
    damping: float
    started: Sequence[Started]
    """Whose velocities stand behind the fields'."""
    tracks: list[list[Tracks | None]]
    """Of each view of each motion, where their loss counts."""

    def push(self, motion: int, points: np.ndarray) -> Push:
        own = self.started[motion]
        velocity = self.velocities[motion].value(points)
        return Push(self.young.value(points), velocity, self.damping, own.delay, own.acceleration)


def descend(task: Task, stage: str, schedule: Schedule, scene: Scene, share: tuple[float, float]) -> list[float]:
    """Move the scene's fields by a schedule, kept in the task's checkpoint after each step: the losses.

    `share` is the stretch of the task's progress that it takes.
    """
    moved = {
        "young": [scene.young] if "young" in schedule.moves else [],
        "velocity": scene.velocities if "velocity" in schedule.moves else [],
    }
    descents = {
        name: [Descent(f, schedule.rates[name], warm_up=schedule.warm_up) for f in fields]
        for name, fields in moved.items()
    }
    history: list[float] = []
    if kept := task.checkpoint.load(stage):
        history += kept.pop("history").tolist()
        for name, descent, index in _each(descents):
            prefix = f"{name}_{index}_"
            descent.restore({key.removeprefix(prefix): kept[key] for key in kept if key.startswith(prefix)})

    def tick(done: int, total: int) -> None:
        task.report(share[0] + (share[1] - share[0]) * len(history) / max(schedule.steps, 1), "Comparing pictures")

    chains = [[pictures_of(task, tick, view, schedule.substeps) for view in views] for views in task.motions]
    for step in range(len(history), schedule.steps):
        tick(0, 1)
        loss, slopes = _gradient(task, schedule, scene, chains, step)
        pace = schedule.fading ** (step / max(schedule.steps - 1, 1))
        for name, descent, index in _each(descents):
            rough, more = descent.field.roughness()
            loss += schedule.smooth[name] * rough
            pulled = descent.field.pull(slopes[name][index])
            for key, slope in more.items():
                pulled[key] = pulled[key] + schedule.smooth[name] * slope
            descent.step(pulled, pace)
        history.append(loss)
        numbers = {"history": np.array(history)}
        for name, descent, index in _each(descents):
            numbers |= {f"{name}_{index}_{key}": value for key, value in descent.to_arrays().items()}
        task.checkpoint.save(stage, numbers)
        task.show(task, Standing(stage, history, True, lambda: scene.push(0, task.driven.body.rest)))
    return history


def _each(descents: dict[str, list[Descent]]):
    """(name, descent, index) of all."""
    return [(name, descent, index) for name, several in descents.items() for index, descent in enumerate(several)]


def _gradient(
    task: Task, schedule: Schedule, scene: Scene, chains: list[list[Chain]], step: int
) -> tuple[float, dict[str, list[np.ndarray]]]:
    """The loss of one step, a mean over all observations, and its gradient by stiffness [P] and velocities [P, 3]."""
    points = task.driven.body.rest
    count = len(task.observations)
    total, by_young = 0.0, np.zeros(len(points))
    by_velocity = [np.zeros((len(points), 3)) for _ in task.motions]
    for motion, views in enumerate(task.motions):
        push = scene.push(motion, points)
        for view, tracks, chain in zip(views, scene.tracks[motion], chains[motion], strict=True):
            frames = schedule.frames(step, len(view.clip) - 1, task.seed)
            loss, slope = _seen(schedule, view, tracks, chain, push, frames, points)
            total += loss / count
            by_young += slope.young / count
            by_velocity[motion] += slope.velocity / count
    return total, {"young": [by_young], "velocity": by_velocity}


def _seen(
    schedule: Schedule,
    view: Observation,
    tracks: Tracks | None,
    chain: Chain,
    push: Push,
    frames: list[int],
    rest: np.ndarray,
) -> tuple[float, PushGradient]:
    """Loss of a push against some frames of one view, and its gradient; `rest` [P, 3] of the particles."""
    losses, wanted = schedule.losses, view.clip.frames

    def judge(frame: int, picture: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slope = losses.picture(picture, wanted[frame])
        return loss / len(frames), slope / len(frames)

    def follow(positions: np.ndarray, at: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slope = track_loss(positions, at, tracks, view.camera, rest)
        return losses.tracks * loss, losses.tracks * slope

    def watch(film: np.ndarray, at: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slope = spectrum_loss(film, wanted[at])
        return losses.spectrum * loss, losses.spectrum * slope

    return chain.gradient(
        push,
        judge,
        frames,
        follow=follow if losses.tracks and tracks else None,
        watch=watch if losses.spectrum else None,
        truncation=schedule.truncation,
    )
