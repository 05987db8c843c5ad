"""Poking and dragging: exact steps at every rate, energy that never grows, pins that hold."""

from __future__ import annotations

import numpy as np
import pytest

from backend.spectral.interaction import Interaction, Modes, Pin
from backend.spectral.pixel_motion import Grid

GRID = Grid(0, 0, 20, 16, 8, 10)


def play(seed: int = 0, complex_shapes: bool = True) -> Interaction:
    random = np.random.default_rng(seed)
    shapes = random.normal(size=(5, 8, 10, 2)) + 1j * complex_shapes * random.normal(size=(5, 8, 10, 2))
    shapes = shapes if complex_shapes else shapes.real
    return Interaction(Modes(shapes, np.array([0.3, 0.8, 1.9, 3.0, 7.7]), np.array([0.0, 0.02, 0.05, 0.1, 0.3]), GRID))


@pytest.mark.parametrize("fps", [1.0, 24.0, 240.0])
def test_energy_never_grows_at_any_rate(fps):
    """After a poke, left alone, the energy of 10 s never grows from one step to the next."""
    hand = play()
    hand.poke(5, 5, 3, -2)
    energies = [hand.energy]
    for _ in range(int(10 * fps)):
        hand.step(1 / fps)
        energies.append(hand.energy)
    assert energies[0] > 0
    # Rounding of float64 products only, the undamped mode's included.
    assert (np.diff(energies) <= 1e-12 * energies[0]).all()


def test_steps_of_any_size_lead_to_the_same_place():
    """240 small steps and one large one end alike, with the damped oscillator's closed form."""
    coarse, fine = play(), play()
    for hand, count in ((coarse, 1), (fine, 240)):
        hand.position[:] = 1
        for _ in range(count):
            hand.step(1 / count)
    np.testing.assert_allclose(coarse.coordinates, fine.coordinates, atol=1e-10)
    w, z = 2 * np.pi * coarse.modes.frequencies, coarse.modes.damping
    wd = w * np.sqrt(1 - z**2)
    closed = np.exp(-z * w) * (np.cos(wd) + z * w / wd * np.sin(wd))
    np.testing.assert_allclose(coarse.position, closed, atol=1e-10)


def test_held_force_ends_at_its_static_displacement():
    """Under a constant force the damped modes settle at f / w^2."""
    hand = play()
    force = np.arange(1.0, 6.0)
    for _ in range(400):
        hand.step(1.0, force=force)
    expected = force / (2 * np.pi * hand.modes.frequencies) ** 2
    # The slowest damped mode decays by exp(-0.02 2 pi 0.8 400) = exp(-40).
    np.testing.assert_allclose(hand.position[1:], expected[1:], rtol=1e-9)


def test_pins_hold_exactly_and_release_rings_down():
    """Two pinned places are where they should be after every step; let go, the picture comes to rest."""
    hand = play()
    pins = (Pin(3, 3, 2.0, -1.0), Pin(15, 12))
    for _ in range(20):
        hand.step(1 / 24, pins)
        for pin in pins:
            # Least squares in float64.
            np.testing.assert_allclose(hand.at(pin.x, pin.y), [pin.dx, pin.dy], atol=1e-9)
    energies = []
    for _ in range(48):
        hand.step(1 / 24)
        energies.append(hand.energy)
    assert (np.diff(energies) <= 1e-12 * energies[0]).all() and energies[-1] < energies[0]


def test_pins_at_rest_never_add_energy():
    """Holding a place where it is in the photograph takes energy out of a swing, at 1 and at 240 steps a second."""
    for fps in (1.0, 240.0):
        hand = play(1)
        hand.poke(9, 9, 4, 4)
        energies = [hand.energy]
        for _ in range(100):
            hand.step(1 / fps, (Pin(4, 10),))
            energies.append(hand.energy)
        assert (np.diff(energies) <= 1e-9 * energies[0]).all()


def test_poke_moves_the_place_along_the_push():
    """The poked place first moves the way it was pushed."""
    for complex_shapes in (False, True):
        hand = play(2, complex_shapes)
        hand.poke(12, 6, 5.0, 0.0)
        hand.step(1e-3)
        assert hand.at(12, 6)[0] > 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: play().step(0.0), "time above 0"),
        (lambda: Modes(np.zeros((1, 8, 10, 2)), np.array([0.0]), np.array([0.1]), GRID), "no mode"),
        (lambda: Modes(np.zeros((1, 8, 10, 2)), np.array([1.0]), np.array([1.0]), GRID), "damping"),
    ],
)
def test_impossible_requests_are_refused(make, words):
    """Each refusal says what is wrong."""
    with pytest.raises(ValueError, match=words):
        make()
