"""Simulation: a subject of fitted or chosen materials among what acts on it, as a trajectory for the timeline."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import arrays, taichi_runtime
from ..api.assignment import Assignment
from ..api.materials import ELASTIC
from ..api.simulate import SimulateParams, Wind
from ..context import JobContext
from ..deformation import rotation_and_stretch
from ..fitting.driving import NothingHolds
from ..fitting.fitted import Fitted, tip_motion
from ..forces.acting import ActingForces
from ..forces.wind import wind_acceleration
from ..mpm.boundaries.scene import boundaries_of
from ..mpm.model import Model, Motion, Unstable
from ..mpm.solver import Solver
from ..mpm.total_lagrangian.body import Body
from ..mpm.total_lagrangian.solver import ElasticSolver
from ..particles.following import follow, limits
from ..simulation.body import body_of
from ..simulation.room import room_of
from ..simulation.swaying import Bulky, springs, swaying_body, visibly
from ..spectral.frequency import dominant_frequency
from ..subject import Subject
from ..surroundings import Surroundings
from ..trajectory import Binding, Trajectory

PARAMS = SimulateParams
CFL = 0.45
BREEZE = 4.9
"""Acceleration [m/s^2] that wind of strength 1 gives where no fit says how far the subject bends: half its weight."""
PARTIAL_EVERY = 0.3
"""Seconds between two looks at the motion so far, at least."""
PARTIAL_SHARE = 10
"""Times as long as writing the motion so far took, until it is written again."""


@dataclass(frozen=True)
class Start:
    """A body, its splats and how it begins."""

    model: Model
    binding: Binding
    part: np.ndarray
    """Part of each particle [P]."""
    young: np.ndarray
    """Young's modulus of each particle [P], pascals; without what `sways` has painted."""
    velocity: np.ndarray
    """[P, 3], m/s."""
    damping: float
    """1/s."""
    push: float
    """Acceleration of wind of strength 1, m/s^2."""
    stretches: bool
    """Whether splats are to be stretched as the material is, where that can be seen."""
    sways: Body | None = None
    """The body for the elastic solver, where it is held and neither breaks nor flows."""

    @property
    def young_everywhere(self) -> np.ndarray:
        """Young's modulus of each particle [P], pascals, with what is painted."""
        painted = None if self.sways is None else self.sways.painted
        return self.young if painted is None else self.young * painted


@dataclass(frozen=True)
class Run:
    """A motion and what it took."""

    motion: Motion
    substeps: int
    """In a frame."""
    swaying: bool
    """Whether in the elastic solver."""
    points: int
    """At which stress was worked out."""
    work: float
    """Substeps of points, in `seconds`."""
    seconds: float


