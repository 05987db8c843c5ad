"""The sparse voxel grid: components, distances and spreading, against a dense grid and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from backend.voxels import Voxels


def same_partition(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two labellings are the same up to names."""
    pairs = np.unique(np.stack([a, b]), axis=1)
    return len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]


def test_components_are_those_of_a_dense_grid():
    """Random cells at a density near percolation fall into the same 26-connected pieces as SciPy finds."""
    ndimage = pytest.importorskip("scipy.ndimage")
    rng = np.random.default_rng(0)
    dense = rng.random((24, 24, 24)) < 0.09
    index = np.argwhere(dense)
    voxels = Voxels.around(index + 0.5, 1.0)
    assert len(voxels) == len(index)
    expected = ndimage.label(dense, np.ones((3, 3, 3)))[0][tuple(index.T)]
    found = voxels.components(np.ones(len(voxels), bool))[voxels.of_point]
    assert found.max() > 10
    assert same_partition(found, expected)


def test_components_keep_to_the_mask():
    """A chain whose middle is masked out is two pieces, and the middle belongs to none."""
    voxels = Voxels.around(np.arange(9)[:, None] * [1.0, 0, 0], 1.0)
    mask = np.ones(9, bool)
    mask[voxels.of_point[4]] = False
    found = voxels.components(mask)[voxels.of_point]
    assert found[4] == -1 and len({*found[:4]}) == len({*found[5:]}) == 1 and found[0] != found[8]


def test_distance_follows_the_cells():
    """Along a bent chain the distance is the length of its steps: straight ones of 1, diagonal ones of sqrt 2."""
    straight = np.arange(10)[:, None] * [1, 0, 0]
    diagonal = straight[-1] + np.arange(1, 6)[:, None] * [1, 1, 0]
    voxels = Voxels.around(0.125 * np.concatenate([straight, diagonal]), 0.125)
    source = np.zeros(len(voxels), bool)
    source[voxels.of_point[0]] = True
    distance = voxels.distances(source, np.ones(len(voxels), bool))[voxels.of_point]
    expected = 0.125 * np.concatenate([np.arange(10), 9 + np.sqrt(2) * np.arange(1, 6)])
    np.testing.assert_allclose(distance, expected, atol=1e-12)


def test_spread_reaches_so_many_cells():
    """Labels grow over unlabelled cells by the given number of rounds; the lowest wins where two meet."""
    voxels = Voxels.around(np.arange(9)[:, None] * [1.0, 0, 0], 1.0)
    labels = np.full(9, -1)
    labels[voxels.of_point[[0, 6]]] = [1, 0]
    grown = voxels.spread(labels, 3)[voxels.of_point]
    assert grown.tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert voxels.spread(labels, 1)[voxels.of_point].tolist() == [1, 1, -1, -1, -1, 0, 0, 0, -1]
