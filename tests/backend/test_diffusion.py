"""Latent diffusion of spectral volumes: slices there and back, what the networks owe their parts, training, samples."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from backend.spectral.diffusion.model import LatentDiffusion, Settings
from backend.spectral.diffusion.sampling import loop_loss, sample, scheduler
from backend.spectral.diffusion.slices import Scale, from_slices, to_slices
from backend.spectral.diffusion.training import STAGES, STATE, Training

torch = pytest.importorskip("torch")
TINY = Settings((8, 8, 8), (16, 16), (0.2, 0.4, 0.6))
"""Small enough for a step in milliseconds."""


def _reed(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A bright bar that leans about its foot [32, 48], with a random phase in each of three bins."""
    random = np.random.default_rng(number)
    image = np.full((32, 48, 3), 40, np.uint8)
    x = random.integers(8, 40)
    image[4:, x - 2 : x + 2] = 220
    coefficients = np.zeros((3, 32, 48, 2), np.complex64)
    height = np.linspace(1, 0, 28)[:, None]
    for k in range(3):
        coefficients[k, 4:, x - 2 : x + 2, 0] = 0.5**k * height**2 * np.exp(2j * np.pi * random.random())
    return image, coefficients


@pytest.fixture(scope="module")
def tiny() -> LatentDiffusion:
    """An untrained model with the reed's normalisation."""
    torch.manual_seed(0)
    return LatentDiffusion(TINY, Scale.of(np.stack([to_slices(_reed(i)[1]) for i in range(4)]))).eval()


def test_slices_are_volumes_written_otherwise():
    """Complex displacements survive the way to channels and back, also through the signed square root."""
    coefficients = np.stack([_reed(i)[1] for i in range(3)])
    slices = to_slices(coefficients)
    assert slices.shape == (3, 3, 4, 32, 48)
    # Division and multiplication by the width round once each.
    assert from_slices(slices) == pytest.approx(coefficients, rel=1e-6, abs=1e-9)
    scale = Scale.of(slices)
    # A root and a square: a few units in the last place.
    assert scale.restored(scale.normalised(slices)) == pytest.approx(slices, rel=1e-5, abs=1e-12)


def test_every_bin_comes_out_equally_large():
    """The reed's bins halve each time; normalised, 95 % of what moves lies within 1 in all of them."""
    slices = np.stack([to_slices(_reed(i)[1]) for i in range(12)])
    normal = np.abs(Scale.of(slices).normalised(slices))
    for k in range(3):
        moving = normal[:, k][normal[:, k] > 0]
        assert (moving <= 1).mean() == pytest.approx(0.95, abs=0.01)  # 95th percentile of a thousand values


def test_inserted_attention_begins_as_if_it_were_not_there(tiny):
    """Untrained, the coordinated network says what the one for single slices says, so training goes on from it."""
    noisy, time = torch.randn(1, 3, 4, 8, 12), torch.tensor([300])
    picture = torch.randn(1, 3, 32, 48)
    with torch.no_grad():
        alone = tiny.velocity(noisy, time, picture, coordinated=False)
        together = tiny.velocity(noisy, time, picture)
    assert torch.allclose(alone, together, atol=1e-6)  # sums over another layout in memory


def test_slices_see_each_other_only_through_the_attention(tiny):
    """With attention that is not zero, one slice's noise changes the others; without, it does not."""
    model = LatentDiffusion(TINY, tiny.scale).eval()
    for module in model.unet.coordination:
        torch.nn.init.normal_(module.proj_out.weight)
    time, picture = torch.tensor([300]), torch.randn(1, 3, 32, 48)
    noisy = torch.randn(1, 3, 4, 8, 12)
    other = noisy.clone()
    other[:, 0] += 1
    with torch.no_grad():
        alone = [model.velocity(z, time, picture, coordinated=False)[:, 1:] for z in (noisy, other)]
        together = [model.velocity(z, time, picture)[:, 1:] for z in (noisy, other)]
    assert torch.allclose(*alone, atol=1e-6)  # the batch may be summed in another order
    assert (together[0] - together[1]).abs().max() > 1e-3  # of outputs of unit size


