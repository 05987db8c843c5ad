"""Simulation of chosen materials through the operator, with the real worker."""

from __future__ import annotations

import json

import numpy as np
import pytest


@pytest.fixture
def block(worker, scene_module, empty_scene, tmp_path):
    """A block of splats, 0.2 m high, half a metre above the ground; nothing is marked as moving."""
    import bpy

    splats, gaussians = scene_module("scene.splats"), scene_module("backend.gaussians")
    bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences.cache_folder = str(tmp_path / "cache")
    rng = np.random.default_rng(0)
    count = 1500
    positions = rng.uniform([-0.1, -0.1, 0.5], [0.1, 0.1, 0.7], (count, 3)).astype(np.float32)
    rotations = np.tile(np.float32([1, 0, 0, 0]), (count, 1))
    cloud = gaussians.Gaussians(
        positions,
        rotations,
        np.full((count, 3), 0.01, np.float32),
        np.full(count, 0.9, np.float32),
        np.zeros((count, 1, 3), np.float32),
    )
    return splats.add_splats(bpy.context, "Block", cloud, up="+Z")


def small():
    size = {"quality": "custom", "particles": 150, "grid_cells": 8}
    return {"frames": 8, "wind": "none", "damping": 0.0, **size}


def fallen(obj):
    """Mean displacement [T, 3] of the particles of an object's simulation."""
    from bl_ext.user_default.sway.backend import arrays
    from bl_ext.user_default.sway.backend.trajectory import Trajectory

    trajectory = Trajectory.from_arrays(arrays.load(obj.sway.simulate.file))
    return (trajectory.positions - trajectory.rest).mean(1)


def test_jelly_needs_no_parts_and_no_fit_and_falls_as_all_things_do(block):
    """Without parts all of it moves; in free fall the middle drops by g t^2 / 2, and the motion bakes."""
    import bpy
    from bl_ext.user_default.sway.properties import steps

    assert bpy.ops.sway.simulate(material="jelly", **small()) == {"FINISHED"}
    scene = bpy.context.scene
    time, substeps = np.arange(8) / 24, json.loads(block.sway.simulate.summary)["substeps_per_frame"]
    # Symplectic Euler goes by g t (t + dt) / 2 with dt a substep; float32 adds up to 1e-6 of half a metre a substep.
    dt = 1 / (24 * substeps)
    assert fallen(block)[:, 2] == pytest.approx(-0.5 * 9.81 * time * (time + dt), abs=7 * substeps * 1e-6)
    assert steps.state(scene, block, "simulate") is steps.State.done
    assert bpy.ops.sway.bake() == {"FINISHED"}
    block.sway.material.preset = "sand"
    assert steps.state(scene, block, "simulate") is steps.State.outdated


def test_parts_of_different_materials_and_a_floor(block, scene_module):
    """Water below jelly, on a floor just under it: nothing falls through, and the water spreads."""
    import bpy

    splats = scene_module("scene.splats")
    splats.write_parts(block, np.full(1500, 2, np.int32))
    bpy.ops.mesh.primitive_cube_add(size=1, location=(0, 0, 0.1))  # its top is at 0.6 m
    bpy.context.view_layer.objects.active = block
    assert bpy.ops.sway.assign_part(part=1) == {"FINISHED"}
    assert np.array_equal(splats.read_parts(block) == 1, splats.read_splats(block).positions[:, 2] <= 0.6)
    block.sway.material.preset = "jelly"
    bpy.ops.sway.add_part_material()
    item = block.sway.part_materials[0]
    item.preset = "water"
    assert item.part == 1 and item.law == "liquid"
    assert bpy.ops.sway.simulate(floor=True, floor_height=0.48, **small()) == {"FINISHED"}
    trajectory = scene_module("backend.trajectory").Trajectory
    motion = trajectory.from_arrays(scene_module("backend.arrays").load(block.sway.simulate.file))
    # A cell is 0.2 / 8 m; what rests on the floor may sink by less than one.
    assert motion.positions[..., 2].min() > 0.48 - 0.2 / 8
    assert motion.stretch is not None
    assert json.loads(block.sway.simulate.summary)["driving_particles"] == 150


