"""A prediction as reference motion: at rest, as far and as fast as asked, in the shapes that were predicted."""

from __future__ import annotations

import numpy as np
import pytest

from backend.spectral.frequency import dominant_frequency
from backend.spectral.predictor import reference
from backend.spectral.predictor.prediction import Prediction
from backend.spectral.predictor.prior import FREQUENCIES
from backend.spectral.predictor.reference import prediction_motion

HEIGHT, WIDTH = 48, 64


def _matte() -> np.ndarray:
    matte = np.zeros((HEIGHT, WIDTH), np.float32)
    matte[4:44, 28:36] = 1
    return matte


@pytest.fixture
def two_modes(monkeypatch):
    """A reed that leans as a whole in a slow mode and bends to and fro, a fifth as far, in a fast one."""
    up = np.linspace(1, 0, 24)[:, None]
    shapes = np.zeros((2, 24, 32, 2), np.complex64)
    shapes[0, :, 13:19, 0] = up * np.exp(0.7j)
    shapes[1, :, 13:19, 0] = np.sin(2 * np.pi * up) * np.exp(-1.1j)
    slow, fast = (np.exp(-0.5 * ((FREQUENCIES - f) / 0.2) ** 2) for f in (0.8, 2.0))
    spread = np.stack([slow, 0.2 * fast], 1)
    mask = (np.abs(shapes).sum((0, 3)) > 0).astype(np.float32)
    found = Prediction(shapes, spread, np.zeros((16, 24, 32)), mask, _matte())
    monkeypatch.setattr(reference, "predict", lambda image, guidance: found)


def _motion(**changes) -> np.ndarray:
    still = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    settings = {"frames": 48, "fps": 24.0, "frequency": 1.5, "amplitude": 2.0, **changes}
    return prediction_motion(still, _matte(), **settings)


def test_it_begins_at_rest_and_goes_as_far_as_asked(two_modes):
    """Frame 0 is the still picture; the matted part's largest displacement is the amplitude."""
    motion = _motion(onset=0.02)
    assert motion.shape == (48, HEIGHT, WIDTH, 2) and motion.dtype == np.float32
    assert not motion[0].any()
    largest = np.linalg.norm(motion[:, _matte() > 0.5], axis=-1).max()
    assert largest == pytest.approx(2.0, rel=1e-5)  # scaled by the same maximum, in single precision


def test_it_sways_at_the_frequency_that_was_asked_for(two_modes):
    """The tip, of which the main shape is nearly all, rings at it."""
    tip = _motion(gustiness=0.0)[:, 5, 32, 0]
    assert dominant_frequency(tip, 24.0) == pytest.approx(1.5, rel=0.05)  # the gust forces it for a fifth of a period


def test_the_shapes_are_those_that_were_predicted(two_modes):
    """Along the reed the motion at its largest is the first mode's line, and the foot is held."""
    motion = _motion(gustiness=0.0)
    frame = motion[np.abs(motion[:, 5, 32, 0]).argmax(), :, 32, 0]
    wanted = np.linspace(1, 0, HEIGHT)
    inside = slice(5, 43)
    # The second mode adds a fifth of it where it is largest.
    assert np.abs(frame[inside] / frame[5] - wanted[inside] / wanted[5]).max() < 0.25


def test_the_same_seed_blows_the_same(two_modes):
    """And another one otherwise."""
    assert np.array_equal(_motion(seed=1), _motion(seed=1))
    assert not np.allclose(_motion(seed=1), _motion(seed=2))


def test_a_view_in_which_nothing_is_recognised_is_refused(two_modes, monkeypatch):
    """One sentence each, for an empty matte and for a prediction of nothing."""
    still = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    with pytest.raises(ValueError, match="the mask of the moving part is empty"):
        prediction_motion(still, 0 * _matte(), 24, 24.0, frequency=1.0, amplitude=1.0)
    empty = Prediction(
        np.zeros((2, 24, 32, 2), np.complex64), np.ones((16, 2)), np.zeros((16, 24, 32)), np.zeros((24, 32)), _matte()
    )
    monkeypatch.setattr(reference, "predict", lambda image, guidance: empty)
    with pytest.raises(ValueError, match="nothing that moves was recognised"):
        _motion()
