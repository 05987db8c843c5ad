"""The options of the look: as other viewers, colours as light, relighting, a viewport that leaves some out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


@pytest.fixture
def stage(scene_module, cloud):
    """A cloud, turned, moved and scaled, before a shifted camera of a wide picture; and a setter of its inputs."""
    splats, display, nodes = (scene_module(f"scene.{name}") for name in ("splats", "drawing.display", "nodes"))
    given = cloud()
    given.scales[:, 2] = 0.002  # thin, as trained splats are
    obj = splats.add_splats(bpy.context, "plant", given)
    obj.location, obj.scale, obj.rotation_euler = (0.5, -1, 0.3), (1.3, 1.3, 1.3), (0.3, 0.8, -0.4)
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 300, 200, 50
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    scene.camera.location, scene.camera.rotation_euler = (4, -9, 2), (1.3, 0.1, 0.4)
    scene.camera.data.shift_x, scene.camera.data.shift_y = 0.1, -0.2

    def set_inputs(**values):
        for name, value in values.items():
            nodes.set_input(obj.modifiers[display.MODIFIER], getattr(display, name), value)
        bpy.context.view_layer.update()

    set_inputs()
    return obj, set_inputs


def drawn(obj, display):
    """Half-axes [N, 3, 3] in world space, and colours with opacity [N, 4], of what is drawn."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    matrices = np.array([np.array(i.matrix_world) for i in depsgraph.object_instances if i.is_instance])[:, :3, :3]
    geometry = obj.evaluated_get(depsgraph).evaluated_geometry()
    points = geometry.instances_pointcloud()  # belongs to `geometry`, which must outlive it
    colours, radius = np.empty(len(matrices) * 4, np.float32), np.empty(len(matrices), np.float32)
    points.attributes[display.COLOUR].data.foreach_get("color", colours)
    points.attributes[display.RADIUS].data.foreach_get("value", radius)
    return matrices / radius[:, None, None], colours.reshape(-1, 4)


def on_screen(camera, covariances, positions):
    """J Sigma J^T [N, 2, 2], px^2; and which splats lie in the picture [N]: farther out, J is cut as in trainers."""
    jacobian, pixels = camera.project_jacobian(positions), camera.project(positions)
    inside = ((pixels > 0) & (pixels < (camera.width, camera.height))).all(1)
    return jacobian @ covariances @ jacobian.transpose(0, 2, 1), inside


def test_as_other_viewers_adds_the_trainers_dilation(scene_module, stage):
    """Drawn ellipsoids project to J Sigma J^T + 0.3 px^2, and follow the scene's resolution."""
    display, (obj, set_inputs) = scene_module("scene.drawing.display"), stage
    world = scene_module("scene.splats").world_gaussians(obj)
    set_inputs(DILATED=True)
    for percentage in (50, 100):
        bpy.context.scene.render.resolution_percentage = percentage
        bpy.context.view_layer.update()
        axes, _ = drawn(obj, display)
        camera = scene_module("scene.camera").camera_of(bpy.context.scene)
        want, inside = on_screen(camera, world.covariances(), world.positions)
        got, _ = on_screen(camera, axes @ axes.transpose(0, 2, 1), world.positions)
        assert inside.sum() > 20
        # The ellipses lie in planes as thick as 1/1000 of them, seen at a slope of at most 0.5: 1e-6 of the larger
        # axis squared; float32 matrices add 1e-6. The narrow axis is at least 0.55 px, the larger up to 20.
        np.testing.assert_allclose(got[inside], (want + 0.3 * np.eye(2))[inside], rtol=2e-3, atol=2e-3)


def test_as_other_viewers_needs_a_camera_in_front(scene_module, stage):
    """Splats behind the camera keep their shape, and without a camera all do."""
    display, (obj, set_inputs) = scene_module("scene.drawing.display"), stage
    plain, _ = drawn(obj, display)
    set_inputs(DILATED=True)
    bpy.context.scene.camera.rotation_euler.z += np.pi
    bpy.context.view_layer.update()
    turned, _ = drawn(obj, display)
    same = plain @ plain.transpose(0, 2, 1)
    np.testing.assert_allclose(turned @ turned.transpose(0, 2, 1), same, atol=1e-5)
    bpy.context.scene.camera = None
    bpy.context.view_layer.update()
    alone, _ = drawn(obj, display)
    np.testing.assert_allclose(alone @ alone.transpose(0, 2, 1), same, atol=1e-5)


