"""What a bake adds to the .blend and how long a frame of it takes: the trajectory beside Blender's Bake node.

The real plant, or the procedural one where it is absent, driven by particles that sway as a stem would; no solver runs.
Twice: with the parts that the add-on guesses to move, and with every splat moving, as in a bake of the whole geometry.
And with particles that are sheared as they sway, as simulated materials are.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np

from .addon import add_plant, load, module
from .figures import row
from .look import choose_engine, plant_scene, rasterised, render

ENVIRONMENT = "blender"
FRAMES, PARTICLES, NEIGHBOURS, SHEARED_NEIGHBOURS = 120, 2000, 8, 4
COPIES = 9
"""Of the plant, for about a million splats."""
TIMED = 12
"""Frames whose evaluation is timed; the fastest counts, since a shared machine only ever adds time."""


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit; MB are 10^6 bytes."""
    load()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        blend = Path(name) / "bake.blend"
        for label, everything in (("moving parts", False), ("every splat", True)):
            obj = add_plant()
            trajectory = _swaying(obj, everything)
            small = _measured(obj, trajectory, "TRAJECTORY", blend)
            rows += [
                row(f"Trajectory bake, .blend grows, {label}", small.megabytes, "MB"),
                row(f"Trajectory bake, a frame's evaluation, {label}", small.milliseconds, "ms"),
                row(f"Trajectory bake, baking, {label}", small.seconds, "s"),
                row(f"Trajectory bake, farthest from the trajectory, {label}", _error(obj, trajectory), "extent"),
            ]
            large = _measured(obj, trajectory, "PACKED", blend)
            rows += [
                row(f"Bake node, .blend grows, {label}", large.megabytes, "MB"),
                row(f"Bake node, a frame's evaluation, {label}", large.milliseconds, "ms"),
                row(f"Bake node, baking, {label}", large.seconds, "s"),
                row(f"Trajectory bake, times smaller, {label}", large.megabytes / small.megabytes, "x"),
            ]
        obj = _copies(add_plant())
        small = _measured(obj, _swaying(obj, everything=False), "TRAJECTORY", blend)
        rows += [
            row(f"Trajectory bake, .blend grows, {COPIES} plants", small.megabytes, "MB"),
            row(f"Trajectory bake, a frame's evaluation, {COPIES} plants", small.milliseconds, "ms"),
        ]
        small = _measured(obj, _swaying(obj, everything=False, sheared=True), "TRAJECTORY", blend)
        rows += [
            row(f"Stretching bake, .blend grows, {COPIES} plants", small.megabytes, "MB"),
            row(f"Stretching bake, a frame's evaluation, {COPIES} plants", small.milliseconds, "ms"),
        ]
        rows += _stretching(blend)
    return rows


def _stretching(blend: Path) -> list[dict]:
    """The bake of particles that stretch too: size, speed, places, and the picture against the pose's."""
    scene, obj = plant_scene()
    trajectory = _swaying(obj, everything=False, sheared=True)
    small = _measured(obj, trajectory, "TRAJECTORY", blend)
    rows = [
        row("Stretching bake, .blend grows, moving parts", small.megabytes, "MB"),
        row("Stretching bake, a frame's evaluation, moving parts", small.milliseconds, "ms"),
        row("Stretching bake, farthest from the trajectory, moving parts", _error(obj, trajectory), "extent"),
    ]
    frame = FRAMES // 3 + 0.5
    obj.modifiers["Sway Splats"].show_viewport = True
    scene.frame_set(1 + int(frame), subframe=frame % 1)
    choose_engine(scene, "EEVEE")
    posed = trajectory.posed(module("scene.splats").world_gaussians(obj), frame)
    error = np.mean((render(scene, blend.parent) - rasterised(scene, posed, blend.parent)) ** 2)
    return [*rows, row("Stretching bake, EEVEE against the rasteriser", -10 * np.log10(error), "dB")]


def _measured(obj: bpy.types.Object, trajectory, target: str, blend: Path) -> SimpleNamespace:
    """Megabytes that a bake adds, seconds it takes, milliseconds for a frame between two; the object stays baked."""
    bake = module("scene.bakes.bake")
    bake.free_bake(bpy.context, obj)
    before = _saved(blend)
    begun = time.perf_counter()
    bake.bake(bpy.context, obj, trajectory, 1, target)
    seconds = time.perf_counter() - begun
    megabytes = (_saved(blend) - before) / 1e6
    obj.modifiers["Sway Splats"].show_viewport = False  # drawing is the same for every bake
    times = []
    for frame in np.linspace(1, FRAMES, TIMED).astype(int):
        begun = time.perf_counter()
        bpy.context.scene.frame_set(int(frame), subframe=0.5)
        times.append(time.perf_counter() - begun)
    return SimpleNamespace(megabytes=megabytes, seconds=seconds, milliseconds=1e3 * min(times))