def test_weights_are_found_again(tiny, tmp_path):
    """Settings and normalisation come with the file, weights within half precision."""
    found = LatentDiffusion.load(tiny.save(tmp_path / "weights.safetensors"))
    assert found.settings == tiny.settings
    assert found.scale.levels == pytest.approx(tiny.scale.levels)
    for name, value in tiny.state_dict().items():
        assert torch.allclose(found.state_dict()[name], value, rtol=1e-3, atol=1e-7), name  # 11 bits of mantissa
    with pytest.raises(FileNotFoundError, match="no diffusion weights"):
        LatentDiffusion.load(tmp_path / "absent.safetensors")


def test_training_goes_on_where_it_stopped(tmp_path):
    """Every stage takes steps; a second run adds to the first one's and counts its minutes."""
    minutes = 0.01
    first = Training(_reed, tmp_path, TINY)
    first.run(minutes)
    assert all(first.progress.steps.values()) and (tmp_path / STATE).is_file()
    second = Training(_reed, tmp_path)
    assert asdict(second.progress) == asdict(first.progress)
    averages = zip(first.averaged().parameters(), second.averaged().parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in averages)
    second.run(minutes)
    assert second.progress.steps == first.progress.steps  # nothing is left to do
    second.run(0.005 + max(first.progress.seconds[stage] / share for stage, share in STAGES) / 60)
    assert all(second.progress.steps[stage] > first.progress.steps[stage] for stage in first.progress.steps)


def test_the_coordinated_stage_leaves_the_rest_frozen(tmp_path):
    """As in the paper: only the attention across slices is fitted at last."""
    training = Training(_reed, tmp_path, TINY)
    training._prepare("together")
    before = {name: value.clone() for name, value in training.model.state_dict().items()}
    training._together()
    changed = {n for n, v in training.model.state_dict().items() if not torch.equal(v, before[n])}
    assert changed and all("coordination" in name for name in changed)


def test_the_loss_of_a_loop_is_nought_for_a_loop():
    """Whole periods come back; a period and a half does not."""
    slices = torch.randn(3, 4, 8, 12)
    frequencies = np.array([0.2, 0.4, 0.6])
    # Phases of 6 pi in float32: 1e-6 of slices of unit size, summed over six numbers.
    assert float(loop_loss(slices, frequencies, 5.0)) < 1e-5
    assert float(loop_loss(slices, frequencies, 7.5)) > 0.1


def test_guidance_leads_to_motion_that_ends_where_it_began(tiny):
    """Of the same noise, a guided sample of another loop's length meets its beginning better than one that is not."""
    image, _ = _reed(0)
    apart = {}
    for guidance in (0.0, 0.3):
        volume = sample(tiny, image, seed=1, steps=6, longer=48, loop_guidance=guidance)
        guided = _unlooped(tiny, image, guidance)
        size = np.abs(guided).mean()
        apart[guidance] = float(loop_loss(torch.from_numpy(to_slices(guided / size)), volume.frequencies, 3.0))
    assert apart[0.3] < 0.9 * apart[0.0]


def _unlooped(model: LatentDiffusion, image: np.ndarray, guidance: float) -> np.ndarray:
    """Coefficients of a sample guided to 3 seconds, before its frequencies are moved to whole periods of them."""
    from unittest.mock import patch

    from backend.spectral_volume import SpectralVolume

    with patch.object(SpectralVolume, "looped", lambda volume, duration: volume):
        return sample(model, image, seed=1, steps=6, longer=48, duration=3.0, loop_guidance=guidance).coefficients


@pytest.mark.parametrize("guidance", [0.0, 0.3])
def test_samples_close_with_and_without_guidance(tiny, guidance):
    """What is drawn for a loop's length is back where it was, to float32 of displacements of a pixel."""
    image, _ = _reed(0)
    volume = sample(tiny, image, seed=2, steps=3, longer=48, duration=4.0, loop_guidance=guidance)
    # 1e-4 px is what a loop may be off; float32 phases of whole turns are good to 1e-6 of the amplitude.
    largest = np.abs(volume.coefficients).sum(0).max()
    assert np.abs(volume.displacement(0) - volume.displacement(4.0)).max() < 1e-5 * max(largest, 1)


def test_the_same_seed_draws_the_same_motion(tiny):
    """And another one another."""
    image, _ = _reed(0)
    first, again, other = (sample(tiny, image, seed=s, steps=2, longer=48).coefficients for s in (5, 5, 6))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_the_schedule_starts_from_noise():
    """At the last of the thousand steps nine tenths of the latents, and more, are noise."""
    plan = scheduler()
    assert (1 - plan.alphas_cumprod[-1]).sqrt() > 0.9
