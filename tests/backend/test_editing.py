"""Which splats: masks by place, size, colour, connection, loneliness; the brush; motion of what is left."""

from __future__ import annotations

import numpy as np
import pytest

from backend import brush, editing
from backend.gaussians import Gaussians, sh_from_colours
from backend.neighbours import mean_distances


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def cloud_of(positions, colours=None, opacity=0.9, scale=0.01):
    """Round splats of one size."""
    count = len(positions)
    colours = np.full((count, 3), 0.5) if colours is None else colours
    return Gaussians(
        positions=np.asarray(positions, np.float32),
        rotations=np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
        scales=np.full((count, 3), scale, np.float32),
        opacity=np.full(count, opacity, np.float32),
        sh=sh_from_colours(colours),
    )


def test_box_and_sphere_in_their_own_frame():
    """Corners of a moved, turned box are inside just within its sides; the ball in it leaves them out."""
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], float)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn * [2, 1, 1], [5, 0, 0]
    low, high = np.array([-1, -1, -1]), np.array([1, 1, 3])
    corners = np.stack(np.meshgrid([-1, 1], [-1, 1], [-1, 3], indexing="ij"), -1).reshape(8, 3)
    middle = (low + high) / 2
    for share, inside in ((0.999, True), (1.001, False)):
        world = (middle + share * (corners - middle)) @ matrix[:3, :3].T + matrix[:3, 3]
        assert (editing.in_box(world, matrix, low, high) == inside).all()
        assert not editing.in_sphere(world, matrix, low, high).any()
        top = (middle + share * np.array([0, 0, 2])) @ matrix[:3, :3].T + matrix[:3, 3]
        assert editing.in_sphere(top[None], matrix, low, high)[0] == inside
    with pytest.raises(ValueError, match="flat"):
        editing.in_box(corners, np.diag([1.0, 1, 0, 1]), low, high)


def test_oklab_of_known_colours():
    """White is 1 light and grey has no hue; red has the coordinates that the definition publishes."""
    white, grey, red = editing.oklab(np.array([[1, 1, 1], [0.5, 0.5, 0.5], [1, 0, 0]]))
    # the published matrices have ten digits and are not exact inverses of sRGB's white: 1e-4
    np.testing.assert_allclose(white, [1, 0, 0], atol=1e-4)
    np.testing.assert_allclose(grey[1:], 0, atol=1e-4)
    np.testing.assert_allclose(red, [0.62796, 0.22486, 0.12585], atol=1e-4)


def test_opacity_size_and_colour(rng):
    """Each mask takes what its name says, by opacity, largest standard deviation and seen colour."""
    cloud = cloud_of(rng.normal(size=(6, 3)), np.array([[0.1, 0.6, 0.1], [0.12, 0.6, 0.1], *np.eye(3), [1, 1, 1]]))
    cloud.opacity[2], cloud.scales[3, 1] = 0.01, 0.5
    np.testing.assert_array_equal(editing.fainter_than(cloud, 0.02), np.arange(6) == 2)
    np.testing.assert_array_equal(editing.larger_than(cloud, 0.1), np.arange(6) == 3)
    np.testing.assert_array_equal(editing.near_colour(cloud, np.array([0.1, 0.6, 0.1]), 0.05), np.arange(6) < 2)


def test_connected_piece(rng):
    """A seed takes its own piece along a chain and not the one beyond a gap; haze joins nothing."""
    chain = np.stack([np.arange(50) * 0.1, np.zeros(50), np.zeros(50)], 1)
    positions = np.concatenate([chain, chain + [0, 1, 0], [[0, 0.3, 0], [0, 0.6, 0], [0, 0.8, 0]]])
    seeds = np.arange(len(positions)) == 3
    solid = np.arange(len(positions)) < 100
    assert editing.connected(positions, seeds, 0.2).sum() < len(positions)
    np.testing.assert_array_equal(editing.connected(positions, seeds, 0.2, solid), np.arange(len(positions)) < 50)
    with pytest.raises(ValueError, match="No splat is selected"):
        editing.connected(positions, seeds & False, 0.2)
    with pytest.raises(ValueError, match="gap"):
        editing.connected(positions, seeds, 0.0)


