"""The add-on as Blender sees it: registered, derived properties, clean exit."""

from __future__ import annotations

import pytest


def test_register_and_unregister_twice(addon):
    """Everything registered is taken back, so that the add-on can be switched off and on."""
    import bpy

    addon.unregister()
    assert not hasattr(bpy.types.Scene, "sway")
    addon.register()
    assert hasattr(bpy.types.Scene, "sway")


@pytest.mark.parametrize("step", ["reference", "fit", "simulate", "bake"])
def test_blender_defaults_are_the_declared_defaults(empty_scene, step):
    """Reading untouched settings gives exactly the dataclass's defaults."""
    from bl_ext.user_default.sway.properties import steps

    assert steps.params(empty_scene, step) == steps.PARAMS[step]()


def test_every_property_has_a_tooltip(empty_scene):
    """A person can ask every setting what it does."""
    for group in (empty_scene.sway.reference, empty_scene.sway.fit, empty_scene.sway.simulate, empty_scene.sway.bake):
        for prop in group.bl_rna.properties:
            if prop.identifier not in ("rna_type", "name"):
                assert len(prop.description) > 10, prop.identifier


def test_operator_arguments_are_the_parameters(addon):
    """`bpy.ops.sway.fit_material(parts=2)` works because the operator's properties come from the same declaration."""
    import bpy

    names = set(bpy.ops.sway.fit_material.get_rna_type().properties.keys())
    assert {"strategy", "parts", "density"} <= names
