"""Temporal bases, and volumes as Generative Image Dynamics stores them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import Polynomial

from backend.picture import Line
from backend.spectral.basis import BSpline, Combined, Fourier, Samples
from backend.spectral.drift import CONTROLS, path_course
from backend.spectral.pixel_motion import Grid, PixelMotion
from backend.spectral_volume import SpectralVolume


def volume() -> SpectralVolume:
    random = np.random.default_rng(0)
    coefficients = (random.normal(size=(5, 4, 6, 2)) + 1j * random.normal(size=(5, 4, 6, 2))).astype(np.complex64)
    coefficients[0] = coefficients[0].real
    return SpectralVolume(coefficients, np.arange(5) / 5.0, 5.0, np.ones((4, 6), np.float32), "test")


def test_four_controls_are_a_bezier_curve():
    """With degree + 1 controls the B-spline basis is Bernstein's; it sums to one and holds beyond its ends."""
    basis = BSpline(4, 2.0)
    for time in (0.0, 0.3, 1.1, 2.0):
        u = time / 2
        expected = [(1 - u) ** 3, 3 * u * (1 - u) ** 2, 3 * u**2 * (1 - u), u**3]
        np.testing.assert_allclose(basis.at(time), expected, atol=1e-12)
    np.testing.assert_array_equal(basis.at(5.0), basis.at(2.0))
    assert not basis.loops


def test_splines_reproduce_cubics():
    """Eight controls can follow any cubic exactly: the recursion of Cox and de Boor is right between all knots."""
    times = np.linspace(0, 1, 60)
    table = np.stack([BSpline(8, 1.0).at(t) for t in times])
    np.testing.assert_allclose(table.sum(1), 1, atol=1e-12)
    cubic = Polynomial([0.3, -2, 1, 4])(times)
    controls = np.linalg.lstsq(table, cubic, rcond=None)[0]
    np.testing.assert_allclose(table @ controls, cubic, atol=1e-10)


def test_samples_are_linear_in_between_and_held_beyond():
    """A recording at 10 samples a second, read between and after them."""
    basis = Samples(np.array([[0.0, 1.0], [2.0, 3.0]]), 10.0)
    np.testing.assert_allclose(basis.at(0.05), [1.0, 2.0])
    np.testing.assert_allclose(basis.at(9.0), [2.0, 3.0])


def test_path_reaches_its_points_at_their_times():
    """A drawn line with its own timing ends exactly where it was drawn, and is half way when it should be."""
    line = Line(np.array([[10.0, 10.0], [30.0, 10.0], [90.0, 10.0]]), times=np.array([0.0, 0.5, 1.0]))
    course = path_course(line)
    assert course.shape == (CONTROLS, 2)
    np.testing.assert_allclose(course[[0, -1]], [[0, 0], [80, 0]])
    # A corner is rounded by a smooth curve of eight controls: within a twentieth of the way.
    assert (BSpline(CONTROLS, 1.0).at(0.5) @ course)[0] == pytest.approx(20, abs=4)


def test_pixel_motion_is_the_sum_of_its_shapes():
    """Complex shapes over a combined Fourier basis give Re sum shape (weights exp)."""
    random = np.random.default_rng(1)
    shapes = (random.normal(size=(2, 3, 4, 2)) + 1j * random.normal(size=(2, 3, 4, 2))).astype(np.complex64)
    weights = random.normal(size=(2, 3)) + 1j * random.normal(size=(2, 3))
    frequencies = np.array([0.5, 1.0, 2.0])
    motion = PixelMotion(shapes, Combined(weights, Fourier(frequencies, 2.0)), Grid(0, 0, 8, 6, 3, 4))
    values = weights @ np.exp(2j * np.pi * frequencies * 0.7)
    expected = np.einsum("mhwc,m->hwc", shapes, values).real
    # float32 sums of eight products of numbers up to 8.
    np.testing.assert_allclose(motion.at(0.7), expected, atol=2e-5)
    np.testing.assert_allclose(motion.at(2.7), motion.at(0.7), atol=2e-5)


def test_half_spectrum_is_numpys_transform():
    """The first bins of numpy's FFT over the displacements make the volume, and come back from it."""
    original = volume()
    clip = np.stack([original.displacement(i / 30) for i in range(150)])
    spectrum = np.fft.rfft(clip, axis=0)[:16]
    taken = SpectralVolume.from_half_spectrum(spectrum, 150, 30.0)
    np.testing.assert_allclose(taken.frequencies, np.arange(16) / 5)
    for time in (0.0, 1.3):
        # float32 displacements of size 10, transformed and back.
        np.testing.assert_allclose(taken.displacement(time), original.displacement(time), atol=1e-4)
    # Sums over 150 frames of float32 numbers.
    np.testing.assert_allclose(taken.half_spectrum(), spectrum, atol=2e-3)
    channels = np.stack([spectrum[..., 0].real, spectrum[..., 0].imag, spectrum[..., 1].real, spectrum[..., 1].imag], 1)
    same = SpectralVolume.from_half_spectrum(channels.reshape(64, 4, 6))
    np.testing.assert_allclose(same.coefficients, taken.coefficients, atol=1e-5)


def test_looped_volume_repeats_after_any_duration():
    """Frequencies go to the nearest whole number of cycles; what is slower than half a cycle goes."""
    looped = volume().looped(3.0)
    np.testing.assert_allclose(looped.frequencies, [1 / 3, 2 / 3])
    np.testing.assert_allclose(looped.displacement(0.4), looped.displacement(3.4), atol=2e-5)
    with pytest.raises(ValueError, match="ask for longer"):
        volume().looped(0.2)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SpectralVolume.from_half_spectrum(np.zeros((5, 4, 4))), "4 K"),
        (lambda: SpectralVolume.from_half_spectrum(np.zeros((9, 4, 4, 2), complex), frames=10), "more than 10 frames"),
        (lambda: SpectralVolume(volume().coefficients, np.arange(5) / 4.7, 5.0, volume().mask).half_spectrum(), "loop"),
    ],
)
def test_wrong_spectra_are_refused(make, words):
    """Each refusal says what is wrong."""
    with pytest.raises(ValueError, match=words):
        make()
