"""One capture in every format reads as the same splats, within the steps that each format rounds to."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from backend import formats
from backend.gaussians import SH_C0, Gaussians
from tests import splat_samples as samples
from tests.splat_agreement import angles, from_y_up, matched

PLANT = "splats/padilla_plant"
STATUES = "splats/playcanvas_statues"
PLAYBOT = "splats/playcanvas_playbot_sog"
THREE = "splats/metalsplatter_3points/test-splat.3-points-from-train"
MINIMAL = "splats/splat_transform_minimal"
SPZ_COLOUR = 0.5 / 255 / 0.15 * SH_C0 + 1e-6
"""Half a step of a colour in .spz."""
LOG_SCALE_8_BIT = 1 / 32 + 1e-6
"""Half a step of a scale's logarithm in .spz."""


def angle_of_step(half_step: float) -> float:
    """Largest angle [degrees] when three components of a quaternion are off by so much.

    The largest component m >= 1/2 follows from the others: it is off by at most sqrt(3) sqrt(1 - m^2) / m <= 3 times as
    much; together sqrt(3 + 9) times, and a rotation's angle is twice the quaternion's. A tenth more for rounding.
    """
    return np.degrees(2 * np.sqrt(12) * half_step) * 1.1


@pytest.fixture(scope="module")
def ply(data_file) -> Gaussians:
    return formats.read(data_file(f"{PLANT}/converted/plant.ply")).gaussians


@pytest.fixture(scope="module")
def compressed(data_file) -> Gaussians:
    return formats.read(data_file(f"{PLANT}/converted/plant.compressed.ply")).gaussians


@pytest.fixture(scope="module")
def sorted_ply(ply, compressed) -> Gaussians:
    """The .ply's splats in the order of the converter's compressed files."""
    return matched(compressed, ply)


def test_plant_in_compressed_ply(compressed, sorted_ply):
    """Every splat lies within half a step of its chunk's limits in position, scale and colour, 10 bits in rotation."""
    assert len(compressed) == 113_648
    chunks = np.arange(0, len(compressed), 256)
    of_splat = np.arange(len(compressed)) // 256
    for field, steps in (("positions", [2047, 1023, 2047]), ("scales", [2047, 1023, 2047]), ("colours", [255] * 3)):
        values, original = getattr(compressed, field), getattr(sorted_ply, field)
        if field == "scales":
            values, original = np.log(values), np.log(original)
        width = np.maximum.reduceat(original, chunks) - np.minimum.reduceat(original, chunks)
        limit = width[of_splat] / steps / 2 + 2e-6  # float32 of chunk limits and of the .ply's logarithms
        assert (np.abs(values - original) <= limit).all(), field
    assert np.abs(compressed.opacity - sorted_ply.opacity).max() < 2e-6  # 8 bits in the original too
    assert angles(compressed, sorted_ply).max() < angle_of_step(np.sqrt(2) / 1023 / 2)


def test_plant_in_spz(data_file, ply):
    """Version 3: half of 1/4096 in position, half a step of 8 bits in the rest, 9 bits and sign in rotation, +Y up."""
    file = formats.read(data_file(f"{PLANT}/converted/plant_v3.spz"))
    spz = from_y_up(file.gaussians)
    assert (file.up, file.format, len(spz)) == ("+Y", ".spz version 3", 113_648)
    assert np.abs(spz.positions - ply.positions).max() <= 0.5 / 4096 + 1e-7
    assert np.abs(spz.colours - ply.colours).max() <= SPZ_COLOUR
    assert np.abs(spz.opacity - ply.opacity).max() < 2e-6
    assert np.abs(np.log(spz.scales / ply.scales)).max() <= LOG_SCALE_8_BIT
    assert angles(spz, ply).max() < angle_of_step(0.5 / 511 / np.sqrt(2))


