"""The asset library: what is written, and that a material dropped on splats is what they are simulated as."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


@pytest.fixture
def library(addon, empty_scene, tmp_path):
    """The library's file, written by the button's operator."""
    before = {kind: len(getattr(bpy.data, kind)) for kind in ("materials", "images", "node_groups")}
    assert bpy.ops.sway.add_asset_library(directory=str(tmp_path / "assets")) == {"FINISHED"}
    assert {kind: len(getattr(bpy.data, kind)) for kind in before} == before
    yield tmp_path / "assets" / "sway_materials.blend"
    libraries = bpy.context.preferences.filepaths.asset_libraries
    libraries.remove(next(known for known in libraries if known.name == "Sway"))


def test_the_library_holds_every_preset_with_its_picture(library, scene_module):
    """Materials and node groups are assets in catalogues that the table names; each material has its picture."""
    presets = scene_module("backend.api.materials").Preset
    table = library.with_name("blender_assets.cats.txt").read_text()
    with bpy.data.libraries.load(str(library), assets_only=True) as (found, wanted):
        assert set(found.materials) == {preset.label for preset in presets}
        assert set(found.node_groups) == {"Sway Splats", "Sway Overlay"}
        wanted.materials = list(found.materials)
    for material in wanted.materials:
        assert material.asset_data.catalog_id in table and material.asset_data.description
        assert tuple(material.preview.image_size) == (128, 128)
        pixels = np.empty(4 * 128 * 128, np.float32)
        material.preview.image_pixels_float.foreach_get(pixels)
        assert np.ptp(pixels.reshape(-1, 4)[:, :3]) > 0.2, material.name
    known = [k for k in bpy.context.preferences.filepaths.asset_libraries if k.name == "Sway"]
    assert len(known) == 1
    bpy.ops.sway.add_asset_library(directory=str(library.parent))
    assert len([k for k in bpy.context.preferences.filepaths.asset_libraries if k.name == "Sway"]) == 1


def test_a_dropped_material_is_what_splats_are_made_of(library, scene_module, cloud):
    """In a splat object's slot it becomes the simulation material and goes; on a mesh it stays a material."""
    assets, splats = scene_module("scene.material_assets"), scene_module("scene.splats")
    with bpy.data.libraries.load(str(library), assets_only=True) as (_found, wanted):
        wanted.materials = ["Rubber", "Sand"]
    rubber, sand = wanted.materials
    obj = splats.add_splats(bpy.context, "plant", cloud())
    look = splats.read_splats(obj).to_arrays()
    own = bpy.data.materials.new("of one's own")
    obj.data.materials.append(own)
    obj.data.materials.append(rubber)
    assert assets.dropped(obj) == "rubber"
    assert assets.take(obj) == "rubber" and assets.take(obj) == ""
    assert obj.sway.material.preset == "rubber"
    assert [slot.material for slot in obj.material_slots] == [own] and "Rubber" not in bpy.data.materials
    for name, values in splats.read_splats(obj).to_arrays().items():
        np.testing.assert_array_equal(values, look[name], err_msg=name)
    mesh = bpy.data.objects.new("mesh", bpy.data.meshes.new("mesh"))
    mesh.data.materials.append(sand)
    assert assets.take(mesh) == "" and mesh.material_slots[0].material == sand
