"""What a fit leaves behind: it survives its file, and its tip is where the subject is free."""

from __future__ import annotations

import numpy as np
import pytest

from backend import arrays
from backend.api.swing import SwingParams
from backend.context import JobContext
from backend.fitting.driving import Driven
from backend.fitting.fitted import Fitted, tip_motion, tip_particles
from backend.fitting.modes import sway_modes
from backend.gaussians import Gaussians
from backend.jobs import swing
from backend.mpm.grid import Grid
from backend.mpm.model import Model
from backend.mpm.total_lagrangian.body import Body
from backend.mpm.total_lagrangian.solid import Solid
from backend.subject import Subject
from backend.swing import Swing
from backend.trajectory import Binding
from tests.backend.fitting_cases import front_view


@pytest.fixture
def fitted():
    """A column of 100 particles, held at its foot."""
    rest = np.stack([np.full(100, 0.5), np.full(100, 0.5), np.linspace(0.2, 0.8, 100)], 1)
    held = np.zeros((11, 11, 11), bool)
    held[:, :, :2] = True
    model = Model(rest, np.full(100, 1e-6), np.full(100, 1e3), 0.3, Grid(np.zeros(3), 0.1, held.shape), held)
    binding = Binding(np.arange(5, dtype=np.int32), np.zeros((5, 8), np.int32), np.full((5, 8), 0.125, np.float32))
    solid = Solid(np.argwhere(np.ones((1, 1, 60))) + [50, 50, 20], np.zeros(3), 0.01, np.array([[50, 50, 19]]))
    body = Body(solid, model.grid, rest, model.density, 0.3, 0.8)
    driven = Driven(model, body, binding, np.ones(100, np.int32))
    return Fitted(driven, np.full(100, 1e6), np.ones((100, 3)), 0.2, 1.5, 0.03, np.array([0.01, 0.02]))


def test_round_trip_through_a_file(fitted, tmp_path):
    """Every number comes back from the file as it went in."""
    arrays.save(tmp_path / "fit.npz", fitted.to_arrays())
    again = Fitted.from_arrays(arrays.load(tmp_path / "fit.npz"))
    for name, value in fitted.to_arrays().items():
        assert np.array_equal(value, again.to_arrays()[name]), name


def test_the_tip_is_what_is_farthest_from_the_hold(fitted):
    """The topmost three of a hundred particles of a column that stands on its held foot."""
    assert sorted(tip_particles(fitted.driven.model)) == [97, 98, 99]


def test_tip_motion_is_measured_along_its_way(fitted):
    """A sway of the whole column by 1 cm in a slanting direction reads as 1 cm, whatever the other particles do."""
    sway = np.sin(np.linspace(0, 6, 30))[:, None, None] * np.array([0.006, 0.008, 0.0])
    assert np.abs(tip_motion(fitted.driven.model.rest + sway, fitted.driven.model)).max() == pytest.approx(
        0.01 * np.abs(np.sin(np.linspace(0, 6, 30))).max(), rel=1e-6
    )


def test_compliance_along_a_direction(fitted):
    """Along an axis it is that axis's number, between them the root of their squares."""
    assert fitted.tip_compliance(0.0) == pytest.approx(0.01)
    assert fitted.tip_compliance(np.pi / 2) == pytest.approx(0.02)


def test_a_fitted_subject_is_pulled_about_in_its_true_modes(fitted, tmp_path):
    """Frequencies and shapes are those of the elastic solver for what was fitted; the foot stays."""
    positions = np.random.default_rng(0).uniform(0.2, 0.8, (6, 3)).astype(np.float32)
    turns, scales = np.tile(np.float32([1, 0, 0, 0]), (6, 1)), np.full((6, 3), 0.01, np.float32)
    cloud = Gaussians(positions, turns, scales, np.ones(6, np.float32), np.zeros((6, 1, 3), np.float32))
    subject = Subject(cloud, np.ones(6, np.int32), front_view(16), np.zeros(3), 24.0)
    files = {
        "fit": str(arrays.save(tmp_path / "fit.npz", fitted.to_arrays())),
        "subject": str(arrays.save(tmp_path / "subject.npz", subject.to_arrays())),
    }
    context = JobContext("j", tmp_path, lambda _message: None)
    outputs, results = swing.run(SwingParams(modes=3, frequency=9.0), files, context)
    found = Swing.from_arrays(arrays.load(outputs["swing"]))
    expected = sway_modes(fitted.driven.body, fitted.young, 3)
    assert found.rate == pytest.approx(2 * np.pi * expected.frequency, rel=1e-5)
    assert results["frequency_hz"] == pytest.approx(expected.frequency[0], rel=1e-5)
    assert np.abs(found.shapes[0, 0]).max() < 0.01 * np.abs(found.shapes[0, 99]).max()
