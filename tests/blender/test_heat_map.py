"""Fitted stiffness on the splats: the attribute, its colours, and what must not change by showing it."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


@pytest.fixture
def fit():
    """A fit's arrays for 64 splats: three in four move, on two particles of 10 kPa and 1 MPa."""
    moving = np.flatnonzero(np.arange(64) % 4).astype(np.int32)
    weights = np.random.default_rng(0).dirichlet([1, 1], len(moving)).astype(np.float32)
    particles = np.tile(np.int32([0, 1]), (len(moving), 1))
    arrays = {"binding_splats": moving, "binding_particles": particles, "binding_weights": weights}
    return arrays | {"young": np.array([1e4, 1e6])}


def test_each_splat_gets_its_particles_geometric_mean(scene_module, plant, fit):
    """Half of one and half of the other is 100 kPa; what was not fitted is 0."""
    heat_map = scene_module("scene.fields.heat_map")
    heat_map.write_stiffness(plant, fit)
    values = heat_map.read_stiffness(plant)
    expected = np.zeros(64)
    expected[fit["binding_splats"]] = 4 + 2 * fit["binding_weights"][:, 1]
    np.testing.assert_allclose(values, expected, atol=1e-5)


def test_colours_follow_the_ramp(scene_module, plant, fit):
    """Evaluated, fitted splats have the ramp's colour at their stiffness, others their own; opacity stays, SH go."""
    heat_map, display = scene_module("scene.fields.heat_map"), scene_module("scene.drawing.display")
    overlay = scene_module("scene.fields.overlay")
    splats, nodes = scene_module("scene.splats"), scene_module("scene.nodes")
    heat_map.write_stiffness(plant, fit)
    overlay.show(plant, bpy.context.scene, "STIFFNESS")
    nodes.set_input(plant.modifiers[heat_map.MODIFIER], heat_map.STRENGTH, 1.0)
    assert plant.modifiers[-1].name == display.MODIFIER
    plant.modifiers[display.MODIFIER].show_viewport = False
    rest = splats.read_splats(plant)
    seen = splats.read_splats(plant.evaluated_get(bpy.context.evaluated_depsgraph_get()))
    assert seen.sh_degree == 0
    np.testing.assert_array_equal(seen.opacity, rest.opacity)
    values = heat_map.read_stiffness(plant)
    soft, stiff = heat_map.limits(plant)
    assert (soft, stiff) == pytest.approx((values[values > 0].min(), values.max()))
    fitted = values > 0
    shown = 0.5 + scene_module("backend.gaussians").SH_C0 * seen.sh[:, 0]
    # Blender evaluates colour ramps from a table of 257 entries.
    expected = heat_map.colours((values[fitted] - soft) / (stiff - soft))
    np.testing.assert_allclose(shown[fitted], expected, atol=5e-3)
    np.testing.assert_array_equal(seen.sh[~fitted, 0], rest.sh[~fitted, 0])
    overlay.show(plant, bpy.context.scene, "NONE")
    assert heat_map.MODIFIER not in plant.modifiers


def test_what_is_exported_keeps_its_colours(scene_module, plant, fit):
    """A cloud as shown, for export and films, has its own colours while the heat map is on."""
    heat_map, shown = scene_module("scene.fields.heat_map"), scene_module("scene.shown")
    overlay = scene_module("scene.fields.overlay")
    before = shown.shown_gaussians(bpy.context, plant)
    heat_map.write_stiffness(plant, fit)
    overlay.show(plant, bpy.context.scene, "STIFFNESS")
    np.testing.assert_array_equal(shown.shown_gaussians(bpy.context, plant).sh, before.sh)
    assert plant.modifiers[heat_map.MODIFIER].show_viewport


def test_one_stiffness_for_all_has_a_ramp(scene_module, plant, fit):
    """Where all is equally stiff the ramp still spans half a decade, with that stiffness in its middle."""
    heat_map, overlay = scene_module("scene.fields.heat_map"), scene_module("scene.fields.overlay")
    heat_map.write_stiffness(plant, fit | {"young": np.array([1e5, 1e5])})
    overlay.show(plant, bpy.context.scene, "STIFFNESS")
    assert heat_map.limits(plant) == pytest.approx((4.75, 5.25))


def test_refusals(scene_module, plant, fit):
    """Nothing fitted, and a fit of more splats than there are, are said in words."""
    heat_map, overlay = scene_module("scene.fields.heat_map"), scene_module("scene.fields.overlay")
    with pytest.raises(ValueError, match="no fitted stiffness"):
        overlay.show(plant, bpy.context.scene, "STIFFNESS")
    with pytest.raises(ValueError, match="more splats than there are now"):
        heat_map.write_stiffness(plant, fit | {"binding_splats": fit["binding_splats"] + 1})
