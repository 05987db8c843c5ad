"""Particles from splats: volumes of known bodies, whatever a capture lacks, and nothing that can hang."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend import rotations as rot
from backend.gaussians import Gaussians, sh_from_colours
from backend.particles.filling import particles
from backend.particles.interior import solid_of

COUNT = 4000
VOXELS = 36


def surface(points: np.ndarray, normals: np.ndarray, area: float) -> Gaussians:
    """Flat splats on a surface at points [N, 3] with normals [N, 3], wide enough to close it."""
    helper = np.where(np.abs(normals[:, :1]) < 0.9, [[1.0, 0, 0]], [[0, 1.0, 0]])
    along = np.cross(normals, helper)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    frame = np.stack([along, np.cross(normals, along), normals], -1)
    width = np.sqrt(2 * area / len(points))
    return Gaussians(
        points.astype(np.float32),
        rot.quaternion_from_matrix(frame).astype(np.float32),
        np.tile(np.array([width, width, 0.03 * width], np.float32), (len(points), 1)),
        np.full(len(points), 0.8, np.float32),
        sh_from_colours(np.full((len(points), 3), 0.5)),
    )


def sphere(radius: float = 0.1) -> tuple[Gaussians, float]:
    normals = np.random.default_rng(0).normal(size=(COUNT, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return surface(radius * normals, normals, 4 * np.pi * radius**2), 4 / 3 * np.pi * radius**3


def box(sides: tuple[float, float, float] = (0.2, 0.14, 0.1)) -> tuple[Gaussians, float]:
    rng, sides = np.random.default_rng(0), np.array(sides)
    areas = np.array([sides[1] * sides[2], sides[0] * sides[2], sides[0] * sides[1]])
    axis, sign = rng.choice(3, COUNT, p=areas / areas.sum()), rng.choice([-1, 1], COUNT)
    points, normals = rng.uniform(-0.5, 0.5, (COUNT, 3)) * sides, np.zeros((COUNT, 3))
    points[np.arange(COUNT), axis] = sign * sides[axis] / 2
    normals[np.arange(COUNT), axis] = sign
    return surface(points, normals, 2 * areas.sum()), float(sides.prod())


def torus(ring: float = 0.1, tube: float = 0.04) -> tuple[Gaussians, float]:
    rng = np.random.default_rng(0)
    u, v = rng.uniform(0, 2 * np.pi, (2, 4 * COUNT))
    kept = rng.uniform(0, ring + tube, 4 * COUNT) < ring + tube * np.cos(v)  # evenly over the surface
    u, v = u[kept][:COUNT], v[kept][:COUNT]
    normals = np.stack([np.cos(u) * np.cos(v), np.sin(u) * np.cos(v), np.sin(v)], 1)
    centre = ring * np.stack([np.cos(u), np.sin(u), np.zeros_like(u)], 1)
    return surface(centre + tube * normals, normals, 4 * np.pi**2 * ring * tube), 2 * np.pi**2 * ring * tube**2


def leaning(gaussians: Gaussians) -> Gaussians:
    """Turned so that no side is along the grid."""
    matrix = np.eye(4)
    matrix[:3, :3] = rot.matrix_from_quaternion(rot.normalised(np.array([0.7, 0.3, -0.5, 0.2])))
    return gaussians.transformed(matrix)


@pytest.mark.parametrize("body", [sphere, box, torus])
@pytest.mark.parametrize("pose", [None, leaning])
def test_volumes_sum_to_the_solids(body, pose):
    """A closed surface of splats is filled to its volume.

    The surface is placed within a sixth of a voxel; a torus' tube is 10 voxels thick, whose area is then off by 7 %.
    """
    gaussians, volume = body()
    gaussians = pose(gaussians) if pose else gaussians
    assert solid_of(gaussians, voxels=VOXELS).volume == pytest.approx(volume, rel=0.07)


def test_particles_fill_evenly_and_stay_inside():
    """Particles of a ball are evenly dense out to its surface, with about the asked count and equal volumes."""
    gaussians, volume = sphere(radius=0.1)
    points, volumes = particles(gaussians, np.ones(COUNT, bool), count=1000, voxels=VOXELS)
    assert 0.9 * 1000 <= len(points) <= 1000
    assert volumes.sum() == pytest.approx(volume, rel=0.07)
    radius = np.linalg.norm(points, axis=1)
    assert radius.max() < 0.1
    # the inner half of the radius holds an eighth of the volume: 120 particles, give or take their own size
    assert volumes[radius < 0.05].sum() / volumes.sum() == pytest.approx(1 / 8, rel=0.2)
    assert np.quantile(volumes, 0.05) > 0.3 * volumes.mean()
    again = particles(gaussians, np.ones(COUNT, bool), count=1000, voxels=VOXELS)
    np.testing.assert_array_equal(points, again[0])


def test_holes_do_not_drain_a_body():
    """A box without an underside, and a ball with a dozen holes, are filled to 15 % as if they were whole."""
    cube, volume = box((0.1, 0.1, 0.1))
    open_below = cube.select(cube.positions[:, 2] > -0.0499)
    assert len(open_below) < 0.86 * COUNT
    assert solid_of(open_below, voxels=VOXELS).volume == pytest.approx(volume, rel=0.15)
    ball, volume = sphere(radius=1)
    holes = np.random.default_rng(1).normal(size=(12, 3))
    holes /= np.linalg.norm(holes, axis=1, keepdims=True)
    torn = ball.select((ball.positions @ holes.T).max(1) < 0.97)
    assert len(torn) < 0.9 * COUNT
    assert solid_of(torn, voxels=VOXELS).volume == pytest.approx(volume, rel=0.1)


def test_splats_in_the_middle_do_not_hollow_a_body():
    """A ball with as many splats inside as on its surface is filled all the same."""
    ball, volume = sphere()
    deep = np.random.default_rng(2).uniform(0, 1, (COUNT, 1)) ** (1 / 3)
    within = replace(ball, positions=(ball.positions * deep).astype(np.float32))
    both = Gaussians(*(np.concatenate([getattr(cloud, name) for cloud in (ball, within)]) for name in ball.to_arrays()))
    assert solid_of(both, voxels=VOXELS).volume == pytest.approx(volume, rel=0.07)


def test_what_encloses_nothing_is_as_thick_as_a_voxel():
    """A sheet, and any surface without filling, has its area times a voxel."""
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.uniform(-0.1, 0.1, (COUNT, 2)), np.full((COUNT, 1), 0.001)], 1)
    sheet = surface(points, np.tile([0.0, 0, 1], (COUNT, 1)), 0.04)
    thickness = 0.2 / VOXELS
    # a voxel more along each edge
    assert solid_of(sheet, voxels=VOXELS).volume == pytest.approx(0.04 * thickness, rel=0.15)
    ball, _ = sphere(radius=0.1)
    shell = solid_of(ball, filling=False, voxels=VOXELS).volume
    assert shell == pytest.approx(4 * np.pi * 0.1**2 * thickness, rel=0.3)  # its surface cuts voxels askew


def test_degenerate_splats_neither_hang_nor_count():
    """Splats with no thickness, or as large as a house, change the volume by little and take no time."""
    ball, volume = sphere()
    scales = ball.scales.copy()
    scales[:200, 2], scales[200:210] = 1e-30, 50
    assert solid_of(replace(ball, scales=scales), voxels=VOXELS).volume == pytest.approx(volume, rel=0.1)


def test_nothing_solid_is_refused():
    """No splat, haze only, or a single place, is refused with what to do."""
    ball, _ = sphere()
    with pytest.raises(ValueError, match="none of the chosen splats is solid"):
        particles(ball, np.zeros(COUNT, bool))
    with pytest.raises(ValueError, match="none of the chosen splats is solid"):
        particles(replace(ball, opacity=np.full(COUNT, 0.01, np.float32)), np.ones(COUNT, bool))
    with pytest.raises(ValueError, match="no extent"):
        solid_of(replace(ball, positions=np.zeros((COUNT, 3), np.float32)))