def _saved(blend: Path) -> int:
    """Size of the scene as an uncompressed .blend."""
    bpy.ops.wm.save_as_mainfile(filepath=str(blend), compress=False, copy=True)
    return blend.stat().st_size


def _error(obj: bpy.types.Object, trajectory) -> float:
    """Largest distance of a shown splat from its pose between two frames, in parts of the cloud's extent."""
    frame = FRAMES // 3 + 0.5
    bpy.context.scene.frame_set(1 + int(frame), subframe=frame % 1)
    geometry = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
    shown = np.empty(len(obj.data.points) * 3, np.float32)
    geometry.pointcloud.attributes["position"].data.foreach_get("vector", shown)
    matrix = np.array(obj.matrix_world)
    world = module("scene.splats").world_gaussians(obj)
    positions, _ = trajectory.pose(world, frame)
    distance = np.linalg.norm(shown.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3] - positions, axis=1)
    return distance.max() / np.ptp(world.positions, axis=0).max()


def _swaying(obj: bpy.types.Object, everything: bool, sheared: bool = False):
    """A trajectory whose particles bend sideways with the square of their height and turn by the slope, or are sheared
    by it."""
    trajectory, splats = module("backend.trajectory"), module("scene.splats")
    world = splats.world_gaussians(obj)
    parts = np.ones(len(world)) if everything else module("backend.parts").guess_parts(world)
    moving = np.flatnonzero(parts > 0).astype(np.int32)
    rng = np.random.default_rng(0)
    rest = world.positions[np.sort(rng.choice(moving, PARTICLES, replace=False))]  # [P, 3]
    low, high = world.positions.min(0)[2], world.positions.max(0)[2]
    height = (rest[:, 2] - low) / (high - low)  # [P]
    sway = 0.1 * np.sin(
        np.arange(FRAMES)[:, None] ** 0.9 + 3 * rest[:, 0]
    )  # [T, P]; never the same twice, or Blender keeps it once
    positions = np.repeat(rest[None], FRAMES, 0)
    positions[..., 1] += sway * height**2 * (high - low)
    angle = -np.arctan(2 * sway * height)
    rotations = np.zeros((FRAMES, PARTICLES, 4))
    rotations[..., 0], rotations[..., 1] = np.cos(angle / 2), np.sin(angle / 2)
    stretch = None
    if sheared:
        deformation = np.broadcast_to(np.eye(3), (FRAMES, PARTICLES, 3, 3)).copy()
        deformation[..., 1, 2] = 2 * sway * height
        rotations, stretch = module("backend.deformation").rotation_and_stretch(deformation)
    particles, weights = _nearest(world.positions[moving], rest, SHEARED_NEIGHBOURS if sheared else NEIGHBOURS)
    binding = trajectory.Binding(moving, particles, weights)
    return trajectory.Trajectory(
        rest.astype(np.float32), positions.astype(np.float32), rotations.astype(np.float32), binding, 24.0, stretch
    )


def _nearest(points: np.ndarray, centres: np.ndarray, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    """The nearest centres [Q, K] of points [Q, 3] and inverse-distance weights; without scipy, which Blender lacks."""
    particles, weights = [], []
    for some in np.array_split(points, max(len(points) // 2000, 1)):
        distance2 = (some**2).sum(1)[:, None] + (centres**2).sum(1) - 2 * some @ centres.T
        nearest = np.argpartition(distance2, neighbours, axis=1)[:, :neighbours]
        distance = np.sqrt(np.maximum(np.take_along_axis(distance2, nearest, 1), 0))
        particles.append(nearest)
        weights.append(1 / (distance + 1e-3))
    weight = np.concatenate(weights)
    return np.concatenate(particles).astype(np.int32), (weight / weight.sum(1, keepdims=True)).astype(np.float32)


def _copies(plant: bpy.types.Object) -> bpy.types.Object:
    """Copies of the plant as one cloud in the same place, with the plant's own attributes."""
    splats = module("scene.splats")
    gaussians = splats.read_splats(plant)
    many = gaussians.select(np.tile(np.arange(len(gaussians)), COPIES))
    rotation = plant.rotation_euler.copy()
    bpy.data.objects.remove(plant)
    obj = splats.add_splats(bpy.context, "plants", many)
    obj.rotation_euler = rotation
    bpy.context.view_layer.update()
    return obj
