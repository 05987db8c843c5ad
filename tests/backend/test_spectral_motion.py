"""Motion textures: wind, oscillator, strokes, reference clip and loop."""

from __future__ import annotations

import numpy as np
import pytest

from backend.spectral.frequency import clip_rate, dominant_frequency
from backend.spectral.motion_texture import Stroke, beam_profile, beam_slope, looping_texture, motion_texture
from backend.spectral.oscillator import loop_response, response, wind_coefficients
from backend.spectral.strokes import automatic_strokes

SIZE = 64
ROOT, TIP = (32.0, 56.0), (32.0, 8.0)


def plant_mask() -> np.ndarray:
    """A stem with a leaf to the left and a higher one to the right [64, 64]."""
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[8:56, 30:34] = mask[30:36, 12:30] = mask[20:26, 34:50] = 1
    return mask


def stem(frequency: float = 1.6, **options) -> Stroke:
    return Stroke(np.array([ROOT, TIP]), frequency, 4.0, **options)


def test_response_to_a_held_force_is_the_textbook_one():
    """Under a constant force the exact update gives 1 - exp(-z w t) (cos wd t + z w / wd sin wd t) at any step."""
    w, z, step = 2 * np.pi * 1.6, 0.06, 1 / 10
    wd = w * np.sqrt(1 - z**2)
    t = np.arange(31) * step
    expected = 1 - np.exp(-z * w * t) * (np.cos(wd * t) + z * w / wd * np.sin(wd * t))
    # Exact up to rounding; 1e-12 allows 30 steps of it.
    np.testing.assert_allclose(response(np.ones(30), step, 1.6, z), expected, atol=1e-12)


def test_loop_response_is_the_steady_state_of_the_oscillator():
    """Driven by a periodic wind for long enough, the oscillator settles on what frequency space predicts."""
    frequencies, duration, steps = np.arange(1, 9) / 4.0, 4.0, 2000
    force = wind_coefficients(frequencies, 3.0, np.random.default_rng(0))
    time = (np.arange(steps) + 0.5) * duration / steps
    push = (force @ np.exp(2j * np.pi * np.outer(frequencies, time))).real
    settled = response(np.tile(push, 6), duration / steps, 0.8, 0.15)[-steps - 1 : -1]
    steady = loop_response(force, frequencies, 0.8, 0.15)
    expected = (steady @ np.exp(2j * np.pi * np.outer(frequencies, np.arange(steps) * duration / steps))).real
    # After 5 loops the transient is exp(-0.15 * 2 pi 0.8 * 20) = 3e-7; holding the force over 2 ms steps is second
    # order, (2 pi 2 Hz * 2 ms)^2 / 24 = 3e-5 of the fastest force.
    np.testing.assert_allclose(settled, expected, atol=1e-4 * np.abs(expected).max())


def test_beam_is_clamped_at_the_root_and_straight_beyond_the_tip():
    """The profile and its slope vanish at the root; the slope is the profile's derivative everywhere."""
    u = np.linspace(0, 1.3, 131)
    # Central differences over steps of h = 0.01 err by h^2 / 6 times the third derivative, 8 at most: 1.4e-4.
    np.testing.assert_allclose(np.gradient(beam_profile(u), u)[1:-1], beam_slope(u)[1:-1], atol=2e-4)
    assert beam_profile(np.array([-0.5, 0.0, 1.0])).tolist() == [0, 0, 1]
    assert beam_slope(np.zeros(1)) == 0


def test_leaves_turn_with_the_stem():
    """On the stem the field is a pure turn, no shear: what Euler-Bernoulli's cross-sections do."""
    field = stem().field(SIZE, SIZE)
    shear = np.gradient(field[..., 0], axis=0) + np.gradient(field[..., 1], axis=1)
    turning = np.gradient(field[..., 0], axis=0) - np.gradient(field[..., 1], axis=1)
    rows = slice(16, 48)
    # Central differences over 2 pixels of a stem 48 pixels long: third derivative / 6 = 8 / (6 * 48^3) = 1.2e-5.
    assert np.abs(shear[rows, 31:33]).max() < 1e-3
    assert np.abs(turning[rows, 31:33]).min() > 0.01
    assert field[20, 31, 0] > 0, "an upright stroke leans to the right first"
    assert not field[57:].any(), "nothing moves behind the root"


@pytest.mark.parametrize("frequency", [0.7, 1.6, 2.4, 3.9])
def test_reference_clip_sways_at_the_frequency_asked_for(frequency):
    """From the slowest to the fastest sway the clip's tip swings within 5 % of it, branches and wind included."""
    mask = plant_mask()
    rate = 24 / clip_rate(frequency, 24)
    strokes = automatic_strokes(mask, ROOT, frequency=frequency)
    for seed in range(4):
        _volume, displacements = motion_texture(strokes, mask, 24, rate, seed)
        assert dominant_frequency(displacements[:, 9, 32, 0], rate) == pytest.approx(frequency, rel=0.05)