def test_lonely_points_have_exact_distances(rng):
    """Points with few others in reach get the mean distance that a tree finds, at any density."""
    from scipy.spatial import KDTree

    points = np.concatenate([rng.normal(0, 0.05, (4000, 3)), rng.normal(0, 1, (150, 3)), rng.normal(0, 20, (10, 3))])
    want = KDTree(points.astype(np.float32)).query(points, 9)[0][:, 1:].mean(1)
    got = mean_distances(points, 8)
    # A crowded cell shows one in so many of its points: those around are off by up to its width, far ones by little.
    np.testing.assert_allclose(got[4000:], want[4000:], rtol=1.0)
    np.testing.assert_allclose(got[4150:], want[4150:], rtol=0.1)
    assert (np.abs(got[4000:] / want[4000:] - 1) < 1e-4).mean() > 0.25
    assert got[:4000].max() < np.median(got[4150:]) / 10


@pytest.mark.parametrize("count, k", [(1, 4), (3, 8), (20, 19)])
def test_few_points(rng, count, k):
    """With fewer points than neighbours all others count, and one alone is no distance away."""
    points = rng.normal(size=(count, 3))
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.testing.assert_allclose(mean_distances(points, k), apart.sum(1) / max(count - 1, 1), rtol=1e-5)


def test_points_on_one_spot():
    """Copies of one point are no distance apart, and none is a floater."""
    points = np.zeros((5000, 3))
    assert mean_distances(points, 8).max() < 1e-6
    assert not editing.floaters(cloud_of(points), 8, 2.0).any()


def test_floaters_are_what_hangs_in_the_air(rng):
    """On a surface of 20,000 splats with 40 far off, those are found and hardly any other."""
    sphere = rng.normal(size=(20000, 3))
    sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
    loose = rng.uniform(1.5, 4, (40, 1)) * rng.normal(size=(40, 3))
    found = editing.floaters(cloud_of(np.concatenate([sphere, loose])), 16, 2.0)
    outside = np.linalg.norm(loose, axis=1) > 1.5
    assert found[20000:][outside].all()
    assert found[:20000].mean() < 0.001


def test_large_splats_of_a_wall_are_no_floaters(rng):
    """A few splats that are far apart and reach each other stay; as small as the others they would be alone."""
    plant = rng.normal(0, 0.1, (20000, 3))
    wall = np.stack([*np.meshgrid(np.arange(8) * 0.2, np.arange(8) * 0.2), np.full((8, 8), 3.0)], -1).reshape(-1, 3)
    cloud = cloud_of(np.concatenate([plant, wall]))
    assert editing.floaters(cloud, 8, 2.0)[20000:].all()
    cloud.scales[20000:, :2] = 0.2
    assert not editing.floaters(cloud, 8, 2.0)[20000:].any()


def test_motion_of_what_is_left(rng):
    """After splats are deleted the binding names the others by their new numbers, with the same carriers."""
    arrays = {
        "binding_splats": np.array([1, 2, 5, 7], np.int32),
        "binding_particles": np.arange(8).reshape(4, 2),
        "binding_weights": np.full((4, 2), 0.5, np.float32),
        "rest": np.zeros((3, 3)),
    }
    keep = np.array([True, True, False, True, False, True, True, True])
    left = editing.kept_binding(arrays, keep)
    np.testing.assert_array_equal(left["binding_splats"], [1, 3, 5])  # 1, 5 and 7 among 0 1 3 5 6 7
    np.testing.assert_array_equal(left["binding_particles"], arrays["binding_particles"][[0, 2, 3]])
    assert left["rest"] is arrays["rest"] and len(left["binding_weights"]) == 3
    with pytest.raises(ValueError, match="splat 7"):
        editing.kept_binding(arrays, keep[:7])


