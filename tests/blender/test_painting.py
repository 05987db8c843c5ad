"""Paint beside parts: stiffness and holding, pins and planes, and that what is simulated heeds them."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

VIEW = np.diag([1.0, 1, 0.1, 1])
"""Orthographic along +z: x and y from -1 to 1 fill the screen."""
STROKE = {"view": VIEW.ravel(), "screen": (200, 200), "start": (10, 100), "end": (190, 100), "radius": 20.0}


@pytest.fixture
def sheet(addon, empty_scene, scene_module):
    """A sheet of 10 by 10 opaque splats that all move."""
    splats, gaussians = scene_module("scene.splats"), scene_module("backend.gaussians")
    x, y = np.stack(np.meshgrid(np.linspace(-0.9, 0.9, 10), np.linspace(-0.9, 0.9, 10))).reshape(2, -1)
    obj = splats.add_splats(
        bpy.context,
        "sheet",
        gaussians.Gaussians(
            positions=np.stack([x, y, 0 * x], 1).astype(np.float32),
            rotations=np.tile(np.array([1, 0, 0, 0], np.float32), (100, 1)),
            scales=np.tile(np.array([0.1, 0.1, 0.01], np.float32), (100, 1)),
            opacity=np.full(100, 0.95, np.float32),
            sh=np.zeros((100, 1, 3), np.float32),
        ),
        up="+Z",
    )
    splats.write_parts(obj, np.ones(100, np.int32))
    return obj


@pytest.fixture
def places(sheet, scene_module):
    """Where the sheet's splats are [100, 3]."""
    return scene_module("scene.splats").read_attribute(sheet, "position")


def test_a_stroke_paints_stiffness_by_its_falloff(sheet, places, scene_module):
    """Under the middle of the stroke what was asked for, less towards the rim, nothing beyond, and 1 takes it away."""
    painted = scene_module("scene.fields.painted")
    bpy.ops.sway.paint_stiffness(**STROKE, factor=0.1)
    away = np.abs(places[:, 1]) * 100  # pixels
    expected = np.where(away <= 20, -((1 - (away / 20) ** 2) ** 2), 0)
    np.testing.assert_allclose(painted.read_stiffening(sheet), expected, atol=1e-4)
    assert sheet.sway.painted
    bpy.ops.sway.paint_stiffness(**{**STROKE, "radius": 400.0}, factor=1.0)
    assert np.abs(painted.read_stiffening(sheet)).max() < 0.35  # the rim of a stroke takes less away than its middle
    bpy.ops.sway.clear_painted(field="STIFFNESS")
    assert painted.STIFFENING not in sheet.data.attributes and not sheet.sway.painted


def test_passing_twice_in_a_stroke_is_passing_once(sheet, scene_module):
    """Within a stroke only the nearest pass counts, at any strength; a second stroke adds to the first."""
    painting, painted = scene_module("scene.painting"), scene_module("scene.fields.painted")
    view = painting.View(scene_module("scene.splats").world_gaussians(sheet))
    view.look(VIEW, (200, 200))
    painter = painting.StiffnessPainter(sheet, view)
    way = np.array([10.0, 105.0]), np.array([190.0, 105.0])
    painter.begin()
    painter.paint(sheet, *way, 20.0, 0.1, 0.5, False)
    once = painted.read_stiffening(sheet)
    assert painter.paint(sheet, *way, 20.0, 0.1, 0.5, False) == 0
    np.testing.assert_array_equal(painted.read_stiffening(sheet), once)
    painter.begin()
    painter.paint(sheet, *way, 20.0, 0.1, 0.5, False)
    assert painted.read_stiffening(sheet).min() < 1.4 * once.min() < 0
    twice = painted.read_stiffening(sheet)
    assert painter.take_back(sheet) and painter.values.tolist() == once.tolist()
    assert painter.do_again(sheet)
    np.testing.assert_array_equal(painted.read_stiffening(sheet), twice)
    painter.begin()
    painter.smooth(sheet, *way, 20.0, 1.0, False)
    assert np.ptp(painter.values[twice < 0]) < np.ptp(twice[twice < 0])
    assert painter.take_back(sheet, whole=True) and painted.STIFFENING not in sheet.data.attributes
    assert not painter.take_back(sheet)


