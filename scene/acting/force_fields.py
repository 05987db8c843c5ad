"""Blender's force fields as the worker gets to know them."""

from __future__ import annotations

import bpy
import numpy as np

from ...backend.surroundings import Falloff, FieldKind, FieldShape, ForceField, Side

KINDS = {kind.name.upper() for kind in FieldKind}


def is_field(obj: bpy.types.Object) -> bool:
    """Whether an object carries a force field that splats feel."""
    return obj.field is not None and obj.field.type in KINDS


def unknown_field(obj: bpy.types.Object) -> str:
    """A sentence about a force field that splats do not feel; empty where there is none such."""
    settings = obj.field
    if settings is None or settings.type == "NONE" or settings.type in KINDS and settings.shape in _SHAPES:
        return ""
    what = settings.type if settings.type not in KINDS else f"{settings.type} of shape {settings.shape}"
    return f"{obj.name}: splats do not feel a force field of type {what.replace('_', ' ').title()}"


_SHAPES = {shape.name.upper() for shape in FieldShape}


def field_of(obj: bpy.types.Object, matrices: np.ndarray, strength: np.ndarray, first_frame: int) -> ForceField:
    """The force field of an object whose matrix_world [T, 4, 4] and strength [T] were taken at each frame."""
    settings = obj.field
    return ForceField(
        kind=FieldKind[settings.type.lower()],
        matrices=matrices,
        strength=strength,
        flow=settings.flow,
        noise=settings.noise,
        seed=settings.seed,
        first_frame=first_frame,
        shape=FieldShape[settings.shape.lower()],
        falloff=Falloff[settings.falloff_type.lower()],
        falloff_power=settings.falloff_power,
        distance_min=settings.distance_min if settings.use_min_distance else None,
        distance_max=settings.distance_max if settings.use_max_distance else None,
        radial_falloff=settings.radial_falloff,
        radial_min=settings.radial_min if settings.use_radial_min else None,
        radial_max=settings.radial_max if settings.use_radial_max else None,
        side=Side[settings.z_direction.lower()],
        size=settings.size,
        global_coordinates=settings.use_global_coords,
        gravity_falloff=settings.use_gravity_falloff,
        linear_drag=settings.linear_drag,
        quadratic_drag=settings.quadratic_drag,
    )
