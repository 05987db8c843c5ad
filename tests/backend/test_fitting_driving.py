"""From splats to a model that can be simulated: particles, volumes, binding, what holds and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from backend.fitting.driving import NothingHolds, drive
from backend.fitting.modes import sway_modes
from backend.fitting.particles import driving_particles, inverse_distance, k_means
from backend.gaussians import Gaussians
from backend.parts import guess_parts
from backend.sample import potted_plant
from tests.backend.fitting_cases import HEIGHT, WIDTH, stalk


@pytest.fixture(scope="module")
def driven():
    return drive(*stalk(), particles=150, cells=14)


def test_k_means_is_reproducible_and_local():
    """One seed gives one answer, another seed another; centres are means, so they lie closer than a random choice."""
    points = np.random.default_rng(1).normal(size=(800, 3))
    first, again, other = (k_means(points, 40, seed=s) for s in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)

    def spread(centres):
        return np.linalg.norm(points[:, None] - centres, axis=-1).min(1).mean()

    assert spread(first) < 0.9 * spread(points[:40])


def test_there_are_as_many_particles_as_asked_or_as_there_are_places():
    """Splats in one place, as rounded formats have them, count once: asked for too many, each place gets one."""
    places = np.random.default_rng(2).uniform(size=(300, 3))
    points = np.concatenate([places, places[:120]])
    assert len(driving_particles(points, 0.02, 100)) == 100
    found = driving_particles(points, 0.02, 500)
    assert np.allclose(found[np.lexsort(found.T)], places[np.lexsort(places.T)])


def test_a_small_cloud_is_carried_by_fewer_particles():
    """A cloud of fewer splats than particles is simulated all the same, and a note says by how many."""
    gaussians, parts = stalk()
    driven = drive(gaussians, parts, particles=5000, cells=14)
    assert len(driven.model.rest) <= (parts > 0).sum()
    assert f"{len(driven.model.rest):,} driving particles" in driven.notes[0]


def test_binding_weights_favour_the_nearest_and_sum_to_one():
    """Inverse distance: a splat at a particle follows it almost alone, one in the middle of two follows both alike."""
    centres = np.array([[0.0, 0, 0], [1, 0, 0], [5, 0, 0]])
    index, weights = inverse_distance(np.array([[0.0, 0, 0], [0.5, 0, 0]]), centres, 2)
    assert np.allclose(weights.sum(1), 1)
    assert index[0, 0] == 0 and weights[0, 0] > 0.99
    assert np.allclose(weights[1], 0.5)


def test_particles_carry_the_whole_volume(driven):
    """Volumes add up to the material's, and that to the stalk's but for voxels that overhang its sides or are empty."""
    edge = driven.body.solid.edge
    assert driven.model.volume.sum() == pytest.approx(len(driven.body.solid) * edge**3, rel=0.02)
    # Two splats in a voxel on average: e^-2 of the voxels that they could be in are empty.
    assert 0.8 * WIDTH**2 * HEIGHT < driven.model.volume.sum() < (WIDTH + 2 * edge) ** 2 * (HEIGHT + edge)
    assert driven.body.mass.sum() == pytest.approx(1000 * len(driven.body.solid) * edge**3)


def test_material_does_not_depend_on_the_grid():
    """Any number of grid cells and of particles sees the same voxels, and the slowest sway to 5 %."""
    coarse, fine = (drive(*stalk(), particles=n, cells=cells).body for n, cells in ((100, 10), (180, 16)))
    assert np.array_equal(coarse.solid.cells, fine.solid.cells)
    a, b = (sway_modes(body, np.full(len(body), 1e6), 1).frequency[0] for body in (coarse, fine))
    assert a == pytest.approx(b, rel=0.05)


def test_held_nodes_follow_what_holds_not_a_height(driven):
    """Nodes at the slab are held, nodes beside the stalk are free, and so is everything above half a cell."""
    nodes, held = driven.model.grid.nodes(), driven.model.held
    assert held.any()
    assert nodes[held][:, 2].max() < 0.51 * driven.model.grid.cell
    # The slab ends at 5 cm from the axis: a plane would hold the nodes outside as well.
    assert np.abs(nodes[held][:, :2]).max() < 0.05 + 0.51 * driven.model.grid.cell


def test_room_to_sway_and_no_splat_forgotten(driven):
    """Every particle may move by four cells without leaving the grid; every moving splat is bound."""
    reach = 4 * driven.model.grid.cell
    for shift in np.vstack([np.eye(3), -np.eye(3)]) * reach:
        assert driven.model.grid.contains(driven.model.rest + shift).all()
    assert len(driven.binding.splats) == 1200
    assert driven.notes == ()


def test_the_grid_does_not_depend_on_the_particles():
    """Stiffness belongs to a grid, so any number of particles and any seed must get the same one."""
    a, b = (drive(*stalk(), particles=n, cells=14, seed=s).model.grid for n, s in ((100, 0), (180, 5)))
    assert a.cell == b.cell and a.shape == b.shape and np.array_equal(a.origin, b.origin)


def test_what_touches_nothing_that_holds_stays_still():
    """A floating clump marked as moving would fly off: it is left out, and a note says so."""
    gaussians, parts = stalk()
    clump = gaussians.select(np.flatnonzero(gaussians.positions[:, 2] > 0.17))
    floating = Gaussians(
        np.concatenate([gaussians.positions, clump.positions + np.float32([0.15, 0, 0])]),
        *(np.concatenate([getattr(gaussians, n), getattr(clump, n)]) for n in ("rotations", "scales", "opacity", "sh")),
    )
    driven = drive(floating, np.append(parts, np.ones(len(clump), np.int32)), particles=200, cells=14)
    assert driven.model.rest[:, 0].max() < 0.05
    assert driven.binding.splats.max() < len(gaussians)
    assert f"{len(clump)} splats" in driven.notes[0]


def test_what_hangs_by_a_thread_is_no_springy_body():
    """A plant of few splats, of which a piece only touches the rest, is refused as unheld instead of swaying at NaN."""
    plant = potted_plant(count=3000)
    with pytest.raises(NothingHolds, match="by a thread"):
        drive(plant, guess_parts(plant), particles=200, cells=8, density=800.0)


def test_parts_reach_the_particles():
    """A particle belongs to the part of the splats around it."""
    gaussians, parts = stalk()
    parts = np.where((parts > 0) & (gaussians.positions[:, 2] > HEIGHT / 2), 2, parts)
    driven = drive(gaussians, parts, particles=150, cells=14)
    clear = np.abs(driven.model.rest[:, 2] - HEIGHT / 2) > 0.01
    assert np.array_equal(driven.part[clear], np.where(driven.model.rest[clear, 2] > HEIGHT / 2, 2, 1))


@pytest.mark.parametrize(("part", "message"), [(0, "no splat is marked as moving"), (1, "nothing holds")])
def test_refuses_subjects_that_cannot_move_or_are_not_held(part, message):
    """Both refusals say what to do."""
    gaussians, parts = stalk(200)
    with pytest.raises(ValueError, match=message):
        drive(gaussians, np.full_like(parts, part), particles=50)
