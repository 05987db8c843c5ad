"""Swinging by hand: exact oscillators, a hand that leads, and a performance that can be played again."""

from __future__ import annotations

import numpy as np
import pytest

from backend.jobs.swing import turning
from backend.mpm.grid import Grid
from backend.mpm.model import Model
from backend.rotations import quaternion_from_vector
from backend.simulation.network import network_modes
from backend.swing import Hand, Swing, Touch, exponential, performed
from backend.trajectory import Binding


@pytest.fixture
def rod():
    """Ten particles up a rod that leans in x, and flutters in y five times as fast."""
    height = np.linspace(0, 1, 10)
    rest = np.stack([0 * height, 0 * height, height], 1)
    shapes = np.zeros((2, 10, 3))
    shapes[0, :, 0], shapes[1, :, 1] = height**2, height**2
    turns = np.zeros((2, 10, 3))
    turns[0, :, 1], turns[1, :, 0] = 2 * height, -2 * height
    rate = 2 * np.pi * np.array([1.0, 5.0])
    binding = Binding(np.arange(3, dtype=np.int32), np.zeros((3, 1), np.int32), np.ones((3, 1), np.float32))
    return Swing(rest, shapes, turns, rate, np.array([0.3, 0.3]), np.array([2.0, 2.0]), binding)


def test_exponential_of_a_rotation_and_of_a_decay():
    """exp of a skew matrix turns, exp of a diagonal one decays, whatever the size."""
    angle = 7.3
    turn = exponential(np.array([[0, -angle], [angle, 0]]))
    assert turn == pytest.approx(np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]), abs=1e-9)
    assert exponential(np.diag([-30.0, -1e-3])) == pytest.approx(np.diag(np.exp([-30.0, -1e-3])), rel=1e-8, abs=1e-9)


def test_free_swing_is_the_damped_oscillator(rod):
    """After letting go at an amplitude a: a e^{-st} (cos bt + s/b sin bt), b^2 = w^2 - s^2, for steps of any length."""
    hand = Hand(rod)
    hand.amplitudes[0] = 0.1
    time = 0.0
    for step in (0.01, 0.2, 0.003, 0.77):
        hand.step(step)
        time += step
        s, b = 0.3, np.sqrt((2 * np.pi) ** 2 - 0.3**2)
        expected = 0.1 * np.exp(-s * time) * (np.cos(b * time) + s / b * np.sin(b * time))
        assert hand.amplitudes == pytest.approx([expected, 0], abs=1e-12)


def test_the_grabbed_particle_follows_the_hand_and_swings_when_let_go(rod):
    """Held for long it is where the hand is but for the grip's 3 %; let go, it swings through rest."""
    hand = Hand(rod)
    hand.grab(9)
    hand.pull([0.2, 0.0, 0.0])
    for _ in range(200):
        hand.step(0.02)
    assert hand.displacement(9) == pytest.approx([0.2 * 30 / 31, 0, 0], abs=1e-4)
    hand.release()
    hand.step(0.5)
    assert hand.displacement(9)[0] < -0.15


def test_pulling_too_far_stops_where_it_bends_too_much(rod):
    """Nothing turns by more than the limit, however far the hand goes."""
    hand = Hand(rod)
    hand.grab(9)
    hand.pull([50.0, 0.0, 0.0])
    for _ in range(200):
        hand.step(0.02)
    assert np.abs(np.tensordot(hand.amplitudes, rod.turns, 1)).max() == pytest.approx(0.9, rel=1e-3)


def test_a_performance_is_what_the_hand_did(rod):
    """Played again at the frames of a scene, it goes through the same states; the trajectory follows the modes."""
    touches = [Touch(0.1, 9), Touch(0.13, 9, (0.1, 0.05, 0)), Touch(0.61, None)]
    found = performed(rod, touches, 30, 24.0)
    hand = Hand(rod)
    hand.step(0.1)
    hand.grab(9)
    hand.step(0.03)
    hand.pull([0.1, 0.05, 0])
    hand.step(0.48)
    hand.release()
    hand.step(29 / 24 - 0.61)
    assert found[-1] == pytest.approx(hand.amplitudes, abs=1e-12) and not found[:3].any()
    trajectory = rod.trajectory(found, 24.0)
    assert trajectory.positions[-1] == pytest.approx(rod.rest + np.tensordot(found[-1], rod.shapes, 1), abs=1e-6)


def test_turning_of_a_rotation_is_its_vector():
    """Particles displaced by w x x turn by w; quaternions of that vector turn a vector by its length."""
    rest = np.random.default_rng(0).normal(size=(200, 3))
    w = np.array([0.1, -0.2, 0.3])
    # Half the curl of the affine fit; its regularisation by a thousandth of the trace takes some
    # percent where ten points lie near a plane.
    assert turning(rest, np.cross(w, rest)[None])[0] == pytest.approx(np.tile(w, (200, 1)), abs=0.02)
    q = quaternion_from_vector(w)
    assert 2 * np.arccos(q[0]) == pytest.approx(np.linalg.norm(w))


def test_network_modes_of_a_bar_are_those_of_its_length():
    """The slowest push-pull mode of a bar held at one end: w = pi/2 sqrt(E / rho) / L, its shape a quarter sine."""
    length, edge = 1.0, 0.05
    at = np.arange(edge / 2, length, edge)
    across = np.array([-1.5, -0.5, 0.5, 1.5]) * edge
    rest = np.stack(np.meshgrid(across, across, at, indexing="ij"), -1).reshape(-1, 3)
    grid = Grid.around(rest.min(0), rest.max(0), 36, 8)
    held = grid.nodes()[..., 2] < 0.5 * edge
    model = Model(rest, np.full(len(rest), edge**3), np.full(len(rest), 1000.0), 0.0, grid, held)
    rate, shapes = network_modes(model, 1e6, 12)
    stretch = np.abs(shapes[..., 2]).mean(1) / np.abs(shapes).max(2).mean(1)
    axial = int(stretch.argmax())
    # Isotropy and one-sided neighbourhoods at the surface, half of the bar's particles, soften it: rates within a
    # quarter are what is asked of shapes for the hand.
    assert rate[axial] == pytest.approx(np.pi / 2 * np.sqrt(1e6 / 1000) / length, rel=0.25)
    tip, middle = (np.abs(shapes[axial, np.abs(rest[:, 2] - z) < 0.6 * edge, 2]).mean() for z in (0.97, 0.5))
    assert middle / tip == pytest.approx(np.sin(np.pi / 4), abs=0.06)


def test_a_loose_piece_goes_with_what_is_nearest():
    """Particles that no neighbourhood joins to the held ones are tied, so that no mode costs nothing."""
    rng = np.random.default_rng(0)
    rest = np.concatenate(
        [rng.uniform([0, 0, 0], [0.1, 0.1, 0.5], (60, 3)), rng.uniform([0.3, 0, 0.4], [0.4, 0.1, 0.5], (20, 3))]
    )
    grid = Grid.around(rest.min(0), rest.max(0), 16, 3)
    model = Model(rest, np.full(80, 1e-4), np.full(80, 1000.0), 0.3, grid, grid.nodes()[..., 2] < 0.05)
    rate, _ = network_modes(model, 1e6, 6)
    assert rate[0] > 1.0
