"""Wind on driving particles: strength, direction, travel and repeatability."""

from __future__ import annotations

import numpy as np
import pytest

from backend.api.simulate import Wind
from backend.forces.wind import GUST, PUSH, TRAVEL_SPEED, wind_acceleration

LINE = np.stack([np.linspace(0, 1.5, 4), np.zeros(4), np.zeros(4)], 1)  # metres, along +X
FPS = 24.0


def blow(kind, points=LINE, frames=48, **changes):
    settings = {"direction": 0.0, "gustiness": 0.6, "seed": 0, "strength": 2.0} | changes
    return wind_acceleration(points, frames, FPS, kind=kind, **settings)


def test_a_gust_arrives_later_downwind_and_passes():
    """Each particle feels the same bump, delayed by its distance over the travelling speed, and nothing afterwards."""
    force = blow(Wind.gust)[..., 0]
    delay = np.rint((LINE[:, 0] / TRAVEL_SPEED) * FPS).astype(int)
    assert delay[-1] > 0
    for particle, late in enumerate(delay):
        # The delays are whole frames here (0, 4, 8, 12): 0.5 m at 3 m/s is 4 frames of 24 a second.
        assert np.allclose(np.roll(force[:, 0], late)[late:], force[late:, particle], atol=1e-9)
    assert np.all(force[int(np.ceil(GUST * FPS)) + delay[-1] + 1 :] == 0)
    # Sampled at frames, sin^2's peak is missed by at most half a frame: 1 - cos^2(pi / 2 / (GUST * FPS)) < 1.2 %.
    assert force.max() == pytest.approx(2.0, rel=0.012)


def test_an_impulse_is_over_after_its_push():
    """All of the momentum is given in the first moments."""
    force = blow(Wind.impulse, points=LINE[:1])
    assert force.any() and not force[int(np.ceil(PUSH * FPS)) + 1 :].any()


def test_steady_wind_settles_at_its_strength_along_its_direction():
    """Without gusts the wind rises from calm to exactly its strength, in its direction, and stays."""
    force = blow(Wind.steady, gustiness=0.0, direction=np.pi / 2, points=LINE[:1])[:, 0]
    assert np.allclose(force[0], 0) and np.allclose(force[-1], (0, 2, 0), atol=1e-12)
    assert np.all(np.diff(force[:, 1]) >= 0)


def test_gusts_repeat_with_their_seed_only():
    """One seed, one weather."""
    assert np.array_equal(blow(Wind.steady, seed=3), blow(Wind.steady, seed=3))
    assert not np.allclose(blow(Wind.steady, seed=3), blow(Wind.steady, seed=4))


def test_as_fitted_has_no_wind():
    """The fitted velocity alone moves the subject."""
    assert not blow(Wind.fitted).any()
