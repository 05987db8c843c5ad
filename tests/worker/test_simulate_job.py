"""The simulation job on chosen materials: what acts on them, what is shown on the way, what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend import arrays
from backend.api import wire
from backend.api.assignment import Assignment
from backend.api.materials import PRESETS, Law, MaterialParams, Preset
from backend.api.simulate import SimulateParams, Wind
from backend.context import JobContext
from backend.jobs import simulate
from backend.subject import Subject
from backend.surroundings import FieldKind, ForceField, PartMotion, Surroundings
from backend.trajectory import Trajectory
from tests.backend.fitting_cases import front_view, stalk

SOFT = MaterialParams(law=Law.neo_hookean, density=1000.0, young_modulus=2e4, poisson_ratio=0.3)


@pytest.fixture
def job(tmp_path):
    """Runs the job on a stalk of 0.2 m on a slab; returns (trajectory, results, messages)."""

    def run(surroundings, material=SOFT, parts=None, **params):
        gaussians, own = stalk()
        subject = Subject(gaussians, own if parts is None else parts, front_view(16), np.zeros(3), 24.0)
        files = {
            "subject": str(arrays.save(tmp_path / "subject.npz", subject.to_arrays())),
            "surroundings": str(arrays.save(tmp_path / "around.npz", surroundings.to_arrays())),
            "materials": Assignment(material).save(tmp_path / "materials.json"),
        }
        sent = []
        settings = {"frames": 8, "wind": Wind.none, "damping": 0.0, "particles": 120, "grid_cells": 10, **params}
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
    motion, _, _ = job(Surroundings(gravity=np.zeros(3), moved=(carrier,)), stiff)
    moved = (motion.positions[-1] - motion.rest)[:, 0]
    low = motion.rest[:, 2] < 0
    # Placed particles are exactly there, to float32.
    assert low.any() and moved[low] == pytest.approx(0.1, abs=1e-5)
    assert moved[motion.rest[:, 2] > 0.15].mean() > 0.03


def test_impossible_scenes_are_refused_in_words(job):
    """A grid beyond memory, splats that nothing marks as moving, a part that is not there: each named."""
    still = Surroundings(gravity=np.array([0, 0, -9.81]))
    with pytest.raises(ValueError, match="nodes; use fewer Grid Cells"):
        job(still, parts=np.ones(1600, np.int32), grid_cells=256, frames=240)
    with pytest.raises(ValueError, match="No splat is marked as moving"):
        job(still, parts=np.zeros(1600, np.int32))
    with pytest.raises(ValueError, match="part 7"):
        job(Surroundings(gravity=np.zeros(3), moved=(PartMotion(part=7, matrices=np.eye(4)[None]),)))
    with pytest.raises(ValueError, match=r"Part 2: Density is -1 kg/m³; it must lie between"):
        Assignment(PRESETS[Preset.leaf], {2: MaterialParams(density=-1.0)})
