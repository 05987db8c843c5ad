"""The guess of what moves, on the procedural plant, its corruptions and real captures; and the division into bands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend import formats
from backend.gaussians import Gaussians, sh_from_colours
from backend.parts import guess_parts, rim_height, split_moving
from backend.sample import potted_plant

Z_UP = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]], float)
"""Turns a capture with -Y up into world space: (x, y, z) -> (x, z, -y)."""


@pytest.fixture(scope="module")
def plant() -> Gaussians:
    return potted_plant(count=20_000)


@pytest.fixture(scope="module")
def capture(data_file) -> Gaussians:
    return formats.read(data_file("splats/padilla_plant/plant.splat")).gaussians.transformed(Z_UP)


def grey(gaussians: Gaussians) -> Gaussians:
    return replace(gaussians, sh=np.repeat(gaussians.sh.mean(2, keepdims=True), 3, axis=2))


def with_blob(gaussians: Gaussians, points: np.ndarray, colour: tuple[float, float, float]) -> Gaussians:
    """The splats and after them round opaque ones of 1 mm at points [M, 3]."""
    count = len(points)
    return Gaussians(
        np.concatenate([gaussians.positions, points.astype(np.float32)]),
        np.concatenate([gaussians.rotations, np.tile(np.float32([1, 0, 0, 0]), (count, 1))]),
        np.concatenate([gaussians.scales, np.full((count, 3), 1e-3, np.float32)]),
        np.concatenate([gaussians.opacity, np.full(count, 0.9, np.float32)]),
        np.concatenate([gaussians.sh, sh_from_colours(np.tile(colour, (count, 1)))]),
    )


def box(low: tuple[float, float, float], high: tuple[float, float, float], count: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(low, high, (count, 3))


def test_pot_holds_and_plant_moves(plant):
    """Of the procedural plant all below the soil holds, all clear of the rim moves, and the rim is found to 5 mm."""
    parts, height = guess_parts(plant), plant.positions[:, 2]
    assert parts.dtype == np.int32
    assert not parts[height < 0.09].any()
    assert parts[height > 0.12].all()
    assert abs(rim_height(plant) - 0.108) < 0.005  # slices are 0.35 m / 50 = 7 mm thick


def test_up_may_be_any_axis(plant):
    """The same plant lying on its side, with `up` along its axis, gives the same parts but at voxels cut elsewhere."""
    turned = plant.transformed(np.array([[0, 0, -1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]], float))
    assert rim_height(turned, up=(-1, 0, 0)) == pytest.approx(rim_height(plant), abs=1e-6)
    assert (guess_parts(turned, up=(-1, 0, 0)) == guess_parts(plant)).mean() > 0.995


def test_floaters_hold(plant):
    """Splats in the air hold: haze of any size that is not green, and crumbs even if they are."""
    far = box((0.16, -0.01, 0.25), (0.18, 0.01, 0.27), 300)
    for colour, points in (((0.7, 0.7, 0.7), far), ((0.2, 0.6, 0.2), far[:20])):
        parts = guess_parts(with_blob(plant, points, colour))
        assert not parts[len(plant) :].any()
        assert (parts[: len(plant)] == guess_parts(plant)).mean() > 0.999


def test_piece_of_the_pot_above_the_rim_holds(plant):
    """A label stuck into the pot's edge, rising 4 cm above the rim and clear of the leaves, holds with the pot."""
    angles = np.linspace(0, 2 * np.pi, 36)
    places = np.stack([0.066 * np.cos(angles), 0.066 * np.sin(angles)], -1)
    leaves = plant.positions[(plant.positions[:, 2] > 0.115) & (plant.positions[:, 2] < 0.17)]
    x, y = places[np.linalg.norm(places[:, None] - leaves[:, :2], axis=2).min(1).argmax()]
    label = box((x - 0.003, y - 0.003, 0.10), (x + 0.003, y + 0.003, 0.15), 400)
    parts = guess_parts(with_blob(plant, label, (0.8, 0.8, 0.8)))
    assert not parts[len(plant) :].any()


def test_leaves_without_a_stalk_move(plant):
    """A capture that lost a slice of every stem still moves above it, but for tips of leaves that the gap cut off."""
    height = plant.positions[:, 2]
    kept = plant.select((height < 0.20) | (height > 0.225))
    assert guess_parts(kept)[kept.positions[:, 2] > 0.225].mean() > 0.97


