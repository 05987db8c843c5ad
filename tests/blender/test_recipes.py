"""The recipes of docs/scripts.md, run as they stand there."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.conftest import ROOT

RECIPES = re.findall(r"^## \d.*?```python\n(.*?)```", (ROOT / "docs" / "scripts.md").read_text("utf-8"), re.M | re.S)
INTERACTIVE = {"SWAY_OT_live_picture", "SWAY_OT_pick_peaks", "SWAY_OT_poke_planes"}
"""Operators that only a hand can use; docs/scripts.md names them."""


@pytest.fixture(scope="module")
def folder(addon, tmp_path_factory):
    """A folder with the files that the recipes expect, a cache of its own."""
    import bpy
    from bl_ext.user_default.sway.backend import formats
    from bl_ext.user_default.sway.backend.sample import potted_plant

    made = tmp_path_factory.mktemp("recipes")
    formats.write_ply(made / "plant.ply", potted_plant(count=6000))
    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    image = bpy.data.images.new("photo", 64, 96)
    y, x = np.mgrid[:96, :64]
    reed = np.abs(x - 32) < 5
    colours = np.where(reed[..., None], [0.2, 0.5, 0.1, 1], [0.7, 0.8, 0.9, 1]) - 0.05 * np.sin(y)[..., None]
    image.pixels.foreach_set(colours.clip(0, 1).astype(np.float32).ravel())
    image.filepath_raw, image.file_format = str(made / "photo.png"), "PNG"
    image.save()
    preferences = bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences
    preferences.cache_folder = str(made / "cache")
    yield made
    preferences.property_unset("cache_folder")


def run(number: int, folder, monkeypatch, **given) -> None:
    """Execute a recipe with the folder as the current one."""
    monkeypatch.chdir(folder)
    exec(compile(RECIPES[number - 1], f"recipe {number}", "exec"), {"__name__": "__main__", **given})


def test_there_are_five_recipes():
    """The page keeps the number that the manual promises."""
    assert len(RECIPES) == 5


def test_a_scene_that_moves(folder, monkeypatch):
    """Recipe 1: the saved file holds two flags that share their motion."""
    import bpy

    run(1, folder, monkeypatch)
    bpy.ops.wm.open_mainfile(filepath=str(folder / "flags.blend"))
    flags = [obj for obj in bpy.data.objects if obj.name.startswith("Flag") and obj.type == "POINTCLOUD"]
    assert len(flags) == 2 and flags[0].data == flags[1].data


def test_a_folder_of_captures(folder, monkeypatch):
    """Recipe 3: beside each capture lies a smaller one of another format."""
    run(3, folder, monkeypatch)
    assert 0 < (folder / "plant.spz").stat().st_size < 0.5 * (folder / "plant.ply").stat().st_size


def test_a_capture_is_simulated_and_varied_on_the_command_line(folder, worker, monkeypatch):
    """Recipes 2 and 5: the plant moves when hit; the job that Blender ran runs again with other winds."""
    import bpy

    run(2, folder, monkeypatch)
    assert (folder / "plant.blend").exists()
    assert bpy.data.objects["plant"].sway.bake.made
    run(5, folder, monkeypatch, backend_python=worker, addon_folder=ROOT)
    motions = [np.load(folder / f"wind-{strength}" / "trajectory.npz")["positions"] for strength in (0.5, 1.0)]
    assert motions[0].shape == motions[1].shape and not np.allclose(*motions)


def test_a_photograph_becomes_numbered_images(folder, worker, monkeypatch):
    """Recipe 4: as many images as frames."""
    run(4, folder, monkeypatch)
    assert len(list((folder / "frames").glob("*.png"))) == 6


def test_every_operator_can_be_called_by_a_script(addon):
    """All operators have an `execute`, but those that only a hand can use."""
    import bpy
    from bl_ext.user_default.sway import registration

    operators = [cls for cls in registration.CLASSES if issubclass(cls, bpy.types.Operator)]
    without = {cls.__name__ for cls in operators if not hasattr(cls, "execute")}
    assert without == INTERACTIVE
