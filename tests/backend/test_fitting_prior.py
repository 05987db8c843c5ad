"""Materials that are expected: presets and saved ones as priors of a fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend.api.fit import Expectation
from backend.api.materials import ELASTIC, PRESETS, Preset
from backend.fitting.driving import drive
from backend.fitting.gradient import fit_gradient
from backend.fitting.modal import fit_modal
from backend.fitting.physdreamer import fit_physdreamer
from backend.fitting.prior import Expected, Prior
from backend.fitting.uncertainty import ExpectedStiffness, PartStiffness
from backend.material_file import MaterialField
from tests.backend.fitting_cases import HEIGHT, TRUTH, Case, front_view

TIP = 0.9
"""Of the stalk's height, above which a second part begins: it is carried along and hardly bends."""


@pytest.fixture(scope="module")
def case() -> Case:
    """A stalk whose tip is a part of its own."""
    made = Case()
    parts = np.where(made.gaussians.positions[:, 2] > TIP * HEIGHT, 2, made.parts).astype(np.int32)
    made.driven = drive(made.gaussians, parts, particles=150, cells=12)
    return made


@pytest.fixture(scope="module")
def task(case):
    return case.task(case.film(front_view(96), [0.6, 0.2, 0]), front_view(96))


def test_a_preset_is_expected_to_sway_as_it_does():
    """Twice its density takes twice its stiffness to sway alike; every material that is offered keeps its shape."""
    leaf = PRESETS[Preset.leaf]
    prior = Prior.of_preset(Preset.leaf, leaf.density * np.array([1.0, 2.0]), 0.5)
    np.testing.assert_allclose(10**prior.log_young, leaf.young_modulus * np.array([1.0, 2.0]))
    offered = [choice.preset for choice in Expectation if choice.preset]
    assert offered == [preset for preset in Preset if PRESETS[preset].law in ELASTIC]


def test_a_saved_material_is_expected_by_place():
    """Each particle takes the stiffness of the points near it, over their density; another shape is refused."""
    points = np.stack([np.zeros(21), np.zeros(21), np.linspace(0, 1, 21)], 1)
    saved = MaterialField(points, 5 + points[:, 2], np.full(21, 500.0), np.zeros((21, 3)), 0.3, 0.05)
    prior = Prior.of_material("stem.sway", saved, points, np.full(21, 1000.0), 0.3)
    # A place takes its neighbours' mean: at the ends that is up to a spacing, 0.05, off.
    np.testing.assert_allclose(prior.log_young, 5 + points[:, 2] + np.log10(2), atol=0.05)
    with pytest.raises(ValueError, match="shapes differ too much"):
        Prior.of_material("stem.sway", saved, points + 1, np.full(21, 1000.0), 0.3)


def test_gaussians_multiply():
    """Of a part that the clip tells, the clip's error is left; of one that it does not, the spread; else both."""
    prior = Prior("Leaf", np.zeros(3), 0.5)
    both = Expected.of(prior, np.arange(3), np.diag([1e-4, 1e4, 0.25]))
    np.testing.assert_allclose(both.log_young_error, [0.01, 0.5, np.sqrt(0.125)], rtol=1e-3)


def test_what_hardly_bends_keeps_what_was_expected(task):
    """The tip goes to within 0.1 of wherever it is expected, the rest of the stalk stays within 0.05 of its truth.

    0.1 is two of the prior's standard deviations; that the tip bends at all draws it to its truth, half a decade off.
    """
    tip = task.part == 1
    for off in (0.5, -0.5):
        expected = np.where(tip, TRUTH + off, TRUTH)
        fit = fit_modal(replace(task, prior=Prior("made up", expected, 0.05)))
        stem, end = np.log10(fit.young_by_part)
        assert abs(stem - TRUTH) < 0.05 and abs(end - TRUTH - off) < 0.1
        assert fit.expected is not None and fit.expected.log_young_error[1] < fit.log_young_error[1]
        np.testing.assert_allclose(fit.expected.log_young, [TRUTH, TRUTH + off])


def test_a_clip_that_tells_overrules(task):
    """A decade off in what is expected of the whole stalk, its stiffness stays within 0.05 of the truth."""
    fit = fit_modal(replace(task, prior=Prior("made up", np.full(len(task.part), TRUTH + 1), 0.5)))
    assert abs(np.log10(fit.young_by_part[0]) - TRUTH) < 0.05


@pytest.mark.parametrize("fit", [fit_gradient, fit_physdreamer])
def test_other_strategies_refuse(task, fit):
    """Those that only look at pictures say in a sentence which ones to choose instead."""
    with pytest.raises(ValueError, match="no expected material; choose the modal or the staged"):
        fit(replace(task, prior=Prior("made up", np.zeros(len(task.part)), 0.5)))


def test_another_prior_is_another_fit(task):
    """A checkpoint made under other expectations does not pass for this one's."""
    identities = {
        replace(task, prior=prior).identity("modal")
        for prior in (
            None,
            Prior("Leaf", np.zeros(len(task.part)), 0.5),
            Prior("Leaf", np.zeros(len(task.part)), 0.4),
            Prior("Leaf", np.ones(len(task.part)), 0.5),
        )
    }
    assert len(identities) == 4


@pytest.mark.parametrize(
    ("error", "young", "words"),
    [
        (0.9, 2e6, "Part 2: not identifiable from this clip; 2 MPa leans on the 2 MPa expected of Leaf"),
        (0.02, 2e6, "Part 2: 2 MPa, give or take 5 %"),
        (0.02, 2e8, "Part 2: 200 MPa, give or take 5 %; far from the 2 MPa expected of Leaf"),
        (0.02, 2e4, "Part 2: 20 kPa, give or take 5 %; far from the 2 MPa expected of Leaf"),
    ],
)
def test_words_for_what_was_expected(error, young, words):
    """A part that the clip does not tell names the material; one far from what was expected says so."""
    part = PartStiffness(2, young, error, ExpectedStiffness("Leaf", 2e6, 0.5, min(error, 0.44)))
    assert part.sentence == words
    assert part.bounds[1] / young == pytest.approx(10 ** (2 * min(error, 0.44)))
    assert part.to_jsonable()["expected"]["material"] == "Leaf"
