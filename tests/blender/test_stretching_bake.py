"""Splats that stretch: the baked nodes against `Trajectory.posed`, the drawn ellipsoids, and the artist's timing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

START = 10
"""Scene frame of the motion's first frame."""
SHOWN = ((START, 0), (START + 1, 1), (START + 2.75, 2.75), (START + 99, 5))
"""Scene frames and the motion's frames that they must show."""


@pytest.fixture
def stretching(scene_module, twist):
    """Makes twisting trajectories whose particles are also stretched and sheared, by up to 1.6 times."""
    deformation = scene_module("backend.deformation")

    def make(**options):
        trajectory = twist(**options)
        rng = np.random.default_rng(2)
        shear = rng.uniform(-0.3, 0.3, (len(trajectory), len(trajectory.rest), 6)).astype(np.float32)
        return replace(trajectory, stretch=deformation.UNSTRETCHED + shear)

    return make


def evaluated(obj, read):
    """read(geometry) of the object's geometry after its modifiers."""
    geometry = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
    return read(geometry)


def covariances(points, name):
    """Covariances [N, 3, 3] of splats drawn with the half-axes in a matrix attribute."""
    attribute = points.attributes[name]
    columns = np.empty(len(attribute.data) * 16, np.float32)
    attribute.data.foreach_get("value", columns)
    half_axes = columns.reshape(-1, 4, 4)[:, :3, :3].swapaxes(1, 2)
    return half_axes @ half_axes.swapaxes(1, 2)


def posed_locally(scene_module, obj, trajectory, frame):
    """The cloud in the object's frame."""
    motion, splats = scene_module("scene.motion"), scene_module("scene.splats")
    local = motion.in_object_frame(obj, trajectory, np.array(obj.matrix_world))
    return local.posed(splats.read_splats(obj), frame), local.pose(splats.read_splats(obj), frame)


@pytest.mark.parametrize("neighbours", [1, 8])
def test_nodes_stretch_as_the_trajectory_does(scene_module, plant, bake, stretching, shown_pose, neighbours):
    """Positions, rotations and covariances A Sigma A^T at frames, between them and beyond the ends."""
    trajectory = stretching(neighbours=neighbours)
    bake.bake(bpy.context, plant, trajectory, START)
    for frame, since_start in SHOWN:
        bpy.context.scene.frame_set(int(frame), subframe=frame % 1)
        positions, rotations = shown_pose(plant)
        posed, (_, turned) = posed_locally(scene_module, plant, trajectory, since_start)
        sign = np.sign((rotations * turned).sum(1, keepdims=True))
        drawn = evaluated(plant, lambda geometry: covariances(geometry.pointcloud, "sway_axes"))
        # Stretches are stored in steps of 0.3 / 32767, rounded by half of one: 5e-6, times distances up to 4 between a
        # splat and its particles, and twice that of a covariance, which is below 0.2^2 * 1.6^2.
        np.testing.assert_allclose(positions, posed.positions, atol=5e-5)
        np.testing.assert_allclose(drawn, posed.covariances(), atol=2e-6)
        np.testing.assert_allclose(sign * rotations, turned, atol=1e-6)


def test_instances_are_the_ellipsoids(scene_module, plant, bake, stretching):
    """What the renderers get are spheres under exactly the splats' half-axes, times the radius they are cut at."""
    trajectory = stretching()
    bake.bake(bpy.context, plant, trajectory, START)
    bpy.context.scene.frame_set(START + 3)
    drawn = evaluated(plant, lambda geometry: covariances(geometry.instances_pointcloud(), "instance_transform"))
    opacity = scene_module("scene.splats").read_splats(plant).opacity
    want = posed_locally(scene_module, plant, trajectory, 3)[0].covariances()
    radius2 = 2 * np.log(255 * opacity)[:, None, None]
    np.testing.assert_allclose(drawn, want * radius2, atol=2e-6 * radius2.max())  # as above


def test_a_turning_bake_carries_no_axes(plant, bake, twist, stretching):
    """A bake without stretch over one with it leaves nothing of it in the file or in the geometry."""
    bake.bake(bpy.context, plant, stretching(), START)
    bake.bake(bpy.context, plant, twist(), START)
    bpy.context.scene.frame_set(START + 2)
    plant.modifiers["Sway Splats"].show_viewport = False
    assert not evaluated(plant, lambda geometry: "sway_axes" in geometry.pointcloud.attributes)
    assert plant.modifiers["Sway Trajectory"].node_group.name == "Sway Trajectory"


def test_stretched_bake_is_small(plant, bake, stretching):
    """A particle takes 12 bytes a frame more than one that only turns."""
    turning = replace(stretching(), stretch=None)
    more = bake.bake_size(plant, stretching()) - bake.bake_size(plant, turning)
    assert more == 12 * 20 * 7  # 20 particles at rest and in 6 frames