def test_custom_starts_from_the_preset_chosen_before(block, scene_module):
    """Choosing Custom keeps the preset's numbers, and what is changed then reaches the simulation."""
    materials = scene_module("properties.materials")
    block.sway.material.preset = "wood"
    block.sway.material.preset = "custom"
    block.sway.material.density = 321.0
    made = materials.assignment_of(block).default
    assert (made.density, made.young_modulus, made.law.name) == (321.0, 1.25e10, "fixed_corotated")


def test_refusals_say_what_to_do(block):
    """What cannot start is refused in words, and nothing is left behind."""
    import bpy

    with pytest.raises(RuntimeError, match="choose a material"):
        bpy.ops.sway.simulate()
    with pytest.raises(RuntimeError, match="no fitted motion"):
        bpy.ops.sway.simulate(material="leaf", wind="fitted", frames=4)
    bpy.ops.mesh.primitive_plane_add()
    bpy.context.object.data.clear_geometry()
    bpy.context.object.sway.acting.kind = "collider"
    bpy.context.view_layer.objects.active = block
    with pytest.raises(RuntimeError, match="no faces"):
        bpy.ops.sway.simulate(material="leaf", wind="none", frames=4)
    assert not block.sway.simulate.made


def test_the_estimate_is_what_the_simulation_then_costs(block, scene_module):
    """Before anything starts the settings alone tell the particle-substeps, within the volume's last percent."""
    import bpy
    from bl_ext.user_default.sway.properties import materials, steps

    block.sway.material.preset = "jelly"
    for name, value in small().items():
        setattr(bpy.context.scene.sway.simulate, name, value)
    params = steps.params(bpy.context.scene, "simulate")
    before = scene_module("scene.estimate").estimate(block, params, materials.assignment_of(block), 24.0)
    assert bpy.ops.sway.simulate() == {"FINISHED"}
    found = json.loads(block.sway.simulate.summary)
    taken = found["driving_particles"] * found["substeps_per_frame"] * 7
    # Substeps are rounded up to whole ones, of some twenty a frame, and particles come about as many as asked for.
    assert before.particle_substeps == pytest.approx(taken, rel=0.15)
    assert str(before) == "About 1 s: 0.1 million particle-substeps"


def test_what_is_held_and_springy_sways_and_its_cost_is_foreseen(block, scene_module):
    """A plant of leaf in its pot goes to the elastic solver; the estimate knows, within a factor of three."""
    import bpy
    from bl_ext.user_default.sway.properties import materials, steps

    plant = scene_module("backend.sample").potted_plant(count=6000)
    obj = scene_module("scene.splats").add_splats(bpy.context, "Plant", plant, up="+Z")
    bpy.ops.sway.guess_parts()
    obj.sway.material.preset = "leaf"
    for name, value in {**small(), "wind": "gust"}.items():
        setattr(bpy.context.scene.sway.simulate, name, value)
    params, assignment = steps.params(bpy.context.scene, "simulate"), materials.assignment_of(obj)
    estimate = scene_module("scene.estimate")
    assert estimate.sways(obj, params, assignment) and not estimate.sways(block, params, assignment)
    before = estimate.estimate(obj, params, assignment, 24.0)
    assert bpy.ops.sway.simulate() == {"FINISHED"}
    found = json.loads(obj.sway.simulate.summary)
    assert found["swaying"] and found["tip_amplitude_m"] > 0
    taken = found["simulated_points"] * found["substeps_per_frame"] * 7
    # Plants differ in how much of their box they fill.
    assert taken / 3 < before.particle_substeps < 3 * taken
    bpy.ops.sway.add_acting(kind="carrier")
    assert not estimate.sways(obj, params, assignment)
