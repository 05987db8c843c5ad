"""The prediction job on a picture whose prediction is known: its files, corrections by a person, a loop, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from backend import arrays
from backend.api.picture_predict import PicturePredictParams
from backend.context import JobContext
from backend.jobs import animate, picture_predict
from backend.picture import Kind, Layer, Line, Picture, Wind
from backend.spectral.predictor import layer as predicted_layer
from backend.spectral.predictor.prediction import Prediction
from backend.spectral_volume import SpectralVolume

HEIGHT, WIDTH = 120, 160


def _picture(layers=()) -> Picture:
    """A green reed before a pale wall."""
    random = np.random.default_rng(0)
    image = np.full((HEIGHT, WIDTH, 3), (205, 210, 220), np.uint8)
    image[16:110, 36:54] = (60, 120, 40)
    image = np.clip(image + random.integers(-12, 12, image.shape), 0, 255).astype(np.uint8)
    return Picture(image, layers, Wind(direction=30.0))


@pytest.fixture
def asked(monkeypatch) -> list:
    """The guidance that the predictor was asked with; it answers that the reed sways in one mode."""
    seen = []

    def predict(image, guidance, _weights, _size):
        seen.append(guidance)
        rows, columns = image.shape[0] // 4, image.shape[1] // 4
        shape = np.zeros((1, rows, columns, 2), np.complex64)
        shape[0, 4:28, 9:14, 0] = np.linspace(1, 0, 24)[:, None] ** 2
        mask = (np.abs(shape[0]).sum(-1) > 0).astype(np.float32)
        spread = np.geomspace(1, 0.1, 16)[:, None]
        matte = np.kron(mask, np.ones((4, 4), np.float32))
        return Prediction(shape, spread, np.zeros((16, rows, columns)), mask, matte)

    monkeypatch.setattr(predicted_layer, "predict", predict)
    return seen


@pytest.fixture
def job(tmp_path):
    """Runs the job; returns (arrays of the modes, mask 0..1, results)."""

    def run(picture: Picture, **params):
        import cv2

        path = arrays.save(tmp_path / "picture.npz", picture.to_arrays())
        context = JobContext("predict", tmp_path, lambda message: None)
        outputs, results = picture_predict.run(PicturePredictParams(**params), {"picture": str(path)}, context)
        mask = cv2.imread(str(outputs["mask"]), cv2.IMREAD_GRAYSCALE) / 255
        return arrays.load(outputs["modes"]), mask, results

    return run


def test_a_layer_comes_out_of_the_picture_alone(asked, job):
    """A mask of the picture's size along the reed, and slices that hold the motion of one wind."""
    modes, mask, results = job(_picture())
    assert mask.shape == (HEIGHT, WIDTH)
    assert mask[20:60, 40:50].mean() > 0.9 and mask[:, 80:].max() < 0.1
    assert modes["coefficients"].shape == (16, 30, 40, 2)
    assert results["share"] == pytest.approx(mask.mean(), abs=1e-3)
    assert len(asked) == 2 and all(not guidance.strokes and guidance.wind == 30.0 for guidance in asked)


def test_the_subject_in_focus_is_asked_about(asked, job):
    """After the whole picture, the reed alone, found by its grain; a line elsewhere counts as well; off, no more."""
    job(_picture())
    assert asked[0].mask is None
    assert asked[1].mask[30:100, 42:48].mean() > 0.9 and asked[1].mask[:, 100:].max() < 0.1
    line = Line(np.array([[120.0, 100.0], [120.0, 40.0]]))
    job(_picture((Layer(Kind.plant, None, (line,)),)))
    assert asked[3].mask[40:100, 118:122].min() == 1
    job(_picture(), subject=False)
    assert len(asked) == 5 and asked[4].mask is None


def test_another_seed_is_another_motion(asked, job):
    """Of the same size in each bin."""
    first, again, other = (job(_picture(), seed=seed)[0]["coefficients"] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.allclose(first, other)
    # One mode only: its energy in each bin is what the prediction says, whatever the phase.
    assert np.abs(first) == pytest.approx(np.abs(other), rel=1e-4, abs=1e-7)


def test_what_a_person_marked_reaches_the_predictor_and_the_layer(asked, job):
    """A kept mask comes back as it was, and lines are strokes in pixels of the picture."""
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    mask[30:110, 36:54] = 1
    line = Line(np.array([[45.0, 108.0], [45.0, 32.0]]))
    modes, found, _results = job(_picture((Layer(Kind.plant, mask, (line,)),)), keep_mask=True)
    # A PNG of eight bits.
    assert found == pytest.approx(mask, abs=1 / 255)
    (guidance,) = asked
    assert np.array_equal(guidance.mask, mask)
    assert guidance.strokes[0] == pytest.approx(line.points)
    # Held where the line begins.
    size = np.abs(modes["coefficients"]).sum((0, 3))
    assert size[26, 11] < 0.05 * size[9, 11]


def test_the_layer_can_be_animated(asked, job, tmp_path):
    """The animate job makes a film of a predicted layer: the reed moves, the wall does not."""
    from backend.api.picture import PictureParams
    from backend.video.files import read_film

    modes, mask, _results = job(_picture())
    volume = SpectralVolume(
        8 * modes["coefficients"], modes["frequencies"], float(modes["duration"]), modes["mask"], "test"
    )
    layer = Layer(Kind.volume, mask.astype(np.float32), name="Predicted", volume=volume)
    given = {**_picture((layer,)).to_arrays(), "fps": np.array(24.0)}
    path = arrays.save(tmp_path / "animated.npz", given)
    context = JobContext("animate", tmp_path, lambda message: None)
    outputs, _ = animate.run(PictureParams(frames=24, preview_size=160), {"picture": str(path)}, context)
    film, _fps = read_film(outputs["film"], 160, 24)
    change = film.astype(float).std(0).mean(-1)
    # Video coding flickers by a few grey levels; the reed's edges go from green to wall.
    assert change[20:40, 30:60].max() > 10 and change[:, 90:].max() < 4


def test_a_picture_in_which_nothing_moves_is_said(monkeypatch, job):
    """And what to do then."""

    def predict(image, _guidance, _weights, _size):
        still = np.zeros((1, 30, 40, 2), np.complex64)
        empty = np.zeros((30, 40), np.float32)
        return Prediction(still, np.ones((16, 1)), np.zeros((16, 30, 40)), empty, np.zeros(image.shape[:2], np.float32))

    monkeypatch.setattr(predicted_layer, "predict", predict)
    with pytest.raises(ValueError, match="nothing in the picture seems to move; draw a line"):
        job(_picture())
