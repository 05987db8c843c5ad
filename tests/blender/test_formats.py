"""What only Blender's Python decodes: WebP images through Blender itself, zstd through the package it brings."""

from __future__ import annotations

import base64
import importlib
import json
import struct

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

LOSSLESS = base64.b85decode("Qb|TeH~;_uS4BclR!}%hEC2uiFAu;25V?%#f9xU(-v5A*fcXE`15s4xUr3N*ns+70whe8&&?mrDtN6PB")
"""16x16 lossless WebP by Pillow (exact): pixel k = (k, 255 - k, 7 k, 3 k) modulo 256, so alpha is 0 and small too."""


@pytest.fixture
def formats(package):
    return importlib.import_module(f"{package.__name__}.backend.formats")


@pytest.fixture
def decode_webp(package, plain_scene):
    return importlib.import_module(f"{package.__name__}.scene.images").decode_webp


def assert_same(a, b):
    for name, values in a.to_arrays().items():
        np.testing.assert_array_equal(getattr(b, name), values, err_msg=name)


def test_webp_is_decoded_exactly(decode_webp):
    """Every value of every channel comes out as stored, colour under a clear alpha too, and no image stays behind."""
    before = len(bpy.data.images)
    k = np.arange(256).reshape(16, 16)
    expected = np.stack([k, 255 - k, 7 * k % 256, 3 * k % 256], -1)
    pixels = decode_webp(LOSSLESS)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, expected)
    assert len(bpy.data.images) == before


@pytest.mark.parametrize("content", [b"", b"no image", LOSSLESS[:12]])
def test_what_is_no_image_is_refused(decode_webp, content):
    """Other content is a ValueError, which the reader makes its sentence of, and leaves no image behind."""
    before = len(bpy.data.images)
    with pytest.raises(ValueError, match="damaged"):
        decode_webp(content)
    assert len(bpy.data.images) == before


def test_sog_through_blender_agrees_with_the_compressed_ply(formats, decode_webp, data_file):
    """The plant's .sog, decoded by Blender, has the splats of the .ply that the converter sorted alike."""
    plant = data_file("splats/padilla_plant/converted")
    sog = formats.read(plant / "plant.sog", decode_webp).gaussians
    ply = formats.read(plant / "plant.compressed.ply").gaussians
    visible = sog.opacity > 0  # the images keep no colour where alpha is 0
    assert len(sog) == len(ply) == 113_648 and visible.mean() > 0.99
    assert (
        np.abs(sog.positions - ply.positions).max() < 6e-4
    )  # the widest chunk of the .ply: 0.94 / 1023 / 2, and a step
    assert np.abs(sog.colours - ply.colours)[visible].max() <= 0.51 / 255
    assert np.abs(sog.opacity - ply.opacity).max() <= 1.01 / 255


def test_sog_without_a_decoder_says_so(formats, data_file):
    """Blender's Python has no decoder of its own: the refusal says it, in place of an import error."""
    path = data_file("splats/padilla_plant/converted/plant.sog")
    with pytest.raises(ValueError, match=r"plant.sog holds WebP images, which need .*opencv.*; install"):
        formats.read(path)


def test_spz_of_version_4_is_the_same_as_of_version_3(formats, data_file):
    """The plant and the four splats are the same in both versions, bit by bit."""
    for four, three in (
        ("padilla_plant/converted/plant.spz", "padilla_plant/converted/plant_v3.spz"),
        ("splat_transform_minimal/minimal-v4.spz", "splat_transform_minimal/minimal-v3.spz"),
    ):
        file = formats.read(data_file(f"splats/{four}"))
        assert (file.format, file.up) == (".spz version 4", "+Y")
        assert_same(file.gaussians, formats.read(data_file(f"splats/{three}")).gaussians)


def spz_4(blocks: list[bytes], count: int, sizes: list[int] | None = None) -> bytes:
    """A .spz of version 4 and degree 0 of packed blocks, which claim to unpack to `sizes`."""
    sizes = sizes or [count * size for size in (9, 1, 3, 3, 4)]
    header = struct.pack("<4sIIBBBBI12x", b"NGSP", 4, count, 0, 12, 0, len(blocks), 32)
    table = b"".join(struct.pack("<QQ", len(block), size) for block, size in zip(blocks, sizes, strict=True))
    return header + table + b"".join(blocks)


def test_damaged_spz_of_version_4(formats, tmp_path):
    """Cut off, changed, or unpacking to more than it says: refused in a sentence, or valid splats."""
    zstandard = pytest.importorskip("zstandard")
    rng = np.random.default_rng(0)
    count, pack = 30, zstandard.ZstdCompressor().compress
    blocks = [pack(rng.bytes(count * size)) for size in (9, 1, 3, 3, 4)]
    intact = spz_4(blocks, count)
    copies = [intact[:k] for k in range(0, len(intact), 7)]
    for _ in range(200):
        copy = bytearray(intact)
        copy[int(rng.integers(len(copy)))] = int(rng.integers(256))
        copies.append(bytes(copy))
    bomb = pack(bytes(1 << 28))
    copies += [spz_4([bomb, *blocks[1:]], count), spz_4([bomb, *blocks[1:]], count, [1 << 28, 30, 90, 90, 120])]
    copies += [spz_4([bomb] * 5, 1 << 28)]
    path = tmp_path / "cloud.spz"
    path.write_bytes(intact)
    assert len(formats.read(path).gaussians) == count
    for copy in copies:
        path.write_bytes(copy)
        try:
            splats = formats.read(path).gaussians
        except ValueError as refusal:
            assert str(refusal).startswith("cloud.spz ") and "\n" not in str(refusal), repr(refusal)
        else:
            assert len(splats) == count and np.isfinite(splats.covariances()).all()


def test_damaged_images_of_a_sog(formats, decode_webp, tmp_path):
    """Of 300 damaged images Blender's decoder makes a refusal that names the file, or values that splats can have."""
    codes = {"codebook": np.linspace(-2, 2, 256).tolist(), "files": ["image.webp"]}
    means = {"mins": [-1] * 3, "maxs": [1] * 3, "files": ["image.webp"] * 2}
    quats = {"files": ["image.webp"]}
    meta = {"version": 2, "count": 256, "means": means, "quats": quats, "scales": codes, "sh0": codes}
    path, image = tmp_path / "meta.json", tmp_path / "image.webp"
    path.write_text(json.dumps(meta))
    image.write_bytes(LOSSLESS)
    assert len(formats.read(path, decode_webp).gaussians) == 256
    rng, before = np.random.default_rng(0), len(bpy.data.images)
    for k in range(300):
        copy = bytearray(LOSSLESS)
        for _ in range(1 + k % 3):
            copy[int(rng.integers(len(copy)))] = int(rng.integers(256))
        image.write_bytes(copy[: int(rng.integers(len(copy)))] if k % 3 == 0 else copy)
        try:
            splats = formats.read(path, decode_webp).gaussians
        except ValueError as refusal:
            assert str(refusal).startswith("meta.json ") and "\n" not in str(refusal), repr(refusal)
        else:
            assert len(splats) == 256 and np.isfinite(splats.covariances()).all()
    assert len(bpy.data.images) == before
