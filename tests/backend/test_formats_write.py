"""Writers: what is written reads back, and each refuses what its format cannot hold."""

from __future__ import annotations

import gzip
from dataclasses import replace

import numpy as np
import pytest

from backend import formats
from backend.formats import smallest_three
from backend.gaussians import SH_C0, Gaussians
from backend.spherical_harmonics import rotate_sh
from tests import splat_samples as samples


def round_trip(folder, name: str, gaussians: Gaussians, up: str | None = None) -> formats.SplatFile:
    formats.write(folder / name, gaussians, up)
    assert [path.name for path in folder.iterdir()] == [name], "something else was left beside the file"
    return formats.read(folder / name)


def quaternion_error(a: Gaussians, b: Gaussians) -> float:
    """Largest difference in a component, whichever of q and -q was chosen."""
    sign = np.sign((a.rotations * b.rotations).sum(1, keepdims=True))
    return float(np.abs(a.rotations * sign - b.rotations).max())


def test_ply(tmp_path):
    """.ply keeps all, and so it does under a path given as text with capitals."""
    original = samples.cloud(100, 3)
    formats.write(str(tmp_path / "Cloud.PLY"), original, "+X")
    file = formats.read(tmp_path / "Cloud.PLY")
    assert file.up == "+X" and np.array_equal(file.gaussians.sh, original.sh)


def test_splat(tmp_path):
    """.splat keeps positions and scales exactly, colours and rotations to half a step, and no harmonics."""
    original = samples.cloud(100, 2)
    read = round_trip(tmp_path, "cloud.splat", original, "-Y").gaussians
    assert np.array_equal(read.positions, original.positions) and np.array_equal(read.scales, original.scales)
    assert np.abs(read.colours - original.colours).max() <= 0.5 / 255 + 1e-6
    assert np.abs(read.opacity - original.opacity).max() <= 0.5 / 255 + 1e-6
    # Half a step of 1/128, but a whole one at +1, which the format cannot hold; normalising at most doubles it.
    assert quaternion_error(read, original) <= 2 / 128
    assert read.sh_degree == 0


@pytest.mark.parametrize("degree", range(5))
def test_spz(tmp_path, degree):
    """.spz keeps every property to half a step; positions use the bits that the cloud's size leaves free."""
    original = samples.cloud(100, degree)
    file = round_trip(tmp_path, "cloud.spz", original)
    read = file.gaussians
    assert (file.up, file.format, read.sh_degree) == ("+Y", ".spz version 3", degree)
    assert np.abs(read.positions - original.positions).max() <= 2.0**-17 + 1e-7  # half of 2^-16
    assert np.abs(read.colours - original.colours).max() <= 0.5 / 255 / 0.15 * SH_C0 + 1e-6
    assert np.abs(read.opacity - original.opacity).max() <= 0.5 / 255 + 1e-6
    assert np.abs(np.log(read.scales / original.scales)).max() <= 1 / 32 + 1e-6
    assert quaternion_error(read, original) <= 3 * 0.5 / 511 / np.sqrt(2) + 1e-6  # the largest component follows
    assert np.abs(read.sh - original.sh)[:, 1:].max(initial=0) <= 0.5 / 128 + 1e-6


def test_spz_bytes_are_those_of_the_reference_encoder(tmp_path, data_file):
    """The plant's opacity, colours, scales and rotations are written byte for byte as Niantic's library wrote them."""
    plant = data_file("splats/padilla_plant/converted")
    ply = formats.read(plant / "plant.ply").gaussians
    mirror = np.float32([1, -1, -1])  # as the library does it, the splats' own axes too
    formats.write(
        tmp_path / "plant.spz",
        replace(ply, positions=ply.positions * mirror, rotations=ply.rotations * np.float32([1, 1, -1, -1])),
    )
    ours, theirs = (gzip.decompress(path.read_bytes()) for path in (tmp_path / "plant.spz", plant / "plant_v3.spz"))
    positions_end = 16 + 9 * len(ply)  # the library gives positions 12 fractional bits, always
    assert ours[positions_end:] == theirs[positions_end:]


def test_spz_brings_what_is_too_large_into_range(tmp_path):
    """Scales, harmonics and colours beyond the range become its ends; a large scene gets coarser positions."""
    original = samples.cloud(3, 1)
    original = replace(
        original,
        positions=original.positions * np.float32(1000),
        scales=np.float32([[0, 1e9, 1]] * 3),
        sh=np.float32([[[99, -99, 0]] * 4] * 3),
    )
    read = round_trip(tmp_path, "cloud.spz", original).gaussians
    assert np.abs(read.positions - original.positions).max() <= 2.0**-11
    np.testing.assert_allclose(np.log(read.scales[0]), [-10, 255 / 16 - 10, 0], atol=1e-6)
    np.testing.assert_allclose(
        read.sh[0], [[0.5 / 0.15, -0.5 / 0.15, 0.5 / 255 / 0.15]] + [[127 / 128, -1, 0]] * 3, atol=0.02
    )
    far = replace(original, positions=original.positions * np.float32(1e5))
    with pytest.raises(ValueError, match="holds positions up to 8,388,607 units from the origin, one is at"):
        formats.write(tmp_path / "far.spz", far)
    assert not (tmp_path / "far.spz").exists()


