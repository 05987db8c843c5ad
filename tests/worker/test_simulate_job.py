"""The simulation job on chosen materials: what acts on them, what is shown on the way, what is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from backend import arrays
from backend.api import wire
from backend.api.assignment import Assignment
from backend.api.materials import PRESETS, Law, MaterialParams, Preset
from backend.api.quality import SIZES, Quality
from backend.api.simulate import SimulateParams, Wind
from backend.context import JobContext
from backend.fitting.modes import sway_modes
from backend.jobs import simulate
from backend.mpm.model import Unstable
from backend.simulation.swaying import swaying_body
from backend.subject import Subject
from backend.surroundings import FieldKind, ForceField, PartMotion, Surroundings
from backend.trajectory import Trajectory
from tests.backend.fitting_cases import front_view, stalk

SOFT = MaterialParams(law=Law.neo_hookean, density=1000.0, young_modulus=2e4, poisson_ratio=0.3)


@pytest.fixture
def job(tmp_path):
    """Runs the job on a stalk of 0.2 m on a slab; returns (trajectory, results, messages)."""

    def run(surroundings, material=SOFT, parts=None, others=None, **params):
        gaussians, own = stalk()
        subject = Subject(gaussians, own if parts is None else parts, front_view(16), np.zeros(3), 24.0)
        files = {
            "subject": str(arrays.save(tmp_path / "subject.npz", subject.to_arrays())),
            "surroundings": str(arrays.save(tmp_path / "around.npz", surroundings.to_arrays())),
            "materials": Assignment(material, others or {}).save(tmp_path / "materials.json"),
        }
        sent = []
        size = {"quality": Quality.custom, "particles": 120, "grid_cells": 10}
        settings = {"frames": 8, "wind": Wind.none, "damping": 0.0, **size, **params}
        context = JobContext("j", tmp_path / "job", sent.append)
        outputs, results = simulate.run(SimulateParams(**settings), files, context)
        return Trajectory.from_arrays(arrays.load(outputs["trajectory"])), results, sent

    return run


def test_a_force_field_bends_what_is_held(job, monkeypatch):
    """Blender's wind along x: the stalk leans that way, its foot stays, and frames are told of before the end."""
    monkeypatch.setattr(simulate, "PARTIAL_EVERY", 0.0)
    monkeypatch.setattr(simulate, "PARTIAL_SHARE", 0)
    turned = np.eye(4)
    turned[:3, :3] = [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]  # the object's Z along x
    wind = ForceField(kind=FieldKind.wind, matrices=turned[None], strength=np.array([8.0]))
    motion, results, sent = job(Surroundings(gravity=np.zeros(3), fields=(wind,)))
    moved = motion.positions[-1] - motion.rest
    top = motion.rest[:, 2] > 0.15
    assert moved[top, 0].mean() > 5e-3 and abs(moved[top, 1].mean()) < 0.1 * moved[top, 0].mean()
    assert results["hold_part_max_displacement_m"] == 0
    shown = [message for message in sent if isinstance(message, wire.Partial)]
    assert len(shown) == 7
    # The last one told of holds all frames; the one before it is another file.
    last = Trajectory.from_arrays(arrays.load(shown[-1].path))
    assert len(last) == 8 and shown[-1].path != shown[-2].path
    assert np.array_equal(last.positions, motion.positions)


def test_a_carrier_takes_everything_along(job):
    """The part that holds still goes with an object that moves by 0.1 m: so does, in the end, what it holds."""
    steps = np.tile(np.eye(4), (8, 1, 1))
    steps[:, 0, 3] = 0.1 * np.clip(np.arange(8) / 3, 0, 1)
    carrier = PartMotion(part=0, matrices=steps)
    stiff = replace(SOFT, young_modulus=5e5)  # sways at 3 Hz: the top has had its time to come along
    motion, results, _ = job(Surroundings(gravity=np.zeros(3), moved=(carrier,)), stiff)
    assert not results["swaying"]
    moved = (motion.positions[-1] - motion.rest)[:, 0]
    low = motion.rest[:, 2] < 0
    # Placed particles are exactly there, to float32.
    assert low.any() and moved[low] == pytest.approx(0.1, abs=1e-5)
    assert moved[motion.rest[:, 2] > 0.15].mean() > 0.03


def test_what_is_held_and_springy_hangs_as_it_was_captured(job):
    """Under gravity alone a held stalk of leaf stays where it is; let go, or of sand, it falls."""
    around = Surroundings(gravity=np.array([0, 0, -9.81]))
    motion, results, _ = job(around, PRESETS[Preset.leaf])
    assert results["swaying"] and np.abs(motion.positions - motion.rest).max() < 1e-6
    loose = np.where(stalk()[1] == 0, -1, 1).astype(np.int32)  # nothing holds
    motion, results, _ = job(around, parts=loose)
    assert not results["swaying"]
    # g t^2 / 2 after seven frames of 1/24 s.
    assert (motion.positions[-1] - motion.rest)[:, 2].mean() == pytest.approx(-0.417, rel=0.05)
    motion, results, _ = job(around, PRESETS[Preset.sand])
    assert not results["swaying"] and (motion.positions[-1] - motion.rest)[:, 2].min() < -0.01


