"""The procedural plant: valid, deterministic, to scale, and made of splats that lie on its surfaces."""

from __future__ import annotations

import numpy as np

from backend.rotations import matrix_from_quaternion
from backend.sample import potted_plant


def test_same_seed_same_plant():
    """A seed and a count name one plant; another seed another one."""
    first, again, other = potted_plant(3, 2000), potted_plant(3, 2000), potted_plant(4, 2000)
    for name, array in first.to_arrays().items():
        assert np.array_equal(array, again.to_arrays()[name])
    assert not np.array_equal(first.positions, other.positions)


def test_any_count_gives_valid_splats():
    """Exactly `count` finite splats with unit quaternions, probable opacities and flat shapes, few or many."""
    for count in (300, 12_345):
        plant = potted_plant(count=count)
        assert len(plant) == count and plant.sh_degree == 0
        assert all(array.dtype == np.float32 and np.isfinite(array).all() for array in plant.to_arrays().values())
        np.testing.assert_allclose(np.linalg.norm(plant.rotations, axis=1), 1, atol=1e-5)
        assert plant.opacity.min() > 0.5 and plant.opacity.max() < 1
        assert (plant.colours <= 1).all()
        assert np.median(plant.scales.max(1) / plant.scales.min(1)) > 3


def test_size_and_colours():
    """It stands on z = 0, is 0.3 to 0.4 m tall, terracotta below and green above the rim."""
    plant = potted_plant()
    height = plant.positions[:, 2]
    assert abs(height.min()) < 1e-3 and 0.3 < height.max() < 0.4
    red, green, _ = plant.colours.T
    assert (red > green)[height < 0.08].all()
    assert (green > red)[height > 0.15].mean() > 0.99


def test_splats_of_the_pot_lie_in_its_wall():
    """The thin axis of the wall's splats is its normal: 9 degrees below the horizontal, outward."""
    plant = potted_plant()
    wall = plant.select((plant.positions[:, 2] > 0.01) & (plant.positions[:, 2] < 0.075))
    assert (wall.scales.argmin(1) == 2).all()
    normal = matrix_from_quaternion(wall.rotations)[:, :, 2]
    outward = wall.positions * [1, 1, 0] / np.linalg.norm(wall.positions[:, :2], axis=1, keepdims=True)
    slope = np.arctan2(0.0555 - 0.043, 0.0805 - 0.0015)  # of the profile between the two corners
    expected = np.cos(slope) * outward - np.sin(slope) * np.array([0, 0, 1])
    np.testing.assert_allclose(normal, expected, atol=2e-3)  # the axes come from differences over 1e-4 of a turn
