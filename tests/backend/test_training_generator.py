"""The generator's pictures and their motion in closed form."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cv2")

from backend.spectral.predictor.prior import AMPLITUDES, WIDTH  # noqa: E402
from backend.spectral.training.generator import FAMILIES, HELD_OUT, SEEN, generate  # noqa: E402
from backend.spectral.training.skeleton import UP, Skeleton  # noqa: E402
from backend.spectral.training.sway import BINS, OMEGA, Gusts, response  # noqa: E402


class Calm:
    """Stands in for a generator of random numbers where no turbulence is wanted."""

    def normal(self, size):
        return np.zeros(size)


def gusts() -> Gusts:
    return Gusts(np.array([1.0, 0.0]), 50.0, np.ones(BINS, complex), np.zeros(BINS, complex))


def branched() -> Skeleton:
    plant = Skeleton()
    stem = plant.chain(-1, UP + 0.1, 30, 1.0, 3, 0.2, start=np.array([40.0, 60.0]))
    plant.grow(stem[1], UP - 0.9, 9, 0.5, 2.0)
    return plant


def test_single_segment_is_a_driven_oscillator():
    """A single stiff segment answers as the damped oscillator of its inertia, spring and torque does."""
    plant = Skeleton()
    plant.grow(-1, UP, 20, 1.0, start=np.array([0.0, 0.0]))
    frequency, damping = 0.8, 0.1
    motion = response(plant, gusts(), Calm(), frequency, damping)
    area, arm = plant.areas[0], 10.0
    inertia = area * arm**2
    spring = (2 * np.pi * frequency) ** 2 * inertia
    # Heading +x on a middle 10 pixels above the joint turns it clockwise, the sense of angles with y down.
    torque = area * arm
    expected = torque / (spring - OMEGA**2 * inertia + 2j * damping * OMEGA * np.sqrt(spring * inertia))
    # 1e-9 is added to the inertia against joints that carry nothing.
    np.testing.assert_allclose(motion.table[0, :, 4], expected, rtol=1e-9)


def test_displacement_is_that_of_turned_joints():
    """The linear field of each segment is the derivative of the skeleton's exact kinematics."""
    plant = branched()
    motion = response(plant, gusts(), Calm(), 1.0, 0.1)
    k, tiny = 3, 1e-6
    turn = motion.table[:, k, 4].real
    start, end = np.array(plant.starts), np.array(plant.ends)
    moved: list[np.ndarray] = []
    for i, parent in enumerate(plant.parents):
        if parent < 0:
            moved.append(start[i])
            continue
        spin = tiny * turn[parent]
        arm = start[i] - start[parent]
        cos, sin = np.cos(spin), np.sin(spin)
        moved.append(moved[parent] + np.array([cos * arm[0] - sin * arm[1], sin * arm[0] + cos * arm[1]]))
    found = motion.table[:, k, :2].real
    # The remainder is second order: angle^2 * length / 2 over the step, 1e-6 * 60 at angles around 1.
    np.testing.assert_allclose((np.array(moved) - start) / tiny, found, atol=1e-3 * np.abs(found).max())
    assert np.abs(found[-1]).max() > 0 and np.abs(end - start).max() > 0


def test_same_seed_same_picture():
    """A seed gives one picture and one motion; another seed gives others."""
    first, again, other = generate(5), generate(5), generate(6)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.spectrum(), again.spectrum())
    assert (first.image != other.image).mean() > 0.5


@pytest.mark.parametrize("family", FAMILIES)
def test_family_moves_and_is_seen(family: str):
    """Every family puts something into the picture that moves, with finite motion, and leaves some of it still."""
    samples = [generate(seed, 64, 96, (family,)) for seed in range(3)]
    shares = [(s.owners > 0).mean() for s in samples]
    assert max(shares) > 0.01 and min(shares) < 0.9
    assert all(np.isfinite(s.spectrum()).all() for s in samples)


def test_pictures_without_plants_are_still():
    """Where no family is asked for, nothing moves."""
    assert all(not generate(seed, 64, 96, ()).owners.any() for seed in range(5))


def test_amplitude_is_that_of_films():
    """On average over pictures each frequency moves as far as in films of real plants, within the factor 1.5."""
    energies = []
    for seed in range(150):
        sample = generate(seed, 48, 72)
        moving = sample.coarse_owners > 0
        if moving.any():
            energies.append((np.abs(sample.spectrum(2)[:, moving]) ** 2).mean((1, 2)))
    # Single resonances scatter by tens of percents over so few pictures; four frequencies together by half of it.
    power, wanted = (v.reshape(4, 4).mean(1) for v in (np.mean(energies, 0), (AMPLITUDES * 72 / WIDTH) ** 2))
    ratio = np.sqrt(power / wanted)
    assert ratio.max() < 1.5 and ratio.min() > 1 / 1.5


def test_volume_is_zero_where_still():
    """The truth as a SpectralVolume moves exactly the pixels of its mask, at the picture's size."""
    volume = generate(3, 64, 96, ("flower",)).volume()
    assert volume.coefficients.shape == (BINS, 64, 96, 2)
    assert not volume.coefficients[:, volume.mask == 0].any()
    assert np.abs(volume.coefficients[:, volume.mask > 0]).max() > 0


def test_held_out_families_are_not_trained_on():
    """No family is in both lists."""
    assert not set(HELD_OUT) & set(SEEN)
