"""What every bake is for: the file, moved to another folder, plays in a factory Blender without the add-on."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tools import environments

bpy = pytest.importorskip("bpy")

FRAMES = {1: 0.0, 2.5: 1.5, 4: 3.0, 9: 3.0}
"""Scene frames (the motion starts at 1 and has 4) and the frame of the motion that they must show."""

BINARY = bpy.app.binary_path  # empty where Blender is a Python module
THIS_BLENDER = [BINARY, "--background", "--factory-startup", "--python"] if BINARY else [sys.executable]

PLAY = """
import json, sys
import bpy
import numpy as np

blend, out, frames, rendered = json.loads(sys.argv[-1])
bpy.ops.wm.open_mainfile(filepath=blend)
assert not any("sway" in name for name in sys.modules), "the add-on must not be there"
scene, shown = bpy.context.scene, {}
clouds = [obj for obj in scene.objects if obj.type == "POINTCLOUD"]
for obj in clouds:
    obj.modifiers["Sway Splats"].show_viewport = False  # otherwise the points are spheres by now; renders show them
for frame in frames:
    scene.frame_set(int(frame), subframe=frame % 1)
    for obj in clouds:
        geometry = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
        points = geometry.pointcloud
        for name, field, width in (("position", "vector", 3), ("rotation", "value", 4)):
            values = np.empty(len(points.points) * width, np.float32)
            points.attributes[name].data.foreach_get(field, values)
            shown[f"{obj.name} {name} {frame:g}"] = values.reshape(-1, width)
        axes = points.attributes.get("sway_axes")
        if axes is not None:
            values = np.empty(len(points.points) * 16, np.float32)
            axes.data.foreach_get("value", values)
            half_axes = values.reshape(-1, 4, 4)[:, :3, :3].swapaxes(1, 2)
            shown[f"{obj.name} covariance {frame:g}"] = half_axes @ half_axes.swapaxes(1, 2)
    if rendered:
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(scene.render.filepath, check_existing=False)
        shown[f"picture {frame:g}"] = np.array(image.pixels[:])
np.savez(out, **shown)
"""


@pytest.fixture
def play(tmp_path):
    """Opens a .blend in another Blender process and returns what it shows at each of the frames."""

    def run(blend, launcher=THIS_BLENDER, rendered=False):
        script, out = tmp_path / "play.py", tmp_path / "shown.npz"
        script.write_text(PLAY)
        command = [*launcher, str(script), "--", json.dumps([str(blend), str(out), list(FRAMES), rendered])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return np.load(out)

    return run


@pytest.fixture
def baked(scene_module, cloud, swing, tmp_path):
    """Makes a .blend with one plant for each of some targets, baked; returns its path and the poses in world space.

    STRETCHING is a trajectory bake of particles that also stretch. A pose is (positions, rotations, the cloud).
    """
    splats = scene_module("scene.splats")

    def make(*targets):
        path, poses, trajectory = tmp_path / "here" / "scene.blend", {}, swing()
        path.parent.mkdir()
        bpy.ops.wm.save_as_mainfile(filepath=str(path))  # a bake on disk needs to know where
        for target in targets:
            obj = splats.add_splats(bpy.context, target, cloud())
            obj.location, obj.scale = (1, 2, 3), (2, 2, 2)
            bpy.context.view_layer.update()
            world, moved, bake = splats.world_gaussians(obj), trajectory, scene_module("scene.bakes.bake").bake
            if target == "STRETCHING":
                stretch = np.random.default_rng(0).uniform(-0.3, 0.3, (len(trajectory), len(trajectory.rest), 6))
                unstretched = scene_module("backend.deformation").UNSTRETCHED
                moved = replace(trajectory, stretch=(unstretched + stretch).astype(np.float32))
                bake(bpy.context, obj, moved, 1)
            else:
                bake(bpy.context, obj, moved, 1, target)
            poses[target] = {
                frame: (*moved.pose(world, since), moved.posed(world, since)) for frame, since in FRAMES.items()
            }
        return path, poses

    return make


@pytest.fixture
def sway(scene_module, swing):
    """A motion of five particles that swings to and fro for 20 frames."""
    trajectory = swing(frames=20)
    there = np.sin(np.arange(20) * np.pi / 8)[:, None, None]
    positions = trajectory.rest + there.astype(np.float32) * (trajectory.positions[-1] - trajectory.rest)
    return replace(trajectory, positions=positions)


def test_loop_moves_elsewhere_without_the_addon(scene_module, cloud, sway, play, assert_poses, tmp_path):
    """A looping bake shows its harmonics' poses in a factory Blender, in this version and in the next."""
    rest = cloud()
    obj = scene_module("scene.splats").add_splats(bpy.context, "loop", rest)
    loop = scene_module("scene.bakes.spectral_bake").bake(bpy.context, obj, sway, 1)
    world = scene_module("scene.splats").world_gaussians(obj)
    turned = loop.trajectory_at(np.array(list(FRAMES)) - 1).transformed(np.array(obj.matrix_world))
    poses = {"loop": {frame: turned.pose(world, k) for k, frame in enumerate(FRAMES)}}
    blend = tmp_path / "loop.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    shown = play(blend)
    assert_poses(shown, poses)
    assert np.abs(shown["loop position 1"] - shown["loop position 9"]).max() > 0.05
    if bpy.app.version < (5, 0) and environments.BLENDER_NEXT.python.exists():
        assert_poses(play(blend, [str(environments.BLENDER_NEXT.python)]), poses)


