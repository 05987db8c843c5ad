"""Mattes, plates, automatic masks and lines."""

from __future__ import annotations

import numpy as np
import pytest

from backend.picture import Kind, Layer, Line, Picture
from backend.spectral import matting, plate
from backend.spectral.automatic import automatic_mask, automatic_picture, plant_lines
from backend.spectral.layers import prepare
from tests.backend.picture_cases import HEIGHT, WIDTH, plant_mask, plant_picture


def smooth_pair() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A soft disc of one colour ramp over another: picture, matte, trimap [60, 80]."""
    y, x = np.mgrid[:60, :80]
    alpha = np.clip((18 - np.hypot(x - 40, y - 30)) / 8 + 0.5, 0, 1)
    front = np.stack([0.8 + 0 * x, 0.3 + x / 400, 0.1 + y / 400], -1)
    back = np.stack([0.1 + x / 400, 0.2 + 0 * x, 0.7 - y / 400], -1)
    image = alpha[..., None] * front + (1 - alpha[..., None]) * back
    trimap = np.where(alpha >= 1, 1.0, np.where(alpha <= 0, 0.0, 0.5))
    return image.astype(np.float32), alpha, trimap


def test_closed_form_matte_of_smooth_colours():
    """Where front and back are colour lines in every window, the matte comes back (Levin et al. 2008, theorem 1)."""
    image, alpha, trimap = smooth_pair()
    found = matting.matte(image, trimap)
    # Theorem 1 holds for exact lines and no regularisation; epsilon and 120 conjugate gradients leave a few percent.
    assert np.abs(found - alpha).max() < 0.06
    assert (found[trimap == 1] == 1).all() and (found[trimap == 0] == 0).all()


def test_real_matte(data_file):
    """On the real bamboo the matte beats the trimap's guess of one half by far."""
    import cv2

    image = cv2.imread(str(data_file("photos/bamboo_pot/bamboo_pot.jpg")))[..., ::-1]
    trimap = cv2.imread(str(data_file("photos/bamboo_pot/trimap.png")), 0) / 255
    trimap = np.where(trimap > 0.9, 1, np.where(trimap < 0.1, 0, 0.5))
    truth = cv2.imread(str(data_file("photos/bamboo_pot/alpha_matte.png")), 0) / 255
    found, unknown = matting.matte(image, trimap), trimap == 0.5
    # Measured 0.03 against 0.20 for one half everywhere.
    assert ((found - truth)[unknown] ** 2).mean() < 0.06


def test_scribble_finds_what_it_lies_on():
    """A line over the green stem and leaf marks them, not the wall."""
    picture = plant_picture()
    marks = np.zeros((HEIGHT, WIDTH), bool)
    marks[10:64, 48] = marks[28, 30:46] = marks[18, 50:68] = True
    found = matting.soft_mask(picture.image, marks)
    truth = plant_mask()
    assert found[truth > 0.95].mean() > 0.9
    # The wall's colours are random: a few of its pixels are as green as the plant.
    assert found[truth < 0.05].mean() < 0.2


def test_plate_keeps_known_pixels_and_continues_ramps():
    """Outside the hole nothing changes; a ramp goes on through it."""
    x = np.linspace(40, 200, 64)
    image = np.broadcast_to(x[None, :, None], (48, 64, 3)).round().astype(np.uint8)
    hole = np.zeros((48, 64), bool)
    hole[14:34, 20:44] = True
    filled = plate.fill(image, hole)
    np.testing.assert_array_equal(filled[~hole], image[~hole])
    # The ramp rises by 58 levels across the hole; a smooth continuation of both sides is within a third of that.
    assert np.abs(filled[hole].astype(int) - image[hole]).max() < 20
    with pytest.raises(ValueError, match="whole picture"):
        plate.fill(image, np.ones_like(hole))


def test_lifted_layer_leaves_no_trace_in_the_plate():
    """Behind the green plant the plate is wall-coloured."""
    prepared = prepare(plant_picture())
    core = plant_mask() > 0.9
    colours = prepared.plate[core].astype(float)
    # The wall's channels average 100; the plant's green is 178 over 51.
    assert np.abs(colours.mean(0) - 100).max() < 30


