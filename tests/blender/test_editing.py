"""Edits of splats: every attribute and every bake stays with its splat, and refusals are one sentence."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

EXACT = 1e-5
"""Two changes of frame of float32 numbers up to 10: 1e-6 each."""


@pytest.fixture
def plant(addon, empty_scene, scene_module, cloud):
    """A splat object of 64 splats whose part is the number of the splat, turned and moved."""
    splats = scene_module("scene.splats")
    obj = splats.add_splats(bpy.context, "plant", cloud())
    obj.location, obj.rotation_euler, obj.scale = (1, 2, 3), (0.3, 0.2, 0.1), (2, 2, 2)
    bpy.context.view_layer.update()
    splats.write_parts(obj, np.arange(64, dtype=np.int32))
    return obj


@pytest.fixture
def select(scene_module):
    """Selects splats of an object by number."""
    editing = scene_module("scene.editing")

    def choose(obj, numbers):
        mask = np.zeros(len(obj.data.points), bool)
        mask[numbers] = True
        editing.write_selection(obj, mask)
        return mask

    return choose


def numbers_of(scene_module, obj):
    return scene_module("scene.splats").read_parts(obj)


def test_deleting_keeps_all_else_bit_by_bit(scene_module, plant, select):
    """Every attribute of every splat that stays is what it was; other selected clouds lose nothing."""
    splats = scene_module("scene.splats")
    other = plant.copy()
    other.data = plant.data.copy()
    bpy.context.collection.objects.link(other)
    before = splats.read_splats(plant).to_arrays()
    gone = select(plant, [0, 5, 63])
    other.select_set(True)
    bpy.context.view_layer.objects.active = plant
    assert bpy.ops.sway.delete_splats() == {"FINISHED"}
    for name, values in splats.read_splats(plant).to_arrays().items():
        np.testing.assert_array_equal(values, before[name][~gone], err_msg=name)
    np.testing.assert_array_equal(numbers_of(scene_module, plant), np.flatnonzero(~gone))
    assert len(other.data.points) == 64 and other.select_get() and plant.mode == "OBJECT"


@pytest.mark.parametrize("target", ["TRAJECTORY", "LOOP", "BONES", "PACKED"])
def test_bake_plays_on_for_what_stays(scene_module, plant, select, swing, shown_pose, target):
    """After splats are deleted, a bake of any target shows the others exactly where it did."""
    bake, display = scene_module("scene.bakes.bake"), scene_module("scene.drawing.display")
    frames = 24 if target == "LOOP" else 4
    bake.bake(bpy.context, plant, swing(frames=frames), 1, target, **({"bones": 4} if target == "BONES" else {}))
    bpy.context.scene.frame_set(3)
    before = shown_pose(plant)
    plant.modifiers[display.MODIFIER].show_viewport = True
    gone = select(plant, range(0, 64, 3))
    bpy.ops.sway.delete_splats()
    for frame in (1, 3):  # stepped away and back: evaluated anew
        bpy.context.scene.frame_set(frame)
    for values, earlier in zip(shown_pose(plant), before, strict=True):
        np.testing.assert_allclose(values, earlier[~gone], atol=EXACT)


def test_preview_and_its_file_follow(scene_module, plant, select, swing, shown_pose, tmp_path):
    """A previewed simulation goes on for what stays, its file names the right splats, and undo's cloud plays again."""
    arrays, playback, splats = (scene_module(n) for n in ("backend.arrays", "scene.playback", "scene.splats"))
    bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences.cache_folder = str(tmp_path)
    trajectory = swing()
    path = str(arrays.save(tmp_path / "first" / "trajectory.npz", trajectory.to_arrays()))
    plant.sway.simulate.file, plant.sway.simulate.made = path, "made"
    playback.show(plant, trajectory, 1, path)
    bpy.context.scene.frame_set(3)
    before, rest = shown_pose(plant), splats.read_splats(plant)
    gone = select(plant, [1, 2, 3, 40])
    bpy.ops.sway.delete_splats()
    bpy.context.scene.frame_set(2)
    bpy.context.scene.frame_set(3)
    for values, earlier in zip(shown_pose(plant), before, strict=True):
        np.testing.assert_allclose(values, earlier[~gone], atol=EXACT)
    rewritten = type(trajectory).from_arrays(arrays.load(plant.sway.simulate.file))
    assert plant.sway.simulate.file != path
    at_rest = splats.read_splats(plant).transformed(np.array(plant.matrix_world))
    was = rest.transformed(np.array(plant.matrix_world))
    np.testing.assert_allclose(rewritten.pose(at_rest, 2)[0], trajectory.pose(was, 2)[0][~gone], atol=EXACT)
    playback.stop(plant)


