"""`SpectralVolume`: the displacement formula, its file, its refusals."""

from __future__ import annotations

import numpy as np
import pytest

from backend.spectral_volume import SpectralVolume


def _volume(**changes) -> SpectralVolume:
    random = np.random.default_rng(0)
    coefficients = random.normal(size=(3, 4, 5, 2)) + 1j * random.normal(size=(3, 4, 5, 2))
    parts = {
        "coefficients": coefficients.astype(np.complex64),
        "frequencies": np.array([0.5, 1.0, 1.5]),
        "duration": 2.0,
        "mask": random.random((4, 5)).astype(np.float32),
        "source": "a test",
    }
    return SpectralVolume(**(parts | changes))


def test_displacement_is_the_fourier_sum():
    """D(p, t) = Re sum_k S_k exp(i 2 pi f_k t), here spelt out with a cosine and a phase per coefficient."""
    volume = _volume()
    time = 0.37
    phase = 2 * np.pi * volume.frequencies[:, None, None, None] * time + np.angle(volume.coefficients)
    expected = (np.abs(volume.coefficients) * np.cos(phase)).sum(0)
    # Three float32 terms of size up to 4.
    np.testing.assert_allclose(volume.displacement(time), expected, atol=4e-6)


def test_whole_multiples_of_the_lowest_frequency_loop():
    """A volume on the bins k / duration is back where it was after its duration."""
    volume = _volume()
    np.testing.assert_allclose(volume.displacement(0.3), volume.displacement(2.3), atol=4e-6)


def test_file_gives_back_the_volume(tmp_path):
    """Saving and loading changes no bit, and the file's metadata tell the reference size."""
    from safetensors import safe_open

    volume = _volume()
    path = volume.save(tmp_path / "sway.safetensors")
    loaded = SpectralVolume.load(path)
    for name in ("coefficients", "frequencies", "mask"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(volume, name))
    assert (loaded.duration, loaded.source) == (2.0, "a test")
    with safe_open(path, "numpy") as file:
        assert file.metadata()["reference_size"] == "5x4"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"coefficients": np.zeros((3, 4, 5), np.complex64)}, "shape"),
        ({"coefficients": np.zeros((3, 4, 5, 2), np.float32)}, "not complex"),
        ({"coefficients": np.full((3, 4, 5, 2), np.nan, np.complex64)}, "not finite"),
        ({"frequencies": np.array([1.0, 2.0])}, "2 frequencies"),
        ({"frequencies": np.array([1.0, 3.0, 2.0])}, "must rise"),
        ({"mask": np.zeros((5, 4), np.float32)}, "mask"),
        ({"duration": 0.0}, "duration"),
    ],
)
def test_inconsistent_parts_are_refused(changes, words):
    """Each inconsistency is named."""
    with pytest.raises(ValueError, match=words):
        _volume(**changes)


def test_other_files_are_refused_by_name(tmp_path):
    """A missing file, a text file and a stranger's safetensors file are told apart."""
    from safetensors.numpy import save_file

    with pytest.raises(FileNotFoundError, match="no spectral volume at"):
        SpectralVolume.load(tmp_path / "missing.safetensors")
    (tmp_path / "notes.txt").write_text("not tensors at all")
    with pytest.raises(ValueError, match="notes.txt is not a safetensors file"):
        SpectralVolume.load(tmp_path / "notes.txt")
    save_file({"weights": np.zeros(3, np.float32)}, tmp_path / "weights.safetensors")
    with pytest.raises(ValueError, match="weights.safetensors holds no spectral volume"):
        SpectralVolume.load(tmp_path / "weights.safetensors")
    save_file({"weights": np.zeros(3)}, tmp_path / "doubles.safetensors")
    with pytest.raises(ValueError, match="doubles.safetensors is not .* of type F64"):
        SpectralVolume.load(tmp_path / "doubles.safetensors")
    whole = (tmp_path / "weights.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[:-4])
    with pytest.raises(ValueError, match="cut.safetensors is not .* cut off"):
        SpectralVolume.load(tmp_path / "cut.safetensors")
