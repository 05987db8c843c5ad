"""The few scene settings without which splats look wrong in a render."""

from __future__ import annotations

import bpy

FACTORY_VIEWS = {"AgX", "Filmic", "Standard"}
"""View transforms that Blender versions start with: a scene with one of them was most likely not graded yet."""
LAYERS = 256
"""Transparent surfaces along a ray that Cycles follows: a capture's leaf is dozens of splats deep, two hits each."""


def prepare_scene(scene: bpy.types.Scene) -> list[str]:
    """Sets what splats need to look right in EEVEE and Cycles; returns one sentence for each change.

    EEVEE needs the view transform alone. Cycles also needs many transparent bounces, all of them certain: its default
    stops after 8, and ends rays at random before (salt and pepper). Bounces of light stay as they are: splats emit and
    need none.
    """
    changes = []
    view = scene.view_settings
    untouched = view.look in ("", "None") and view.exposure == 0 and view.gamma == 1
    if view.view_transform in FACTORY_VIEWS and untouched:
        changes.append(f"View transform set from {view.view_transform} to Raw: splat colours are display colours.")
        view.view_transform = "Raw"
    cycles = getattr(scene, "cycles", None)
    if cycles is None:  # the Cycles add-on is disabled
        return changes
    if cycles.transparent_max_bounces < LAYERS:
        cycles.transparent_max_bounces = LAYERS
        changes.append(f"Cycles follows {LAYERS} transparent surfaces along a ray instead of a few.")
    if cycles.min_transparent_bounces < LAYERS:
        cycles.min_transparent_bounces = LAYERS
        changes.append("Cycles no longer ends rays at random among splats, which would be grain.")
    return changes