def test_separate_and_merge_are_inverse(scene_module, plant, select, swing, shown_pose):
    """Two objects show what one did, each plays its share of the bake, and merged they are the same splats again."""
    bake, splats, display = (scene_module(f"scene.{n}") for n in ("bakes.bake", "splats", "drawing.display"))
    bake.bake(bpy.context, plant, swing(), 1)
    bpy.context.scene.frame_set(3)
    before = shown_pose(plant)
    plant.modifiers[display.MODIFIER].show_viewport = True
    world = splats.world_gaussians(plant)
    chosen = select(plant, range(20, 50))
    assert bpy.ops.sway.separate_splats() == {"FINISHED"}
    new = next(o for o in bpy.context.selected_objects if o != plant)
    for obj, mask in ((plant, ~chosen), (new, chosen)):
        np.testing.assert_array_equal(numbers_of(scene_module, obj), np.flatnonzero(mask))
        bpy.context.scene.frame_set(1)
        bpy.context.scene.frame_set(3)
        for values, earlier in zip(shown_pose(obj), before, strict=True):
            np.testing.assert_allclose(values, earlier[mask], atol=EXACT)
        obj.modifiers[display.MODIFIER].show_viewport = True
    bpy.context.view_layer.objects.active = plant
    assert bpy.ops.sway.merge_splats() == {"FINISHED"}
    assert len(plant.data.points) == 64
    order = np.argsort(numbers_of(scene_module, plant))
    merged = splats.world_gaussians(plant)
    for name in ("positions", "scales", "opacity", "sh"):
        np.testing.assert_allclose(merged.to_arrays()[name][order], world.to_arrays()[name], atol=EXACT, err_msg=name)
    np.testing.assert_allclose(merged.select(order).covariances(), world.covariances(), atol=EXACT)
    bpy.context.scene.frame_set(1)
    bpy.context.scene.frame_set(3)
    positions = shown_pose(plant)[0]
    stays = numbers_of(scene_module, plant) < 20
    np.testing.assert_allclose(positions[stays], before[0][:20], atol=EXACT)  # its own bake plays on
    taken = (numbers_of(scene_module, plant) >= 20) & (numbers_of(scene_module, plant) < 50)
    rest = splats.read_splats(plant).positions
    np.testing.assert_array_equal(positions[taken], rest[taken])  # what was added holds still


def test_merged_clouds_keep_their_colours(scene_module, plant, cloud):
    """A turned, smaller cloud of another SH degree shows the same world-space splats inside the active object."""
    from dataclasses import replace

    splats = scene_module("scene.splats")
    plain = replace(cloud(10), sh=cloud(10).sh[:, :1])
    other = splats.add_splats(bpy.context, "other", plain)
    other.location, other.scale = (0, 0, 5), (0.5, 0.5, 0.5)
    bpy.context.view_layer.update()
    want = splats.world_gaussians(other)
    plant.select_set(True)
    bpy.context.view_layer.objects.active = other  # the one with fewer coefficients is kept
    want_plant = splats.world_gaussians(plant)
    assert bpy.ops.sway.merge_splats() == {"FINISHED"}
    got = splats.world_gaussians(other)
    assert got.sh_degree == 1 and len(got) == 74 and "plant" not in bpy.data.objects
    np.testing.assert_allclose(got.positions[:10], want.positions, atol=EXACT)
    np.testing.assert_allclose(got.positions[10:], want_plant.positions, atol=EXACT)
    np.testing.assert_allclose(got.sh[10:], want_plant.sh, atol=EXACT)
    np.testing.assert_allclose(got.covariances()[10:], want_plant.covariances(), atol=EXACT)
    assert not got.sh[:10, 1:].any()
    np.testing.assert_array_equal(splats.read_parts(other), [0] * 10 + list(range(64)))