@pytest.fixture(scope="module")
def made():
    """The same stalk, its upper half part 2, made of materials by part; remembers what it has made."""
    gaussians, parts = stalk()
    parts = np.where((parts == 1) & (gaussians.positions[:, 2] > 0.1), 2, parts)
    size = {"particles": 100, "cells": 10, "filling": False}

    @cache
    def make(one, two):
        return swaying_body(gaussians, parts, Assignment(one, {2: two}), **size)

    return make


LIVING = replace(PRESETS[Preset.leaf], young_modulus=1e6)


def test_sway_is_as_fast_as_stiffness_and_density_of_the_parts_say(made):
    """Of equal parts w^2 goes as E / density; a heavier top slows sway by nearly as much as if all were heavier."""

    def square(one, two):
        body = made(one, two)
        return sway_modes(body.driven.body, body.young, 1).frequency[0] ** 2

    heavy, soft = replace(LIVING, density=3200.0), replace(LIVING, young_modulus=5e5)
    whole = square(LIVING, LIVING)
    assert square(soft, soft) == pytest.approx(whole / 2, rel=1e-6)
    # A clamped beam's slowest sway has less than 5 % of its kinetic energy in the lower half, and 5 to 20 % of its
    # strain's in the upper.
    assert square(LIVING, heavy) == pytest.approx(whole / 4, rel=0.15)
    assert 0.5 * whole < square(soft, LIVING) < 0.7 * whole


def test_inner_friction_becomes_damping_of_the_slowest_sway(made):
    """d = w^2 T where all is alike; where only some parts have friction, their share of the strain's energy."""
    rubber = replace(LIVING, law=Law.neo_hookean)
    whole, foot, top = (made(*pair).damping for pair in ((LIVING, LIVING), (LIVING, rubber), (rubber, LIVING)))
    body = made(LIVING, LIVING)
    rate = 2 * np.pi * sway_modes(body.driven.body, body.young, 1).frequency[0]
    # The rate is that of lumped masses throughout.
    assert whole == pytest.approx(rate**2 * LIVING.retardation_time)
    assert 0.8 * whole < foot < whole  # see above
    assert foot + top == pytest.approx(whole)
    assert made(rubber, rubber).damping == 0


def test_stretch_is_told_where_it_can_be_seen(job):
    """Half its weight hardly strains a stalk of leaf, so its splats only turn; a soft one's are stretched as well."""
    around = Surroundings(gravity=np.zeros(3))
    stiff, _, _ = job(around, PRESETS[Preset.leaf], wind=Wind.steady)
    soft, results, _ = job(around, replace(SOFT, young_modulus=5e3), wind=Wind.steady, strength=2.0, frames=12)
    assert stiff.stretch is None
    assert results["swaying"] and soft.stretch is not None


def test_what_is_too_soft_to_stand_falls_under_its_weight(job, monkeypatch):
    """Where material collapses in the elastic solver the other one takes over, and the log says so."""

    def collapse(*_args, **_options):
        raise Unstable("it collapsed")

    monkeypatch.setattr(simulate.ElasticSolver, "simulate", collapse)
    motion, results, sent = job(Surroundings(gravity=np.array([0, 0, -9.81])))
    assert not results["swaying"] and (motion.positions[-1] - motion.rest)[:, 2].mean() < -1e-3
    assert any("too soft to stand" in message.text for message in sent if isinstance(message, wire.Log))


def test_qualities_grow_and_custom_reads_its_own_numbers():
    """Each quality is finer than the one before; only Custom heeds Particles and Grid Cells."""
    sizes = [SIZES[quality] for quality in (Quality.preview, Quality.cpu, Quality.gpu)]
    assert all(a.particles < b.particles and a.cells < b.cells for a, b in zip(sizes, sizes[1:], strict=False))
    own = {"particles": 77, "grid_cells": 9}
    assert SimulateParams(quality=Quality.preview, **own).size == SIZES[Quality.preview]
    custom = SimulateParams(quality=Quality.custom, **own).size
    assert (custom.particles, custom.cells) == (77, 9)


def test_impossible_scenes_are_refused_in_words(job):
    """A grid beyond memory, splats that nothing marks as moving, a single one that does, a part that is not there."""
    still = Surroundings(gravity=np.array([0, 0, -9.81]))
    with pytest.raises(ValueError, match="nodes; use fewer Grid Cells"):
        job(still, parts=np.ones(1600, np.int32), grid_cells=256, frames=240)
    with pytest.raises(ValueError, match="No splat is marked as moving"):
        job(still, parts=np.zeros(1600, np.int32))
    with pytest.raises(ValueError, match="All that moves is in one place"):
        job(still, material=PRESETS[Preset.sand], parts=np.eye(1, 1600, 1500, dtype=np.int32)[0])
    with pytest.raises(ValueError, match="part 7"):
        job(Surroundings(gravity=np.zeros(3), moved=(PartMotion(part=7, matrices=np.eye(4)[None]),)))
    with pytest.raises(ValueError, match=r"Part 2: Density is -1 kg/m³; it must lie between"):
        Assignment(PRESETS[Preset.leaf], {2: MaterialParams(density=-1.0)})
