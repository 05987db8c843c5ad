"""A sequence of files as an object that shows each of them at its frame, with and without the add-on."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

COUNTS = (40, 64, 64, 30)
"""Splats of the files: growing, staying and shrinking."""
THIS_BLENDER = [bpy.app.binary_path, "-b", "--factory-startup", "--python"] if bpy.app.binary_path else [sys.executable]
PLAY = """
import json, sys
import bpy
import numpy as np

blend, out, frames = json.loads(sys.argv[-1])
bpy.ops.wm.open_mainfile(filepath=blend)
assert not any("sway" in name for name in sys.modules), "the add-on must not be there"
obj, shown = bpy.data.objects["walk"], {}
obj.modifiers["Sway Splats"].show_viewport = False  # otherwise the points are spheres by now
for frame in frames:
    bpy.context.scene.frame_set(frame)
    points = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    values = np.empty(len(points.points) * 3, np.float32)
    points.attributes["position"].data.foreach_get("vector", values)
    shown[str(frame)] = values.reshape(-1, 3)
np.savez(out, **shown)
"""


@pytest.fixture
def files(addon, scene_module, cloud, tmp_path):
    """Four numbered .ply files of random splats; the third is the second with other places alone."""
    from dataclasses import replace

    clouds = [cloud(count) for count in COUNTS]
    clouds[2] = replace(clouds[1], positions=clouds[1].positions + np.float32(1))
    for k, gaussians in enumerate(clouds):
        scene_module("backend.formats").write(tmp_path / f"walk_{k + 7:03d}.ply", gaussians, "+Z")
    return sorted(tmp_path.glob("*.ply"))


def shown_at(scene_module, obj, frame):
    bpy.context.scene.frame_set(frame)
    return scene_module("scene.shown").shown_gaussians(bpy.context, obj)


def assert_shows(got, want):
    """Exactly the file's splats: a cloud with +Z up is shown in the file's own axes."""
    for name, values in want.to_arrays().items():
        # an identity transform of rotations and harmonics in float64, rounded to float32
        np.testing.assert_allclose(getattr(got, name), values, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("keep", ["PACKED", "DISK"])
def test_each_file_is_shown_at_its_frame(files, scene_module, tmp_path, keep):
    """Every attribute of every frame is the file's, whatever their numbers of splats; the ends hold."""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.context.scene.frame_start = 3
    assert bpy.ops.sway.import_splats(filepath=str(files[0]), sequence=True, keep=keep) == {"FINISHED"}
    obj, formats = bpy.context.active_object, scene_module("backend.formats")
    assert obj.name == "walk" and [other.name for other in bpy.data.objects] == ["walk"]
    for frame, file in ((1, 0), (3, 0), (4, 1), (5, 2), (6, 3), (50, 3)):
        assert_shows(shown_at(scene_module, obj, frame), formats.read(files[file]).gaussians)
    assert (tmp_path / "sway_bakes").exists() == (keep == "DISK")


def test_what_stays_is_stored_once(files, scene_module, tmp_path):
    """A file that changes places alone adds only these, here to a folder beside the .blend."""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.sway.import_splats(filepath=str(files[0]), sequence=True, keep="DISK")
    sizes = [file.stat().st_size for file in sorted(tmp_path.glob("sway_bakes/*/*/blobs/*.blob"))]
    every = 12 + 12 + 16 + 16 + 3 * 12  # place, scale, rotation, colour and opacity, harmonics of degree 1
    assert sizes == [40 * every, 64 * every, 64 * 12, 30 * every]


def test_it_plays_elsewhere_without_the_addon(files, scene_module, tmp_path):
    """The saved .blend shows every file in a factory Blender, and the files themselves are not needed any more."""
    bpy.ops.sway.import_splats(filepath=str(tmp_path), keep="PACKED")
    want = [scene_module("backend.formats").read(file).gaussians.positions for file in files]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "elsewhere.blend"))
    for file in files:
        file.unlink()
    script, out = tmp_path / "play.py", tmp_path / "shown.npz"
    script.write_text(PLAY)
    arguments = json.dumps([str(tmp_path / "elsewhere.blend"), str(out), [1, 2, 3, 4]])
    subprocess.run([*THIS_BLENDER, str(script), "--", arguments], check=True, timeout=120, stdout=subprocess.DEVNULL)
    shown = np.load(out)
    for k, positions in enumerate(want):
        np.testing.assert_array_equal(shown[str(k + 1)], positions)


def test_a_damaged_file_leaves_nothing_behind(files, tmp_path):
    """The refusal names the file; no object, no data and no modifier of it is there."""
    files[2].write_bytes(files[2].read_bytes()[:-9])
    collections = (bpy.data.objects, bpy.data.pointclouds, bpy.data.meshes)
    before = [len(collection) for collection in collections]
    with pytest.raises(RuntimeError, match=f"{files[2].name} is cut off"):
        bpy.ops.sway.import_splats(filepath=str(files[0]), sequence=True)
    assert [len(collection) for collection in collections] == before
    with pytest.raises(RuntimeError, match="save the .blend first"):
        bpy.ops.sway.import_splats(filepath=str(files[0]), sequence=True, keep="DISK")


def test_motion_of_the_first_cloud_replaces_the_flipbook(files, scene_module, swing, tmp_path):
    """A preview is shown in its place; a bake frees it, files included, and so does freeing the bake itself."""
    bake, playback, splats = map(scene_module, ("scene.bakes.bake", "scene.playback", "scene.splats"))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    for free in (True, False):
        bpy.ops.sway.import_splats(filepath=str(files[0]), sequence=True, keep="DISK")
        obj, trajectory = bpy.context.active_object, swing(count=COUNTS[0])
        assert bake.is_baked(obj) and any(tmp_path.glob("sway_bakes/*"))
        playback.show(obj, trajectory, 1)
        posed = trajectory.pose(splats.world_gaussians(obj), 3)[0]
        np.testing.assert_allclose(shown_at(scene_module, obj, 4).positions, posed, atol=1e-6)
        if free:
            playback.stop(obj)
            bake.free_bake(bpy.context, obj)
            posed = splats.world_gaussians(obj).positions
        else:
            bake.bake(bpy.context, obj, trajectory, 1)
        np.testing.assert_allclose(shown_at(scene_module, obj, 4).positions, posed, atol=1e-6)
        assert not any(tmp_path.glob("sway_bakes/*"))
