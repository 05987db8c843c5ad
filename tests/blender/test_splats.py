"""Splat objects: data kept exactly, world space, the picture, the scene settings."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


def render(scene, path, engine: str, size: int) -> np.ndarray:
    """The scene as display values [H, W, 3], top row first, on a white world."""
    scene.render.engine = engine
    scene.render.resolution_x = scene.render.resolution_y = size
    world = bpy.data.worlds.new("white")
    world.color = (1, 1, 1)
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (1, 1, 1, 1)
    scene.world = world
    scene.cycles.samples = 4
    scene.cycles.use_denoising = False
    scene.cycles.pixel_filter_type = "BOX"
    scene.render.filepath = str(path)
    scene.render.image_settings.file_format = "PNG"
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    pixels = np.empty(size * size * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(size, size, -1)[::-1, :, :3]


def test_data_are_kept_bit_by_bit(scene_module, cloud):
    """Writing a cloud to Blender and reading it back changes no bit of any field."""
    splats, given = scene_module("scene.splats"), cloud()
    read = splats.read_splats(splats.add_splats(bpy.context, "plant", given))
    for name, values in given.to_arrays().items():
        np.testing.assert_array_equal(getattr(read, name), values, err_msg=name)


def test_object_is_one_native_point_cloud(scene_module, cloud):
    """The object is a point cloud with exactly the attributes of Blender 5.3's splats and the part."""
    splats = scene_module("scene.splats")
    obj = splats.add_splats(bpy.context, "plant", cloud())
    types = {a.name: a.data_type for a in obj.data.attributes if not a.is_internal}
    assert obj.type == "POINTCLOUD" and splats.is_splats(obj)
    assert types == {
        "position": "FLOAT_VECTOR",
        "scale": "FLOAT_VECTOR",
        "rotation": "QUATERNION",
        "radiance:base": "FLOAT_COLOR",
        "radiance:sh_0": "FLOAT_VECTOR",
        "radiance:sh_1": "FLOAT_VECTOR",
        "radiance:sh_2": "FLOAT_VECTOR",
        "sway_part": "INT",
    }
    assert not splats.is_splats(bpy.data.objects.new("empty", None))


@pytest.mark.parametrize("up", ["+X", "-X", "+Y", "-Y", "+Z", "-Z"])
def test_up_axis_points_to_z(scene_module, cloud, up):
    """The file's upward axis becomes +Z in world space, and covariances turn along with positions."""
    splats, given = scene_module("scene.splats"), cloud()
    obj = splats.add_splats(bpy.context, "plant", given, up)
    axis = np.zeros(3)
    axis["XYZ".index(up[1])] = 1 if up[0] == "+" else -1
    turn = np.array(obj.matrix_world)[:3, :3]
    # float32 sine and cosine of a right angle: off by 1e-7, values of order 1 to 4
    np.testing.assert_allclose(turn @ axis, [0, 0, 1], atol=1e-6)
    world = splats.world_gaussians(obj)
    np.testing.assert_allclose(world.positions, given.positions @ turn.T, atol=1e-5)
    np.testing.assert_allclose(world.covariances(), turn @ given.covariances() @ turn.T, atol=1e-6)


def test_usual_up_axis_keeps_x(scene_module, cloud):
    """Up axis -Y maps (x, y, z) to (x, z, -y): the front of a capture stays the front."""
    splats, given = scene_module("scene.splats"), cloud()
    world = splats.world_gaussians(splats.add_splats(bpy.context, "plant", given, "-Y"))
    x, y, z = given.positions.T
    np.testing.assert_allclose(world.positions, np.stack([x, z, -y], 1), atol=1e-5)


def test_uneven_scale_is_refused(scene_module, cloud):
    """A transform that Gaussians cannot follow is refused in words that name the object."""
    splats = scene_module("scene.splats")
    obj = splats.add_splats(bpy.context, "plant", cloud())
    obj.scale = (1, 2, 1)
    bpy.context.view_layer.update()
    with pytest.raises(ValueError, match="plant: .*unevenly"):
        splats.world_gaussians(obj)


