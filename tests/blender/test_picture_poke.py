"""A hand on a picture: exact pins, ring-down, the performance on the planes' shape keys."""

from __future__ import annotations

import numpy as np
import pytest

WIDTH, HEIGHT, FPS = 80, 60, 24.0


@pytest.fixture
def hand_module(scene_module):
    return scene_module("scene.pictures.picture_hand")


@pytest.fixture
def leaf(scene_module):
    """A mode of two phases on the right half of a picture, as complex shapes; the left half holds still."""
    y, x = np.mgrid[:30, :40] / 30
    shapes = np.stack([[0 * x, 0 * x], [0 * x, 0 * x]]).transpose(0, 2, 3, 1).astype(complex)
    shapes[0, ..., 0], shapes[1, ..., 1] = 1 - y, 0.5j * x
    mask = np.zeros((60, 80), np.float32)
    mask[:, 40:] = 1
    courses = np.exp(2j * np.pi * np.outer(np.arange(24) / 24, [1, 2]))
    box = (0.0, 0.0, float(WIDTH), float(HEIGHT))
    motion = scene_module("backend.picture_motion").PictureMotion
    # In units of three pixels, as the worker gives them: 5 % of the height.
    return motion(shapes.astype(np.complex64), courses, box, (WIDTH, HEIGHT), mask, FPS).in_units_of(3.0)


def test_what_is_held_follows_the_hand_and_rings_down(hand_module, leaf):
    """The grabbed pixel is where the hand is, exactly; let go, it swings about its rest and comes to it."""
    hand = hand_module.Hand([leaf], [0.1])
    assert not hand.grab(10, 30)  # nothing moves there
    assert hand.grab(60, 20)
    hand.drag(66, 23)
    for _ in range(5):
        hand.step(1 / 60)
        # the least-squares solution of two equations in four unknowns, in float64
        assert hand.layers[0].at(60, 20) == pytest.approx([6, 3], abs=1e-6)
    hand.release()
    energy = [hand.layers[0].energy]
    swings = []
    for _ in range(240):
        hand.step(1 / 24)
        energy.append(hand.layers[0].energy)
        swings.append(hand.layers[0].at(60, 20)[0])
    assert min(swings) < -0.5 and (np.diff(energy) <= 1e-9).all()
    # ten seconds at 1 Hz with a damping ratio of 0.1: exp(-2 pi) of the amplitude, squared in the energy
    assert energy[-1] < 1e-4 * energy[0]


def test_a_pull_that_the_picture_cannot_follow_does_not_tear_it(hand_module, leaf):
    """Two modes that move a place in nearly the same direction, pulled across it: they do not cancel one another."""
    import dataclasses

    shapes = leaf.shapes.copy()
    shapes[0], shapes[1] = (3, 0), (3, 0.1)
    hand = hand_module.Hand([dataclasses.replace(leaf, shapes=shapes)], [0.1])
    hand.grab(60, 20)
    hand.drag(64, 40)
    hand.step(1 / 60)
    assert np.abs(hand.coordinates()[0]).max() < 2  # exact obedience would take 20 / 0.1 of the second mode
    assert hand.layers[0].at(60, 20)[0] == pytest.approx(4, abs=0.7)  # follows along what it can
    hand.drag(600, 20)
    hand.step(1 / 60)
    assert np.abs(hand.coordinates()[0]).sum() <= hand_module.MOST * (1 + 1e-6)


def test_a_poke_swings_about_as_far_as_it_says(hand_module, leaf):
    """A push by four pixels swings by about four: modes of 1 and 2 Hz drift apart before the crest."""
    hand = hand_module.Hand([leaf], [0.02])
    assert hand.poke(60, 0.5, 4, 0) and not hand.poke(5, 5, 4, 0)
    xs = []
    for _ in range(24):
        hand.step(1 / 24)
        xs.append(hand.layers[0].at(60, 0.5)[0])
    assert 4 / 1.33 < max(np.abs(xs)) < 4 * 1.33


def test_a_hand_leaves_shivering_shapes_alone(hand_module, leaf):
    """Shapes without a natural frequency keep the coordinate 0 while the others are dragged."""
    import dataclasses

    hand = hand_module.Hand([dataclasses.replace(leaf, natural=np.array([1.0, 0.0]))], [0.1])
    assert hand.grab(60, 20)
    hand.drag(66, 20)
    hand.step(1 / 60)
    (q,) = hand.coordinates()
    assert q[1] == 0 and hand.layers[0].at(60, 20)[0] == pytest.approx(6, abs=1e-6)
    still = hand_module.Hand([dataclasses.replace(leaf, natural=np.zeros(2))], [0.1])
    assert not still.grab(60, 20)


def test_the_performance_becomes_keyframes(hand_module, leaf, scene_module, tmp_path):
    """Recorded frames replace the loop: at each frame the planes show what the hand showed."""
    import bpy

    plane = scene_module("scene.pictures.picture_plane")
    for name in ("plate", "leaf"):
        image = bpy.data.images.new(name, WIDTH, HEIGHT, alpha=True)
        image.filepath_raw, image.file_format = str(tmp_path / f"{name}.png"), "PNG"
        image.save()
    layer = plane.Layer("leaf", tmp_path / "leaf.png", leaf)
    parent = plane.make_planes(bpy.context, "Leaf", tmp_path / "plate.png", [layer], 1, height=HEIGHT / 100)
    layers = plane.layers_of(parent)
    assert plane.parent_of(layers[0]) == parent
    from mathutils import Vector

    assert plane.pixel_at(parent, Vector((0.4, 0.3, 0))) == pytest.approx((WIDTH, 0), abs=1e-4)
    hand = hand_module.hand_for([layer])
    with pytest.raises(ValueError, match="Nothing was recorded"):
        hand_module.write_performance(hand, layers, 1)
    hand.grab(60, 20)
    hand.drag(70, 20)
    shown = []
    for _ in range(12):
        hand.step(1 / FPS)
        hand.note()
        shown.append(hand.layers[0].at(60, 20)[0])
        hand.release()
    assert hand_module.write_performance(hand, layers, 10) == 12
    obj = layers[0]
    rest = np.array([v.co[:] for v in obj.data.vertices])
    nearest = int(np.linalg.norm(rest[:, :2] - ((60 - 40) / 100, (30 - 20) / 100), axis=1).argmin())
    for frame in (10, 15, 21):
        bpy.context.scene.frame_set(frame)
        mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        moved = (mesh.vertices[nearest].co.x - rest[nearest, 0]) * 100
        assert moved == pytest.approx(shown[frame - 10], abs=0.35)  # the vertex lies up to a cell of 0.8 px beside
    hand_module.show_on_planes(hand, layers)
    assert obj.data.shape_keys.key_blocks["Mode 1 cos"].value == pytest.approx(hand.layers[0].coordinates[0].real)
