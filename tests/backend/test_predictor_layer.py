"""A predicted motion made a layer: the mask along the picture's edges, lines and masks that correct it, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from backend.picture import Kind, Line, Picture
from backend.spectral.picture import prepare, renderer
from backend.spectral.predictor.layer import corrected, found_mask, likely, motion_map, predicted_layer
from backend.spectral.predictor.prior import AMPLITUDES
from backend.spectral.predictor.prior import WIDTH as WIDTH_OF_FILMS
from backend.spectral_volume import SpectralVolume

HEIGHT, WIDTH = 120, 160
FREQUENCIES = np.array([0.2, 0.4, 0.6])


def _picture() -> tuple[np.ndarray, np.ndarray]:
    """Two green reeds before a pale wall [H, W, 3] uint8, and where each is [2, H, W], bool."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    reeds = np.stack([(np.abs(x - place) < 9) & (y > 15) & (y < 110) for place in (45, 115)])
    image = np.full((HEIGHT, WIDTH, 3), (205, 210, 220), np.uint8)
    image[reeds.any(0)] = (60, 120, 40)
    noise = random.integers(-12, 12, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8), reeds


def _guess(size: float = 1.0) -> SpectralVolume:
    """A coarse motion [3, 30, 40, 2] of the left reed, which spills a cell over its edges."""
    motion = np.zeros((3, 30, 40, 2), np.complex64)
    up = np.linspace(1, 0, 24)[:, None] ** 2
    for k, phase in enumerate((0.3, 1.9, 4.0)):
        motion[k, 4:28, 8:15, 0] = size * 0.25 * 0.6**k * up * np.exp(1j * phase)
    return SpectralVolume(motion, FREQUENCIES, 5.0, (np.abs(motion).sum((0, 3)) > 0).astype(np.float32))


def test_the_mask_follows_the_picture():
    """Of the guess, which is coarse, the reed itself is left."""
    image, (left, right) = _picture()
    found = found_mask(image, likely(_guess())) > 0.5
    # The guess reaches down to where it moves by 3 % of its most: the upper four fifths of the reed.
    upper = left & (np.arange(HEIGHT)[:, None] < 85)
    assert (found & upper).sum() > 0.9 * upper.sum()
    assert (found & ~left).sum() < 0.05 * left.sum()  # matting may miss by a pixel around
    assert not (found & right).any()


def test_a_line_moves_what_was_missed():
    """The right reed, of which nothing was predicted, gets a mask and a beam's motion, still where it is held."""
    image, (_left, right) = _picture()
    line = Line(np.array([[115.0, 108.0], [115.0, 18.0]]))
    layer = predicted_layer(image, _guess(), lines=(line,))
    assert ((layer.area > 0.5) & right).sum() > 0.8 * right.sum()
    moved = motion_map(layer.volume)
    # Its tip goes half as far as the other reed's, as LEAST says; what is held, nowhere.
    assert moved[5, 28] > 0.4 * moved[5, 11]
    assert moved[26, 28] < 0.05 * moved[5, 28]
    # And around it, away from the line, the guess has the form that it had.
    guess = motion_map(_guess())
    assert moved[15, 11] / moved[5, 11] == pytest.approx(guess[15, 11] / guess[5, 11], rel=0.05)


def test_a_line_keeps_the_motion_that_was_predicted_beside_it():
    """The drawn beam takes size and rhythm from the guess; only its form along the line is its own."""
    guess = _guess(4.0)
    line = Line(np.array([[45.0, 108.0], [45.0, 18.0]]))
    found = corrected(guess, (line,), (HEIGHT, WIDTH))
    tip = found.coefficients[:, 5, 11, 0]
    # Chuang's beam and the guess's parabola differ along the way, so the tips do by a part.
    assert np.abs(tip) == pytest.approx(np.abs(guess.coefficients[:, 5, 11, 0]), rel=0.35)
    assert np.angle(tip / guess.coefficients[:, 5, 11, 0]) == pytest.approx(np.zeros(3), abs=0.05)