def test_plant_in_sog(data_file, sorted_ply):
    """A .sog agrees to a step of 16 bits in position, to half its codebooks' gaps, to a step of 8 bits in rotation."""
    path = data_file(f"{PLANT}/converted/plant.sog")
    sog = formats.read(path).gaussians
    meta = json.loads(zipfile.ZipFile(path).read("meta.json"))
    reach = np.abs(sorted_ply.positions)
    # The step is of ln(1 + x): a step of x is 1 + x times as wide. The converter rounds down, so whole steps are off.
    step = (np.array(meta["means"]["maxs"]) - meta["means"]["mins"]) / 65535 * (1 + reach)
    assert (np.abs(sog.positions - sorted_ply.positions) <= step * 1.01).all()
    gap = np.diff(meta["scales"]["codebook"]).max()
    assert np.abs(np.log(sog.scales / sorted_ply.scales)).max() <= gap / 2 + 1e-5
    visible = sog.opacity > 0  # the images keep no colour where alpha is 0
    assert visible.mean() > 0.99
    assert (
        np.abs(sog.colours - sorted_ply.colours)[visible].max() < 1e-4
    )  # 256 colours in the original: all in the book
    assert np.abs(sog.opacity - sorted_ply.opacity).max() <= 1.01 / 255
    assert angles(sog, sorted_ply).max() < angle_of_step(np.sqrt(2) / 255)


@pytest.mark.parametrize("level", [0, 1])
def test_plant_in_ksplat(data_file, level):
    """Level 0 is the .splat but for the 199 splats of opacity 0; level 1 is within half a step and float16."""
    splat = formats.read(data_file(f"{PLANT}/plant.splat")).gaussians
    ksplat = formats.read(data_file(f"{PLANT}/converted/plant_c{level}.ksplat")).gaussians
    visible = splat.select(splat.opacity > 0)
    assert len(ksplat) == len(visible) == 113_449
    original = matched(ksplat, visible)
    half_step = level * 5 / 2 / 32767 / 2  # buckets of 5 units
    assert np.abs(ksplat.positions - original.positions).max() <= half_step * 1.01
    assert np.array_equal(ksplat.colours, original.colours) and np.array_equal(ksplat.opacity, original.opacity)
    float16 = level * 2.0**-10  # the converter rounds towards 0
    np.testing.assert_allclose(ksplat.scales, original.scales, rtol=float16 + 1e-6)
    assert angles(ksplat, original).max() < np.degrees(2 * (float16 + 2.0**-20))  # float32


def test_three_trained_splats_in_spz(data_file):
    """Real splats of degree 3 are those of the .ply turned to +Y up, harmonics and all, within a .spz's steps."""
    half_turn = np.diag([1.0, -1, -1, 1])
    ply = formats.read(data_file(f"{THREE}.ply")).gaussians.transformed(half_turn, rotate_sh=True)
    spz = formats.read(data_file(f"{THREE}.spz")).gaussians
    assert np.abs(spz.positions - ply.positions).max() <= 0.5 / 4096
    assert np.abs(spz.colours - ply.colours).max() <= SPZ_COLOUR
    assert np.abs(spz.opacity - ply.opacity).max() <= 0.5 / 255
    assert np.abs(np.log(spz.scales / ply.scales)).max() <= LOG_SCALE_8_BIT
    # The converter mirrors axes of the splat too, which leaves its shape: compare shapes. Scales are off by a 32nd.
    shape, expected = spz.covariances(), ply.covariances()
    assert (np.linalg.norm(shape - expected, axis=(1, 2)) < 0.08 * np.linalg.norm(expected, axis=(1, 2))).all()
    # It rounds harmonics to steps of 8/128 in degree 1 and of 16/128 above, after rounding to 1/128.
    difference = np.abs(spz.sh - ply.sh)
    assert difference[:, 1:4].max() <= 4.5 / 128 and difference[:, 4:].max() <= 8.5 / 128


