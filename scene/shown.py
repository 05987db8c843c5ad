"""What a splat cloud looks like at the current frame: modifiers, previews and bakes evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import bpy
import numpy as np

from ..backend import rotations as rot
from ..backend.deformation import principal_axes
from ..backend.gaussians import Gaussians
from ..backend.spherical_harmonics import rotate_sh
from . import splats
from .bakes import flipbook
from .drawing import display
from .drawing.ellipsoids import AXES
from .fields import heat_map


def shown_gaussians(context: bpy.types.Context, obj: bpy.types.Object) -> Gaussians:
    """The cloud as it is shown, in world space: metres, Z up. SH turn with the object, and each with its splat.

    Splats that modifiers delete are left out; a renderer's display settings (share shown in the viewport, tints) are
    not. Raises ValueError for an object that is no splat cloud, for modifiers that leave none, and for a mirrored,
    sheared or unevenly scaled object.
    """
    rest = splats.read_splats(obj)
    with _without_display(obj):
        evaluated = obj.evaluated_get(context.evaluated_depsgraph_get())
        if not splats.is_splats(evaluated):
            raise ValueError(f"{obj.name}: a modifier turns its splats into something else; disable that modifier")
        posed, matrix = splats.read_splats(evaluated), np.array(evaluated.matrix_world)
        half_axes = _half_axes(evaluated)
    if posed.sh_degree and len(posed) == len(rest) and not flipbook.is_baked(obj):
        moved = np.flatnonzero((posed.rotations != rest.rotations).any(1))
        inverse = rest.rotations[moved] * np.array([1, -1, -1, -1], np.float32)
        turns = rot.matrix_from_quaternion(rot.multiply(posed.rotations[moved], inverse))
        sh = posed.sh.copy()
        sh[moved] = rotate_sh(sh[moved], turns)
        posed = replace(posed, sh=sh)
    if half_axes is not None:
        rotations, scales = principal_axes(half_axes)
        posed = replace(posed, rotations=rotations, scales=scales)
    try:
        return posed.transformed(matrix, rotate_sh=True)
    except ValueError as error:
        raise ValueError(f"{obj.name}: {error}") from error


def from_world(up: str) -> np.ndarray:
    """The 4x4 rotation that takes world space (Z up) to a file's axes in which `up` ("+X" to "-Z") points up.

    The inverse of how the importer stands such a file upright, so that a cloud comes back as it went.
    """
    from mathutils import Euler

    return np.array(Euler(splats.UPRIGHT[up]).to_matrix().to_4x4().inverted())


def _half_axes(evaluated: bpy.types.Object) -> np.ndarray | None:
    """Half-axes [N, 3, 3] of splats that a bake shears, in the object's frame; None where none does."""
    attribute = evaluated.data.attributes.get(AXES)
    if attribute is None:
        return None
    columns = np.empty(len(attribute.data) * 16, np.float32)
    attribute.data.foreach_get("value", columns)
    return columns.reshape(-1, 4, 4)[:, :3, :3].swapaxes(1, 2)


@contextmanager
def _without_display(obj: bpy.types.Object) -> Iterator[None]:
    """What only shows turned off in the viewport: the display group, whose result can no longer be read as splats."""
    modifiers = [obj.modifiers.get(name) for name in (display.MODIFIER, heat_map.MODIFIER)]
    shown = [modifier for modifier in modifiers if modifier is not None and modifier.show_viewport]
    for modifier in shown:
        modifier.show_viewport = False
    try:
        yield
    finally:
        for modifier in shown:
            modifier.show_viewport = True
