"""Saving a fitted material and loading it onto another object, as the buttons do it."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


@pytest.fixture
def fitted(addon, scene_module, tmp_path):
    """A stalk that stands turned and aside, with a fit of it noted."""
    splats, steps, arrays = (scene_module(name) for name in ("scene.splats", "properties.steps", "backend.arrays"))
    gaussians = scene_module("backend.gaussians")
    rng = np.random.default_rng(0)
    positions = rng.uniform([-0.1, -0.1, 0], [0.1, 0.1, 1], (400, 3)).astype(np.float32)
    turns = np.tile(np.float32([1, 0, 0, 0]), (400, 1))
    cloud = gaussians.Gaussians(
        positions,
        turns,
        np.full((400, 3), 0.02, np.float32),
        np.full(400, 0.9, np.float32),
        np.zeros((400, 1, 3), np.float32),
    )
    obj = splats.add_splats(bpy.context, "stalk", cloud, "+Z")
    obj.location, obj.rotation_euler = (1, 2, 3), (0, 0, 1)
    bpy.context.view_layer.update()
    rest = positions[::8] @ np.array(obj.matrix_world)[:3, :3].T + np.array(obj.matrix_world)[:3, 3]
    nearest = np.linalg.norm(positions[:, None] - positions[::8], axis=-1).argmin(1)[:, None].astype(np.int32)
    fit = {
        "rest": rest,
        "young": np.full(50, 2e5),
        "density": np.full(50, 1000.0),
        "velocity": np.zeros((50, 3)),
        "poisson": np.array(0.3),
        "damping": np.array(1.0),
        "frequency": np.array(2.0),
        "binding_splats": np.arange(400, dtype=np.int32),
        "binding_particles": nearest,
        "binding_weights": np.ones((400, 1), np.float32),
    }
    file = str(arrays.save(tmp_path / "fit.npz", fit))
    steps.finish(obj, "fit", "", file, {"strategy": "modal", "frequency_hz": 2.0, "parts": [{"identified": True}]})
    return obj, positions[::8]


def test_saved_in_the_captures_axes_with_its_origin(fitted, scene_module, tmp_path):
    """The file holds the stiffness where the capture has it, wherever the object stands, and says what was fitted."""
    _, points = fitted
    path = tmp_path / "stalk.sway"
    assert bpy.ops.sway.save_material(filepath=str(path)) == {"FINISHED"}
    made = scene_module("backend.material_file").MaterialField.read(path)
    np.testing.assert_allclose(made.points, points, atol=1e-5)  # float32 matrix
    np.testing.assert_allclose(made.log_young, np.log10(2e5))
    assert made.provenance["object"] == "stalk" and made.provenance["parts"] == [{"identified": True}]


def test_what_cannot_be_saved_or_loaded_is_said(fitted, scene_module, tmp_path):
    """No fit, an object that was moved since, and a file that is no material are refused in words."""
    obj, _ = fitted
    obj.location.x += 5
    bpy.context.view_layer.update()
    with pytest.raises(RuntimeError, match="moved, turned or scaled after the fit"):
        bpy.ops.sway.save_material(filepath=str(tmp_path / "a.sway"))
    (tmp_path / "text.sway").write_text("hello")
    for name, words in (("text.sway", "no material of Sway"), ("gone.sway", "is not there")):
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.sway.load_material(filepath=str(tmp_path / name))
    scene_module("properties.steps").clear(obj, "fit")
    with pytest.raises(RuntimeError, match="not been fitted yet"):
        bpy.ops.sway.save_material(filepath=str(tmp_path / "a.sway"))


def test_show_stiffness_toggles(fitted, scene_module):
    """The button refuses before a fit's stiffness is on the splats, then shows it, then hides it."""
    obj, _ = fitted
    heat_map, arrays = scene_module("scene.fields.heat_map"), scene_module("backend.arrays")
    with pytest.raises(RuntimeError, match="no fitted stiffness"):
        bpy.ops.sway.show_stiffness()
    heat_map.write_stiffness(obj, arrays.load(obj.sway.fit.file))
    bpy.ops.sway.show_stiffness()
    assert obj.sway.overlay == "STIFFNESS"
    bpy.ops.sway.show_stiffness()
    assert obj.sway.overlay == "NONE"