@pytest.mark.parametrize("shape, keep", [("BOX", "INSIDE"), ("SPHERE", "INSIDE"), ("BOX", "OUTSIDE")])
def test_crop_by_a_turned_empty(scene_module, plant, shape, keep):
    """A crop keeps exactly the splats whose centres a turned, uneven empty encloses (or does not)."""
    splats = scene_module("scene.splats")
    empty = bpy.data.objects.new("cropper", None)
    bpy.context.collection.objects.link(empty)
    empty.empty_display_size = 0.5
    empty.location, empty.rotation_euler, empty.scale = (1.5, 2, 3), (0.4, 0.5, 0.6), (5, 4, 3)
    bpy.context.view_layer.update()
    local = splats.world_gaussians(plant).positions @ np.array(empty.matrix_world.inverted())[:3, :3].T
    local = (local + np.array(empty.matrix_world.inverted())[:3, 3]) / 0.5
    inside = (np.abs(local) <= 1).all(1) if shape == "BOX" else (local**2).sum(1) <= 1
    assert 5 < inside.sum() < 59
    bpy.context.scene.sway.editing.cropper = empty
    assert bpy.ops.sway.crop_splats(shape=shape, keep=keep) == {"FINISHED"}
    want = inside if keep == "INSIDE" else ~inside
    np.testing.assert_array_equal(numbers_of(scene_module, plant), np.flatnonzero(want))


def test_selections_and_parts(scene_module, plant, cloud):
    """Selections extend, subtract and intersect; what is selected becomes a part, holds still or is background."""
    editing, splats = scene_module("scene.editing"), scene_module("scene.splats")
    z = splats.world_gaussians(plant).positions[:, 2]
    bpy.ops.sway.select_splats_by_height(low=3.0, high=100.0)
    np.testing.assert_array_equal(editing.read_selection(plant), z >= 3)
    bpy.ops.sway.select_splats_by_height(low=4.0, high=100.0, mode="SUBTRACT")
    np.testing.assert_array_equal(editing.read_selection(plant), (z >= 3) & (z < 4))
    bpy.ops.sway.select_splats_by_colour(colour=(0.5, 0.5, 0.5), tolerance=1.0, mode="INTERSECT")
    chosen = editing.read_selection(plant)
    for kind, number in (("MOVING", 7), ("HOLDING", 0), ("BACKGROUND", -1)):
        assert bpy.ops.sway.assign_selected(kind=kind, part=7) == {"FINISHED"}
        assert (splats.read_parts(plant)[chosen] == number).all()
    np.testing.assert_array_equal(splats.read_parts(plant)[~chosen], np.flatnonzero(~chosen))
    assert plant.sway.parts.made


def test_a_stroke_paints_what_is_seen(scene_module, plant):
    """A stroke gives its part to the splats under it that nothing hides; with X-ray also to those behind."""
    splats, gaussians = scene_module("scene.splats"), scene_module("backend.gaussians")
    depth = np.repeat([0.0, 1.0], 100)  # two sheets of opaque splats, one behind the other
    x, y = np.tile(np.stack(np.meshgrid(np.linspace(-0.9, 0.9, 10), np.linspace(-0.9, 0.9, 10))).reshape(2, -1), 2)
    sheet = splats.add_splats(
        bpy.context,
        "sheets",
        gaussians.Gaussians(
            positions=np.stack([x, y, depth], 1).astype(np.float32),
            rotations=np.tile(np.array([1, 0, 0, 0], np.float32), (200, 1)),
            scales=np.tile(np.array([0.1, 0.1, 0.01], np.float32), (200, 1)),
            opacity=np.full(200, 0.95, np.float32),
            sh=np.zeros((200, 1, 3), np.float32),
        ),
        up="+Z",
    )
    view = np.diag([1.0, 1, 0.1, 1])  # orthographic along +z: the sheet at 0 is in front
    stroke = {"view": view.ravel(), "screen": (200, 200), "start": (10, 100), "end": (190, 100), "radius": 15.0}
    under = np.abs(y) * 100 <= 15
    bpy.ops.sway.paint_parts(**stroke, kind="MOVING", part=3)
    np.testing.assert_array_equal(splats.read_parts(sheet), np.where(under & (depth == 0), 3, 0))
    bpy.ops.sway.paint_parts(**stroke, kind="BACKGROUND", x_ray=True)
    np.testing.assert_array_equal(splats.read_parts(sheet), np.where(under, -1, 0))