def test_anti_aliased_training_thins_what_is_widened(scene_module, stage):
    """Opacity falls by sqrt(det before / det after), with the floor of Inria's rasteriser."""
    display, (obj, set_inputs) = scene_module("scene.drawing.display"), stage
    world = scene_module("scene.splats").world_gaussians(obj)
    set_inputs(DILATED=True, ANTIALIASED=True)
    camera = scene_module("scene.camera").camera_of(bpy.context.scene)
    before, inside = on_screen(camera, world.covariances(), world.positions)
    ratio = np.linalg.det(before) / np.linalg.det(before + 0.3 * np.eye(2))
    want = world.opacity * np.sqrt(np.maximum(ratio, 2.5e-5))
    seen = want > 1 / 255  # fainter ones are not drawn
    _, colours = drawn(obj, display)
    assert len(colours) == seen.sum()
    np.testing.assert_allclose(colours[inside[seen], 3], want[seen & inside], rtol=2e-3)
    assert ratio[inside].min() < 0.5  # it does something here


def test_scene_linear_colours_are_srgb_decoded(scene_module, stage):
    """Colours go through the sRGB curve, opacity does not."""
    display, (obj, set_inputs) = scene_module("scene.drawing.display"), stage
    _, shown = drawn(obj, display)
    set_inputs(SCENE_LINEAR=True)
    _, light = drawn(obj, display)
    colour = shown[:, :3].astype(float)
    want = np.where(colour > 0.04045, ((colour + 0.055) / 1.055) ** 2.4, colour / 12.92)
    assert (colour < 0.04045).any() and (colour > 0.04045).any()
    np.testing.assert_allclose(light[:, :3], want, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(light[:, 3], shown[:, 3])


def test_relit_splats_face_along_their_shortest_axis(scene_module, stage):
    """Normals are the third principal axes here, turned into the world with the object."""
    shading, (obj, set_inputs) = scene_module("scene.drawing.shading"), stage
    set_inputs(RELIT=True)
    geometry = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
    points = geometry.instances_pointcloud()
    normals = np.empty(64 * 3, np.float32)
    points.attributes[shading.NORMAL].data.foreach_get("vector", normals)
    world = scene_module("scene.splats").world_gaussians(obj)
    axes = scene_module("backend.rotations").matrix_from_quaternion(world.rotations)[:, :, 2]
    cosines = (normals.reshape(-1, 3) * axes).sum(1)
    np.testing.assert_allclose(np.abs(cosines), 1, atol=1e-5)


def test_viewport_draws_the_important_splats(scene_module, cloud):
    """A limit of a quarter keeps about that many splats, which cover most; a render draws all."""
    splats, display, nodes = (scene_module(f"scene.{name}") for name in ("splats", "drawing.display", "nodes"))
    given = cloud(20_000)
    given.scales[:] = np.random.default_rng(0).lognormal(-5, 1, (20_000, 3))
    obj = splats.add_splats(bpy.context, "many", given)
    modifier = obj.modifiers[display.MODIFIER]

    splats.write_parts(obj, np.arange(20_000))  # numbers that instances keep

    def kept():
        geometry = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
        points = geometry.instances_pointcloud()  # belongs to `geometry`, which must outlive it
        numbers = np.empty(len(points.points), np.int32)
        points.attributes[splats.PART].data.foreach_get("value", numbers)
        return numbers

    assert len(kept()) == 20_000
    nodes.set_input(modifier, display.VIEWPORT_LIMIT, 5000)
    chosen = kept()
    assert (np.diff(chosen) > 0).all()
    assert len(chosen) == pytest.approx(5000, rel=0.05)  # 10,000 are sorted: a quantile is off by 1 % or so
    sides = np.sort(given.scales, 1)
    importance = given.opacity * sides[:, 1] * sides[:, 2]
    assert importance[chosen].sum() > 0.5 * importance.sum()  # any quarter would have 0.25 of it
    nodes.set_input(modifier, display.VIEWPORT_FRACTION, 0.1)
    assert len(kept()) == pytest.approx(2000, rel=0.08)

    group = modifier.node_group
    for link in [link for link in group.links if link.from_node.bl_idname == "GeometryNodeIsViewport"]:
        group.links.remove(link)  # let the viewport draw as a render does
    assert len(kept()) == 20_000


def test_one_click_sets_up_colours(scene_module, cloud):
    """As light: every cloud and the view transform, also for clouds that come later; as captured undoes both."""
    splats, look = scene_module("scene.splats"), scene_module("scene.look")
    scene, view = bpy.context.scene, bpy.context.scene.view_settings
    first = splats.add_splats(bpy.context, "first", cloud())
    look.prepare_scene(scene)
    assert view.view_transform == "Raw" and not look.is_linear(first)
    look.show_as_light(scene)
    assert view.view_transform == "AgX" and look.is_linear(first)
    second = splats.add_splats(bpy.context, "second", cloud())
    assert any("scene-linear" in change for change in look.prepare_scene(scene))
    assert look.is_linear(second) and view.view_transform == "AgX" and look.prepare_scene(scene) == []
    view.view_transform, view.exposure = "Standard", 1
    look.show_as_light(scene)
    assert view.view_transform == "Standard"  # a choice of one's own stays
    look.show_as_captured(scene)
    assert view.view_transform == "Raw" and view.exposure == 0
    assert not look.is_linear(first) and not look.is_linear(second)


def test_native_splats_are_left_alone_where_there_are_none(scene_module, cloud):
    """Before Blender 5.3 there is no such type and no such input; of its items the splats are found by name."""
    native, display = scene_module("scene.drawing.native"), scene_module("scene.drawing.display")
    assert native.named_splats(["POINTS", "GAUSSIAN_SPLAT"]) == "GAUSSIAN_SPLAT"
    assert native.named_splats(["POINTS"]) is None
    obj = scene_module("scene.splats").add_splats(bpy.context, "plant", cloud())
    if not hasattr(bpy.types, native.NODE):
        assert native.splat_type() is None and display.setting(obj, display.NATIVE) is None


@pytest.fixture
def wall(scene_module, tmp_path):
    """A splat in front of a white wall, a lamp beside the camera, and the rendered grey at two places of the wall."""
    gaussians, look = scene_module("backend.gaussians"), scene_module("scene.look")
    flat = gaussians.Gaussians(
        positions=np.array([[0, 0, 0]], np.float32),
        rotations=np.array([[1, 0, 0, 0]], np.float32),
        scales=np.array([[0.3, 0.01, 0.3]], np.float32),
        opacity=np.ones(1, np.float32),
        sh=gaussians.sh_from_colours(np.full((1, 3), 0.8)),
    )
    obj = scene_module("scene.splats").add_splats(bpy.context, "splat", flat, up="+Z")
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("black")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0, 0, 0, 1)
    look.prepare_scene(scene)
    bpy.ops.mesh.primitive_plane_add(size=8, location=(0, 1, 0), rotation=(np.pi / 2, 0, 0))
    wall = bpy.context.object
    lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "SUN"))
    lamp.data.energy, lamp.data.angle = 1.0, 0.0
    lamp.rotation_euler = (np.pi / 2, 0, -np.pi / 4)  # from the front and the left: the shadow falls 1 m to the right
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.camera.data.type, scene.camera.data.ortho_scale = "ORTHO", 4
    scene.camera.location, scene.camera.rotation_euler = (0, -5, 0), (np.pi / 2, 0, 0)
    for new in (lamp, scene.camera):
        scene.collection.objects.link(new)
    scene.render.engine, scene.render.resolution_x, scene.render.resolution_y = "CYCLES", 16, 16
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.pixel_filter_type = 4, False, "BOX"
    scene.cycles.max_bounces = 0
    scene.render.filepath = str(tmp_path / "wall.png")

    def render():
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(scene.render.filepath)
        image.colorspace_settings.name = "Non-Color"
        picture = np.empty(16 * 16 * 4, np.float32)
        image.pixels.foreach_get(picture)
        bpy.data.images.remove(image)
        picture = picture.reshape(16, 16, 4)[..., 0]
        return {name: float(picture[7:9, x : x + 2].mean()) for name, x in (("splat", 7), ("shadow", 11), ("wall", 3))}

    return obj, wall, render