def test_painted_holding_overrides_parts(sheet, places, scene_module):
    """Held splats are part 0 and free ones part 1 whatever their part; the parts themselves stay."""
    splats, holding = scene_module("scene.splats"), scene_module("scene.acting.holding")
    splats.write_parts(sheet, np.where(places[:, 0] < 0, 0, 2).astype(np.int32))
    parts, under = splats.read_parts(sheet), np.abs(places[:, 1]) * 100 <= 20
    bpy.ops.sway.paint_holding(**STROKE, hold="FREE")
    found = holding.parts_in(bpy.context.scene, sheet)
    np.testing.assert_array_equal(found, np.where(under & (parts == 0), 1, parts))
    bpy.ops.sway.paint_holding(**STROKE, hold="HELD")
    np.testing.assert_array_equal(holding.parts_in(bpy.context.scene, sheet), np.where(under, 0, parts))
    np.testing.assert_array_equal(splats.read_parts(sheet), parts)
    bpy.ops.sway.paint_holding(**STROKE, hold="NONE")
    np.testing.assert_array_equal(holding.parts_in(bpy.context.scene, sheet), parts)


def test_pins_and_planes_hold_where_they_stand(sheet, places, scene_module):
    """A pin holds a ball, a plane what is below it; hidden they hold nothing; moved, the simulation is outdated."""
    holding, steps = scene_module("scene.acting.holding"), scene_module("properties.steps")
    scene = bpy.context.scene
    sheet.sway.material.preset = "leaf"
    plain = steps.origin(scene, sheet, "simulate")
    bpy.ops.sway.add_acting(kind="pin")
    pin = bpy.context.active_object
    pin.location, pin.sway.acting.radius = (0.9, 0.9, 0), 0.3
    bpy.context.view_layer.update()
    near = np.linalg.norm(places - [0.9, 0.9, 0], axis=1) <= 0.3
    np.testing.assert_array_equal(holding.parts_in(scene, sheet), np.where(near, 0, 1))
    pinned = steps.origin(scene, sheet, "simulate")
    assert pinned != plain
    bpy.context.view_layer.objects.active = sheet
    bpy.ops.sway.add_acting(kind="plane")
    plane = bpy.context.active_object
    plane.location, plane.rotation_euler = (0.6, 0, 0), (0, -np.pi / 2, 0)  # its Z along -x: holds what is beyond 0.6
    bpy.context.view_layer.update()
    beyond = places[:, 0] > 0.6
    np.testing.assert_array_equal(holding.parts_in(scene, sheet), np.where(near | beyond, 0, 1))
    gizmos = scene_module("gizmos.holding")
    bpy.context.view_layer.objects.active = plane
    gizmos._set_height(-0.8)  # along its Z, so at x = 0.8
    bpy.context.view_layer.update()
    np.testing.assert_array_equal(holding.parts_in(scene, sheet), np.where(near | (places[:, 0] > 0.8), 0, 1))
    for holder in (pin, plane):
        holder.hide_set(True)
    assert steps.origin(scene, sheet, "simulate") == plain
    assert (holding.parts_in(scene, sheet) == 1).all()


def test_splats_that_are_merged_in_bring_no_paint(sheet, scene_module, cloud):
    """Splats without paint that join painted ones come as unpainted."""
    splats, painted = scene_module("scene.splats"), scene_module("scene.fields.painted")
    bpy.ops.sway.paint_stiffness(**STROKE, factor=0.1)
    before = painted.read_stiffening(sheet)
    other = splats.add_splats(bpy.context, "other", cloud(), up="+Z")
    sheet.select_set(True)
    other.select_set(True)
    bpy.context.view_layer.objects.active = sheet
    bpy.ops.sway.merge_splats()
    after = painted.read_stiffening(sheet)
    np.testing.assert_array_equal(after[:100], before)
    assert len(after) == 164 and not after[100:].any()