def test_four_splats_exactly(data_file):
    """Four splats have the same exact values in .splat, .ksplat and .spz of versions 2 (bare and packed) and 3."""
    names = ("minimal.splat", "minimal.ksplat", "minimal-raw.spz", "minimal-v2.spz", "minimal-v3.spz")
    clouds = {name: formats.read(data_file(f"{MINIMAL}/{name}")).gaussians for name in names}
    corners = [[-1, 0, -1], [0, 0, -1], [-1, 0, 0], [0, 0, 0]]
    for name, splats in clouds.items():
        expected = np.array(corners) * [1, 1, -1] if name == "minimal-v3.spz" else corners  # made from a .ply
        assert np.array_equal(splats.positions, expected), name
        np.testing.assert_allclose(splats.opacity, 230 / 255, rtol=1e-7)
        np.testing.assert_allclose(splats.scales, 0.1 if "spz" not in name else np.exp(123 / 16 - 10), rtol=1e-6)
    for name in names[:2]:
        codes = [[85, 85, 128], [170, 85, 128], [85, 170, 128], [170, 170, 128]]
        np.testing.assert_allclose(clouds[name].colours * 255, codes, atol=1e-4)
        np.testing.assert_allclose(clouds[name].rotations, [[0, 0, 0, 1]] * 4, atol=1e-6)
    for name in names[2:4]:
        codes = np.array([[85, 85, 128], [170, 85, 128], [85, 170, 128], [170, 170, 128]])
        np.testing.assert_allclose(clouds[name].sh[:, 0], (codes / 255 - 0.5) / 0.15, atol=1e-6)
        x = 128 / 127.5 - 1
        np.testing.assert_allclose(clouds[name].rotations, [[np.sqrt(1 - 3 * x * x), x, x, x]] * 4, atol=1e-6)
    assert np.array_equal(clouds["minimal-v3.spz"].rotations, [[1, 0, 0, 0]] * 4)


@pytest.mark.parametrize(("name", "count"), [("angel.sog", 71_359), ("narcissus.sog", 101_275)])
def test_statues(data_file, name, count):
    """Museum captures stand within the limits of their meta.json, and reach them, on both sides of every axis."""
    path = data_file(f"{STATUES}/{name}")
    statue = formats.read(path).gaussians
    assert (len(statue), statue.sh_degree) == (count, 0)
    means = json.loads(zipfile.ZipFile(path).read("meta.json"))["means"]
    for limit, reached in ((means["mins"], statue.positions.min(0)), (means["maxs"], statue.positions.max(0))):
        reached = np.sign(reached) * np.log1p(np.abs(reached))
        assert np.abs(reached - limit).max() < 1.1 * (np.array(means["maxs"]) - means["mins"]).max() / 65535  # a step
    assert 0.3 < statue.opacity.mean() < 0.7 and 0.001 < np.median(statue.scales) < 0.01


def test_a_large_sog_folder_with_harmonics(data_file):
    """500,000 splats of degree 2 from a folder: each harmonic goes with the same one of a coarser .ply of the scene."""
    from scipy.spatial import cKDTree

    folder = data_file(f"{PLAYBOT}/0_0")
    sog = formats.read(folder).gaussians
    coarse = formats.read(data_file(f"{PLAYBOT}/playbot_lod2_sh2_converted.ply")).gaussians
    assert (len(sog), sog.sh_degree) == (500_000, 2)
    bound = json.loads(data_file(f"{PLAYBOT}/lod-meta.json").read_text())["tree"][
        "bound"
    ]  # of the splats with their sizes
    for limit, reached in ((bound["min"], sog.positions.min(0)), (bound["max"], sog.positions.max(0))):
        assert np.abs(reached - limit).max() < 0.01
    some = sog.select(np.s_[::100])
    near = coarse.select(cKDTree(coarse.positions).query(some.positions)[1])
    grey, grey_near = some.sh[:, 1:].mean(2), near.sh[:, 1:].mean(2)
    correlation = np.corrcoef(grey.T, grey_near.T)[:8, 8:]
    # The levels of detail share no splat, so correlations are low; but chance would be within 4 / sqrt(5000) = 0.06.
    assert (correlation.argmax(1) == np.arange(8)).all() and np.diag(correlation).min() > 0.1
    assert formats.read(folder / "meta.json").gaussians.positions[-1].tolist() == sog.positions[-1].tolist()