def test_bones_move_elsewhere_without_the_addon(scene_module, cloud, sway, play, assert_poses, tmp_path):
    """Splats that follow keyed bones show the rig's poses in a factory Blender, in this version and in the next."""
    obj = scene_module("scene.splats").add_splats(bpy.context, "bones", cloud())
    keyed = scene_module("scene.bakes.armature_bake").bake(bpy.context, obj, sway, 1, 5, 1e-6)
    world = scene_module("scene.splats").world_gaussians(obj)
    motion = keyed.rig.motion.transformed(np.array(obj.matrix_world))
    poses = {"bones": {frame: motion.pose(world, frame - 1) for frame in FRAMES if frame % 1 == 0}}
    blend = tmp_path / "bones.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    shown = play(blend)
    # the rig's poses go around with arms of 2: keys within 1e-6, quaternions to float32
    assert_poses(shown, poses, atol=2e-5)
    assert np.abs(shown["bones position 1"] - shown["bones position 9"]).max() > 0.05
    if bpy.app.version < (5, 0) and environments.BLENDER_NEXT.python.exists():
        assert_poses(play(blend, [str(environments.BLENDER_NEXT.python)]), poses, atol=2e-5)


@pytest.fixture
def assert_poses(scene_module):
    """Compares what was shown with poses in world space."""
    rotations = scene_module("backend.rotations")

    def check(shown, poses, atol=5e-6):
        for name, frames in poses.items():
            matrix = np.array(bpy.data.objects[name].matrix_world)
            turn = rotations.quaternion_from_matrix(rotations.similarity(matrix)[0])
            for frame, want in frames.items():
                positions = shown[f"{name} position {frame:g}"] @ matrix[:3, :3].T + matrix[:3, 3]
                if f"{name} covariance {frame:g}" in shown:
                    covariances = matrix[:3, :3] @ shown[f"{name} covariance {frame:g}"] @ matrix[:3, :3].T
                    # a rounding of half a step of 0.3 / 32767, of covariances below 0.4^2 * 1.6^2, twice
                    np.testing.assert_allclose(covariances, want[2].covariances(), atol=1e-5)
                # positions up to 10, two changes of frame in float32: 1e-6 each, of an extent of 8; the same rounding
                # of a stretch, times distances of 10 between a splat and its particles
                np.testing.assert_allclose(positions, want[0], atol=1e-4 if name == "STRETCHING" else atol)
                # the Bake node mixes quaternions between frames without making them unit again
                turned = rotations.normalised(rotations.multiply(turn, shown[f"{name} rotation {frame:g}"]))
                sign = np.sign((turned * want[1]).sum(1, keepdims=True))  # q and -q are one rotation
                np.testing.assert_allclose(sign * turned, want[1], atol=max(atol, 5e-6) / 2.5)

    return check


@pytest.mark.parametrize("target", ["TRAJECTORY", "STRETCHING", "PACKED", "DISK"])
def test_baked_file_moves_elsewhere_without_the_addon(scene_module, baked, play, assert_poses, tmp_path, target):
    """Each frame shows the trajectory's pose, and rendered frames differ; after the last one the picture holds."""
    scene = bpy.context.scene
    path, poses = baked(target)
    scene_module("scene.look").prepare_scene(scene)
    scene_module("scene.camera").frame_camera(bpy.context, [bpy.data.objects[target]])
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.render.resolution_x = scene.render.resolution_y = 32
    there = tmp_path / "there"
    scene.render.filepath = str(there / "frame.png")
    bpy.ops.wm.save_mainfile()
    path.parent.rename(there)
    shown = play(there / path.name, rendered=True)
    assert_poses(shown, poses)
    first, between, last, after = (shown[f"picture {frame:g}"] for frame in FRAMES)
    # one sample with a fixed seed: what holds still renders bit by bit the same
    np.testing.assert_array_equal(last, after)
    assert np.abs(first - between).mean() > 1e-3 and np.abs(between - last).mean() > 1e-3


@pytest.mark.skipif(bpy.app.version >= (5, 0), reason="this Blender is the newer one")
def test_file_of_this_blender_plays_in_the_next(baked, play, assert_poses):
    """A .blend saved here shows the same poses in the next Blender, whose modifier inputs are stored otherwise."""
    if not environments.BLENDER_NEXT.python.exists():
        pytest.skip(f"no newer Blender: {environments.BLENDER_NEXT.folder}")
    path, poses = baked("TRAJECTORY", "STRETCHING", "PACKED")
    bpy.ops.wm.save_mainfile()
    assert_poses(play(path, [str(environments.BLENDER_NEXT.python)]), poses)
