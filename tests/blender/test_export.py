"""Export through the operator: the file shows what the viewport showed."""

from __future__ import annotations

from types import FunctionType, SimpleNamespace

import numpy as np
import pytest

COVARIANCE = 2e-4
"""Relative: quaternions, scales and three rotations of them, all in float32."""


@pytest.fixture
def plant(addon, scene_module, cloud):
    """An object of 64 random splats with SH of degree 1, rotated about a tilted axis, scaled and moved."""
    import bpy
    from mathutils import Matrix, Quaternion

    obj = scene_module("scene.splats").add_splats(bpy.context, "cloud", cloud(), up="-Y")
    turn = Quaternion((1.0, 2.0, -0.5), np.radians(37)).to_matrix().to_4x4()
    obj.matrix_world = Matrix.Translation((0.3, -0.2, 0.7)) @ turn @ Matrix.Scale(1.7, 4) @ obj.matrix_world
    bpy.context.view_layer.update()
    return obj


def colours_from(scene_module, gaussians, eye):
    """View-dependent colours [N, 3] of splats from an eye [3], both in one frame, where the SH are as well."""
    direction = gaussians.positions - eye
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return scene_module("backend.spherical_harmonics").evaluate_sh(gaussians.sh, direction)


@pytest.mark.parametrize("up", ["-Y", "+Z"])
def test_a_transformed_cloud_comes_back_as_it_was_seen(plant, scene_module, tmp_path, up):
    """Import, rotate by 37 degrees, scale by 1.7, export, import: places, shapes and colours in world space agree."""
    import bpy

    splats, shown = scene_module("scene.splats"), scene_module("scene.shown")
    before = shown.shown_gaussians(bpy.context, plant)
    path = tmp_path / "turned.ply"
    assert bpy.ops.sway.export_splats(filepath=str(path), format=".ply", up=up) == {"FINISHED"}
    assert bpy.ops.sway.import_splats(filepath=str(path), up=up) == {"FINISHED"}
    again = bpy.context.active_object
    assert again is not plant
    after = shown.shown_gaussians(bpy.context, again)
    np.testing.assert_allclose(after.positions, before.positions, atol=1e-5)
    size = np.abs(before.covariances()).max((1, 2), keepdims=True)
    np.testing.assert_allclose(after.covariances() / size, before.covariances() / size, atol=COVARIANCE)
    eye = np.array([2.0, -3.0, 1.0])
    np.testing.assert_allclose(
        colours_from(scene_module, after, eye), colours_from(scene_module, before, eye), atol=1e-4
    )
    # What was seen is the original seen from the eye that the object's transform leads to.
    matrix = np.linalg.inv(np.array(plant.matrix_world))
    local = colours_from(scene_module, splats.read_splats(plant), (matrix @ [*eye, 1])[:3])
    np.testing.assert_allclose(colours_from(scene_module, after, eye), local, atol=1e-4)


def test_every_frame_of_a_motion_is_exported(plant, scene_module, swing, tmp_path):
    """One numbered file a frame holds that frame's splats, SH turned with them; the scene stays at its frame."""
    import bpy

    trajectory = swing(frames=3)
    scene_module("scene.bakes.bake").bake(bpy.context, plant, trajectory, 1, "TRAJECTORY")
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 3
    scene.frame_set(2)
    path = tmp_path / "walk.ply"
    assert bpy.ops.sway.export_splats(filepath=str(path), format=".ply", animation=True) == {"FINISHED"}
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"walk_{frame:04d}.ply" for frame in (1, 2, 3)]
    assert scene.frame_current == 2
    shown, formats = scene_module("scene.shown"), scene_module("backend.formats")
    here = shown.shown_gaussians(bpy.context, plant).transformed(shown.from_world("-Y"), rotate_sh=True)
    files = [formats.read(tmp_path / f"walk_{frame:04d}.ply").gaussians for frame in (1, 2, 3)]
    np.testing.assert_allclose(files[1].positions, here.positions, atol=1e-6)
    np.testing.assert_allclose(files[1].sh, here.sh, atol=1e-6)
    moves = np.arange(64) % 4 > 0
    assert np.abs(files[2].positions - files[0].positions)[moves].max() > 0.01
    assert np.abs(files[2].sh[:, 1:] - files[0].sh[:, 1:])[moves].max() > 0.01
    still = np.abs(files[2].sh - files[0].sh)[~moves].max()
    assert still < 1e-6


