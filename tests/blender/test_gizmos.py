"""Handles in the viewport: what they drag is what the sidebar says."""

from __future__ import annotations

import bpy
import pytest


@pytest.fixture
def plant(addon, scene_module, cloud):
    """A cloud as the active object."""
    return scene_module("scene.splats").add_splats(bpy.context, "plant", cloud())


def test_the_wind_arrow_is_as_long_as_the_wind_is_strong(plant, scene_module):
    """Twice the strength is twice the length, and a length dragged comes back as that strength."""
    wind, settings = scene_module("gizmos.wind"), bpy.context.scene.sway.simulate
    settings.strength = 1.0
    length = wind._strength()
    assert length > 0
    wind._set_strength(2 * length)
    # Floats of Blender's properties are single precision.
    assert settings.strength == pytest.approx(2.0, rel=1e-6)
    assert wind._strength() == pytest.approx(2 * length, rel=1e-6)


def test_an_arrow_never_turns_a_blow_around(plant, scene_module):
    """Dragged through its own tail, a blow or pull stops at nothing."""
    acting = scene_module("gizmos.acting")
    bpy.ops.sway.add_acting(kind="impulse")
    arrow = bpy.context.active_object.sway.acting
    acting._set_along(0.2)
    assert arrow.speed == pytest.approx(0.2 / acting.SECONDS, rel=1e-6)
    acting._set_along(-1.0)
    assert arrow.speed == 0.0


def test_handles_show_where_they_act(plant, scene_module):
    """The top of the object's box, in world space, wherever the object is."""
    wind = scene_module("gizmos.wind")
    before, size = wind._top(plant)
    plant.location.z += 3.0
    bpy.context.view_layer.update()
    after, same = wind._top(plant)
    # Single precision at heights of a few metres.
    assert after.z - before.z == pytest.approx(3.0, abs=1e-5) and same == pytest.approx(size, rel=1e-5)
