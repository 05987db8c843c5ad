"""What bakes of a sway keep of it: the real plant in gusty wind, as a loop and as bones, against the simulation.

The plant sways on the elastic solver at 1.5 Hz, as after a fit, without the fit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backend import taichi_runtime
from backend.api.simulate import Wind
from backend.baking.keys import keyed_frames
from backend.baking.rig import rig
from backend.baking.spectral_motion import compress, thinned
from backend.camera import Camera
from backend.deformation import rotation_and_stretch, six_numbers
from backend.fitting.driving import drive
from backend.forces.wind import wind_acceleration
from backend.formats import read
from backend.gaussians import Gaussians
from backend.mpm.total_lagrangian.solver import ElasticSolver
from backend.parts import guess_parts
from backend.render.losses import psnr
from backend.render.rasteriser import Rasteriser
from backend.sample import potted_plant
from backend.trajectory import Trajectory

from .figures import REAL_PLANT, row

FPS, FRAMES, LOOP, FREQUENCY = 24.0, 150, 120, 1.5
BONES, TOLERANCE, SIDE = 16, 5e-4, 384
PUSH = 1.5
"""Acceleration of the wind, m/s^2."""
LOOP_ROW, CARRIER_NAME = 24, 4
"""Bytes of a row of a loop's table, and of a splat's carriers (scene/spectral_bake.py)."""


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit."""
    taichi_runtime.start()
    cloud = _plant()
    trajectory = simulated(cloud)
    extent = float(np.ptp(cloud.positions, axis=0).max())
    moved = np.linalg.norm(trajectory.positions - trajectory.rest, axis=-1)
    rows = [row("Sway, farthest particle", moved.max() / extent, "of the extent")]
    loop = compress(thinned(trajectory, cloud.positions), LOOP)
    rest = LOOP_ROW * (loop.rest.shape[0] * (1 + len(loop.displacement)) + loop.spectrum.size)
    rows.append(row("Loop bake, adds to the .blend", (rest + CARRIER_NAME * len(cloud)) / 2**20, "MB"))
    seam = loop.trajectory(LOOP + 1).positions
    rows.append(row("Loop bake, closes to", np.abs(seam[-1] - seam[0]).max() / extent, "of the extent"))
    kept, start = int(LOOP * 0.75), FRAMES - LOOP  # the last quarter is led over into the beginning
    played = loop.trajectory()
    view = _view(cloud)
    nearest = min(
        psnr(_picture(view, cloud, trajectory, start + t), _picture(view, cloud, played, t)) for t in range(0, kept, 6)
    )
    rows.append(row("Loop bake, worst frame against the simulation", nearest, "dB"))
    still = min(
        psnr(_picture(view, cloud, trajectory, start + t), _picture(view, cloud, None, 0)) for t in range(0, kept, 6)
    )
    rows.append(row("A still picture, worst frame", still, "dB"))
    found = rig(trajectory, BONES)
    rows.append(row(f"Bones, {BONES}, root mean square", 1000 * found.error, "mm"))
    rows.append(row("Bones, of the travel", found.error / np.sqrt((moved**2).mean()), ""))
    keys = np.mean([len(keyed_frames(found.motion.positions[:, b], TOLERANCE)) for b in range(len(found.motion.rest))])
    rows.append(row(f"Bones, keys of {FRAMES} frames at half a millimetre", keys, ""))
    return rows


def simulated(cloud: Gaussians) -> Trajectory:
    """The cloud in gusty wind that bends its tip about as far as a clip would show."""
    driven = drive(cloud, guess_parts(cloud))
    body = driven.body
    solver = ElasticSolver(body)
    slowest = body.slowest[0][0] / (2 * np.pi)  # Hz at one pascal; frequency grows as the root of stiffness
    young = np.full(len(driven.model), (FREQUENCY / slowest) ** 2)
    wind = {"kind": Wind.steady, "direction": 0.0, "gustiness": 0.6, "seed": 0, "strength": PUSH}
    push = wind_acceleration(driven.model.rest, FRAMES - 1, FPS, **wind)
    motion = solver.simulate(young, np.zeros((len(young), 3)), FRAMES - 1, FPS, damping=0.5, acceleration=push)
    turns, _ = rotation_and_stretch(motion.deformation)
    rest = driven.model.rest.astype(np.float32)
    still = np.zeros((1, len(rest), 4), np.float32)
    still[..., 0] = 1
    positions = np.concatenate([rest[None], motion.positions]).astype(np.float32)
    return Trajectory(rest, positions, np.concatenate([still, turns]), driven.binding, FPS)


def _plant() -> Gaussians:
    if not REAL_PLANT.exists():
        return potted_plant()
    upright = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]], float)  # -Y up to +Z up
    return read(REAL_PLANT).gaussians.transformed(upright)


def _view(cloud: Gaussians) -> Camera:
    low, high = np.percentile(cloud.positions, [1, 99], axis=0)
    middle, size = (low + high) / 2, float((high - low).max())
    return Camera.look_at(middle + np.array([0.3, -2.0, 0.4]) * size, middle, 1.6 * SIDE, SIDE, SIDE)


def _picture(view: Camera, cloud: Gaussians, trajectory: Trajectory | None, frame: int) -> np.ndarray:
    if trajectory is not None:
        positions, rotations = trajectory.pose(cloud, frame)
        cloud = replace(cloud, positions=positions, rotations=rotations.astype(np.float32))
    raster = Rasteriser(view, len(cloud))
    return raster.render(cloud.positions, six_numbers(cloud.covariances()), cloud.colours, cloud.opacity)
