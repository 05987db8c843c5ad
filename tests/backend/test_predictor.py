"""The fast predictor: what it gives for any weights, and what those that come with Sway do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
cv2 = pytest.importorskip("cv2")

from backend.spectral.predictor.guidance import Guidance  # noqa: E402
from backend.spectral.predictor.prediction import DOUBTED, STILL, Prediction, _sureness, predict  # noqa: E402
from backend.spectral.predictor.prior import AMPLITUDES, DURATION, FREQUENCIES, WIDTH  # noqa: E402
from backend.spectral.predictor.weights import SHIPPED, load_weights, save_weights  # noqa: E402
from backend.spectral.training.generator import generate  # noqa: E402


@pytest.fixture(scope="module")
def plant() -> np.ndarray:
    """A drawn flower as a picture of 192 x 128 pixels."""
    return generate(4, 128, 192, ("blossom",)).image


@pytest.fixture(scope="module")
def prediction(plant) -> Prediction:
    """Of the drawn flower."""
    return predict(plant)


def test_motion_repeats(prediction):
    """The loop closes: displacements after one duration are those at its beginning, to 1e-4 pixels, guided or not."""
    volume = prediction.sample(3)
    # Single precision of cosines: displacements of some pixels times 1e-7, summed over 16 frequencies.
    assert np.abs(volume.displacement(DURATION) - volume.displacement(0.0)).max() < 1e-4
    assert np.abs(volume.displacement(1.7) - volume.displacement(0.0)).max() > 1e-3


def test_still_pixels_have_no_motion(prediction):
    """Where the mask says still, every shape and every sample is exactly zero, and some of the picture is."""
    still = prediction.mask < STILL
    assert 0.1 < still.mean() < 0.99
    assert not prediction.shapes[:, still].any()
    volume = prediction.sample(0)
    assert not volume.coefficients[:, still].any() and not volume.mask[still].any()


def test_seed_decides(prediction):
    """The same seed gives the same motion; seeds differ in form but not in the energy of any frequency."""
    first, again, other = prediction.sample(1), prediction.sample(1), prediction.sample(2)
    np.testing.assert_array_equal(first.coefficients, again.coefficients)
    assert np.abs(first.coefficients - other.coefficients).max() > 0.1 * np.abs(first.coefficients).max()
    energy = [(np.abs(v.coefficients) ** 2).sum((1, 2, 3)) for v in (first, other)]
    # The grid's two axes may differ in scale by the rounding of its size, percents.
    np.testing.assert_allclose(energy[0], energy[1], rtol=0.05)


def test_samples_scatter_as_predicted(prediction):
    """The mean energy of samples at each pixel is the prediction's amplitude map."""
    volumes = [prediction.sample(seed) for seed in range(60)]
    height, width = prediction.mask.shape
    scale = np.array([prediction.size[1] / width, prediction.size[0] / height])
    power = np.mean([(np.abs(v.coefficients * scale) ** 2).sum((0, 3)) / 2 for v in volumes], 0)
    found, expected = np.sqrt(power.mean()), np.sqrt((prediction.amplitude() ** 2).mean())
    assert found == pytest.approx(expected, rel=0.02)
    # Sixty draws of 16 frequencies scatter by about 1 / sqrt(960) of a few modes: correlation stays near 1.
    assert np.corrcoef(np.sqrt(power).ravel(), prediction.amplitude().ravel())[0, 1] > 0.97