def test_leaf_below_the_rim_moves(plant):
    """A green blade that hangs from the crown past the rim, outside the pot, moves down to its tip."""
    blade = box((0.085, -0.006, 0.05), (0.088, 0.006, 0.20), 1500)
    bridge = box((0.0, -0.006, 0.197), (0.088, 0.006, 0.20), 800)
    parts = guess_parts(with_blob(plant, np.concatenate([blade, bridge]), (0.2, 0.6, 0.2)))
    assert parts[len(plant) :].all()


def test_without_green_the_neck_tells(plant):
    """A plant without colour moves above the narrowing over its pot."""
    colourless = grey(plant)
    assert 0.08 < rim_height(colourless) < 0.16
    parts, height = guess_parts(colourless), plant.positions[:, 2]
    assert not parts[height < 0.08].any() and parts[height > 0.2].all()


def test_without_any_sign_the_base_holds(data_file):
    """Of a leafless tree without pot or green the lowest tenth holds, and every branch moves."""
    tree = formats.read(data_file("splats/padilla_tree_mesh2splat/tree_10k.splat")).gaussians.transformed(Z_UP)
    parts, height = guess_parts(tree), tree.positions[:, 2]
    assert rim_height(tree) == pytest.approx(-0.4, abs=0.01)  # heights run from -0.5 to 0.5
    assert not parts[height < -0.42].any() and parts[height > -0.38].mean() > 0.99


def test_nothing_solid_holds(plant):
    """Haze alone has no part that moves and no rim."""
    haze = replace(plant, opacity=np.full_like(plant.opacity, 0.05))
    assert not guess_parts(haze).any()
    with pytest.raises(ValueError, match="nearly transparent"):
        rim_height(haze)


def test_real_plant(capture):
    """The captured plant moves above its pot's rim, at -0.16 in its own unit as measured by hand."""
    parts, height = guess_parts(capture), capture.positions[:, 2]
    assert rim_height(capture) == pytest.approx(-0.155, abs=0.02)  # a slice is 0.02
    assert abs(int(parts.sum()) - 66_449) < 700  # counted above the rim, 1 % for floaters and hanging leaves
    assert not parts[height < -0.25].any()
    assert parts[(height > -0.1) & (capture.opacity > 0.5)].mean() > 0.999


def test_bands_follow_the_plant_and_not_height():
    """Along an arch from a held foot to a tip that hangs as low, the bands are quarters in order of arc length."""
    angle = np.linspace(np.pi, 0, 4000)
    arch = np.stack([np.cos(angle), 0 * angle, np.sin(angle)], -1)
    foot = np.stack([np.full(400, -1.0), np.zeros(400), np.linspace(-0.3, -0.01, 400)], -1)
    moving = np.arange(4400) < 4000
    labels = split_moving(np.concatenate([arch, foot]), moving, 4)
    assert not labels[~moving].any()
    along = labels[moving]
    assert (np.diff(along) >= 0).all() and set(along) == {1, 2, 3, 4}
    # A cell holds up to sqrt(2) more of the arch where that runs diagonally, which is half of each quarter.
    assert np.abs(np.bincount(along)[1:] / 4000 - 0.25).max() < 0.25 * (np.sqrt(2) - 1) / 2


def test_bands_share_the_real_plant_evenly(capture):
    """Every band gets 15 to 35 % of what moves; the top of the plant is the last, the stem over the soil the first."""
    moving = guess_parts(capture) > 0
    for count in (1, 2, 3, 4):
        labels = split_moving(capture.positions, moving, count)
        assert labels.dtype == np.int32 and np.array_equal(labels > 0, moving) and labels.max() == count
        assert (np.bincount(labels[moving])[1:] / moving.sum() > 0.6 / count).all()
    height = capture.positions[:, 2]
    assert (labels[moving & (height > 0.45)] == 4).all()
    assert (labels[moving & (height < -0.12)] == 1).mean() > 0.95


def test_loose_pieces_join_the_nearest_band(plant):
    """A crown cut off its stems gets bands all the same, and the same ones at every call."""
    height = plant.positions[:, 2]
    kept = plant.select((height < 0.20) | (height > 0.225))
    moving = guess_parts(kept) > 0
    labels = split_moving(kept.positions, moving, 3)
    assert np.array_equal(labels > 0, moving) and labels.max() == 3
    assert np.array_equal(labels, split_moving(kept.positions, moving, 3))
