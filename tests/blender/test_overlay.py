"""Colour overlays of moving splats: what is measured, what is written as the timeline moves, and what is left after."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


@pytest.fixture
def stretched(scene_module):
    """Makes a motion of a block of particles that is drawn out along x to 1 + 0.3 t, turned by t, t = 0 .. 1."""
    trajectory, rot = scene_module("backend.trajectory"), scene_module("backend.rotations")

    def make(count=64, *, carried: bool):
        rest = np.stack(np.meshgrid(*[np.arange(4.0)] * 3), -1).reshape(-1, 3).astype(np.float32)
        t = np.linspace(0, 1, 5)
        stretch = np.tile([1.0, 0, 0, 1, 0, 1], (5, len(rest), 1))
        stretch[..., 0] += 0.3 * t[:, None]
        turns = np.zeros((5, len(rest), 4), np.float32)
        turns[..., 0], turns[..., 3] = np.cos(t / 2)[:, None], np.sin(t / 2)[:, None]
        matrix = rot.matrix_from_quaternion(turns[:, 0]) @ scene_module("backend.deformation").symmetric(stretch[:, 0])
        positions = np.einsum("tij,pj->tpi", matrix, rest).astype(np.float32)
        moving = np.arange(0, count, 2, dtype=np.int32)
        carriers = np.random.default_rng(0).integers(0, len(rest), (len(moving), 2)).astype(np.int32)
        binding = trajectory.Binding(moving, carriers, np.full((len(moving), 2), 0.5, np.float32))
        made = trajectory.Trajectory(rest, positions, turns, binding, 24.0)
        return replace(made, stretch=stretch.astype(np.float32)) if carried else made

    return make


@pytest.mark.parametrize("carried", [True, False])
def test_strain_of_a_block_drawn_out(scene_module, stretched, carried):
    """ln 1.3 at the end, half-way ln 1.15, whether the motion carries its stretch or only turns."""
    measures = scene_module("scene.fields.measures").Measures(stretched(carried=carried))
    # Without a stretch of its own the block's is found to the share of isotropy that is added, a hundredth of 3.
    tolerance = {"rtol": 1e-5} if carried else {"rtol": 0.06}
    np.testing.assert_allclose(measures.strain(4.0), np.log(1.3), **tolerance)
    np.testing.assert_allclose(measures.strain(2.0), np.log(1.15), **tolerance)
    assert measures.strain(0.0).max() < 1e-6
    assert measures.most("strain") == pytest.approx(np.log(1.3), rel=0.06)


def test_eigenvalues_are_those_of_a_library(scene_module):
    """The closed form agrees with LAPACK, also for equal eigenvalues."""
    found = scene_module("scene.fields.measures").eigenvalues
    half = np.random.default_rng(0).normal(size=(50, 3, 3))
    matrices = np.concatenate([half + half.swapaxes(1, 2), [np.eye(3), np.diag([1, 1, 2.0]), np.zeros((3, 3))]])
    np.testing.assert_allclose(found(matrices), np.linalg.eigvalsh(matrices)[:, ::-1], atol=1e-7)


def test_speed_is_that_of_the_motion(scene_module, swing):
    """A push of 0.3, 0.2, 0.1 m for every unit of time, of which there are 0.25 a frame, 24 times a second."""
    measures = scene_module("scene.fields.measures").Measures(swing())
    expected = np.linalg.norm([0.3, 0.2, 0.1]) * 0.25 * 24
    for frame in (0, 1, 1.4, 3):
        # Differences of float32 positions of about 3 m.
        np.testing.assert_allclose(measures.speed(frame), expected, rtol=1e-4)
    shown = measures.on_splats(measures.speed(1), 64)
    assert np.isnan(shown[::4]).all() and np.nanmax(shown) == pytest.approx(expected, rel=1e-4)


def test_the_timeline_moves_what_is_shown(addon, empty_scene, scene_module, cloud, stretched, tmp_path):
    """Each frame shows its own strain; switched off, the object has the modifiers and attributes it had before."""
    splats, playback, arrays = (scene_module(n) for n in ("scene.splats", "scene.playback", "backend.arrays"))
    heat_map = scene_module("scene.fields.heat_map")
    scene, obj = bpy.context.scene, splats.add_splats(bpy.context, "block", cloud(), up="+Z")
    obj.sway.overlay = "STRAIN"
    assert obj.sway.overlay == "NONE" and "press Simulate first" in obj.sway.overlay_problem
    motion = stretched(carried=True)
    path = arrays.save(tmp_path / "trajectory.npz", motion.to_arrays())
    scene.frame_set(1)
    playback.show(obj, motion, 1, str(path))
    before = [m.name for m in obj.modifiers], sorted(obj.data.attributes.keys())
    look = splats.read_splats(obj).to_arrays()
    obj.sway.overlay = "STRAIN"
    assert obj.sway.overlay == "STRAIN" and not obj.sway.overlay_problem
    assert heat_map.limits(obj) == pytest.approx((0, 100 * np.log(1.3)), rel=1e-4)
    for frame, strain in ((5, np.log(1.3)), (3, np.log(1.15))):
        scene.frame_set(frame)
        values = np.empty(64, np.float32)
        obj.data.attributes[heat_map.SHOWN].data.foreach_get("value", values)
        np.testing.assert_allclose(values[::2], 100 * strain, rtol=1e-4)
        assert (values[1::2] <= heat_map.NONE).all()
    obj.sway.overlay = "SPEED"
    obj.sway.overlay = "NONE"
    assert ([m.name for m in obj.modifiers], sorted(obj.data.attributes.keys())) == before
    assert heat_map.KIND not in obj
    for name, values in splats.read_splats(obj).to_arrays().items():
        np.testing.assert_array_equal(values, look[name], err_msg=name)


def test_a_bake_is_shown_in_its_own_time(addon, empty_scene, scene_module, cloud, swing, bake):
    """Played at half the pace, a bake's splats are half as fast and the frame of its motion is half as far on."""
    splats, overlay = scene_module("scene.splats"), scene_module("scene.fields.overlay")
    rescaling = scene_module("scene.fields.rescaling")
    obj = splats.add_splats(bpy.context, "block", cloud(), up="+Z")
    bake.bake(bpy.context, obj, swing(), 1, "TRAJECTORY")
    bpy.context.scene.frame_set(3)
    assert overlay.motion_frame(obj, bpy.context.scene) == pytest.approx((2.0, 1.0))
    rescaling.set_factor(obj, 0.25)
    assert overlay.motion_frame(obj, bpy.context.scene) == pytest.approx((1.0, 0.5))