@pytest.mark.parametrize("up", formats.AXES)
def test_spz_turns_the_cloud_upright(tmp_path, up):
    """Whichever axis is up, it becomes +Y, by a rotation that takes positions, splats and harmonics along."""
    original = samples.cloud(50, 2)
    read = round_trip(tmp_path, "cloud.spz", original, up).gaussians
    axis = np.zeros(3)
    axis["XYZ".index(up[1])] = 1 if up[0] == "+" else -1
    np.testing.assert_allclose(read.positions[:, 1], original.positions @ axis, atol=1e-5)
    turn = np.rint(np.linalg.lstsq(original.positions, read.positions, rcond=None)[0].T)
    assert np.linalg.det(turn) == 1
    expected = turn @ original.covariances() @ turn.T
    size = np.linalg.norm(expected, axis=(1, 2))
    # Scales are off by a factor of up to e^(1/32), so squares by 6.5 %, and rotations by 0.3 degrees.
    assert (np.linalg.norm(read.covariances() - expected, axis=(1, 2)) <= 0.09 * size).all()
    harmonics = np.clip(rotate_sh(original.sh, turn), -1, 127 / 128)
    assert np.abs(read.sh - harmonics)[:, 1:].max() <= 0.5 / 128 + 1e-6


@pytest.mark.parametrize("degree", range(4))
def test_compressed_ply(tmp_path, degree):
    """compressed.ply keeps every splat to half a step between its chunk's limits, sorted in space, with the up axis."""
    original = samples.cloud(600, degree)  # two chunks and a part of one
    file = round_trip(tmp_path, "cloud.compressed.ply", original, "+Z")
    read = file.gaussians
    assert (file.up, file.format, read.sh_degree) == ("+Z", "compressed .ply", degree)
    distance = np.linalg.norm(read.positions[:, None] - original.positions, axis=2)
    index = distance.argmin(1)
    assert len(np.unique(index)) == len(original)
    sorted_splats = original.select(index)
    for field, steps in (("positions", 1023), ("scales", 1023), ("colours", 255)):
        values, expected = getattr(read, field), getattr(sorted_splats, field)
        if field == "scales":
            values, expected = np.log(values), np.log(expected)
        for chunk in (slice(0, 256), slice(256, 512), slice(512, 600)):
            half_step = np.ptp(expected[chunk], axis=0) / steps / 2
            assert (np.abs(values[chunk] - expected[chunk]) <= half_step + 2e-6).all(), field
    assert np.abs(read.opacity - sorted_splats.opacity).max() <= 0.5 / 255 + 1e-6
    assert quaternion_error(read, sorted_splats) <= 3 * np.sqrt(2) / 1023 / 2 + 1e-6
    assert np.abs(read.sh - sorted_splats.sh)[:, 1:].max(initial=0) <= 8 / 512 + 1e-6


def test_compressed_ply_of_a_single_flat_splat(tmp_path):
    """Limits that coincide divide by no zero, and a scale of 0 is written as one next to it."""
    one = samples.cloud(1)
    one = replace(one, scales=np.float32([[0, 1, 1]]), opacity=np.float32([1]))
    read = round_trip(tmp_path, "one.compressed.ply", one).gaussians
    np.testing.assert_allclose(read.positions, one.positions, rtol=1e-6)
    np.testing.assert_allclose(read.scales, one.scales, atol=3e-9)  # e^-20
    assert read.opacity.tolist() == [1]


def test_smallest_three_come_back():
    """Splitting and restoring gives the rotation back, up to the sign of the whole quaternion."""
    q = samples.cloud(200).rotations
    q[:4] = np.eye(4)
    q[4] = [-0.5, 0.5, -0.5, 0.5]
    restored = smallest_three.restore(*smallest_three.split(q))
    np.testing.assert_allclose(np.abs((restored * q).sum(1)), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "cloud", "up", "expected"),
    [
        ("cloud.obj", samples.cloud(1), None, r"cloud.obj: Sway writes .ply, .compressed.ply, .splat, .spz; choose"),
        ("cloud.ply", samples.cloud(1), "up", "'up' is not one of"),
        ("cloud.ply", samples.cloud(1).select(np.zeros(1, bool)), None, "would hold no splats; choose"),
        ("cloud.compressed.ply", samples.cloud(1, 4), None, "no room for spherical harmonics of degree 4; write"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, name, cloud, up, expected):
    """An unknown suffix or axis, an empty cloud, a degree too high: one sentence, and no file."""
    with pytest.raises(ValueError, match=expected):
        formats.write(tmp_path / name, cloud, up)
    assert not list(tmp_path.iterdir())