def test_lines_run_from_the_root_to_the_ends():
    """The longest line goes from the lowest part to a far end; the leaves have their own."""
    lines = plant_lines(plant_mask())
    assert lines[0].points[0][1] > 60 and abs(lines[0].points[0][0] - 48) < 4
    ends = np.array([line.points[-1] for line in lines])
    for leaf in ((29, 28), (69, 18)):
        assert np.hypot(*(ends - leaf).T).min() < 8, leaf
    rooted = plant_lines(plant_mask(), root=(48, 10))
    assert rooted[0].points[0][1] < 14


def test_one_click_finds_a_flower(data_file):
    """On the real marigold the mask holds the flower, not the blurred background, and its lines lie on it."""
    import cv2

    image = cv2.imread(str(data_file("photos/marigold_garden/marigold_garden.jpg")))[::2, ::2, ::-1]
    picture = automatic_picture(np.ascontiguousarray(image))
    (layer,) = picture.layers
    assert layer.mask[240:300, 400:520].mean() > 0.9, "petals"
    assert layer.mask[:200, :200].mean() < 0.05 and layer.mask[280:, :180].mean() < 0.05, "background"
    assert len(layer.lines) >= 3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: automatic_mask(np.full((40, 60, 3), 90, np.uint8)), "stands out"),
        (lambda: plant_lines(np.zeros((40, 60))), "empty"),
        (lambda: matting.matte(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4))), "foreground"),
        (lambda: matting.matte(np.zeros((4, 5, 3), np.uint8), np.ones((4, 4))), "size"),
        (lambda: matting.cut_out(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), bool)), "foreground"),
    ],
)
def test_impossible_requests_are_refused(make, words):
    """Each refusal says what is wrong."""
    with pytest.raises(ValueError, match=words):
        make()


def test_layer_without_a_mask_gets_one_from_its_lines():
    """A stroke alone is enough to animate what it crosses."""
    picture = plant_picture()
    line = Line(np.array([[48.0, 64.0], [48.0, 10.0]]))
    prepared = prepare(Picture(picture.image, (Layer(Kind.plant, None, (line,)),)))
    assert prepared.sprites[0].layer.mask[20:60, 48].min() > 0.5


def _two_flowers():
    """A red and a yellow disc side by side before a blue wall [H, W, 3] uint8, a stroke over each, and their masks."""
    y, x = np.mgrid[:96, :144] + 0.5
    red, yellow = np.hypot(x - 48, y - 48) < 24, np.hypot(x - 96, y - 48) < 24
    image = np.random.default_rng(0).normal(0, 6, (96, 144, 3)) + (60, 90, 170)
    image[red] += (140, -60, -140)
    image[yellow] += (150, 100, -120)
    strokes = [Line(np.array([[x - 12.0, 48.0], [x + 12.0, 48.0]])) for x in (48, 96)]
    return image.clip(0, 255).astype(np.uint8), strokes, (red, yellow)


@pytest.mark.parametrize("masked", [True, False])
def test_what_is_marked_as_not_it_is_left_out(masked):
    """Of two flowers in one mask, or near one stroke, the one marked as not this goes and the other one stays."""
    image, (one, other), (red, yellow) = _two_flowers()
    mask = (red | yellow).astype(np.float32) if masked else None
    prepared = prepare(Picture(image, (Layer(Kind.plant, mask, (one,), outside=(other,)),)))
    left = prepared.sprites[0].layer.mask
    assert left[red].mean() > 0.95 and left[yellow].mean() < 0.05
    if masked:
        assert (left <= mask).all()


def test_a_mask_of_which_nothing_is_left_is_refused():
    """All of the mask marked as not this: one sentence that names the layer."""
    image, (one, _other), (red, _yellow) = _two_flowers()
    rows = tuple(Line(np.array([[20.0, y], [76.0, y]])) for y in range(22, 76))
    layer = Layer(Kind.plant, red.astype(np.float32), (one,), "rose", outside=rows)
    with pytest.raises(ValueError, match='"rose" leave nothing of its mask'):
        prepare(Picture(image, (layer,)))