def test_a_kept_mask_says_what_moves():
    """The layer's mask is the one that was given, and the motion's that of its grid."""
    image, (left, _right) = _picture()
    layer = predicted_layer(image, _guess(), mask=left.astype(np.float32))
    assert layer.kind is Kind.volume
    assert np.array_equal(layer.area > 0.5, left)
    # 18 of 160 columns and 94 of 120 rows, in cells of four pixels.
    assert layer.volume.mask.mean() == pytest.approx(left.mean(), rel=0.02)


def test_what_is_not_the_layer_leaves_its_mask():
    """A line over the wall that came along takes the wall away."""
    image, (left, _right) = _picture()
    wide = left.copy()
    wide[20:100, 20:75] = True
    outside = Line(np.array([[66.0, 30.0], [66.0, 90.0]]))
    layer = predicted_layer(image, _guess(), mask=wide.astype(np.float32), outside=(outside,))
    assert not (layer.area[30:90, 62:70] > 0.5).any()
    assert ((layer.area > 0.5) & left).sum() > 0.8 * left.sum()


def test_a_layer_moves_as_far_as_plants_in_films():
    """However far the guess goes: on average over the mask, along each axis, AMPLITUDES on a picture of 256 pixels."""
    image, (left, _right) = _picture()
    usual = np.sqrt((AMPLITUDES**2).sum()) * 40 / WIDTH_OF_FILMS
    for size in (0.5, 5.0):
        volume = predicted_layer(image, _guess(size), mask=left.astype(np.float32)).volume
        inside = np.abs(volume.coefficients[:, volume.mask > 0.5]) ** 2
        assert np.sqrt(inside.sum(0).mean()) == pytest.approx(usual, rel=1e-4)  # single precision


def test_nothing_predicted_is_said_and_how_to_go_on():
    """A picture without motion, and one whose motion is below what can be seen."""
    image, _reeds = _picture()
    for size in (0.0, 1e-3):
        with pytest.raises(ValueError, match="nothing in the picture seems to move; draw a line"):
            predicted_layer(image, _guess(size))


def test_the_layer_loops_and_never_folds():
    """Rendered for another length than its slices', the motion is back at the end and no piece turns over."""
    image, _reeds = _picture()
    layer = predicted_layer(image, _guess(6.0))
    drawn = renderer(prepare(Picture(image, (layer,))), 48, 24.0)
    (motion,) = drawn.motions
    # Displacements of some pixels from float32 phases of whole turns.
    assert np.abs(motion.at(0.0) - motion.at(2.0)).max() < 1e-4
    for time in np.linspace(0, 2, 9):
        dy, dx = np.gradient(motion.at(float(time)), axis=(0, 1))
        dx, dy = dx / motion.grid.steps[0], dy / motion.grid.steps[1]
        area = (1 + dx[..., 0]) * (1 + dy[..., 1]) - dx[..., 1] * dy[..., 0]
        assert (area[motion.grid.reduced(layer.area) > 0.02] > 0).all()


def test_an_unseen_subject_moves_as_one():
    """The less the predictor sees of a subject that it is asked about, the more evenly all of that subject moves."""
    from backend.spectral.predictor.layer import _doubt, _swayed
    from backend.spectral.predictor.prediction import Prediction

    subject = np.zeros((80, 120), np.float32)
    subject[20:60, 30:90] = 1
    usual = AMPLITUDES * 120 / WIDTH_OF_FILMS

    def seen(share: float) -> Prediction:
        """A prediction that finds so much of the subject, its left part, and moves that alone."""
        mask = np.zeros((40, 60), np.float32)
        mask[10:30, 15 : 15 + round(30 * share)] = 1
        shapes = (mask[None, ..., None] * [1, 0]).astype(np.complex64)
        return Prediction(shapes, usual[:, None], np.zeros((16, 40, 60)), mask, np.kron(mask, np.ones((2, 2))))

    inside = np.s_[12:28, 17:43]
    for share, even in ((0.9, False), (0.1, True)):
        found = seen(share)
        doubt = _doubt(found, subject)
        assert doubt == pytest.approx(float(even))
        moved = _swayed(found, subject, doubt).amplitude()
        if even:
            # Both axes have the usual size, each [px] one-sided: the root of their sum is halved.
            np.testing.assert_allclose(moved[inside], np.sqrt((usual**2).sum()), rtol=1e-3)
        else:
            np.testing.assert_allclose(moved, found.amplitude(), atol=1e-6)
        assert not moved[:8].any()
