"""View-dependent colour: what nodes draw is the sum of spherical harmonics seen from the scene camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

COUNT = 64


@pytest.fixture
def shiny(cloud):
    """64 splats with random harmonics up to degree 3."""
    return replace(cloud(), sh=np.random.default_rng(6).normal(0, 0.3, (COUNT, 16, 3)).astype(np.float32))


@pytest.fixture
def looked_at(scene_module, shiny):
    """The cloud as an object turned, moved and scaled, and a scene camera in front of it."""
    obj = scene_module("scene.splats").add_splats(bpy.context, "plant", shiny, up="-Y")
    obj.location, obj.scale, obj.rotation_euler = (0.5, -1, 0.3), (1.3, 1.3, 1.3), (0.3, 0.8, -0.4)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (4, -7, 2), (1.3, 0.1, 0.4)
    bpy.context.scene.camera = camera
    bpy.context.view_layer.update()
    return obj


def drawn_colours(scene_module, obj):
    """Colours [N, 3] that the display group hands to the shader."""
    geometry = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
    instances = geometry.instances_pointcloud()  # belongs to `geometry`, which must outlive it
    values = np.empty(COUNT * 4, np.float32)
    instances.attributes[scene_module("scene.drawing.display").COLOUR].data.foreach_get("color", values)
    return values.reshape(COUNT, 4)[:, :3]


def seen_colours(scene_module, world, eye=None, forward=None):
    """Colours [N, 3] of splats in world space, with their harmonics, from an eye or along a direction."""
    direction = np.broadcast_to(forward, (COUNT, 3)) if eye is None else world.positions - eye
    direction = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    return np.maximum(0.5 + scene_module("backend.spherical_harmonics").evaluate_sh(world.sh, direction), 0)


def test_colours_are_those_that_the_camera_sees(looked_at, scene_module):
    """Degree 3, object turned, moved and scaled: in perspective, and then along an orthographic camera's axis."""
    camera, shown = bpy.context.scene.camera, scene_module("scene.shown")
    world = shown.shown_gaussians(bpy.context, looked_at)
    want = seen_colours(scene_module, world, eye=np.array(camera.location))
    np.testing.assert_allclose(drawn_colours(scene_module, looked_at), want, atol=2e-5)  # 16 float32 products
    camera.data.type = "ORTHO"
    bpy.context.view_layer.update()
    want = seen_colours(scene_module, world, forward=-np.array(camera.matrix_world)[:3, 2])
    np.testing.assert_allclose(drawn_colours(scene_module, looked_at), want, atol=2e-5)


def test_colours_follow_the_camera_and_can_be_turned_off(looked_at, scene_module):
    """Another place gives other colours without a word of Python; off, or without a camera, they are degree 0's."""
    before = drawn_colours(scene_module, looked_at)
    bpy.context.scene.camera.location = (-4, 5, 1)
    bpy.context.view_layer.update()
    assert np.abs(drawn_colours(scene_module, looked_at) - before).max() > 0.1
    display, nodes = scene_module("scene.drawing.display"), scene_module("scene.nodes")
    nodes.set_input(looked_at.modifiers[display.MODIFIER], display.VIEW_DEPENDENT, False)
    plain = scene_module("scene.splats").read_splats(looked_at).colours
    np.testing.assert_allclose(drawn_colours(scene_module, looked_at), plain, atol=1e-6)
    nodes.set_input(looked_at.modifiers[display.MODIFIER], display.VIEW_DEPENDENT, True)
    bpy.context.scene.camera = None
    bpy.context.view_layer.update()
    np.testing.assert_allclose(drawn_colours(scene_module, looked_at), plain, atol=1e-6)


@pytest.mark.parametrize("target", ["TRAJECTORY", "LOOP", "BONES"])
def test_harmonics_turn_with_baked_splats(looked_at, scene_module, twist, target):
    """In the middle of a motion that turns splats by up to half a turn, colours are those of the turned harmonics."""
    scene_module("scene.bakes.bake").bake(bpy.context, looked_at, twist(frames=20), 1, target)
    bpy.context.scene.frame_set(10)
    world = scene_module("scene.shown").shown_gaussians(bpy.context, looked_at)
    want = seen_colours(scene_module, world, eye=np.array(bpy.context.scene.camera.location))
    still = scene_module("scene.splats").world_gaussians(looked_at)
    assert np.abs(world.positions - still.positions).max() > 0.1
    np.testing.assert_allclose(drawn_colours(scene_module, looked_at), want, atol=1e-4)
