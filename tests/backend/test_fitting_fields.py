"""Fields, losses and gusts against finite differences and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from backend.fitting.fields.descent import Descent
from backend.fitting.fields.meanings import added_young, log_young, velocity
from backend.fitting.fields.parts import PartsField
from backend.fitting.fields.triplane import Shape, TriplaneField
from backend.fitting.losses import Losses, spectrum_loss, track_loss
from backend.fitting.observation import Tracks
from backend.fitting.rig import together
from tests.backend.fitting_cases import front_view

POINTS = np.random.default_rng(0).uniform(-1, 1, (20, 3))
SMALL = Shape(resolution=4, channels=5, layers=3)


def stiffness(decades: float = 0.5) -> TriplaneField:
    return TriplaneField(POINTS.min(0), POINTS.max(0), 1, log_young(np.full(20, 1e6), decades), SMALL)


def stirred(field: TriplaneField) -> TriplaneField:
    """The field with numbers that are not at their start, where the last layer is zero."""
    rng = np.random.default_rng(1)
    field.parameters = {name: value + 0.3 * rng.normal(size=value.shape) for name, value in field.parameters.items()}
    return field


def test_a_triplane_begins_as_its_base():
    """The last layer starts at zero: stiffness and velocity are what they were given to begin with."""
    assert np.allclose(stiffness().value(POINTS), 1e6, rtol=1e-12)
    base = np.random.default_rng(2).normal(size=(20, 3))
    assert np.array_equal(TriplaneField([-1] * 3, [1] * 3, 3, velocity(base, 0.1), SMALL).value(POINTS), base)


@pytest.mark.parametrize("field", [stiffness(), TriplaneField([-1] * 3, [1] * 3, 3, velocity(0.0, 0.1), SMALL)])
def test_pull_is_the_slope(field):
    """Along a random direction of all numbers, central differences of 1e-6 in float64: to 1e-6."""
    field = stirred(field)
    weights = np.random.default_rng(3).normal(size=field.value(POINTS).shape)
    at, pulled = field.parameters, field.pull(weights)
    direction = {name: np.random.default_rng(4).normal(size=value.shape) for name, value in at.items()}

    def loss(step):
        field.parameters = {name: at[name] + step * direction[name] for name in at}
        return float((weights * field.value(POINTS)).sum())

    expected = (loss(1e-6) - loss(-1e-6)) / 2e-6
    assert sum((pulled[name] * direction[name]).sum() for name in at) == pytest.approx(expected, rel=1e-6)


def test_stiffness_keeps_its_bounds():
    """However far the numbers go, within a factor 10^decades of the base."""
    field = stirred(stiffness(0.5))
    field.parameters = {name: 100 * value for name, value in field.parameters.items()}
    away = np.log10(field.value(POINTS)) - 6
    assert np.abs(away).max() <= 0.5 + 1e-12
    assert np.abs(away).max() > 0.45


def test_stiffness_as_in_physdreamers_code():
    """E = clamp(1e6 + 1000 x output, 1e3, 5e8): linear in the outputs, which start at zero."""
    field = TriplaneField([-1] * 3, [1] * 3, 1, added_young(1e6, 1e3, 1e3, 5e8), SMALL)
    assert np.allclose(field.value(POINTS), 1e6)
    numbers = field.parameters
    numbers["bias_2"][:] = -2000
    field.parameters = numbers
    assert np.allclose(field.value(POINTS), 1e3)


def test_roughness_is_that_of_neighbouring_texels():
    """Planes that rise by 0.1 a texel along one side: 0.01; and its slope against central differences."""
    field = stiffness()
    numbers = field.parameters
    numbers["planes"] = np.broadcast_to(0.1 * np.arange(4), numbers["planes"].shape).copy()
    field.parameters = numbers
    assert field.roughness()[0] == pytest.approx(0.01)
    slope = field.roughness()[1]["planes"]
    numbers["planes"][1, 2, 3, 3] += 1e-6
    field.parameters = numbers
    assert slope[1, 2, 3, 3] == pytest.approx((field.roughness()[0] - 0.01) / 1e-6, rel=1e-3)


def test_parts_pull_sums_over_their_points():
    """dE / d log10 E = E ln 10, summed over each part's points; points elsewhere get the nearest one's part."""
    part = np.repeat([0, 1], 10)
    field = PartsField(POINTS, part, [5.0, 6.0])
    assert np.allclose(field.value(POINTS), np.repeat([1e5, 1e6], 10))
    gradient = np.arange(20.0)
    expected = np.log(10) * np.array([1e5 * gradient[:10].sum(), 1e6 * gradient[10:].sum()])
    assert np.allclose(field.pull(gradient)["log_young"], expected)
    assert np.allclose(field.value(POINTS[[3, 15]] + 1e-6), [1e5, 1e6])


def test_descent_goes_on_with_the_same_bits():
    """Five steps at once and three, kept, and two after that end in the same numbers."""

    def stepped(descent, steps):
        for _ in range(steps):
            value = descent.field.value(POINTS)
            descent.step(descent.field.pull(2 * (value - 2e6) / 1e12))
        return descent

    whole = stepped(Descent(stiffness(), 1e-2, warm_up=3), 5)
    kept = stepped(Descent(stiffness(), 1e-2, warm_up=3), 3).to_arrays()
    other = Descent(stirred(stiffness()), 1e-2, warm_up=3)
    other.restore(kept)
    for name, value in stepped(other, 2).field.parameters.items():
        assert np.array_equal(value, whole.field.parameters[name]), name
    assert whole.field.value(POINTS).mean() > 1e6


def test_track_loss_slope():
    """Along a random direction of all particles, central differences of a micrometre: to 1e-6."""
    rng, camera = np.random.default_rng(5), front_view(64)
    rest = rng.uniform([-0.02, -0.02, 0], [0.02, 0.02, 0.2], (12, 3))
    tracks = Tracks(np.array([1, 4, 5, 9]), rng.normal(0, 3, (6, 4, 2)), rng.uniform(0.2, 1, (6, 4)))
    moved, frames = rest + rng.normal(0, 0.01, (3, 12, 3)), np.array([2, 3, 6])
    direction = rng.normal(size=moved.shape)
    _, slope = track_loss(moved, frames, tracks, camera, rest)
    ahead, back = (track_loss(moved + s * direction, frames, tracks, camera, rest)[0] for s in (1e-6, -1e-6))
    assert (slope * direction).sum() == pytest.approx((ahead - back) / 2e-6, rel=1e-6)


def test_spectrum_loss_hears_pace_and_not_phase():
    """A film against itself begun half a period later: nothing; at twice the pace: the whole strength of both."""

    def film(cycles, phase):
        course = 0.5 + 0.2 * np.sin(2 * np.pi * cycles * np.arange(16) / 16 + phase)
        return np.broadcast_to(course[:, None, None, None], (16, 32, 32, 3))

    assert spectrum_loss(film(2, 0.0), film(2, np.pi))[0] < 1e-12
    # A sine of height a is a / 2 in its bin, of eight bins.
    assert spectrum_loss(film(4, 0.0), film(2, 0.0))[0] == pytest.approx(2 * 0.1 / 8)


@pytest.mark.parametrize("losses", [Losses(), Losses(0, 0.5, 0), Losses(dssim=0.5, squared=True)])
def test_picture_losses_slopes(losses):
    """L1 + D-SSIM, blurred pictures and PhysDreamer's half mean square, along a random direction: to 1e-3."""
    rng = np.random.default_rng(6)
    picture, wanted = rng.uniform(0, 1, (2, 24, 24, 3))
    direction = rng.normal(size=picture.shape)
    slope = losses.picture(picture, wanted)[1]
    ahead, back = (losses.picture(picture + s * direction, wanted)[0] for s in (1e-6, -1e-6))
    assert (slope * direction).sum() == pytest.approx((ahead - back) / 2e-6, rel=1e-3)


def test_a_rig_sees_what_its_cameras_see():
    """Each camera's own stretch of the points, projected and differentiated as by itself."""
    rng = np.random.default_rng(7)
    cameras = [front_view(64), front_view(32)]
    tracks = [Tracks(np.arange(n), np.zeros((2, n, 2)), np.ones((2, n))) for n in (3, 2)]
    rig, seen = together(cameras, tracks)
    points = rng.uniform(0, 0.1, (4, 5, 3))
    assert np.array_equal(rig.project(points)[:, :3], cameras[0].project(points[:, :3]))
    assert np.array_equal(rig.project(points)[:, 3:], cameras[1].project(points[:, 3:]))
    assert np.array_equal(rig.project_jacobian(points[0])[3:], cameras[1].project_jacobian(points[0, 3:]))
    assert seen.displacement.shape == (2, 5, 2)
