"""Passes of a film: alpha, depth and motion vectors say what the geometry says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend import taichi_runtime
from backend.camera import Camera
from backend.gaussians import Gaussians, sh_from_colours
from backend.render.passes import NOTHING, Shot, film_passes

SIZE = 64


@pytest.fixture(scope="module", autouse=True)
def taichi():
    taichi_runtime.start()


@pytest.fixture
def dots():
    """A red dot 3 m and a blue dot 5 m from the camera, on the left and on the right."""
    ends = np.array([[-0.6, 0, 0], [1.2, 0, 2]], np.float32)
    turns = np.tile(np.array([1, 0, 0, 0], np.float32), (2, 1))
    colours = sh_from_colours(np.array([[0.9, 0.1, 0.1], [0.1, 0.1, 0.9]]))
    return Gaussians(ends, turns, np.full((2, 3), 0.1, np.float32), np.full(2, 0.95, np.float32), colours)


@pytest.fixture
def camera():
    """At 3 m before the first dot, looking along +y of the camera's own z: x right, y down, z forward."""
    return Camera(np.eye(3), np.array([0.0, 0, 3]), (60.0, 60.0), (32.0, 32.0), SIZE, SIZE)


def test_depth_alpha_and_colour_of_two_dots(dots, camera):
    """At each dot's centre: its distance, its colour unmixed with what is behind, its opacity; elsewhere nothing."""
    (one,) = film_passes([Shot(dots, camera)], None)
    for dot, (x, colour, depth) in enumerate([(20, (0.9, 0.1, 0.1), 3.0), (46, (0.1, 0.1, 0.9), 5.0)]):
        assert camera.project(dots.positions[dot])[0] == pytest.approx(x, abs=0.5)
        np.testing.assert_allclose(one.colour[32, x, :3], colour, atol=0.01)
        sigma = 0.1 * 60 / depth  # pixels
        off = camera.project(dots.positions[dot]) - [x + 0.5, 32.5]
        assert one.colour[32, x, 3] == pytest.approx(0.95 * np.exp(-(off @ off) / (2 * sigma**2)), rel=0.02)
        assert one.depth[32, x] == pytest.approx(depth, abs=1e-3)
    assert one.colour[5, 5, 3] == 0 and one.depth[5, 5] == np.float32(NOTHING)
    assert one.vectors is None


def test_a_background_fills_what_splats_leave(dots, camera):
    """Opaque, and the world's colour where nothing is."""
    (one,) = film_passes([Shot(dots, camera)], np.array([0.2, 0.4, 0.6]))
    np.testing.assert_allclose(one.colour[5, 5], [0.2, 0.4, 0.6, 1], atol=1e-6)
    assert one.colour[..., 3].min() == 1


def test_vectors_are_those_of_the_splats_and_of_the_camera(dots, camera):
    """A dot that goes right and up, seen by a still camera, then a camera that goes right past still dots."""
    step = np.array([0.1, -0.05, 0], np.float32)  # y points down
    moving = [Shot(replace(dots, positions=dots.positions + k * step), camera) for k in (-1, 0, 1)]
    first, middle, last = film_passes(moving, None, vectors=True)
    # 60 px focal length at 3 m: 2 px right and 1 px up a frame; each pair says where from and where to.
    np.testing.assert_allclose(middle.vectors[32, 20], [-2, -1, -2, -1], atol=0.02)
    np.testing.assert_allclose(first.vectors[32, 18, :2], 0, atol=1e-6)
    np.testing.assert_allclose(last.vectors[32, 22, 2:], 0, atol=1e-6)
    assert np.abs(middle.vectors[5, 5]).max() == 0
    gliding = [Shot(dots, replace(camera, translation=np.array([-0.1 * k, 0, 3.0]))) for k in (-1, 0, 1)]
    middle = list(film_passes(gliding, None, vectors=True))[1]
    np.testing.assert_allclose(middle.vectors[32, 20], [2, 0, 2, 0], atol=0.02)
    np.testing.assert_allclose(middle.vectors[32, 46], [1.2, 0, 1.2, 0], atol=0.02)