def test_splats_and_meshes_hide_and_shade_each_other(wall):
    """A splat hides the wall behind it and throws a shadow on it; moved to the front, the wall hides the splat."""
    obj, mesh, render = wall
    grey = render()
    # A wall of 0.8 albedo, sun of strength 1 at 45 degrees: 0.8 / pi * cos 45 = 0.18, and some gloss. The shadow is a
    # Gaussian of 2 pixels, looked at within its first pixel: exp(-1 / 8) of 0.99 is dark.
    assert 0.15 < grey["wall"] < 0.25
    assert grey["splat"] > 0.65 and grey["shadow"] < 0.4 * grey["wall"]
    obj.visible_shadow = False
    assert render()["shadow"] == pytest.approx(grey["wall"], abs=0.01)
    mesh.location.y = -1
    hidden = render()
    assert hidden["splat"] == pytest.approx(hidden["wall"], abs=0.01)


def test_relit_splats_answer_to_lamps(scene_module, wall):
    """A relit splat is as bright as a matt surface of its colour, and black without the lamp."""
    nodes, display = scene_module("scene.nodes"), scene_module("scene.drawing.display")
    obj, _mesh, render = wall
    nodes.set_input(obj.modifiers[display.MODIFIER], display.RELIT, True)
    lit = render()
    # The wall's brightness at the middle, where alpha is cut at 0.99; two pixels off it is at least 0.5, over a wall
    # of the same brightness but in the splat's own shadow.
    assert 0.09 < lit["splat"] < 0.19
    bpy.data.objects["lamp"].hide_render = True
    assert render()["splat"] < 0.01


