"""Bakes a swaying trajectory as a loop without end: under a megabyte, with wind strength, direction and phase to key.

The loop lies once in the .blend, as the points of a hidden object beside the splats ("NAME loop"); each splat gets one
whole number that names the particles that carry it; the node group of spectral_group.py does the rest. Its input Time
is keyed as a straight line that goes on for ever.
"""

from __future__ import annotations

import bpy
import numpy as np

from ...backend.baking.spectral_motion import MODES, PARTICLES, SpectralMotion, compress, thinned
from ...backend.trajectory import Trajectory
from .. import fcurves, motion, nodes, splats
from . import bake_stack, spectral_group
from .spectral_group import MODIFIER

BYTES_PER_ROW = 24
"""The table stores two float32 vectors a row."""


def bake(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    trajectory: Trajectory,
    frame_start: int,
    period: int | None = None,
) -> SpectralMotion:
    """Puts a loop of `period` frames (default: as long as the trajectory allows) on an object, and returns it.

    Frame 0 of the loop is shown at scene frame `frame_start`. An earlier loop is replaced.
    Raises ValueError for a trajectory that does not fit the object or the loop; then nothing has changed.
    """
    local = motion.in_object_frame(obj, trajectory, np.array(obj.matrix_world))
    loop = compress(thinned(local, splats.read_attribute(obj, splats.POSITION)), period)
    free_bake(obj)
    bake_stack.own_data(obj, is_baked)
    names = np.zeros(len(obj.data.points), np.int32)
    names[loop.binding.splats] = packed(loop.binding.particles)
    splats.write_attribute(obj, spectral_group.NAMES, "INT", names)
    modifier = bake_stack.add_modifier(obj, MODIFIER)
    modifier.node_group = spectral_group.spectral_group()
    shapes, harmonics = loop.spectrum.shape
    up = np.array(obj.matrix_world)[2, :3]
    for name, value in {
        spectral_group.PARTICLES: len(loop.rest),
        spectral_group.SHAPES: shapes,
        spectral_group.HARMONICS: harmonics,
        spectral_group.PERIOD: loop.period,
        spectral_group.UP: tuple(float(x) for x in up / np.linalg.norm(up)),
        spectral_group.MOTION: _table(context, obj, loop),
    }.items():
        nodes.set_input(modifier, name, value)
    path = nodes.input_path(modifier, spectral_group.TIME)
    curve = fcurves.key_straight(obj, path, {frame_start: 0.0, frame_start + loop.period: float(loop.period)})
    curve.extrapolation = "LINEAR"
    bake_stack.notice(modifier)
    return loop


def free_bake(obj: bpy.types.Object) -> None:
    """Removes the object's loop with its F-curves; the table goes when no other object plays it."""
    modifier = obj.modifiers.get(MODIFIER)
    if modifier is None:
        return
    table = table_object(obj)
    fcurves.remove(obj, modifier.path_from_id())
    obj.modifiers.remove(modifier)
    if not bake_stack.shares_data(obj, is_baked):
        splats.remove_attribute(obj, spectral_group.NAMES)
    bake_stack.discard(table, table_object)


def is_baked(obj: bpy.types.Object) -> bool:
    """Whether the object plays a loop baked here."""
    return table_object(obj) is not None


def bake_size(obj: bpy.types.Object, trajectory: Trajectory) -> int:
    """Bytes that a loop of the trajectory adds to the .blend, before compression."""
    particles = min(PARTICLES, len(trajectory.rest))
    return BYTES_PER_ROW * (particles + MODES * (particles + len(trajectory) // 2)) + 4 * len(obj.data.points)


def table_object(obj: bpy.types.Object) -> bpy.types.Object | None:
    """The object whose points are the loop that an object plays."""
    return bake_stack.played_from(obj, MODIFIER, spectral_group.MOTION)


def draw(layout: bpy.types.UILayout, obj: bpy.types.Object) -> None:
    """The dials of an object's loop."""
    modifier = obj.modifiers[MODIFIER]
    for name in (spectral_group.STRENGTH, spectral_group.DIRECTION, spectral_group.PHASE, spectral_group.TIME):
        nodes.draw_input(layout, modifier, name)


def packed(particles: np.ndarray) -> np.ndarray:
    """Three particles of each splat [M, 3] in one whole number [M], see spectral_group.py."""
    pack = spectral_group.PACK
    return ((particles[:, 0] + 1) * pack**2 + (particles[:, 1] + 1) * pack + particles[:, 2] + 1).astype(np.int32)


def _rows(loop: SpectralMotion) -> int:
    shapes, count = loop.displacement.shape[:2]
    return (1 + shapes) * count + loop.spectrum.size


def _table(context: bpy.types.Context, obj: bpy.types.Object, loop: SpectralMotion) -> bpy.types.Object:
    """A hidden object in the splats' collection whose points are rest, shapes and harmonics."""
    count = len(loop.rest)
    positions = np.zeros((_rows(loop), 3), np.float32)
    turns = np.zeros_like(positions)
    harmonics = positions[len(positions) - loop.spectrum.size :]
    positions[:count] = loop.rest
    positions[count : len(positions) - len(harmonics)] = loop.displacement.reshape(-1, 3)
    turns[count : len(positions) - len(harmonics)] = loop.turn.reshape(-1, 3)
    harmonics[:, 0], harmonics[:, 1] = loop.spectrum.real.ravel(), loop.spectrum.imag.ravel()
    mesh = bpy.data.meshes.new(f"{obj.name} loop")
    mesh.vertices.add(len(positions))
    table = bake_stack.hidden_object(context, obj, mesh.name, mesh)
    splats.write_attribute(table, splats.POSITION, "FLOAT_VECTOR", positions)
    splats.write_attribute(table, spectral_group.TURN, "FLOAT_VECTOR", turns)
    return table
