"""What training has on every kind of device: where it computes, what feeds it, what changes the weights."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("cv2")

from backend.spectral.predictor.network import Attention, PredictorNetwork  # noqa: E402
from backend.spectral.predictor.weights import save_weights  # noqa: E402
from backend.spectral.training.devices import chosen, precision  # noqa: E402
from backend.spectral.training.feed import Feed  # noqa: E402
from backend.spectral.training.growth import begin  # noqa: E402
from backend.spectral.training.likelihood import terms  # noqa: E402
from backend.spectral.training.optimisers import Optimiser  # noqa: E402
from backend.spectral.training.pool import write  # noqa: E402

SMALL = dict(widths=(4, 8, 12, 16), modes=3, down=(1, 1, 1, 2), up=(1, 1, 1))


def small(**changes) -> PredictorNetwork:
    torch.manual_seed(1)
    return PredictorNetwork(**{**SMALL, **changes}).to(memory_format=torch.channels_last)


def saved(network: PredictorNetwork, path: Path) -> Path:
    card = {"widths": network.widths, "modes": network.modes, "blocks": network.blocks, "attends": network.attends}
    save_weights(path, network, card)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One file of eight small samples."""
    path = tmp_path_factory.mktemp("pool")
    write(path, 0, 1, zoom=0.75, per_file=8)
    return path


def test_devices_are_chosen_or_refused():
    """A processor is always there; what PyTorch cannot compute on is refused in one sentence."""
    assert chosen("cpu").type == "cpu" and chosen("auto").type in ("cpu", "cuda", "mps")
    for name in {"cuda", "mps", "meta"} - {chosen("auto").type}:
        with pytest.raises(ValueError, match="choose cpu"):
            chosen(name)


def test_every_term_has_a_gradient_on_a_device(folder):
    """A batch fed by threads, moved to the best device there is, gives finite terms that reach every weight."""
    device = chosen("auto")
    feed = Feed(folder, 4, [0], loaders=2, pinned=device.type == "cuda")
    network = small().to(device)
    with precision(device):
        found = network((data := feed.next(1.0).to(device)).inputs)
    parts = terms(found, data)
    assert all(torch.isfinite(part) for part in vars(parts).values())
    parts.total.backward()
    feed.close()
    assert all(weight.grad is not None and torch.isfinite(weight.grad).all() for weight in network.parameters())


def test_threads_prepare_the_same_batches(folder):
    """Batches are those of their number, whoever prepares them."""
    feeds = [Feed(folder, 3, [5], loaders=count) for count in (0, 2)]
    for _ in range(4):
        first, second = (feed.next(1.0) for feed in feeds)
        torch.testing.assert_close(first.inputs, second.inputs)
        torch.testing.assert_close(first.spectrum, second.spectrum)
    for feed in feeds:
        feed.close()


def test_orthogonal_steps_reach_the_layers():
    """Muon changes the convolutions' own memory, by orthogonal matrices of the size of AdamW's steps."""
    network = small()
    optimiser = Optimiser(network, True)
    layer = network.down[3][0].first
    before = layer.weight.detach().clone()
    for weight in network.parameters():
        weight.grad = torch.randn_like(weight)
    # Some outputs' gradients are a hundred times those of others.
    layer.weight.grad *= torch.logspace(0, -2, len(before))[:, None, None, None]
    optimiser.step(1e-3)
    change = (layer.weight.detach() - before * (1 - 1e-3 * 0.02)).permute(0, 2, 3, 1).flatten(1)
    values = torch.linalg.svdvals(change)
    # Five steps of Newton and Schulz leave singular values of 0.68 to 1.13 (Jordan et al. 2024), rounded.
    assert values.max() < 2 * values.min()
    # Root mean square of the change: 0.2 of the rate, as AdamW's, for singular values of 1.
    assert float(change.square().mean().sqrt()) == pytest.approx(2e-4, rel=0.3)


def test_optimiser_resumes():
    """What was saved goes on as if it had never stopped."""

    def after(split: bool) -> torch.Tensor:
        network = small()
        optimiser = Optimiser(network, True)
        for step in range(4):
            if split and step == 2:
                states = optimiser.state_dict()
                optimiser = Optimiser(network, True)
                optimiser.load_state_dict(states)
            torch.manual_seed(step)
            for weight in network.parameters():
                weight.grad = torch.randn_like(weight)
            optimiser.step(1e-2)
        return torch.cat([weight.detach().flatten() for weight in network.parameters()])

    torch.testing.assert_close(after(False), after(True))


def test_a_larger_network_begins_as_the_smaller_one(tmp_path: Path):
    """With more blocks and attention it says exactly the same; with more modes, the modes it had are the same."""
    before = small(attends=())
    for weight in before.parameters():
        torch.nn.init.normal_(weight, 0, 0.1)
    path = saved(before, tmp_path / "before.safetensors")
    picture = torch.rand(1, 8, 32, 48)
    wanted = [value.half() for value in before(picture)]
    deeper = small(down=(1, 2, 2, 3), up=(1, 2, 2))
    begin(deeper, path)
    for found, value in zip(deeper(picture), wanted, strict=True):
        # Weights are kept in half precision, 5e-4 of each, of which some hundred add up.
        torch.testing.assert_close(found.half(), value, rtol=2e-2, atol=2e-2)
    wider = small(modes=5)
    begin(wider, path)
    shapes, deviations, noise, logit = wider(picture)
    torch.testing.assert_close(shapes[..., :3, :].half(), wanted[0], rtol=2e-2, atol=2e-2)
    torch.testing.assert_close(deviations[..., :3].half(), wanted[1], rtol=2e-2, atol=2e-2)
    torch.testing.assert_close(logit.half(), wanted[3], rtol=2e-2, atol=2e-2)
    with pytest.raises(ValueError, match="cannot begin with it"):
        begin(small(modes=2), path)


def test_attention_is_the_same_in_training_and_after():
    """Written out for training, attention gives what PyTorch's own gives afterwards, and hears the far corner."""
    torch.manual_seed(0)
    layer = Attention(8)
    torch.nn.init.normal_(layer.answer.weight)
    picture = torch.rand(2, 8, 5, 7)
    # Single precision of sums over 35 places.
    torch.testing.assert_close(layer.train()(picture), layer.eval()(picture), rtol=1e-4, atol=1e-5)
    other = picture.clone()
    other[:, 0, 0, 0] += 1
    changed = (layer(other) - layer(picture))[:, :, -1, -1]
    assert changed.abs().max() > 1e-3


def test_a_feed_without_samples_is_refused(tmp_path: Path):
    """An empty folder is refused in one sentence that says how to fill it."""
    with pytest.raises(FileNotFoundError, match="--write"):
        Feed(tmp_path, 4, [0])