def test_parts_are_kept(scene_module, cloud):
    """Parts read back as written, and are all 0 on a fresh import."""
    splats = scene_module("scene.splats")
    obj = splats.add_splats(bpy.context, "plant", cloud())
    assert not splats.read_parts(obj).any()
    parts = np.arange(64, dtype=np.int32) % 3
    splats.write_parts(obj, parts)
    np.testing.assert_array_equal(splats.read_parts(obj), parts)


def test_empty_cloud_and_unknown_axis_are_refused(scene_module, cloud):
    """An empty cloud or a wrong axis raises before anything is added to the file."""
    splats = scene_module("scene.splats")
    with pytest.raises(ValueError, match="holds no splats"):
        splats.add_splats(bpy.context, "plant", cloud(0))
    with pytest.raises(ValueError, match="up axis 'Y'"):
        splats.add_splats(bpy.context, "plant", cloud(), "Y")
    assert not bpy.data.objects and not bpy.data.pointclouds


def test_group_and_material_are_made_once(scene_module, cloud):
    """Two clouds share one group and one material, and an older version of a group is refilled in place."""
    splats, display, nodes = (scene_module(f"scene.{name}") for name in ("splats", "drawing.display", "nodes"))
    first, second = (splats.add_splats(bpy.context, "plant", cloud()) for _ in range(2))
    group = first.modifiers[display.MODIFIER].node_group
    assert group == second.modifiers[display.MODIFIER].node_group
    assert len(bpy.data.node_groups) == 1 and len(bpy.data.materials) == 4  # spheres and sheets, emitting and lit

    nodes.set_input(first.modifiers[display.MODIFIER], display.VIEWPORT_FRACTION, 0.25)
    count = len(group.nodes)
    group.nodes.clear()
    group[nodes.VERSION] = 0
    assert display.display_group() == group and len(group.nodes) == count
    (curve,) = group.animation_data.drivers  # the picture's width, once
    assert len(curve.driver.variables) == 2 and curve.driver.is_simple_expression
    assert nodes.get_input(first.modifiers[display.MODIFIER], display.VIEWPORT_FRACTION) == 0.25


def test_faint_splats_are_not_drawn(scene_module, cloud):
    """Splats under 1/255 opacity become no instance; the others become one sphere each, at its cut-off radius."""
    splats, given = scene_module("scene.splats"), cloud()
    given.opacity[:10] = 0.003  # < 1/255 = 0.0039
    given.opacity[10] = 1.0
    given.scales[:] = 0.1
    obj = splats.add_splats(bpy.context, "plant", given)
    found = [i.matrix_world.copy() for i in bpy.context.evaluated_depsgraph_get().object_instances if i.is_instance]
    assert len(found) == 54
    assert obj.data.attributes["position"].data[0] is not None
    # opaque splat: exp(-r^2/2) = 1/255 at r = 3.329 sigmas
    assert found[0].to_scale()[0] == pytest.approx(0.1 * np.sqrt(2 * np.log(255)), rel=1e-5)


