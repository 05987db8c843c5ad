"""Small splat clouds for the suites that run inside Blender."""

from __future__ import annotations

import importlib
import os
import sys

import numpy as np
import pytest

_ended_with = pytest.ExitCode.OK


def pytest_sessionfinish(exitstatus):
    global _ended_with
    _ended_with = exitstatus


def pytest_unconfigure():
    """Blender as a Python module may wait for a sound thread of its own for ever as the process ends: all is said."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(_ended_with))


@pytest.fixture(scope="module")
def worker(addon):
    """The worker's interpreter, from the environment; skips where it is not set up."""
    python = os.environ.get("SWAY_WORKER_PYTHON")
    if not python:
        pytest.skip("SWAY_WORKER_PYTHON names no interpreter with the compute packages")
    yield python
    from bl_ext.user_default.sway.jobs import queue

    queue.stop_worker()


@pytest.fixture
def scene_module(package, plain_scene):
    """Imports a module of the add-on by its dotted name, in an empty scene."""
    return lambda name: importlib.import_module(f"{package.__name__}.{name}")


@pytest.fixture
def cloud(scene_module):
    """Makes clouds of random anisotropic splats with SH of degree 1."""
    gaussians = scene_module("backend.gaussians")
    rng = np.random.default_rng(1)

    def make(count: int = 64):
        return gaussians.Gaussians(
            positions=rng.normal(size=(count, 3)).astype(np.float32),
            rotations=scene_module("backend.rotations").normalised(rng.normal(size=(count, 4)).astype(np.float32)),
            scales=rng.uniform(0.02, 0.2, (count, 3)).astype(np.float32),
            opacity=rng.uniform(0.1, 1, count).astype(np.float32),
            sh=rng.normal(size=(count, 4, 3)).astype(np.float32),
        )

    return make


@pytest.fixture
def bake(scene_module):
    """The baking module."""
    return scene_module("scene.bakes.bake")


@pytest.fixture
def plant(scene_module, cloud):
    """A splat object as an artist leaves it: moved, turned and scaled."""
    import bpy

    obj = scene_module("scene.splats").add_splats(bpy.context, "plant", cloud())
    obj.location, obj.rotation_euler, obj.scale = (1, 2, 3), (0.3, 0.2, 0.1), (2, 2, 2)
    bpy.context.view_layer.update()
    return obj


@pytest.fixture
def swing(scene_module):
    """Makes trajectories that push and turn three of every four splats of a cloud of `count`, for `frames` frames."""
    trajectory = scene_module("backend.trajectory")

    def make(count: int = 64, frames: int = 4, amplitude: float = 1.0):
        rng = np.random.default_rng(3)
        rest = rng.normal(size=(5, 3)).astype(np.float32)
        t = amplitude * np.linspace(0.25, 1, frames, dtype=np.float32)[:, None]  # [T, 1]
        rotations = np.zeros((frames, 5, 4), np.float32)
        rotations[..., 0], rotations[..., 2] = np.cos(t / 2), np.sin(t / 2)
        moving = np.flatnonzero(np.arange(count) % 4).astype(np.int32)
        binding = trajectory.Binding(
            moving, rng.integers(0, 5, (len(moving), 2)).astype(np.int32), np.full((len(moving), 2), 0.5, np.float32)
        )
        positions = rest + t[..., None] * np.array([0.3, 0.2, 0.1], np.float32)
        return trajectory.Trajectory(rest, positions, rotations, binding, fps=24.0)

    return make


@pytest.fixture
def twist(scene_module):
    """Makes trajectories of 20 particles that turn by more than half a turn, with signs of quaternions as they come."""
    trajectory = scene_module("backend.trajectory")

    def make(count: int = 64, frames: int = 6, neighbours: int = 8):
        rng = np.random.default_rng(5)
        rest = rng.normal(size=(20, 3)).astype(np.float32)
        positions = rest + rng.normal(0, 0.3, (frames, 20, 3)).astype(np.float32)
        # particles stay within a radian of each other, so that the shorter way between them is never in doubt
        angle = np.linspace(0.1, 4, frames)[:, None] + rng.uniform(-0.3, 0.3, (frames, 20))
        axis = np.array([1.0, 2.0, 3.0]) + rng.uniform(-0.3, 0.3, (20, 3))
        axis /= np.linalg.norm(axis, axis=1, keepdims=True)
        q = np.concatenate([np.cos(angle / 2)[..., None], np.sin(angle / 2)[..., None] * axis], -1)
        q *= np.where(rng.random((frames, 20, 1)) < 0.5, -1, 1)
        moving = np.flatnonzero(np.arange(count) % 4).astype(np.int32)
        particles = np.argsort(rng.random((len(moving), 20)), axis=1)[:, :neighbours].astype(np.int32)
        weights = rng.uniform(0.1, 1, (len(moving), neighbours)).astype(np.float32)
        binding = trajectory.Binding(moving, particles, weights / weights.sum(1, keepdims=True))
        return trajectory.Trajectory(rest, positions, q.astype(np.float32), binding, fps=24.0)

    return make


@pytest.fixture
def shown_pose(scene_module):
    """Reads the positions and rotations of an object's splats as they are shown, at the current frame."""
    import bpy

    splats, display = scene_module("scene.splats"), scene_module("scene.drawing.display")

    def read(obj):
        obj.modifiers[display.MODIFIER].show_viewport = False  # otherwise the points are spheres by now
        geometry = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
        points = geometry.pointcloud
        count = len(points.points)
        positions, rotations = np.empty(count * 3, np.float32), np.empty(count * 4, np.float32)
        points.attributes[splats.POSITION].data.foreach_get("vector", positions)
        points.attributes[splats.ROTATION].data.foreach_get("value", rotations)
        return positions.reshape(-1, 3), rotations.reshape(-1, 4)

    return read
