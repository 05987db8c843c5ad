"""The few scene settings without which splats look wrong in a render, and the two ways to treat their colours."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from . import nodes
from .drawing import display

FACTORY_VIEWS = {"AgX", "Filmic", "Standard"}
"""View transforms that Blender versions start with: a scene with one of them was most likely not graded yet."""
LINEAR_VIEW = "AgX"
LAYERS = 1024
"""Transparent surfaces along a ray that Cycles follows, the most it can: a leaf is dozens of splats deep, two hits
each, and hundreds where one looks along it. With 256 such rays end black."""


def prepare_scene(scene: bpy.types.Scene) -> list[str]:
    """Sets what splats need to look right in EEVEE and Cycles; returns one sentence for each change.

    EEVEE needs the view transform alone, or, in a scene whose splats are scene-linear, colours of the same kind. Cycles
    also needs many transparent bounces, all of them certain: its default stops after 8, and ends rays at random before
    (salt and pepper). Bounces of light stay as they are: splats emit and need none.
    """
    changes = []
    view = scene.view_settings
    untouched = view.look in ("", "None") and view.exposure == 0 and view.gamma == 1
    if any(is_linear(obj) for obj in clouds(scene)):
        if not all(is_linear(obj) for obj in clouds(scene)):
            _set_linear(scene, True)
            changes.append("Splat colours are scene-linear, as those of the scene's other splats.")
    elif view.view_transform in FACTORY_VIEWS and untouched:
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


def show_as_captured(scene: bpy.types.Scene) -> None:
    """Display-referred: colours reach the screen as the file has them and blend as in the trainer's rasteriser."""
    _set_linear(scene, False)
    view = scene.view_settings
    view.view_transform, view.look, view.exposure, view.gamma = "Raw", "None", 0, 1


def show_as_light(scene: bpy.types.Scene) -> None:
    """Scene-linear: colours become light, so that lamps, meshes and a view transform such as AgX treat them alike."""
    _set_linear(scene, True)
    if scene.view_settings.view_transform == "Raw":
        scene.view_settings.view_transform = LINEAR_VIEW


def is_linear(obj: bpy.types.Object) -> bool:
    """Whether a splat object's colours are scene-linear light."""
    return bool(display.setting(obj, display.SCENE_LINEAR))


def clouds(scene: bpy.types.Scene) -> Iterator[bpy.types.Object]:
    """The scene's objects that are shown as splats."""
    return (obj for obj in scene.objects if display.MODIFIER in obj.modifiers)


def _set_linear(scene: bpy.types.Scene, linear: bool) -> None:
    display.display_group()  # a file of an earlier version gets the input
    for obj in clouds(scene):
        nodes.set_input(obj.modifiers[display.MODIFIER], display.SCENE_LINEAR, linear)