def perspective(focal: float, near: float = 0.1, far: float = 100.0) -> np.ndarray:
    """OpenGL's matrix for a camera at the origin that looks along -z."""
    a, b = -(far + near) / (far - near), -2 * far * near / (far - near)
    return np.array([[focal, 0, 0, 0], [0, focal, 0, 0], [0, 0, a, b], [0, 0, -1, 0]])


def test_projection_to_pixels():
    """A point is where a pinhole shows it, a metre has the pixels it has there, and what is behind is not shown."""
    points = np.array([[0.5, -0.25, -2], [0, 0, -4], [0, 0, 1]], np.float32)
    seen = brush.Projected.of(points, perspective(2.0), (400, 200))
    np.testing.assert_allclose(seen.pixels[:2], [[300, 75], [200, 100]], atol=1e-3)
    np.testing.assert_allclose(seen.scale[:2], [200, 100], rtol=1e-5)
    np.testing.assert_array_equal(seen.shown, [True, True, False])
    assert seen.depth[1] - seen.depth[0] == pytest.approx(2, rel=1e-3)  # metres, for a near plane far from the far one


def test_brush_passes_a_capsule(rng):
    """A stroke takes the splats within its radius of the way between two samples, so that none is skipped."""
    positions = np.concatenate([rng.uniform(-1, 1, (2000, 2)), np.zeros((2000, 1))], 1).astype(np.float32)
    seen = brush.Projected.of(positions, np.diag([1.0, 1, 0.1, 1]), (200, 200))
    pixels = (positions[:, :2] + 1) * 100
    np.testing.assert_array_equal(
        seen.under((50, 100), (150, 100), 20),
        np.hypot(np.maximum(np.abs(pixels[:, 0] - 100) - 50, 0), pixels[:, 1] - 100) <= 20,
    )
    assert seen.picked(pixels[17], 5, np.arange(2000) == 17) == 17
    assert seen.picked((100, 100), 5, np.zeros(2000, bool)) is None


@pytest.mark.parametrize("opacity, hidden", [(0.95, True), (0.01, False)])
def test_a_wall_hides_what_is_behind_it(rng, opacity, hidden):
    """An opaque wall hides splats behind it and never itself; a wall of haze hides nothing."""
    x, y = np.meshgrid(np.linspace(-0.9, 0.9, 40), np.linspace(-0.9, 0.9, 40))
    wall = np.stack([x.ravel(), y.ravel(), np.full(1600, -2.0)], 1)
    behind = rng.uniform(-0.8, 0.8, (50, 3)) + [0, 0, -5]
    cloud = cloud_of(np.concatenate([wall, behind]), opacity=0.95, scale=0.04)
    cloud.opacity[:1600] = opacity
    seen = brush.Projected.of(cloud.positions, perspective(2.0), (300, 300)).seen(cloud.scales, cloud.opacity)
    assert seen[:1600].all()
    assert (~seen[1600:]).all() if hidden else seen[1600:].mean() > 0.9


def test_background_holds_nothing(rng):
    """A post whose foot holds still is held there; with the foot as background it is held nowhere."""
    from backend.api.assignment import Assignment
    from backend.api.materials import PRESETS, Preset
    from backend.simulation.body import body_of

    post = cloud_of(rng.uniform(-1, 1, (3000, 3)) * [0.1, 0.1, 0.5])
    room = np.array([[-1, -1, -1], [1, 1, 1]], float)
    for foot, holds in ((0, True), (-1, False)):
        parts = np.where(post.positions[:, 2] > -0.3, 1, foot)
        body = body_of(post, parts, Assignment(PRESETS[Preset.leaf]), particles=400, cells=16, room=room)
        assert body.model.held.any() == holds
