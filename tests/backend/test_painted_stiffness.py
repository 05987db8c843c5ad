"""Stiffness painted on splats: what carries them is that many times as stiff, wherever Young's modulus is read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend.api.assignment import Assignment
from backend.api.materials import Law, MaterialParams
from backend.fitting.driving import drive
from backend.fitting.fitted import Fitted
from backend.fitting.modes import sway_modes
from backend.particles.painting import painted_factor
from backend.simulation.body import body_of
from backend.simulation.swaying import swaying_body
from backend.subject import Subject
from backend.trajectory import Binding
from tests.backend.elastic_cases import YOUNG, beam
from tests.backend.fitting_cases import HEIGHT, front_view, stalk

SIZE = {"particles": 120, "cells": 10}


def test_a_particle_has_the_geometric_mean_of_what_it_carries():
    """Half of a splat 100 times as stiff makes 10 times; a particle without splats has what its neighbour has."""
    rest = np.array([[0.0, 0, 0], [1, 0, 0], [1.1, 0, 0]])
    half = np.full((2, 2), 0.5, np.float32)
    binding = Binding(np.array([0, 2], np.int32), np.array([[0, 1], [0, 0]], np.int32), half)
    stiffening = np.array([2.0, 9.0, 0.0])
    # Particle 0 carries half of splat 0 and all of splat 2: (0.5 * 2 + 1 * 0) / 1.5.
    expected = 10 ** np.array([2 / 3, 2.0, 2.0])
    np.testing.assert_allclose(painted_factor(rest, binding, stiffening), expected, rtol=1e-6)
    assert painted_factor(rest, binding, np.array([0.0, 9.0, 0.0])) is None
    assert painted_factor(rest, binding, None) is None


def test_four_times_as_stiff_sways_twice_as_fast():
    """Painted all over, every mode is that of four times Young's modulus; painted at the foot only, between the two."""
    body = beam(2, 8)
    young = np.full(len(body), YOUNG)
    plain, modulus = sway_modes(body, young, 2).frequency, sway_modes(body, 4 * young, 2).frequency
    all_over = sway_modes(body.painted_with(np.full(len(body), 4.0)), young, 2).frequency
    # Both are one eigenproblem, solved to a relative 1e-6.
    np.testing.assert_allclose(all_over, modulus, rtol=1e-5)
    np.testing.assert_allclose(all_over, 2 * plain, rtol=1e-5)
    foot = np.where(body.rest[:, 0] < np.median(body.rest[:, 0]), 4.0, 1.0)
    assert plain[0] < sway_modes(body.painted_with(foot), young, 1).frequency[0] < all_over[0]


def test_moduli_and_their_transpose():
    """<moduli(y), g> = <y, transpose(g)> with paint and without: the gradient of what was painted is right."""
    body, rng = beam(2, 4).stiffened(0.7), np.random.default_rng(0)
    young, values = rng.uniform(1, 2, len(body)), rng.normal(size=len(body.elements))
    for painted in (None, rng.uniform(0.1, 10, len(body))):
        other = body.painted_with(painted)
        assert other.moduli(young) @ values == pytest.approx(young @ other.moduli_transposed(values), rel=1e-9)


def test_chosen_materials_take_the_paint():
    """Both solvers' bodies of a leaf painted four times as stiff have four times its modulus."""
    gaussians, parts = stalk()
    leaf = Assignment(MaterialParams(law=Law.neo_hookean, density=1000.0, young_modulus=1e5, poisson_ratio=0.3))
    painted = np.full(len(gaussians), np.log10(4), np.float32)
    plain, stiff = (swaying_body(gaussians, parts, leaf, **SIZE, stiffening=s) for s in (None, painted))
    moduli = (made.driven.body.moduli(made.young) for made in (plain, stiff))
    # Factors go through float32 weights that sum to 1 only so well.
    np.testing.assert_allclose(*reversed([4 * next(moduli), next(moduli)]), rtol=1e-5)
    room = np.stack([gaussians.positions.min(0), gaussians.positions.max(0)])
    falling = body_of(gaussians, parts, leaf, **SIZE, room=room, filling=False, stiffening=painted)
    np.testing.assert_allclose(falling.young, 4e5, rtol=1e-5)


def test_a_fit_goes_on_with_new_paint_and_new_holds():
    """A fitted material keeps its modulus; paint of now is on its body, and what a pin holds carries nothing."""
    gaussians, parts = stalk()
    driven = drive(gaussians, parts, particles=120, cells=10)
    young = np.geomspace(1e5, 1e6, len(driven.model.rest))
    numbers = np.zeros_like(driven.model.rest), 0.1, 2.0, 0.01, np.ones(2)
    fitted = Fitted(driven, young, *numbers)
    subject = Subject(gaussians, parts, front_view(16), np.zeros(3), 24.0)
    assert fitted.on(subject).driven.body.painted is None
    painted = fitted.on(replace(subject, stiffening=np.full(len(gaussians), -1, np.float32)))
    np.testing.assert_allclose(painted.driven.body.painted, 0.1, rtol=1e-5)
    np.testing.assert_array_equal(painted.young, young)
    pinned = gaussians.positions[:, 2] > 0.8 * HEIGHT
    held = fitted.on(replace(subject, parts=np.where(pinned, 0, parts)))
    assert not pinned[held.driven.binding.splats].any()
    # Held at both ends it sways faster than held at one: six times for a uniform beam.
    free, both = (sway_modes(f.driven.body, np.full(len(f.young), 1e5), 1).frequency[0] for f in (fitted, held))
    assert both > 2 * free
    assert set(held.young) <= set(young)
    fewer = replace(subject, gaussians=gaussians.select(np.arange(10)), parts=parts[:10])
    with pytest.raises(ValueError, match="edited after the fit"):
        fitted.on(fewer)