@pytest.mark.parametrize(("ends", "left"), [("ESC", []), ("TIMER", ["walk_0004.ply", "walk_0005.ply"])])
def test_a_window_exports_frame_by_frame(plant, scene_module, tmp_path, ends, left):
    """Nothing is at the chosen place before all frames are there, nor after Esc; the scene comes back to its frame."""
    import bpy

    operator = scene_module("operators.splats.export_splats").SWAY_OT_export_splats
    methods = {name: made for name, made in vars(operator).items() if isinstance(made, FunctionType)}
    export = type("Export", (), {**methods, "_pieces": None, "_timer": None, "format": ".ply", "up": "-Y"})()
    export.report = lambda *_: None
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 4, 5
    scene.frame_set(2)
    context = SimpleNamespace(
        scene=scene,
        evaluated_depsgraph_get=bpy.context.evaluated_depsgraph_get,
        window_manager=SimpleNamespace(progress_update=lambda _: None),
    )
    export._begin_sequence(context, plant, tmp_path / "walk.ply")
    tick = SimpleNamespace(type="TIMER", value="NOTHING")
    assert export.modal(context, tick) == {"PASS_THROUGH"} and scene.frame_current == 4
    assert export.modal(context, SimpleNamespace(type="A", value="PRESS")) == {"RUNNING_MODAL"}
    said = {"PASS_THROUGH"}
    while said == {"PASS_THROUGH"}:
        assert not list(tmp_path.glob("*.ply"))
        said = export.modal(context, SimpleNamespace(type=ends, value="PRESS"))
    assert said == ({"FINISHED"} if left else {"CANCELLED"})
    assert sorted(file.name for file in tmp_path.iterdir()) == left and scene.frame_current == 2


def test_what_cannot_be_exported_is_refused_in_one_sentence(plant, tmp_path):
    """A missing folder and an uneven scale: an error that says so, and no file."""
    import bpy

    with pytest.raises(RuntimeError, match="does not exist"):
        bpy.ops.sway.export_splats(filepath=str(tmp_path / "nowhere" / "a.ply"))
    plant.scale = (1, 2, 1)
    bpy.context.view_layer.update()
    with pytest.raises(RuntimeError, match="unevenly"):
        bpy.ops.sway.export_splats(filepath=str(tmp_path / "a.ply"))
    with pytest.raises(RuntimeError, match="unevenly"):
        bpy.ops.sway.export_splats(filepath=str(tmp_path / "a.ply"), animation=True)
    assert not list(tmp_path.iterdir())


def test_a_motion_exported_as_usd_plays_in_blender_without_the_addon(worker, plant, scene_module, swing, tmp_path):
    """Points with primvars come back through Blender's own importer: the splats of each frame, by its attributes."""
    import bpy

    scene_module("scene.bakes.bake").bake(bpy.context, plant, swing(frames=3), 1, "TRAJECTORY")
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 3
    path = tmp_path / "walk.usdc"
    assert bpy.ops.sway.export_motion(filepath=str(path), format="usd_points") == {"FINISHED"}
    shown, splats = scene_module("scene.shown"), scene_module("scene.splats")
    want = {}
    for frame in (1, 3):
        scene.frame_set(frame)
        want[frame] = shown.shown_gaussians(bpy.context, plant)
    bpy.ops.wm.usd_import(filepath=str(path))
    again = next(obj for obj in bpy.data.objects if obj.type == "POINTCLOUD" and obj is not plant)
    for frame, cloud in want.items():
        scene.frame_set(frame)
        evaluated = again.evaluated_get(bpy.context.evaluated_depsgraph_get())
        read = splats.read_splats(evaluated)
        np.testing.assert_allclose(read.positions, cloud.positions, atol=1e-6)
        np.testing.assert_allclose(read.rotations, cloud.rotations, atol=1e-6)
        np.testing.assert_allclose(read.sh, cloud.sh, atol=1e-6)
    assert np.abs(want[1].positions - want[3].positions).max() > 0.01


def test_a_motion_exported_as_alembic_plays_in_blender(worker, plant, scene_module, swing, tmp_path):
    """Blender's own importer turns Alembic's axes back: points where the splats were, at every frame."""
    import bpy

    scene_module("scene.bakes.bake").bake(bpy.context, plant, swing(frames=3), 1, "TRAJECTORY")
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 3
    path = tmp_path / "walk.abc"
    assert bpy.ops.sway.export_motion(filepath=str(path), format="alembic") == {"FINISHED"}
    shown, want = scene_module("scene.shown"), {}
    for frame in (1, 3):
        scene.frame_set(frame)
        want[frame] = shown.shown_gaussians(bpy.context, plant).positions
    bpy.ops.wm.alembic_import(filepath=str(path), as_background_job=False)
    again = next(obj for obj in bpy.data.objects if obj.type == "POINTCLOUD" and obj is not plant)
    for frame, positions in want.items():
        scene.frame_set(frame)
        evaluated = again.evaluated_get(bpy.context.evaluated_depsgraph_get())
        read = scene_module("scene.splats").read_attribute(evaluated, "position")
        turned = read @ np.array(again.matrix_world)[:3, :3].T
        np.testing.assert_allclose(turned, positions, atol=1e-5)
    assert np.abs(want[1] - want[3]).max() > 0.01


def test_usd_refuses_a_folder_that_is_not_there(plant, tmp_path):
    """One sentence, before anything is computed."""
    import bpy

    with pytest.raises(RuntimeError, match="does not exist"):
        bpy.ops.sway.export_motion(filepath=str(tmp_path / "nowhere" / "a.usdc"))
