"""The job that loads a saved material onto another object of the same capture."""

from __future__ import annotations

import numpy as np
import pytest

from backend import arrays
from backend.api.apply_material import ApplyMaterialParams
from backend.context import JobContext
from backend.fitting.driving import drive
from backend.fitting.fitted import Fitted
from backend.fitting.modes import sway_modes
from backend.jobs import apply_material
from backend.material_file import MaterialField
from backend.subject import Subject
from tests.backend.fitting_cases import front_view, stalk

SIZES = {"particles": 200, "grid_cells": 10}


@pytest.fixture
def case(tmp_path):
    """(the job's inputs for a copy of a stalk, the frequency that it was fitted with); writes the files."""
    gaussians, parts = stalk()
    subject = Subject(gaussians, parts, front_view(64), np.ones(3), 24.0)
    driven = drive(gaussians, parts, particles=250, cells=10, seed=3)
    count = len(driven.model)
    young = 10 ** (5 - 2 * driven.model.rest[:, 2])
    frequency = float(sway_modes(driven.body, young).frequency[0])
    velocity = driven.model.rest[:, 2:] * [1.0, 0, 0]
    fit = Fitted(driven, young, velocity, 1.2, frequency, 0.01, np.zeros(2)).to_arrays()
    field = MaterialField.of_fit(fit, gaussians.positions, np.eye(4), {"object": "stalk"})
    assert len(field.points) == count
    inputs = {
        "subject": str(arrays.save(tmp_path / "subject.npz", subject.to_arrays())),
        "material": str(field.save(tmp_path / "stalk.sway")),
        "placement": str(arrays.save(tmp_path / "placement.npz", {"matrix": np.eye(4)})),
    }
    return inputs, frequency


def test_a_copy_sways_as_the_original(case, tmp_path):
    """Other particles of the same capture get the stiffness by place: the same frequency, damping and a push."""
    inputs, frequency = case
    context = JobContext("test", tmp_path, lambda message: None)
    outputs, results = apply_material.run(ApplyMaterialParams(**SIZES), inputs, context)
    made = Fitted.from_arrays(arrays.load(outputs["fit"]))
    # Stiffness of neighbours is averaged over a spacing, 2 % of a decade here; frequency goes with its root.
    assert results["frequency_hz"] == pytest.approx(frequency, rel=0.05)
    np.testing.assert_allclose(np.log10(made.young), 5 - 2 * made.driven.model.rest[:, 2], atol=0.05)
    assert made.damping == pytest.approx(1.2, rel=0.05)
    # The slowest mode alone would go velocity / rate far; the stalk's tip moves at 0.2 m/s.
    assert made.reach == pytest.approx(0.2 / (2 * np.pi * frequency), rel=0.4)
    assert results["provenance"] == {"object": "stalk"}


def test_another_subject_is_refused(case, tmp_path):
    """The same stalk at twice its size is another shape to a material in the capture's units."""
    inputs, _ = case
    twice = np.diag([2.0, 2, 2, 1])
    inputs["placement"] = str(arrays.save(tmp_path / "twice.npz", {"matrix": twice}))
    context = JobContext("test", tmp_path, lambda message: None)
    with pytest.raises(ValueError, match="shapes differ too much"):
        apply_material.run(ApplyMaterialParams(**SIZES), inputs, context)
