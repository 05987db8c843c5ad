"""Faithful mode: PhysDreamer (Zhang et al. 2024) with the settings of its own training code, for comparison.

From `projects/uncleaned_train/exp_motion/train/{fast_train_velocity,train_material}.py` of a1600012888/PhysDreamer,
where they differ from the paper's text: the velocity network has two layers, half the mean square stands for L1, and
stiffness is added to, not multiplied. What differs here, because the solver does:
- the grid lies still in the rest shape (`ElasticSolver`), so pascals do not depend on its cells;
- substeps are the code's or as many as stability asks for, whichever is more;
- Poisson's ratio is one number instead of a random one for each particle whose rate of 1e-10 leaves it where it was;
- there is no entropy over material classes, which is off in the code, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .chain import picture_losses
from .driving import Driven
from .fields.meanings import added_young, velocity
from .fields.triplane import Shape, TriplaneField
from .losses import Losses
from .notes import remarks_on
from .picture_refinement import Scene, Schedule, descend
from .push import Push
from .result import Fit, Started
from .task import Task

DENSITY = 2000.0
"""Kilograms per cubic metre."""
VELOCITY_CELLS, MATERIAL_CELLS = 32, 64
"""Of the simulation, along the longest axis, in the two stages."""
START, STEP, LOWEST, HIGHEST = 1e6, 1e3, 1e3, 5e8
"""Young's modulus [Pa]: E = clamp(START + STEP * output, LOWEST, HIGHEST)."""
UNIT = 0.1
"""Velocity [m/s] of an output of 1."""
VELOCITY_FIELD = Shape(resolution=24, channels=32, layers=2)
YOUNG_FIELD = Shape(resolution=8, channels=32, layers=2)

VELOCITY = Schedule(
    steps=55,
    moves=("velocity",),
    first=2,
    last=4,
    pictures=2,
    rates={"velocity": 1e-3},
    smooth={"velocity": 1e-2},
    losses=Losses(pictures=1.0, dssim=0.5, squared=True),
    substeps=96,
    warm_up=10,
)
"""Velocity only, with the gradient through all frames. The window grows from 2 to 13 frames in 300 iterations, and the
code moves the velocity while it is under 4; the rate is 1e-2 times the group's 0.1."""
MATERIAL = Schedule(
    steps=200,
    moves=("young",),
    first=6,
    last=13,
    pictures=13,
    rates={"young": 1e-3},
    smooth={"young": 1e-4},
    losses=Losses(pictures=1.0, dssim=0.9, squared=True),
    truncation=1,
    substeps=768,
    warm_up=10,
    grown=0.1,
)
"""Stiffness only, on all frames of the window, with the gradient through one frame."""


@dataclass(frozen=True)
class Settings:
    """The two stages on their grids."""

    velocity: Schedule
    material: Schedule
    velocity_cells: int
    material_cells: int

    @staticmethod
    def scaled(scale: float) -> Settings:
        """The code's own for 1; below, grids, substeps and iterations are that part of them."""

        def less(schedule: Schedule) -> Schedule:
            steps, substeps = max(round(scale * schedule.steps), 1), max(round(scale * schedule.substeps), 1)
            return replace(schedule, steps=steps, substeps=substeps)

        cells = (max(round(scale * n), 10) for n in (VELOCITY_CELLS, MATERIAL_CELLS))
        return Settings(less(VELOCITY), less(MATERIAL), *cells)


def fit_physdreamer(task: Task) -> Fit:
    """Fit the task's clip as PhysDreamer does, `task.scale` of its size; its density is the caller's to set.

    Raises ValueError for a task of several clips or with wind.
    """
    if task.others or task.wind or task.prior:
        raise ValueError(
            "PhysDreamer's settings are for one clip, no wind and no expected material; choose the modal or the staged "
            "strategy"
        )
    task.checkpoint.claim(task.identity("physdreamer"))
    settings = Settings.scaled(task.scale)
    coarse, fine = (task.on_grid(cells) for cells in (settings.velocity_cells, settings.material_cells))
    scene = _scene(fine.driven, task.seed)
    history = tuple(descend(coarse, "velocity", settings.velocity, scene, (0.0, 0.3)))
    history += tuple(descend(fine, "material", settings.material, scene, (0.3, 0.95)))
    task.report(0.95, "Judging the result")
    rest = task.driven.body.rest
    young = scene.young.value(rest)
    parts = int(task.part.max()) + 1
    log_by_part = np.bincount(task.part, np.log10(young), parts) / np.bincount(task.part, minlength=parts)
    started = Started(scene.velocities[0].value(rest), 0.0)
    loss_first, loss_last = picture_losses(task, Push.of(young, 0.0, started))
    return Fit(
        young=young,
        young_by_part=10**log_by_part,
        log_young_error=np.full(parts, np.inf),
        velocity=started.velocity,
        damping=0.0,
        delay=0.0,
        frequency=float(task.modes_at(young).frequency[0]),
        loss_first=loss_first,
        loss_last=loss_last,
        history=history,
        remarks=remarks_on(task),
    )


def _scene(driven: Driven, seed: int) -> Scene:
    """Fields over the driving particles as PhysDreamer begins with them."""
    low, high = driven.body.rest.min(0), driven.body.rest.max(0)
    young = TriplaneField(low, high, 1, added_young(START, STEP, LOWEST, HIGHEST), YOUNG_FIELD, seed=seed)
    push = TriplaneField(low, high, 3, velocity(0.0, UNIT), VELOCITY_FIELD, seed=seed)
    return Scene(young, [push], 0.0, [Started(np.zeros(0), 0.0)], [[None]])
