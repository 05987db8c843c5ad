"""Import through the operator: what a file becomes, and what a bad one leaves alone."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def formats(addon):
    from bl_ext.user_default.sway.backend import formats

    return formats


@pytest.fixture
def small_plant(formats, tmp_path):
    """A procedural plant of 2,000 splats in a .ply file."""
    from bl_ext.user_default.sway.backend.sample import potted_plant

    path = tmp_path / "small.ply"
    formats.write_ply(path, potted_plant(count=2000))
    return path


def snapshot():
    """What an import could leave behind."""
    import bpy

    collections = (bpy.data.objects, bpy.data.pointclouds, bpy.data.meshes, bpy.data.materials, bpy.data.node_groups)
    return [
        sorted(item.name for item in collection) for collection in collections
    ], bpy.context.scene.view_settings.view_transform


def test_import_makes_one_upright_point_cloud(empty_scene, small_plant):
    """One object, the file's splats in it, standing on +Z, shown with the file's own colours."""
    import bpy

    assert bpy.ops.sway.import_splats(filepath=str(small_plant), up="+Z") == {"FINISHED"}
    (obj,) = bpy.data.objects
    assert obj.type == "POINTCLOUD" and len(obj.data.points) == 2000
    assert bpy.context.active_object == obj
    assert empty_scene.view_settings.view_transform == "Raw"


def bad_files(folder, good):
    """(name, content, words that the refusal must hold) of files that cannot be imported."""
    header, body = good.split(b"end_header\n", 1)
    count = int(header.split(b"element vertex ")[1].split()[0])
    nan = np.frombuffer(body, np.float32).copy()
    nan[0] = np.nan
    empty = header.replace(b"element vertex %d" % count, b"element vertex 0")
    return [
        ("truncated.ply", good[: len(good) // 2], "truncated.ply"),
        ("ascii.ply", good.replace(b"binary_little_endian", b"ascii"), "ASCII"),
        ("mesh.ply", b"ply\nformat binary_little_endian 1.0\nelement vertex 1\nproperty float x\nproperty float y\n"
         b"property float z\nend_header\n" + bytes(12), "mesh.ply"),
        ("nan.ply", header + b"end_header\n" + nan.tobytes(), "nan.ply"),
        ("zero.ply", empty + b"end_header\n", "zero.ply"),
        ("length.splat", bytes(33), "length.splat"),
        ("text.splat", b"", "text.splat"),
        ("picture.png", b"x", "png"),
    ]  # fmt: skip


def test_bad_files_are_refused_in_one_sentence_and_leave_the_scene_alone(empty_scene, small_plant, tmp_path):
    """Every damaged or foreign file: an error that names it, and nothing added or changed."""
    import bpy

    before = snapshot()
    for name, content, words in bad_files(tmp_path, small_plant.read_bytes()):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RuntimeError) as refused:
            bpy.ops.sway.import_splats(filepath=str(tmp_path / name))
        sentence = str(refused.value).removeprefix("Error: ").strip()
        assert words in sentence and "\n" not in sentence and len(sentence) < 300, sentence
        assert snapshot() == before, name
    with pytest.raises(RuntimeError, match="nowhere.ply"):
        bpy.ops.sway.import_splats(filepath=str(tmp_path / "nowhere.ply"))
    assert snapshot() == before


def test_harmonics_of_degree_4_are_kept(empty_scene, formats, scene_module, tmp_path, capfd):
    """A file of degree 4 is not refused: what is drawn ends at degree 3, which is said once, and export gives all."""
    import bpy

    rng = np.random.default_rng(0)
    rotations = scene_module("backend.rotations").normalised(rng.normal(size=(9, 4)))
    written = scene_module("backend.gaussians").Gaussians(
        *(np.float32(a) for a in (rng.normal(size=(9, 3)), rotations, np.ones((9, 3)), np.full(9, 0.5))),
        sh=rng.normal(size=(9, 25, 3)).astype(np.float32),
    )
    formats.write(tmp_path / "four.ply", written)
    assert bpy.ops.sway.import_splats(filepath=str(tmp_path / "four.ply"), up="-Y") == {"FINISHED"}
    assert capfd.readouterr().out.count("degree 4 are kept for export; 3 degrees are drawn") == 1
    assert bpy.ops.sway.export_splats(filepath=str(tmp_path / "again.ply"), up="-Y") == {"FINISHED"}
    again = formats.read(tmp_path / "again.ply").gaussians
    np.testing.assert_allclose(again.sh, written.sh, atol=1e-5)  # a turn by a right angle and back, in float32