@pytest.mark.parametrize("fast", [False, True], ids=["spheres", "sheets"])
def test_single_splat_is_its_gaussian_in_cycles(scene_module, tmp_path, fast):
    """One splat seen face on has the profile opacity * exp(-d2/2) of its projected ellipse, in its own colour."""
    gaussians = scene_module("backend.gaussians")
    names = ("splats", "camera", "look", "drawing.display")
    splats, camera, look, display = (scene_module(f"scene.{name}") for name in names)
    colour, opacity, sigma = np.array([0.8, 0.2, 0.1]), 0.9, np.array([0.3, 0.01, 0.15])
    obj = splats.add_splats(
        bpy.context,
        "one",
        gaussians.Gaussians(
            positions=np.zeros((1, 3), np.float32),
            rotations=np.array([[1, 0, 0, 0]], np.float32),
            scales=sigma[None].astype(np.float32),
            opacity=np.array([opacity], np.float32),
            sh=gaussians.sh_from_colours(colour[None]),
        ),
        up="+Z",
    )
    display.fast_render(obj, fast)
    scene = bpy.context.scene
    data = bpy.data.cameras.new("camera")
    scene.camera = bpy.data.objects.new("camera", data)
    scene.collection.objects.link(scene.camera)
    scene.camera.location, scene.camera.rotation_euler = (0, -20, 0), (np.pi / 2, 0, 0)
    data.lens = 36 * 10  # 2 m wide at 20 m
    look.prepare_scene(scene)
    picture = render(scene, tmp_path / "one.png", "CYCLES", 24)

    view = camera.camera_of(scene)
    columns, rows = np.meshgrid(np.arange(24) + 0.5, np.arange(24) + 0.5)
    pixels_per_metre = view.focal[0] / 20
    x, z = (columns - 12) / pixels_per_metre, (12 - rows) / pixels_per_metre
    alpha = np.minimum(opacity * np.exp(-0.5 * ((x / sigma[0]) ** 2 + (z / sigma[2]) ** 2)), 0.99)
    alpha[alpha < 1 / 255] = 0
    expected = alpha[..., None] * colour + (1 - alpha[..., None]) * 1.0
    # Four random places in each pixel: sigma is 1.8 px, so the profile's slope is at most 0.33 / px; a pixel's spread
    # of 0.29 / sqrt(4) and a contrast of 0.9 give a standard error of 0.04; 20 m away perspective bends by 1e-3.
    assert np.abs(picture - expected).max() < 0.16
    assert np.abs(picture - expected).mean() < 0.01


@pytest.mark.parametrize("lens", ["PERSP", "ORTHO"])
def test_sheets_show_what_spheres_show(scene_module, cloud, tmp_path, lens):
    """A fast render of a turned, moved, scaled cloud is the picture of the exact one, from any camera."""
    names = ("splats", "camera", "look", "drawing.display")
    splats, camera, look, display = (scene_module(f"scene.{name}") for name in names)
    given = cloud(200)
    for lengths in (given.positions, given.scales):
        lengths *= 0.05  # the eye is less than 3 units from the object's splats, as with captures in metres
    obj = splats.add_splats(bpy.context, "plant", given)
    obj.location, obj.scale = (1, 2, 3), (40, 40, 40)
    scene = bpy.context.scene
    scene.render.resolution_x = scene.render.resolution_y = 32
    framed = camera.frame_camera(bpy.context, [obj])
    framed.data.type, framed.data.ortho_scale = lens, 12
    look.prepare_scene(scene)
    pictures = []
    for fast in (False, True):
        display.fast_render(obj, fast)
        pictures.append(render(scene, tmp_path / f"{fast}.png", "CYCLES", 32))
    # Both have the same rays and alphas that agree to float32; 8-bit files differ by a step at most. Where two splats
    # cross, a ray may meet spheres and sheets in another order: in few pixels.
    difference = np.abs(pictures[0] - pictures[1]).max(-1)
    assert pictures[0].std() > 0.05  # not an empty picture
    assert (difference > 2 / 255).mean() < 0.05 and difference.mean() < 0.005


