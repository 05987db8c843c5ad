"""The whole differentiable chain against central differences in float64: stiffness and velocity to pixels."""

from __future__ import annotations

import numpy as np
import pytest

from backend import taichi_runtime
from backend.fitting.chain import Chain
from backend.fitting.driving import drive
from backend.fitting.push import Push
from backend.fitting.timing import Timing
from backend.mpm.total_lagrangian.solver import ElasticSolver
from backend.render.rasteriser import Rasteriser
from backend.render.skinning import Skinning
from tests.backend.fitting_cases import HEIGHT, front_view, stalk

FRAMES, FPS = 3, 60.0


@pytest.fixture(scope="module", autouse=True)
def f64():
    """Taichi in float64 here, in float32 again for other modules."""
    taichi_runtime.start("f64")
    yield
    taichi_runtime.start("f32")


class Case:
    """A soft stalk of 200 splats on 60 particles that bends by a tenth of its height in three frames of 20 x 20 pixels.

    Splats are never cut off (`alpha_min` next to nothing), so that the picture is smooth in everything.
    """

    def __init__(self) -> None:
        gaussians, parts = stalk(150)
        driven = drive(gaussians, parts, particles=60, cells=10)
        self.rest = driven.model.rest
        self.chain = Chain(
            ElasticSolver(driven.body),
            Skinning(gaussians, driven.binding, self.rest),
            Rasteriser(front_view(20), len(gaussians), alpha_min=1e-12),
            gaussians,
            np.ones(3),
            Timing(FRAMES, FPS),
            cfl=0.45,
        )
        rng = np.random.default_rng(0)
        self.weights = rng.normal(size=(FRAMES + 1, 20, 20, 3))
        self.young = 2e4 * rng.uniform(1, 2, len(self.rest))
        height = np.clip(self.rest[:, 2:] / HEIGHT, 0, None)
        self.velocity = height**2 * [0.5, 0.2, 0] + 0.02 * rng.normal(size=self.rest.shape)

    def judge(self, frame, picture):
        """A smooth loss: a weighted sum of all pixels."""
        return float((self.weights[frame] * picture).sum()), self.weights[frame]

    def loss(self, **changes):
        push = Push(**{"young": self.young, "velocity": self.velocity, "delay": 0.3} | changes)
        return sum(self.judge(t + 1, picture)[0] for t, picture in enumerate(self.chain.pictures(push)))


@pytest.fixture(scope="module")
def case():
    return Case()


@pytest.fixture(scope="module")
def gradient(case):
    push = Push(case.young, case.velocity, delay=0.3)
    return case.chain.gradient(push, case.judge, range(1, FRAMES + 1))


def directional(loss, at, direction, step):
    """Central difference of `loss` along `direction`."""
    return (loss(at + step * direction) - loss(at - step * direction)) / (2 * step)


def test_forward_agrees_with_gradient_pass(case, gradient):
    """Both passes see the same pictures."""
    assert gradient[0] == pytest.approx(case.loss(), rel=1e-12)


@pytest.mark.parametrize("seed", [1, 2])
def test_velocity_to_pixels(case, gradient, seed):
    """Any direction of the initial velocities, through solver, positions, covariances and pixels.

    Central differences of 1e-5 m/s leave 1e-6; without the path through the covariances it would be 1e-2.
    """
    direction = np.random.default_rng(seed).normal(size=case.velocity.shape)
    expected = directional(lambda v: case.loss(velocity=v), case.velocity, direction, 1e-5)
    assert (gradient[1].velocity * direction).sum() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("seed", [1, 2])
def test_stiffness_to_pixels(case, gradient, seed):
    """Any direction of Young's moduli, too short to change the number of substeps.

    A pascal in 3e4 changes the loss by 1e-7 of itself, which rounding resolves to 1e-6.
    """
    direction = np.random.default_rng(seed).normal(size=case.young.shape)
    expected = directional(lambda e: case.loss(young=e), case.young, direction, 1.0)
    assert (gradient[1].young * direction).sum() == pytest.approx(expected, rel=1e-5)


def test_delay_to_pixels(case, gradient):
    """The onset, through the spline in time, to 1e-4."""
    expected = directional(lambda d: case.loss(delay=float(d)), np.float64(0.3), 1.0, 1e-4)
    assert gradient[1].delay == pytest.approx(expected, rel=1e-4)


def test_damping_to_pixels(case, gradient):
    """Damping, to 1e-5."""
    expected = directional(lambda d: case.loss(damping=float(d)), np.float64(0), 1.0, 1e-3)
    assert gradient[1].damping == pytest.approx(expected, rel=1e-5)