def test_new_options_change_nothing_until_asked(scene_module, stage):
    """With every option off the drawn ellipsoids are the splats' own, and colours those of their harmonics."""
    display, (obj, _set_inputs) = scene_module("scene.drawing.display"), stage
    axes, colours = drawn(obj, display)
    world = scene_module("scene.splats").world_gaussians(obj)
    np.testing.assert_allclose(axes @ axes.transpose(0, 2, 1), world.covariances(), atol=1e-5)
    np.testing.assert_allclose(colours[:, 3], world.opacity, atol=1e-6)


def test_harmonics_and_dilation_work_together(scene_module, stage, cloud):
    """The colours with dilation are the colours without: one option does not disturb the other."""
    display, (obj, set_inputs) = scene_module("scene.drawing.display"), stage
    assert replace(cloud()).sh.shape[1] == 4  # harmonics of degree 1
    _, plain = drawn(obj, display)
    set_inputs(DILATED=True)
    _, dilated = drawn(obj, display)
    np.testing.assert_array_equal(plain, dilated)


def test_baked_motion_is_blurred(scene_module, cloud, tmp_path):
    """A bake that takes splats across the picture smears them over the shutter's time in Cycles."""
    trajectory, bake = scene_module("backend.trajectory"), scene_module("scene.bakes.bake")
    given = cloud(6)
    given.positions[:] = np.linspace([0, 0, -1], [0, 0, 1], 6)
    given.scales[:], given.opacity[:] = 0.08, 1
    obj = scene_module("scene.splats").add_splats(bpy.context, "row", given, up="+Z")
    frames = np.zeros((6, 1, 3), np.float32)
    frames[:, 0, 0] = 0.5 * np.arange(6)  # half a metre a frame
    still = np.tile(np.array([1, 0, 0, 0], np.float32), (6, 1, 1))
    binding = trajectory.Binding(np.arange(6, dtype=np.int32), np.zeros((6, 1), np.int32), np.ones((6, 1), np.float32))
    bake.bake(bpy.context, obj, trajectory.Trajectory(frames[0], frames, still, binding, fps=24.0), 1, "TRAJECTORY")
    scene = bpy.context.scene
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    scene.camera.data.type, scene.camera.data.ortho_scale = "ORTHO", 4
    scene.camera.location, scene.camera.rotation_euler = (1, -6, 0), (np.pi / 2, 0, 0)
    scene.render.engine, scene.render.film_transparent = "CYCLES", True
    scene.render.resolution_x = scene.render.resolution_y = 32
    scene.cycles.samples, scene.cycles.use_denoising = 8, False
    scene.render.motion_blur_shutter = 1.0
    scene.render.filepath = str(tmp_path / "row.png")
    scene.frame_set(3)
    variances = []
    for blurred in (False, True):
        scene.render.use_motion_blur = blurred
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(scene.render.filepath)
        pixels = np.empty(32 * 32 * 4, np.float32)
        image.pixels.foreach_get(pixels)
        bpy.data.images.remove(image)
        cover = pixels.reshape(32, 32, 4)[..., 3].sum(0)  # along x
        x = (np.arange(32) + 0.5) / 8  # m
        mean = (x * cover).sum() / cover.sum()
        variances.append(((x - mean) ** 2 * cover).sum() / cover.sum())
    # Half a metre in the shutter's time: a uniform smear adds 0.5^2 / 12 = 0.021 m^2 to a splat's 0.0064.
    assert variances[1] - variances[0] == pytest.approx(0.5**2 / 12, rel=0.3)  # 8 samples in time
