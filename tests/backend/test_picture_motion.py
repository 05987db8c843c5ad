"""A layer's motion as shapes and courses: read back, sampled and made smaller, it stays the same motion."""

from __future__ import annotations

import numpy as np
import pytest

from backend.picture_motion import PictureMotion

FRAMES, FPS = 48, 12.0


def _motion(count: int, rank: int) -> PictureMotion:
    """`count` complex shapes that are mixtures of `rank` real ones, each with a sine of its own."""
    rng = np.random.default_rng(2)
    fields = rng.normal(size=(rank, 6, 8, 2))
    shapes = np.einsum("ms,shwc->mhwc", rng.normal(size=(count, rank)) + 1j * rng.normal(size=(count, rank)), fields)
    harmonics = np.arange(1, count + 1)
    courses = np.exp(2j * np.pi * np.outer(np.arange(FRAMES) / FRAMES, harmonics)) / harmonics
    box = (10.0, 4.0, 32.0, 24.0)
    return PictureMotion(shapes.astype(np.complex64), courses, box, (64, 48), np.ones((12, 16), np.float32), FPS)


def test_sampling_is_exact_at_the_cells_and_linear_between():
    """At a cell's centre the shape's own value, halfway the mean; outside the box the nearest."""
    motion = _motion(1, 1)
    centre = np.array([[10 + 2.5 * 4, 4 + 3.5 * 4]])
    assert motion.at(centre)[0, 0] == pytest.approx(motion.shapes[0, 3, 2], abs=1e-6)
    between = motion.at(centre + (2.0, 0))[0, 0]
    assert between == pytest.approx(motion.shapes[0, 3, 2:4].mean(0), abs=1e-6)
    assert motion.at(np.array([[-50.0, -50]]))[0, 0] == pytest.approx(motion.shapes[0, 0, 0], abs=1e-6)


def test_many_frequencies_on_few_fields_become_few_shapes():
    """Twenty shapes of rank three: three real shapes, and every frame's displacement as before."""
    motion = _motion(20, 3)
    few = motion.reduced()
    assert len(few.shapes) == 3 and not np.iscomplexobj(few.shapes)
    assert np.abs(few.courses).max() == pytest.approx(1)
    places = np.random.default_rng(0).uniform(10, 28, (20, 2))
    for frame in (0, 13, 40):
        true = motion.displacement(motion.courses[frame], places)
        found = few.displacement(few.courses[frame], places)
        assert np.abs(found - true).max() < 1e-4 * np.abs(true).max() + 1e-5  # float32 shapes


def test_two_modes_stay_as_they_are():
    """What is small already is not mixed: a mode of a video keeps its two keys."""
    motion = _motion(2, 4)
    assert motion.reduced() is motion
    assert motion.frequencies == pytest.approx([0.25, 0.5])  # hertz: once and twice in four seconds


def test_units_change_values_and_not_the_motion():
    """In units of three pixels every shape's largest displacement is that, and the displacements are as before."""
    motion = _motion(2, 4)
    scaled = motion.in_units_of(3.0)
    assert np.sqrt((np.abs(scaled.shapes) ** 2).sum(-1)).max((1, 2)) == pytest.approx([3, 3], rel=1e-5)
    places = np.array([[20.0, 15.0], [30.0, 9.0]])
    before, after = (m.displacement(m.courses[7], places) for m in (motion, scaled))
    assert after == pytest.approx(before, abs=1e-5)  # float32


def test_arrays_round_trip():
    """Written and read back, nothing changes."""
    motion = _motion(2, 2)
    again = PictureMotion.from_arrays(motion.to_arrays())
    assert np.array_equal(again.shapes, motion.shapes)
    assert (again.box, again.size, again.fps, again.loops) == (motion.box, motion.size, FPS, True)