def test_cycles_meets_sheets_in_the_order_of_their_centres(scene_module, tmp_path):
    """A slanting red splat behind a green one reaches through it: sheets stay behind, spheres come before."""
    gaussians = scene_module("backend.gaussians")
    names = ("splats", "look", "drawing.display")
    splats, look, display = (scene_module(f"scene.{name}") for name in names)
    eighth = np.pi / 8  # half of 45 degrees, to the left forward
    pair = gaussians.Gaussians(
        positions=np.array([[0, 0, 0], [0, 0.2, 0]], np.float32),
        rotations=np.array([[1, 0, 0, 0], [np.cos(eighth), 0, 0, np.sin(eighth)]], np.float32),
        scales=np.array([[0.6, 0.01, 0.6], [0.6, 0.01, 0.6]], np.float32),
        opacity=np.array([0.9, 0.9], np.float32),
        sh=gaussians.sh_from_colours(np.array([[0, 1, 0], [1, 0, 0]])),
    )
    obj, scene = splats.add_splats(bpy.context, "pair", pair, up="+Z"), bpy.context.scene
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    scene.camera.location, scene.camera.rotation_euler = (0, -5, 0), (np.pi / 2, 0, 0)
    scene.camera.data.type, scene.camera.data.ortho_scale = "ORTHO", 2
    look.prepare_scene(scene)

    # Of 5 pixels of 0.4 m the middle row's second is at x = -0.4, where red lies 0.2 m before green.
    green, red = (0.9 * np.exp(-0.5 * (0.4 / sigma) ** 2) for sigma in (0.6, 0.6 * np.sqrt(0.5)))
    white = (1 - green) * (1 - red)
    want = {True: [white + (1 - green) * red, white + green], False: [white + red, white + (1 - red) * green]}
    for fast, expected in want.items():
        display.fast_render(obj, fast)
        picture = render(scene, tmp_path / f"{fast}.png", "CYCLES", 5)
        # Four places in a pixel of 0.4 m: alpha changes by at most 0.2 in it. The two orders differ by 0.29.
        np.testing.assert_allclose(picture[2, 1, :2], expected, atol=0.1)


def test_sheets_are_sorted_back_to_front(scene_module, cloud):
    """The fast render's faces come farthest first, in EEVEE's order of blending."""
    splats, display, camera = (scene_module(f"scene.{name}") for name in ("splats", "drawing.display", "camera"))
    obj = splats.add_splats(bpy.context, "plant", cloud())
    camera.frame_camera(bpy.context, [obj])
    display.fast_render(obj, True)
    group = obj.modifiers[display.MODIFIER].node_group
    for link in [link for link in group.links if link.from_node.bl_idname == "GeometryNodeIsViewport"]:
        group.links.remove(link)  # let the viewport draw as a render does
    geometry = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
    corners = np.empty(64 * 4 * 3, np.float32)
    geometry.mesh.attributes["position"].data.foreach_get("vector", corners)
    centres = corners.reshape(64, 4, 3).mean(1) @ np.array(obj.matrix_world)[:3, :3].T
    depth = camera.camera_of(bpy.context.scene).to_camera(centres)[:, 2]
    assert (np.diff(depth) < 1e-6).all()


def test_show_parts_tints_only_what_moves(scene_module, cloud):
    """Showing parts changes the colour of splats in a part and of no other."""
    splats, display = scene_module("scene.splats"), scene_module("scene.drawing.display")
    obj = splats.add_splats(bpy.context, "plant", cloud())
    splats.write_parts(obj, np.repeat([0, 1], 32))

    def colours():
        geometry = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
        instances = geometry.instances_pointcloud()  # belongs to `geometry`, which must outlive it
        values = np.empty(64 * 4, np.float32)
        instances.attributes[display.COLOUR].data.foreach_get("color", values)
        return values.reshape(64, 4)

    plain = colours()
    expected = np.maximum(0.5 + 0.28209479 * splats.read_splats(obj).sh[:, 0], 0)
    np.testing.assert_allclose(plain[:, :3], expected, atol=1e-6)
    display.show_parts(obj, True)
    tinted = colours()
    np.testing.assert_array_equal(plain[:32], tinted[:32])
    assert (plain[32:, :3] != tinted[32:, :3]).any(1).all()


def test_scene_settings_change_once_and_say_so(scene_module):
    """The first call sets and reports what splats need, the second changes nothing, a graded scene keeps its view."""
    look, scene = scene_module("scene.look"), bpy.context.scene
    assert len(look.prepare_scene(scene)) == 3
    assert scene.view_settings.view_transform == "Raw" and scene.cycles.min_transparent_bounces == 1024
    assert look.prepare_scene(scene) == []
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.exposure = 0.5
    assert look.prepare_scene(scene) == []
    assert scene.view_settings.view_transform == "AgX"
