"""Sample scenes: one call, no backend, and the subject moves."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def no_backend(empty_scene, tmp_path, monkeypatch):
    """An empty scene whose add-on has no backend, and a cache of its own."""
    import bpy

    monkeypatch.delenv("SWAY_WORKER_PYTHON", raising=False)
    chosen = bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences
    chosen.cache_folder = str(tmp_path / "cache")
    yield empty_scene
    chosen.property_unset("cache_folder")


@pytest.mark.parametrize("kind", ["plant", "flag", "jelly", "sand"])
def test_a_splat_sample_moves_and_keeps_still_what_holds(no_backend, kind):
    """Between two frames the moving splats are elsewhere and the others are not; the steps say what is done."""
    import bpy
    from bl_ext.user_default.sway.properties import steps
    from bl_ext.user_default.sway.scene import splats

    assert bpy.ops.sway.add_sample(kind=kind) == {"FINISHED"}
    obj = bpy.context.active_object
    moving = splats.read_parts(obj) > 0
    assert moving.any() and not moving.all()
    places = []
    for frame in (1, 7):
        no_backend.frame_set(frame)
        graph = bpy.context.evaluated_depsgraph_get()
        evaluated = obj.evaluated_get(graph)
        places.append([i.matrix_world.translation[:] for i in graph.object_instances
                       if i.is_instance and i.parent == evaluated])  # fmt: skip
    moved = np.linalg.norm(np.subtract(*places), axis=1)
    assert len(moved) == len(moving)
    size = np.ptp(splats.read_splats(obj).positions, 0).max()
    assert moved[moving].max() > 0.005 * size  # far above what a splat's float32 place can be off by
    assert moved[~moving].max() < 1e-5 * size
    done = [step for step in ("parts", "simulate", "bake") if steps.state(no_backend, obj, step) is steps.State.done]
    assert done == ["parts", "simulate", "bake"]


def test_samples_stand_beside_what_is_there(no_backend):
    """A sample is not put inside another object: two of a kind and a cube do not overlap."""
    import bpy
    from bl_ext.user_default.sway.scene import splats

    bpy.ops.mesh.primitive_cube_add(size=2)
    boxes = [(-1.0, 1.0)]
    for _ in range(2):
        bpy.ops.sway.add_sample(kind="jelly")
        obj = bpy.context.active_object
        across = splats.read_splats(obj).positions[:, 0] + obj.location.x
        boxes.append((across.min(), across.max()))
    boxes.sort()
    assert all(left[1] < right[0] for left, right in zip(boxes, boxes[1:]))  # noqa: B905


def test_the_sample_picture_sways_and_can_be_edited(no_backend):
    """Planes with shape keys that move, and an image whose layers and lines the image editor knows."""
    import bpy

    assert bpy.ops.sway.add_sample(kind="picture") == {"FINISHED"}
    parent = bpy.context.active_object
    layers = [child for child in parent.children if child.data.shape_keys]
    assert len(layers) == 3
    tops = []
    for frame in (1, 40):
        no_backend.frame_set(frame)
        evaluated = layers[-1].evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
        tops.append(np.array([vertex.co[:] for vertex in evaluated.vertices]))
    moved = np.linalg.norm(tops[1] - tops[0], axis=1)
    assert moved.max() > 0.005 * parent["sway_size"][1] * parent["sway_pixel"]  # three pixels of six hundred
    image = bpy.data.images["Sample Picture"]
    assert [layer.kind for layer in image.sway.layers] == ["plant"] * 3 and image.packed_file