@pytest.mark.parametrize("stretched", [False, True])
def test_baking_again_keeps_the_artists_timing(scene_module, plant, bake, twist, stretching, shown_pose, stretched):
    """A changed Time curve survives a new bake of a longer motion, stretched or not; the old motion object goes."""
    bake.bake(bpy.context, plant, twist(), START)
    animation = plant.animation_data
    curve = animation.action.layers[0].strips[0].channelbag(animation.action_slot).fcurves[0]
    curve.keyframe_points[0].co.y, curve.keyframe_points[1].co.y = 5, 0
    curve.update()
    longer = (stretching if stretched else twist)(frames=9)
    bake.bake(bpy.context, plant, longer, START)
    assert [obj.name for obj in bpy.data.objects if "motion" in obj.name] == ["plant motion.001"]
    bpy.context.scene.frame_set(START + 2)
    np.testing.assert_allclose(
        shown_pose(plant)[0], posed_locally(scene_module, plant, longer, 3)[0].positions, atol=5e-5
    )


def test_baking_again_times_what_nobody_touched(scene_module, plant, bake, twist, shown_pose):
    """A straight Time line is drawn anew for the new motion's frames."""
    bake.bake(bpy.context, plant, twist(), START)
    longer = twist(frames=9)
    bake.bake(bpy.context, plant, longer, START + 3)
    bpy.context.scene.frame_set(START + 3 + 8)
    np.testing.assert_allclose(
        shown_pose(plant)[0], posed_locally(scene_module, plant, longer, 8)[0].positions, atol=2e-6
    )


def shown_covariances(scene_module, obj):
    """Covariances [N, 3, 3] from the rotation and scale of an object's splats as they are shown."""
    obj.modifiers["Sway Splats"].show_viewport = False

    def read(geometry):
        values = {}
        for name, field, width in (("rotation", "value", 4), ("scale", "vector", 3)):
            values[name] = np.empty(len(geometry.pointcloud.points) * width, np.float32)
            geometry.pointcloud.attributes[name].data.foreach_get(field, values[name])
        rotations = scene_module("backend.rotations").normalised(values["rotation"].reshape(-1, 4))
        half_axes = scene_module("backend.rotations").matrix_from_quaternion(rotations)
        half_axes = half_axes * values["scale"].reshape(-1, 1, 3)
        return half_axes @ half_axes.swapaxes(1, 2)

    return evaluated(obj, read)


@pytest.mark.parametrize("kept", ["preview", "PACKED"])
def test_previews_and_frame_bakes_stretch(scene_module, plant, bake, stretching, shown_pose, kept):
    """A preview, and a bake of every frame, show rotation and scale of A Sigma A^T; without them the cloud is at rest.

    Both lie over a trajectory bake that stretches otherwise, of which nothing must show.
    """
    playback, splats = scene_module("scene.playback"), scene_module("scene.splats")
    trajectory = stretching()
    playback.register()
    try:
        bake.bake(bpy.context, plant, stretching(frames=3), START)
        if kept == "preview":
            playback.show(plant, trajectory, START)
        else:
            bake.bake(bpy.context, plant, trajectory, START, kept)
        for since_start in (0, 2, 5):
            bpy.context.scene.frame_set(START + since_start)
            posed, _ = posed_locally(scene_module, plant, trajectory, since_start)
            np.testing.assert_allclose(shown_pose(plant)[0], posed.positions, atol=2e-6)
            np.testing.assert_allclose(shown_covariances(scene_module, plant), posed.covariances(), atol=1e-6)
        assert not evaluated(plant, lambda geometry: "sway_axes" in geometry.pointcloud.attributes)
        bpy.context.scene.frame_set(START + 2, subframe=0.5)
        halfway = posed_locally(scene_module, plant, trajectory, 2.5)[0].positions
        if kept == "preview":
            np.testing.assert_allclose(shown_pose(plant)[0], halfway, atol=2e-6)
        playback.stop(plant)
        bake.free_bake(bpy.context, plant)
    finally:
        playback.unregister()
    rest = splats.read_splats(plant)
    np.testing.assert_allclose(shown_covariances(scene_module, plant), rest.covariances(), atol=1e-7)


def test_frame_bakes_of_what_only_turns_keep_no_scale(scene_module, plant, bake, swing, stretching):
    """A frame of a splat takes 12 bytes more where it stretches."""
    assert bake.bake_size(plant, swing(), "PACKED") == 28 * 4 * 48
    assert bake.bake_size(plant, stretching(), "PACKED") == 40 * 6 * 48


def test_exported_splats_are_the_ellipsoids(scene_module, plant, bake, stretching):
    """What export reads of a stretching bake are principal axes of A Sigma A^T, in world space."""
    trajectory = stretching()
    bake.bake(bpy.context, plant, trajectory, START)
    bpy.context.scene.frame_set(START + 2)
    shown = scene_module("scene.shown").shown_gaussians(bpy.context, plant)
    want = trajectory.posed(scene_module("scene.splats").world_gaussians(plant), 2)
    np.testing.assert_allclose(shown.positions, want.positions, atol=1e-4)  # as above, in a frame twice as large
    np.testing.assert_allclose(shown.covariances(), want.covariances(), atol=1e-5)