@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("name", ["0.ksplat", "1.ksplat", "2.ksplat", "1.spz", "2.spz", "1.sog", "2.sog"])
def test_other_versions_of_the_formats(tmp_path, name, degree):
    """Levels, versions and degrees that no capture at hand has: splats encoded by the layout come back in its steps."""
    number, suffix = int(name[0]), name[1:]
    original = samples.cloud(150, degree)
    encode = {".ksplat": samples.ksplat, ".spz": samples.spz, ".sog": samples.sog}[suffix]
    content = encode(original, number)
    (tmp_path / name).write_bytes(samples.zip_bytes(content) if suffix == ".sog" else content)
    file = formats.read(tmp_path / name)
    splats = file.gaussians
    assert file.format.startswith(suffix) and file.format.endswith(str(number))
    float16 = 2.0**-11
    position, colour, scale, rotation, harmonic = {
        ".ksplat": (
            10 / 32767 / 2 * 1.01 if number else 0,
            0.5 / 255,
            float16 * bool(number),
            0.2,
            [0, float16, 2 / 255][number],
        ),
        ".spz": (4 * float16 if number == 1 else 0.5 / 4096, SPZ_COLOUR, LOG_SCALE_8_BIT, 15, 0.5 / 128),
        ".sog": (2e-4, 0.6 / 255, 0.02, angle_of_step(np.sqrt(2) / 255 / 2), 0.005),
    }[suffix]
    rounding = 1e-6
    assert np.abs(splats.positions - original.positions).max() <= position + rounding
    assert np.abs(splats.colours - original.colours).max() <= colour + rounding
    assert np.abs(splats.opacity - original.opacity).max() <= 1.5 / 255
    assert np.abs(np.log(splats.scales / original.scales)).max() <= scale + rounding
    assert angles(splats, original).max() <= rotation
    assert splats.sh.shape == original.sh.shape
    assert np.abs(splats.sh - original.sh)[:, 1:].max() <= harmonic + rounding


@pytest.mark.parametrize(("axes", "up"), [(0, "+Y"), (4, "+Y"), (6, "-Y")])
def test_spz_extension_names_the_axes(tmp_path, axes, up):
    """A .spz's extension for axes says which one points up; an unknown one before it is passed over."""
    content = bytearray(samples.spz(samples.cloud(2), 2))
    content[14] = 2
    content += np.uint32([7, 3]).tobytes() + b"abc" + np.uint32([0xADBE0003, 4, axes]).tobytes()
    (tmp_path / "axes.spz").write_bytes(content)
    assert formats.read(tmp_path / "axes.spz").up == up


def test_sections_and_empty_buckets_of_a_ksplat(tmp_path):
    """Sections of different degrees join, the lower one filled up with zeros, each with its own buckets."""
    first, second = samples.cloud(70, 0), samples.cloud(130, 1)
    parts = [samples.ksplat(splats, 1) for splats in (first, second)]
    header = bytearray(parts[0][:4096])
    header[4] = header[8] = 2
    content = bytes(header) + b"".join(p[4096:5120] for p in parts) + b"".join(p[5120:] for p in parts)
    (tmp_path / "two.ksplat").write_bytes(content)
    splats = formats.read(tmp_path / "two.ksplat").gaussians
    assert (len(splats), splats.sh_degree) == (200, 1) and not splats.sh[:70, 1:].any()
    expected = np.concatenate([first.positions, second.positions])
    assert np.abs(splats.positions - expected).max() <= 10 / 32767 / 2 * 1.01