def test_reference_clip_starts_at_rest_and_keeps_what_is_still():
    """Frame 0 is exactly the still picture; below the root and far from the plant nothing ever moves."""
    mask = plant_mask()
    volume, displacements = motion_texture([stem()], mask, 20, 24.0)
    assert not displacements[0].any()
    assert not displacements[:, 57:].any()
    assert not displacements[:, :3, :3].any() and displacements[:, 33, 13].any()
    # The tip reaches its amplitude; the pixel's centre lies half a pixel below the stroke's end.
    assert np.abs(displacements[:, 8, 32]).max() == pytest.approx(4.0, rel=0.03)
    for frame in (0, 7, 19):
        np.testing.assert_allclose(volume.displacement(frame / 24), displacements[frame], atol=1e-5)


def test_seed_decides_the_wind():
    """The same seed gives the same motion to the last bit, another seed another one."""
    clips = [motion_texture([stem()], plant_mask(), 16, 24.0, seed)[1] for seed in (3, 3, 4)]
    np.testing.assert_array_equal(clips[0], clips[1])
    assert np.abs(clips[0] - clips[2]).max() > 0.01


def test_onset_delays_the_motion():
    """Until the gust sets in, nothing moves."""
    _volume, displacements = motion_texture([stem()], plant_mask(), 16, 24.0, onset=3 / 24)
    assert not displacements[:4].any() and displacements[4].any()


def test_loop_returns_exactly():
    """The loop's end meets its beginning, in place and in speed, and its tip moves by the amplitude asked for."""
    volume = looping_texture([stem()], plant_mask(), 48, 24.0, seed=1)
    assert volume.duration == 2.0
    tip = np.array([volume.displacement(t / 24)[8, 32, 0] for t in range(50)])
    # float32 sums of some ten coefficients of a few pixels.
    np.testing.assert_allclose(tip[48:], tip[:2], atol=2e-5)
    assert np.abs(tip).max() == pytest.approx(4.0, rel=0.03)


def test_automatic_strokes_find_stem_and_branches():
    """The stem runs from the lowest to the highest part, branches end in the leaves and are faster and weaker."""
    main, left, right = automatic_strokes(plant_mask(), frequency=2.0, branch_share=0.15)
    np.testing.assert_allclose(main.points, [ROOT, TIP], atol=1.5)
    assert main.amplitude == pytest.approx(0.035 * SIZE)
    assert left.points[-1][0] < 14 and 30 < left.points[-1][1] < 36
    assert right.points[-1][0] > 48 and 20 < right.points[-1][1] < 26
    for branch in (left, right):
        assert branch.frequency > 1.5 * main.frequency
        assert branch.amplitude == pytest.approx(0.15 * main.amplitude)


@pytest.mark.parametrize("periods", [1.5, 2.2, 5.0])
@pytest.mark.parametrize("damping", [0.0, 0.05, 0.15])
@pytest.mark.parametrize("late", [0.0, 2.4])
def test_dominant_frequency_of_a_short_damped_swing(periods, damping, late):
    """1.5 to 5 periods in 24 samples, with an offset and a late start, are told to 1 %."""
    # The model holds exactly from the first sample after the start; the last of 5 refinements steps by
    # 0.3^4 / 6 / 5 = 3e-4 of the window's cycles.
    t = np.maximum(np.arange(24) - late, 0) / (23 - late) * periods * 2 * np.pi
    signal = 3 * np.exp(-damping * t) * np.sin(t) + 0.2
    expected = periods / (23 - late) * 12
    assert dominant_frequency(signal, 12.0) == pytest.approx(expected, rel=0.01)


def test_dominant_frequency_prefers_the_stronger_swing_and_knows_rest():
    """A weaker faster oscillation does not distract; stillness has frequency 0; a handful of samples is refused."""
    t = np.arange(48) / 24
    both = np.sin(2 * np.pi * 1.3 * t) + 0.25 * np.sin(2 * np.pi * 4.1 * t + 1)
    assert dominant_frequency(both, 24.0) == pytest.approx(1.3, rel=0.02)
    assert dominant_frequency(np.full(24, 5.0), 24.0) == 0
    with pytest.raises(ValueError, match="too short"):
        dominant_frequency(np.zeros(5), 24.0)


@pytest.mark.parametrize(("frequency", "step"), [(0.7, 3), (1.6, 1), (2.4, 1), (3.9, 1)])
def test_clip_rate_shows_a_period_and_a_half(frequency, step):
    """Slow sways are taken every few scene frames, so that 24 frames hold 1.5 periods, and no more than needed."""
    assert clip_rate(frequency, 24) == step
    assert 23 * step / 24 * frequency >= 1.5
    assert step == 1 or 23 * (step - 1) / 24 * frequency < 1.5


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Stroke(np.array([ROOT]), 1.0, 1.0), "two points"),
        (lambda: Stroke(np.array([ROOT, ROOT]), 1.0, 1.0), "same pixel"),
        (lambda: stem(0.0), "must be above 0"),
        (lambda: stem(damping=1.0), "below 1"),
        (lambda: motion_texture([], plant_mask(), 16, 24.0), "no stroke"),
        (lambda: motion_texture([stem()], plant_mask(), 1, 24.0), "at least 2 frames"),
        (lambda: motion_texture([stem()], np.zeros((SIZE, SIZE)), 16, 24.0), "mask"),
        (lambda: automatic_strokes(np.zeros((SIZE, SIZE))), "mask"),
        (lambda: clip_rate(0.0, 24), "0.0 Hz"),
    ],
)
def test_impossible_requests_are_refused(make, words):
    """Each refusal says what is wrong."""
    with pytest.raises(ValueError, match=words):
        make()
