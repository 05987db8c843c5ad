"""Simulation: the fitted subject in the wind, as a trajectory for the timeline."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import arrays, taichi_runtime
from ..api.simulate import SimulateParams, Wind
from ..context import JobContext
from ..fitting.fitted import Fitted, tip_motion
from ..forces.wind import wind_acceleration
from ..mpm.total_lagrangian.solver import ElasticSolver
from ..rotations import quaternion_from_matrix
from ..spectral.frequency import dominant_frequency
from ..subject import Subject
from ..trajectory import Trajectory

PARAMS = SimulateParams
CFL = 0.45


def run(params: SimulateParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Simulate. Output: `trajectory` (.npz)."""
    with ctx.stage("Preparing", 0.0, 0.05):
        taichi_runtime.start()
        subject = Subject.from_arrays(arrays.load(inputs["subject"]))
        fitted = Fitted.from_arrays(arrays.load(inputs["fit"]))
        model = fitted.driven.model
        if fitted.driven.binding.splats.max() >= len(subject.gaussians):
            raise ValueError("The splats were edited after the fit; fit the material again.")
        solver = ElasticSolver(fitted.driven.body)
        push = wind_acceleration(
            model.rest,
            params.frames - 1,
            subject.fps,
            kind=params.wind,
            direction=params.direction,
            gustiness=params.gustiness,
            seed=params.seed,
            strength=params.strength * fitted.reach / fitted.tip_compliance(params.direction),
        )
        velocity = fitted.velocity if params.wind is Wind.fitted else np.zeros_like(fitted.velocity)
        substeps = solver.substeps_per_frame(fitted.young, subject.fps, CFL)
    with ctx.stage("Simulating", 0.05, 0.95):
        motion = solver.simulate(
            fitted.young,
            velocity,
            params.frames - 1,
            subject.fps,
            substeps=substeps,
            damping=fitted.damping + params.damping,
            acceleration=push,
            tick=lambda done, total: ctx.progress(done / total),
        )
    with ctx.stage("Writing the trajectory", 0.95, 1.0):
        trajectory = _trajectory(fitted, motion.positions, motion.deformation, subject.fps)
        path = arrays.save(ctx.output("trajectory.npz"), trajectory.to_arrays())
    tip = tip_motion(trajectory.positions, model)
    results = {
        "frames": params.frames,
        "substeps_per_frame": substeps,
        "driving_particles": len(model.rest),
        "tip_amplitude_m": float(np.abs(tip).max()),
        "dominant_frequency_hz": dominant_frequency(tip, subject.fps) if params.frames >= 8 else 0.0,
        "hold_part_max_displacement_m": _holding_moves(subject, trajectory),
    }
    return {"trajectory": path}, results


def _trajectory(fitted: Fitted, positions: np.ndarray, deformation: np.ndarray, fps: float) -> Trajectory:
    """Rest and then the simulated frames; rotations are those of the polar decomposition of F."""
    rest = fitted.driven.model.rest
    u, _s, vt = np.linalg.svd(deformation.astype(np.float64))
    turns = quaternion_from_matrix(u @ vt)  # det F > 0, so this is a rotation
    still = np.zeros((1, len(rest), 4))
    still[..., 0] = 1
    return Trajectory(
        rest.astype(np.float32),
        np.concatenate([rest[None], positions]).astype(np.float32),
        np.concatenate([still, turns]).astype(np.float32),
        fitted.driven.binding,
        fps,
    )


def _holding_moves(subject: Subject, trajectory: Trajectory) -> float:
    """Largest displacement [m] of any holding splat, in the frame in which the moving part is farthest from rest."""
    farthest = int(np.linalg.norm(trajectory.positions - trajectory.rest, axis=-1).max(1).argmax())
    posed, _ = trajectory.pose(subject.gaussians, farthest)
    return float(np.linalg.norm((posed - subject.gaussians.positions)[~subject.moving], axis=1).max(initial=0.0))