def test_length_scales_with_the_picture(plant, prediction):
    """A picture twice as large moves twice as many pixels."""
    wide = cv2.resize(plant, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    # What the network sees differs by the resampling alone.
    assert predict(wide).amplitude().max() == pytest.approx(2 * prediction.amplitude().max(), rel=0.15)


def test_marked_region_alone_moves(plant):
    """Nothing moves outside the mask that a person gives."""
    mask = np.zeros(plant.shape[:2], np.float32)
    mask[:, :96] = 1
    found = predict(plant, Guidance(mask=mask, strokes=(np.array([[50.0, 120.0], [50.0, 40.0]]),), wind=20.0))
    assert not found.shapes[:, :, found.mask.shape[1] // 2 + 1 :].any()


def test_what_likely_holds_nothing_hardly_moves():
    """A picture of which no place is likely to move is stilled, unless a person says that something does."""
    mask = np.full((20, 30), 0.1)
    assert _sureness(mask) == DOUBTED
    mask[3:6, 4:8] = 0.95  # 2 % of the picture are 12 pixels
    assert _sureness(mask) == 1
    blank = np.full((64, 96, 3), 128, np.uint8)
    blank[20:40, 30:60] = (40, 90, 50)
    # Far below what can be seen, 0.1 pixels on a picture of 256.
    assert np.quantile(predict(blank).amplitude(), 0.99) < 0.1 * 96 / WIDTH


def test_guidance_is_heard(plant, prediction):
    """A wind and a stroke change the prediction."""
    winds = [predict(plant, Guidance(wind=angle)).shapes for angle in (0.0, 180.0)]
    assert np.abs(winds[0] - winds[1]).max() > 1e-3 * np.abs(winds[0]).max()
    stroke = predict(plant, Guidance(strokes=(np.array([[96.0, 120.0], [90.0, 40.0]]),)))
    assert np.abs(stroke.shapes - prediction.shapes).max() > 1e-3 * np.abs(prediction.shapes).max()


def test_no_fold_at_default_amplitude():
    """At the default amplitude less than 0.1 % of what moves is turned inside out at any of 16 instants."""
    folded, total = 0, 0
    for seed in range(4):
        volume = predict(generate(900 + seed, 128, 192).image).sample(seed)
        inside = volume.mask > 0
        for time in np.arange(16) / 16 * DURATION:
            field = volume.displacement(time)
            dy, dx = np.gradient(field, axis=(0, 1))
            area = (1 + dx[..., 0]) * (1 + dy[..., 1]) - dx[..., 1] * dy[..., 0]
            folded, total = folded + int((area[inside] <= 0).sum()), total + int(inside.sum())
    assert folded < 1e-3 * total


def test_envelope_is_that_of_films():
    """Each frequency is as strong as in films of real plants, within the factor 1.5, on average over pictures."""
    shares = []
    for seed in range(900, 912):
        found = predict(generate(seed, 128, 192).image)
        power = found.deviations**2 @ (np.abs(found.shapes) ** 2).sum((1, 2, 3))
        if power.sum() > 0:
            shares.append(power / power.sum())
    wanted = AMPLITUDES**2 / (AMPLITUDES**2).sum()
    ratio = np.sqrt(np.mean(shares, 0) / wanted)
    assert len(shares) > 6 and ratio.min() > 1 / 1.5 and ratio.max() < 1.5


def test_matte_follows_the_picture(prediction, plant):
    """The matte has the picture's size and lies in 0..1."""
    assert prediction.matte.shape == plant.shape[:2]
    assert prediction.matte.min() >= 0 and prediction.matte.max() <= 1


def test_refusals(plant, tmp_path: Path):
    """Pictures and guidance of the wrong shape, missing and foreign files are refused in one sentence."""
    with pytest.raises(ValueError, match="needs RGB"):
        predict(plant[..., 0])
    with pytest.raises(ValueError, match="paint it on this picture"):
        predict(plant, Guidance(mask=np.ones((4, 4), np.float32)))
    with pytest.raises(ValueError, match="two points"):
        predict(plant, Guidance(strokes=(np.zeros((1, 2)),)))
    with pytest.raises(FileNotFoundError, match="install Sway anew"):
        predict(plant, weights=tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("no weights")
    with pytest.raises(ValueError, match=r"text\.safetensors is not"):
        predict(plant, weights=tmp_path / "text.safetensors")


def test_shipped_weights_have_a_card(tmp_path: Path):
    """The weights that come with Sway are small, say how they were made and survive a round trip."""
    assert SHIPPED.stat().st_size < 5e6
    tensors, card = load_weights(SHIPPED)
    assert {"seed", "generator_version", "families", "held_out_families", "pictures", "metrics"} <= card.keys()
    network = torch.nn.ParameterDict({key.replace(".", "_"): value for key, value in tensors.items()})
    save_weights(tmp_path / "again.safetensors", network, card)
    again, same = load_weights(tmp_path / "again.safetensors")
    assert same == card and len(again) == len(tensors)
    assert len(FREQUENCIES) == len(AMPLITUDES) and WIDTH == 256
