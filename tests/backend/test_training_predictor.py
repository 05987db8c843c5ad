"""Samples on disk, batches, and the training loop at toy size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("cv2")

from backend.spectral.predictor.prior import AMPLITUDES, WIDTH  # noqa: E402
from backend.spectral.predictor.weights import load_weights  # noqa: E402
from backend.spectral.training.batches import batch  # noqa: E402
from backend.spectral.training.generator import generate  # noqa: E402
from backend.spectral.training.pool import Pool, write  # noqa: E402
from backend.spectral.training.train import Options, train  # noqa: E402


@pytest.fixture
def threads():
    """PyTorch's number of threads as it was."""
    count = torch.get_num_threads()
    yield
    torch.set_num_threads(count)


def test_batches_hold_the_exact_spectrum(tmp_path: Path):
    """What training sees, through a file and tables, is the generator's spectrum over the prior's amplitudes."""
    samples = [generate(seed) for seed in (1, 2)]
    Pool.of(samples).save(tmp_path / "00000.npz")
    found = batch(Pool.load(tmp_path / "00000.npz"), np.arange(2))
    for i, sample in enumerate(samples):
        expected = sample.spectrum(2).transpose(1, 2, 3, 0) / (AMPLITUDES * 96 / WIDTH)
        # Half precision of shift and gradient, the latter times up to 100 pixels.
        np.testing.assert_allclose(found.spectrum[i].numpy(), expected, atol=2e-2)
        np.testing.assert_array_equal(found.moving[i].numpy(), sample.coarse_owners > 0)


def test_smaller_pictures_move_alike():
    """A batch at three quarters of the size has the same motion, over the prior's, as at full size."""
    pool = Pool.of([generate(seed, 64, 96, ("blossom",)) for seed in (1, 2)])
    full, small = batch(pool, np.arange(2)), batch(pool, np.arange(2), zoom=0.75)
    assert small.inputs.shape == (2, 8, 48, 72)
    strength = [float(b.spectrum[b.moving].abs().square().mean()) for b in (full, small)]
    # Edges fall on other pixels: the mean over some hundred pixels changes by percents.
    assert strength[1] == pytest.approx(strength[0], rel=0.15)


def test_marked_plants_alone_move():
    """Where a mask is given as guidance, still pixels are marked as such and carry no motion."""
    pool = Pool.of([generate(seed, 64, 96, ("flower",)) for seed in range(8)])
    rng = np.random.default_rng(0)
    given = 0
    for _ in range(10):
        found = batch(pool, np.arange(8), rng)
        for marks, moving in zip(found.inputs[:, 3], found.moving, strict=True):
            if (marks != 0).any():
                given += 1
                marked = torch.nn.functional.max_pool2d((marks > 0).float()[None, None], 5, 1, 2)[0, 0]
                assert not (moving & (marked[::2, ::2] == 0)).any()
    assert given > 0


def test_training_resumes(tmp_path: Path, threads):
    """A second run goes on from the first one's checkpoint and leaves weights with their card."""
    write(tmp_path / "pool", 0, 1, per_file=8)
    options = dict(out=tmp_path, pool=tmp_path / "pool", batch=2, evaluated=4)
    train(Options(minutes=0.01, **options))
    train(Options(minutes=0.02, **options))
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert rows[-1]["step"] > rows[0]["step"] > 0
    assert {"held_out.explained", "seen.overlap", "still.still_pixels"} <= rows[-1].keys()
    tensors, card = load_weights(tmp_path / "predictor.safetensors")
    assert card["pictures"] == 2 * rows[-1]["step"] and all(torch.isfinite(t).all() for t in tensors.values())


def test_outlines_are_what_the_samples_show(tmp_path: Path):
    """The shapes for another renderer, painted in their order, give the owners that the truth of their sample has."""
    from backend.spectral.training.canvas import Canvas
    from backend.spectral.training.outlines import CELLS, samples_of, write_outlines

    write_outlines(tmp_path, 2)
    data = np.load(tmp_path / "outlines.npz")
    polygons = np.split(data["points"], np.cumsum(data["lengths"])[:-1])
    first = 0
    for count, (sample, _shapes) in zip(data["scenes"], samples_of(2), strict=True):
        canvas = Canvas(*CELLS)
        for i in range(first, first + count):
            canvas.polygon(polygons[i], data["colours"][i], int(data["owners"][i]))
        first += count
        # Points are in single precision: a rounding may move a pixel at an edge.
        assert (canvas.owner_map(1) != sample.owners).mean() < 1e-3 < (sample.owners > 0).mean()