def run(params: SimulateParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Simulate. Output: `trajectory` (.npz)."""
    with ctx.stage("Preparing", 0.0, 0.05):
        taichi_runtime.start()
        subject = Subject.from_arrays(arrays.load(inputs["subject"]))
        surroundings = Surroundings(gravity=np.zeros(3))
        if "surroundings" in inputs:
            surroundings = Surroundings.from_arrays(arrays.load(inputs["surroundings"]))
        assignment = None if "fit" in inputs else Assignment.load(inputs["materials"])
        if assignment is None:
            start = _fitted(params, inputs["fit"], subject)
        else:
            start = _made_of(params, assignment, subject, surroundings, ctx)
    try:
        done = _simulated(params, start, subject, surroundings, ctx)
    except Unstable:
        if assignment is None or start.sways is None:
            raise
        ctx.log("The material is too soft to stand, so it hangs and falls under its weight.", "warning")
        start = _falling(params, assignment, subject, surroundings, ctx)
        done = _simulated(params, start, subject, surroundings, ctx)
    with ctx.stage("Writing the trajectory", 0.95, 1.0):
        trajectory = trajectory_of(start, done.motion, subject.fps)
        path = arrays.save(ctx.output("trajectory.npz"), trajectory.to_arrays())
    tip = _tip(trajectory, start.model)
    results = {
        "frames": params.frames,
        "substeps_per_frame": done.substeps,
        "driving_particles": len(start.model),
        "simulated_points": done.points,
        "swaying": done.swaying,
        "tip_amplitude_m": float(np.abs(tip).max()),
        "dominant_frequency_hz": dominant_frequency(tip, subject.fps) if params.frames >= 8 else 0.0,
        "hold_part_max_displacement_m": _holding_moves(subject, trajectory),
        **({"particle_substeps_per_s": done.work / done.seconds} if done.work and done.seconds else {}),
    }
    return {"trajectory": path}, results


def _simulated(
    params: SimulateParams, start: Start, subject: Subject, surroundings: Surroundings, ctx: JobContext
) -> Run:
    """The motion of a body, and what it cost."""
    with ctx.stage("Preparing", 0.0, 0.05):
        # What is held and springs back was captured hanging under its weight.
        gravity = surroundings.gravity if start.sways is None else np.zeros(3)
        model = start.model
        # It stays within its room too; others may flow out of it.
        contain = start.sways is None or bool(surroundings.moved)
        boundaries = boundaries_of(surroundings, model.grid, model.rest, start.part, contain=contain)
        # The elastic solver knows no moved part and no cut.
        changes = {"placed": boundaries.placed, "cuts": surroundings.cuts}
        elastic = start.sways is not None and not any(changes.values())
        solver = ElasticSolver(start.sways) if elastic else Solver(model)
        young = start.young if elastic else start.young_everywhere
        wind = wind_acceleration(
            model.rest,
            params.frames - 1,
            subject.fps,
            kind=params.wind,
            direction=params.direction,
            gustiness=params.gustiness,
            seed=params.seed,
            strength=params.strength * start.push,
        )
        substeps = solver.substeps_per_frame(young, subject.fps, CFL)
    shown = _Shown(start, subject.fps, ctx)
    with ctx.stage("Simulating", 0.05, 0.95):
        motion = solver.simulate(
            young,
            start.velocity,
            params.frames - 1,
            subject.fps,
            substeps=substeps,
            damping=start.damping,
            acceleration=None if params.wind in (Wind.none, Wind.fitted) else wind,
            gravity=gravity.tolist(),
            colliders=boundaries.colliders,
            forces=ActingForces(surroundings, start.model.rest, subject.fps),
            tick=lambda done, total: ctx.progress(done / total),
            each=shown,
            **({} if elastic else changes),
        )
    work = float(solver.points) * substeps * (params.frames - 2)
    return Run(motion, substeps, elastic, solver.points, work, shown.seconds)


def _fitted(params: SimulateParams, file: str, subject: Subject) -> Start:
    """The subject as the fit left it."""
    fitted = Fitted.from_arrays(arrays.load(file)).on(subject)
    binding = fitted.driven.binding
    velocity = fitted.velocity if params.wind is Wind.fitted else np.zeros_like(fitted.velocity)
    damping = fitted.damping + params.damping
    push = fitted.reach / fitted.tip_compliance(params.direction)
    driven, young = fitted.driven, fitted.young
    return Start(driven.model, binding, driven.part, young, velocity, damping, push, stretches=False, sways=driven.body)


def _made_of(
    params: SimulateParams, assignment: Assignment, subject: Subject, surroundings: Surroundings, ctx: JobContext
) -> Start:
    """The subject of chosen materials, at rest."""
    if params.wind is Wind.fitted:
        raise ValueError("There is no fitted motion to start with; choose another wind, or the fitted material.")
    if not subject.moving.any():
        raise ValueError("No splat is marked as moving; press Guess Parts first.")
    if springs(assignment, subject.parts) and not surroundings.moved and not surroundings.cuts:
        try:
            return _held(params, assignment, subject, ctx)
        except (NothingHolds, Bulky):
            pass
    return _falling(params, assignment, subject, surroundings, ctx)


def _falling(
    params: SimulateParams, assignment: Assignment, subject: Subject, surroundings: Surroundings, ctx: JobContext
) -> Start:
    """The subject of chosen materials, at rest, for the solver that lets things break, flow and fall."""
    solid = (subject.parts == 0) & (subject.gaussians.opacity > 0.1)
    points = subject.gaussians.positions[subject.moving].astype(np.float64)
    seconds = (params.frames - 1) / subject.fps
    whole = any(moved.part == 0 for moved in surroundings.moved)
    held = bool(solid.any()) and assignment.default.law in ELASTIC and not whole
    body = body_of(
        subject.gaussians,
        subject.parts,
        assignment,
        particles=params.size.particles,
        cells=params.size.cells,
        room=room_of(points, held, surroundings, seconds),
        filling=params.filling,
        whole=whole,
        stiffening=subject.stiffening,
    )
    _warn(ctx, body.notes)
    still = np.zeros((len(body.model), 3))
    return Start(body.model, body.binding, body.part, body.young, still, params.damping, BREEZE, stretches=True)


def _held(params: SimulateParams, assignment: Assignment, subject: Subject, ctx: JobContext) -> Start:
    """The subject of chosen materials that spring back, at rest and held; raises NothingHolds."""
    made = swaying_body(
        subject.gaussians,
        subject.parts,
        assignment,
        particles=params.size.particles,
        cells=params.size.cells,
        filling=params.filling,
        stiffening=subject.stiffening,
    )
    driven, damping = made.driven, made.damping + params.damping
    _warn(ctx, driven.notes)
    start = driven.model, driven.binding, driven.part, made.young, np.zeros_like(driven.model.rest)
    return Start(*start, damping, BREEZE, stretches=True, sways=driven.body)


def _warn(ctx: JobContext, notes: tuple[str, ...]) -> None:
    for note in notes:
        ctx.log(note, "warning")


class _Shown:
    """Writes the motion so far now and then, for the viewport."""

    def __init__(self, start: Start, fps: float, ctx: JobContext) -> None:
        self._start, self._fps, self._ctx = start, fps, ctx
        self._next, self._count = time.monotonic() + PARTIAL_EVERY, 0
        self._first: float | None = None
        self.seconds = 0.0
        """From the end of the first frame, which compiles, to that of the last."""

    def __call__(self, motion: Motion) -> None:
        begun = time.monotonic()
        self._first = self._first or begun
        self.seconds = begun - self._first
        if begun < self._next:
            return
        # Two files in turn: the one last told of is left alone.
        path = self._ctx.output(f"so_far_{self._count % 2}.npz")
        arrays.save(path, trajectory_of(self._start, motion, self._fps).to_arrays())
        self._ctx.partial(path)
        self._count += 1
        now = time.monotonic()
        self._next = now + max(PARTIAL_EVERY, PARTIAL_SHARE * (now - begun))


def trajectory_of(start: Start, motion: Motion, fps: float) -> Trajectory:
    """Rest and then the simulated frames."""
    model = start.model
    still = np.broadcast_to(np.eye(3), (1, len(model), 3, 3))
    positions = np.concatenate([model.rest[None], motion.positions])
    deformation = np.concatenate([still, motion.deformation])
    turns, stretch = rotation_and_stretch(deformation)
    if start.stretches and (start.sways is None or visibly(stretch)):
        return follow(model.rest, positions, deformation, start.binding, fps, limit=limits(model))
    return Trajectory(model.rest.astype(np.float32), positions.astype(np.float32), turns, start.binding, fps)


def _tip(trajectory: Trajectory, model: Model) -> np.ndarray:
    """The tip's displacement [T] in metres; without anything that holds, that of the particles that go farthest."""
    if model.held.any():
        return tip_motion(trajectory.positions, model)
    moved = trajectory.positions - trajectory.rest
    farthest = np.argsort(np.linalg.norm(moved, axis=-1).max(0))[-max(len(model) // 30, 1) :]
    path = moved[:, farthest].mean(1)
    direction = np.linalg.svd(path, full_matrices=False)[2][0]
    return path @ direction


def _holding_moves(subject: Subject, trajectory: Trajectory) -> float:
    """Largest displacement [m] of any holding splat, in the frame in which the moving part is farthest from rest."""
    farthest = int(np.linalg.norm(trajectory.positions - trajectory.rest, axis=-1).max(1).argmax())
    posed, _ = trajectory.pose(subject.gaussians, farthest)
    return float(np.linalg.norm((posed - subject.gaussians.positions)[~subject.moving], axis=1).max(initial=0.0))
