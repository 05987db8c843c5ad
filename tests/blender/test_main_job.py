"""The main job through the operators, with the real worker, on a small procedural plant."""

from __future__ import annotations

import json

import pytest


@pytest.fixture(scope="module")
def plant(worker, addon, tmp_path_factory):
    """The small plant, imported into an empty scene, with its parts guessed and a cache folder of its own."""
    import bpy
    from bl_ext.user_default.sway.backend import formats
    from bl_ext.user_default.sway.backend.sample import potted_plant

    folder = tmp_path_factory.mktemp("main")
    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences.cache_folder = str(folder / "cache")
    formats.write_ply(folder / "plant.ply", potted_plant(count=8000))
    scene = bpy.context.scene
    scene.render.resolution_x = scene.render.resolution_y = 96
    bpy.ops.sway.import_splats(filepath=str(folder / "plant.ply"), up="+Z")
    return bpy.context.active_object


def test_steps_refuse_to_run_before_those_they_need(plant):
    """Each step names the one to run first; nothing is started."""
    import bpy

    for operator, words in (
        (bpy.ops.sway.make_reference, "Guess Parts"),
        (bpy.ops.sway.fit_material, "Make Reference Motion"),
        (bpy.ops.sway.simulate, "Fit Material"),
        (bpy.ops.sway.bake, "Simulate"),
    ):
        with pytest.raises(RuntimeError, match=words):
            operator()


def test_from_parts_to_bake(plant):
    """The steps in order: each finishes and notes its result; the baked cloud moves, and what holds does not."""
    import bpy
    import numpy as np
    from bl_ext.user_default.sway.properties import steps
    from bl_ext.user_default.sway.scene import splats

    scene = bpy.context.scene
    assert bpy.ops.sway.guess_parts() == {"FINISHED"}
    assert bpy.ops.sway.make_reference(frames=14, resolution=96, frequency=3.0) == {"FINISHED"}
    assert scene.camera is not None  # the scene had none
    assert bpy.ops.sway.fit_material(iterations=0, particles=300, grid_cells=10) == {"FINISHED"}
    assert bpy.ops.sway.simulate(frames=6, wind="fitted") == {"FINISHED"}
    assert bpy.ops.sway.bake() == {"FINISHED"}
    assert all(steps.state(scene, plant, step) is steps.State.done for step in steps.PARAMS)

    found = json.loads(plant.sway.simulate.summary)
    assert found["tip_amplitude_m"] > 1e-3 and found["hold_part_max_displacement_m"] == 0

    moving = splats.read_parts(plant) > 0
    clouds = []
    for frame in (1, 6):
        scene.frame_set(frame)
        evaluated = plant.evaluated_get(bpy.context.evaluated_depsgraph_get())
        instances = [i.matrix_world.translation.copy() for i in bpy.context.evaluated_depsgraph_get().object_instances
                     if i.is_instance and i.parent == evaluated]  # fmt: skip
        clouds.append(np.array(instances))
    moved = np.linalg.norm(clouds[1] - clouds[0], axis=1)
    assert (moved > 1e-4).any() and (moved < 1e-6).sum() >= (~moving).sum() * 0.9

    assert {marker.name: marker.frame for marker in scene.timeline_markers} == {
        f"{plant.name} bake start": 1,
        f"{plant.name} bake end": 6,
    }
    assert bpy.ops.sway.bake(target="bones", bones=4) == {"FINISHED"}
    assert json.loads(plant.sway.bake.summary)["bones"] == 4 and len(scene.timeline_markers) == 2
    assert bpy.ops.sway.free_bake() == {"FINISHED"} and not scene.timeline_markers

    scene.sway.fit.density = 1200
    assert steps.state(scene, plant, "fit") is steps.State.outdated
    assert steps.state(scene, plant, "reference") is steps.State.done


def test_a_bad_video_is_refused_and_the_worker_stays_usable(plant, tmp_path):
    """An unreadable video: one sentence naming it; the earlier reference stays; the next job runs."""
    import bpy

    (tmp_path / "broken.mp4").write_bytes(b"no video")
    before = plant.sway.reference.made
    for path, words in (
        (tmp_path / "broken.mp4", "broken.mp4"),
        (tmp_path / "absent.mp4", "absent.mp4"),
        ("", "Choose"),
    ):
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.sway.make_reference(source="video", path=str(path), resolution=96)
    assert plant.sway.reference.made == before
    assert bpy.ops.sway.make_reference(source="wind", frames=14, resolution=96) == {"FINISHED"}
