"""The scene camera as the backend sees it, and the camera that frames a cloud."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


@pytest.mark.parametrize("fit", ["AUTO", "HORIZONTAL", "VERTICAL"])
@pytest.mark.parametrize("size", [(320, 200), (200, 320)])
def test_camera_projects_as_blender_does(scene_module, fit, size):
    """Known points fall on the pixels of Blender's own projection: fit, shift, percentage, pixel aspect, scale."""
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector

    scene = bpy.context.scene
    data = bpy.data.cameras.new("camera")
    data.sensor_fit, data.sensor_width, data.sensor_height = fit, 30, 20
    data.lens, data.shift_x, data.shift_y = 40, 0.1, -0.2
    obj = scene.camera = bpy.data.objects.new("camera", data)
    scene.collection.objects.link(obj)
    obj.location, obj.rotation_euler, obj.scale = (1, -5, 2), (1.2, 0.1, 0.3), (2, 2, 2)
    render_settings = scene.render
    render_settings.resolution_x, render_settings.resolution_y = size
    render_settings.resolution_percentage = 50
    render_settings.pixel_aspect_x, render_settings.pixel_aspect_y = 1.0, 1.5
    bpy.context.view_layer.update()

    camera = scene_module("scene.camera").camera_of(scene)
    assert (camera.width, camera.height) == (size[0] // 2, size[1] // 2)
    points = np.random.default_rng(2).uniform(-1, 1, (20, 3))
    seen = np.array([world_to_camera_view(scene, obj, Vector(p)) for p in points])
    expected = np.stack([seen[:, 0] * camera.width, (1 - seen[:, 1]) * camera.height], 1)
    # Blender's matrices are float32: 1e-7 of a few hundred pixels, times a few operations
    np.testing.assert_allclose(camera.project(points), expected, atol=2e-3)
    np.testing.assert_allclose(camera.to_camera(points)[:, 2], seen[:, 2], rtol=1e-5)


def test_scene_without_a_usable_camera_is_refused(scene_module):
    """No camera and an orthographic camera are refused with what to do."""
    camera, scene = scene_module("scene.camera"), bpy.context.scene
    with pytest.raises(ValueError, match="has no camera"):
        camera.camera_of(scene)
    data = bpy.data.cameras.new("flat")
    data.type = "ORTHO"
    scene.camera = bpy.data.objects.new("flat", data)
    with pytest.raises(ValueError, match="flat is not a perspective camera"):
        camera.camera_of(scene)


@pytest.mark.parametrize("size", [(320, 200), (200, 320)])
def test_framed_camera_sees_everything(scene_module, cloud, size):
    """The framed camera holds the cloud inside the picture and fills at least half of one side."""
    splats, camera = scene_module("scene.splats"), scene_module("scene.camera")
    obj = splats.add_splats(bpy.context, "plant", cloud())
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = size
    framed = camera.frame_camera(bpy.context, [obj])
    assert scene.camera == framed and camera.frame_camera(bpy.context, [obj]) == framed
    pixels = camera.camera_of(scene).project(splats.world_gaussians(obj).positions) / size
    assert pixels.min() > 0 and pixels.max() < 1
    assert (pixels.max(0) - pixels.min(0)).max() > 0.5


def startup_camera(scene):
    """A camera as in Blender's startup file."""
    obj = scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(obj)
    obj.location, obj.rotation_euler = (7.35889, -6.92579, 4.95831), (1.10932, 0, 0.81493)
    return obj


@pytest.mark.parametrize(("scale", "stays"), [(0.05, False), (1.0, True)])
def test_a_small_subject_gets_a_camera_in_place_of_the_startup_files(scene_module, cloud, scale, stays):
    """The startup file's camera, 11 m away, stays for what is metres large and goes for what is centimetres large."""
    splats, camera = scene_module("scene.splats"), scene_module("scene.camera")
    obj = splats.add_splats(bpy.context, "plant", cloud())
    obj.scale = (scale,) * 3
    scene = bpy.context.scene
    was = startup_camera(scene)
    camera.frame_unseen(bpy.context, obj)
    assert (scene.camera == was) == stays
    # framed: half of the shorter side at least, as above; a cloud of 5 m from 11 m away takes as much
    assert camera.share_of_picture(bpy.context, obj) > 0.5


def test_a_camera_that_a_person_placed_stays(scene_module, cloud):
    """One that was moved, or is animated, is kept although it sees nothing of the subject; that is told by 0."""
    splats, camera = scene_module("scene.splats"), scene_module("scene.camera")
    obj = splats.add_splats(bpy.context, "plant", cloud())
    scene = bpy.context.scene
    placed = startup_camera(scene)
    placed.rotation_euler.z += np.pi  # looks away
    obj.scale = (0.05,) * 3
    placed.location.x += 1
    camera.frame_unseen(bpy.context, obj)
    assert scene.camera == placed
    assert camera.share_of_picture(bpy.context, obj) == 0
    placed.location.x -= 1
    placed.keyframe_insert("location")
    camera.frame_unseen(bpy.context, obj)
    assert scene.camera == placed