def test_scale_to_real_size(scene_module, plant):
    """Afterwards the two points are as far apart as was typed, and the first is where it was."""
    splats = scene_module("scene.splats")
    first, second = splats.world_gaussians(plant).positions[[3, 9]].astype(float)
    assert bpy.ops.sway.scale_to_size(first=first, second=second, distance=0.25) == {"FINISHED"}
    now = splats.world_gaussians(plant).positions[[3, 9]]
    assert np.linalg.norm(now[1] - now[0]) == pytest.approx(0.25, rel=EXACT)
    np.testing.assert_allclose(now[0], first, atol=EXACT)


def test_statistics_follow_edits(scene_module, plant, select):
    """Statistics count what there is, and anew after an edit."""
    statistics = scene_module("scene.statistics").statistics
    found = statistics(plant)
    assert (found.splats, found.sh_degree) == (64, 1) and found.moving == pytest.approx(63 / 64)
    assert found.memory >= 64 * (12 + 12 + 16 + 16 + 3 * 12 + 4)
    world = scene_module("scene.splats").world_gaussians(plant).positions
    np.testing.assert_allclose(found.size, np.ptp(world, axis=0), atol=EXACT)
    assert statistics(plant) is found
    select(plant, range(32))
    bpy.ops.sway.delete_splats()
    assert statistics(plant).splats == 32 and statistics(plant).moving == 1.0


REFUSALS = [
    ("delete_splats", {}, "No splat is selected"),
    ("separate_splats", {}, "No splat is selected"),
    ("assign_selected", {}, "No splat is selected"),
    ("select_linked_splats", {}, "No splat is selected"),
    ("crop_splats", {}, "nothing to crop with"),
    ("crop_splats", {"cropper": "nobody"}, "no object nobody"),
    ("crop_splats", {"cropper": "far"}, "delete every splat"),
    ("crop_splats", {"cropper": "far", "keep": "OUTSIDE"}, "No splat was found"),
    ("crop_splats", {"cropper": "plane"}, "flat"),
    ("cull_splats", {"opacity": 1.0, "use_size": True, "size": 0.0}, "delete every splat"),
    ("merge_splats", {}, "select two or more"),
    ("paint_parts", {}, "needs a 3D viewport"),
    ("scale_to_size", {}, "same place"),
    ("select_splats_by_height", {"low": 2.0, "high": 1.0}, "exchange the two heights"),
]


def test_refusals_are_one_sentence_and_change_nothing(scene_module, plant):
    """Bad input is refused with one sentence that says what to do, and the cloud stays as it is."""
    far = bpy.data.objects.new("far", None)
    far.location = (1000, 0, 0)
    mesh = bpy.data.meshes.new("plane")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    for obj in (far, bpy.data.objects.new("plane", mesh)):
        bpy.context.collection.objects.link(obj)
    bpy.context.view_layer.update()
    for operator, arguments, sentence in REFUSALS:
        with pytest.raises(RuntimeError, match=sentence):
            getattr(bpy.ops.sway, operator)(**arguments)
        np.testing.assert_array_equal(numbers_of(scene_module, plant), np.arange(64), err_msg=operator)


def test_undo_brings_splats_back(scene_module, plant, select):
    """Undo after a deletion shows the cloud as it was, every attribute included."""
    splats = scene_module("scene.splats")
    before = splats.read_splats(plant).to_arrays()
    select(plant, range(10))
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.sway.delete_splats()
    bpy.ops.ed.undo_push(message="deleted")
    assert len(bpy.data.objects["plant"].data.points) == 54
    bpy.ops.ed.undo()
    obj = bpy.data.objects["plant"]
    for name, values in splats.read_splats(obj).to_arrays().items():
        np.testing.assert_array_equal(values, before[name], err_msg=name)
    np.testing.assert_array_equal(splats.read_parts(obj), np.arange(64))
