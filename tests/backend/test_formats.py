"""The .ply and .splat formats, and the one sentence that refuses each unusable file, of any format."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile

import numpy as np
import pytest

from backend import formats
from backend.gaussians import Gaussians
from backend.rotations import normalised

SPLAT_PROPERTIES = ["x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2"]
SPLAT_PROPERTIES += ["rot_0", "rot_1", "rot_2", "rot_3"]


def cloud(count: int, degree: int = 0) -> Gaussians:
    """Random valid splats."""
    rng = np.random.default_rng(degree)
    return Gaussians(
        rng.normal(size=(count, 3)).astype(np.float32),
        normalised(rng.normal(size=(count, 4))).astype(np.float32),
        np.exp(rng.uniform(-9, 1, (count, 3))).astype(np.float32),
        rng.uniform(0.001, 0.999, count).astype(np.float32),
        rng.normal(size=(count, (degree + 1) ** 2, 3)).astype(np.float32),
    )


def ply_bytes(header: list[str], body: bytes, encoding: str = "binary_little_endian") -> bytes:
    return "\n".join(["ply", f"format {encoding} 1.0", *header, "end_header", ""]).encode() + body


def floats(count: int, properties: list[str] = SPLAT_PROPERTIES) -> list[str]:
    return [f"element vertex {count}", *(f"property float {name}" for name in properties)]


@pytest.mark.parametrize("degree", range(5))
def test_write_then_read_gives_the_splats_back(tmp_path, degree):
    """A written .ply reads back the same splats and up axis, for every SH degree."""
    written = cloud(50, degree)
    formats.write_ply(tmp_path / "cloud.ply", written, up="+Z")
    file = formats.read(tmp_path / "cloud.ply")
    assert (file.up, file.notes) == ("+Z", ())
    for name in ("positions", "sh"):  # stored as they are
        assert np.array_equal(getattr(file.gaussians, name), getattr(written, name))
    # Logit and logarithm in float32 lose at most |value| <= 9 times eps = 1.2e-7 each way, relatively.
    np.testing.assert_allclose(file.gaussians.scales, written.scales, rtol=3e-6)
    np.testing.assert_allclose(file.gaussians.opacity, written.opacity, rtol=3e-6)
    np.testing.assert_allclose(file.gaussians.rotations, written.rotations, atol=3e-7)


def test_extreme_opacity_and_flat_scales_survive_writing(tmp_path):
    """Opacity 0 and 1 and a scale of 0 are written as finite numbers, next to the limit."""
    flat = Gaussians(
        np.zeros((2, 3), np.float32),
        np.tile(np.float32([1, 0, 0, 0]), (2, 1)),
        np.float32([[0, 1, 1], [0, 1, 1]]),
        np.float32([0, 1]),
        np.zeros((2, 1, 3), np.float32),
    )
    formats.write_ply(tmp_path / "flat.ply", flat)
    read = formats.read(tmp_path / "flat.ply").gaussians
    np.testing.assert_allclose(read.opacity, [0, 1], atol=2.0**-23)  # kept 2^-24 off the limits, then rounded
    np.testing.assert_allclose(read.scales, flat.scales, atol=1e-6)


def test_f_rest_is_channel_major_in_the_file(tmp_path):
    """f_rest_0..2 of a degree-1 file are red's three coefficients, then green's, then blue's."""
    properties = [*SPLAT_PROPERTIES, *(f"f_rest_{k}" for k in range(9))]
    row = np.zeros(len(properties), "<f4")
    row[-9:] = [1, 2, 3, 10, 20, 30, 100, 200, 300]
    (tmp_path / "sh1.ply").write_bytes(ply_bytes(floats(1, properties), row.tobytes()))
    sh = formats.read(tmp_path / "sh1.ply").gaussians.sh
    assert sh[0, 1:].tolist() == [[1, 10, 100], [2, 20, 200], [3, 30, 300]]


def test_foreign_properties_elements_and_bytes_are_skipped(tmp_path):
    """Extra properties of any type, elements before and after (lists too), CRLF and trailing bytes change nothing."""
    record = [("red", "u1"), *((name, "<f8") for name in reversed(SPLAT_PROPERTIES)), ("label", "<i2")]
    vertices = np.zeros(3, record)
    for k, name in enumerate(SPLAT_PROPERTIES):
        vertices[name] = k + np.arange(3)
    header = [
        "comment from elsewhere",
        "element camera 2",
        "property short id",
        "element face 2",
        "property list uchar int vertex_indices",
        "property uchar flag",
        "element vertex 3",
        "property uchar red",
        *(f"property double {name}" for name in reversed(SPLAT_PROPERTIES)),
        "property short label",
    ]
    cameras = np.int16([7, 8]).tobytes()
    faces = b"\2" + np.int32([1, 2]).tobytes() + b"\x09" + b"\1" + np.int32([3]).tobytes() + b"\x09"
    content = ply_bytes(header, b"").replace(b"\n", b"\r\n") + cameras + faces + vertices.tobytes() + b"trailing"
    (tmp_path / "odd.PLY").write_bytes(content)
    file = formats.read(tmp_path / "odd.PLY")
    assert file.gaussians.positions.tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    np.testing.assert_allclose(file.gaussians.scales[1], np.exp([8.0, 9.0, 10.0]), rtol=1e-6)
    assert file.up is None
    assert file.notes == ("Skipped the properties red, label.", "Ignored 8 bytes after the last splat.")


def test_big_endian_reads_the_same(tmp_path):
    """A .ply of the other byte order gives the same splats, and so do its lists before them."""
    rows = np.arange(28, dtype="<f4").reshape(2, 14)
    faces = ["element face 1", "property list ushort int n"]
    for order, encoding in (("<", "binary_little_endian"), (">", "binary_big_endian")):
        body = np.array([2], f"{order}u2").tobytes() + np.array([5, 6], f"{order}i4").tobytes()
        body += rows.astype(f"{order}f4").tobytes()
        (tmp_path / f"{encoding}.ply").write_bytes(ply_bytes([*faces, *floats(2)], body, encoding))
    little, big = (formats.read(tmp_path / f"binary_{order}_endian.ply").gaussians for order in ("little", "big"))
    assert big.positions.tolist() == [[0, 1, 2], [14, 15, 16]]
    for name, values in little.to_arrays().items():
        assert np.array_equal(getattr(big, name), values)


def test_real_splats_agree_between_ply_and_splat(data_file):
    """Three trained splats give the same values from .ply and from .splat, within a byte of colour and rotation."""
    stem = "splats/metalsplatter_3points/test-splat.3-points-from-train"
    ply, splat = (formats.read(data_file(stem + suffix)).gaussians for suffix in (".ply", ".splat"))
    assert np.array_equal(ply.positions, splat.positions)
    np.testing.assert_allclose(ply.scales, splat.scales, rtol=1e-6)
    np.testing.assert_allclose(ply.colours, splat.colours, atol=1 / 255)
    np.testing.assert_allclose(ply.opacity, splat.opacity, atol=1 / 255)
    # Truncation to steps of 1/128 in each of four components turns the quaternion by at most sqrt(4)/128.
    np.testing.assert_allclose(ply.rotations, splat.rotations, atol=2 / 128)
    np.testing.assert_allclose(np.linalg.norm(ply.rotations, axis=1), 1, atol=1e-6)


def test_real_plant_agrees_between_ply_and_splat(data_file):
    """All 113,648 splats of the plant are the same in the original .splat and in its conversion."""
    splat = formats.read(data_file("splats/padilla_plant/plant.splat"))
    ply = formats.read(data_file("splats/padilla_plant/converted/plant.ply"))
    assert len(splat.gaussians) == len(ply.gaussians) == 113_648
    assert splat.up is None and ply.up is None
    np.testing.assert_allclose(ply.gaussians.positions, splat.gaussians.positions, atol=1e-7)
    np.testing.assert_allclose(ply.gaussians.scales, splat.gaussians.scales, rtol=1e-5)
    np.testing.assert_allclose(ply.gaussians.colours, splat.gaussians.colours, atol=1e-6)
    np.testing.assert_allclose(ply.gaussians.opacity, splat.gaussians.opacity, atol=2e-6)  # kept off 0 by 1e-6
    # The converter took (q - 127.5) / 127.5 for (q - 128) / 128: half a step apart, at most doubled by normalising.
    np.testing.assert_allclose(ply.gaussians.rotations, splat.gaussians.rotations, atol=1 / 128)


@pytest.mark.parametrize(
    ("name", "count", "degree", "notes"),
    [
        ("loadersgl_train1000/train-1000.ply", 1000, 3, ()),
        ("cvlab_pc_short/pc_short.ply", 100, 3, ("Ignored 14,029 bytes after the last splat.",)),
        ("playcanvas_playbot_sog/playbot_lod2_sh2_converted.ply", 125_000, 2, ()),
    ],
)
def test_real_ply_files(data_file, name, count, degree, notes):
    """Trainer output of degree 3, 14,029 foreign bytes at the end, and degree 2 all read."""
    file = formats.read(data_file(f"splats/{name}"))
    assert (len(file.gaussians), file.gaussians.sh_degree, file.notes) == (count, degree, notes)


def spz_header(version: int = 3, count: int = 1, degree: int = 0, flags: int = 0) -> bytes:
    return struct.pack("<4sIIBBBB", b"NGSP", version, count, degree, 12, flags, 0)


def zip_bytes(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def sog_meta(name: str) -> bytes:
    return json.dumps({"version": 2, "count": 1, "means": {}, "sh0": {"codebook": [0], "files": [name]}}).encode()


CHUNK = [f"{end}_{axis}" for end in ("min", "max") for axis in "xyz"]
CHUNK += [f"{end}_scale_{axis}" for end in ("min", "max") for axis in "xyz"]
ROW = np.zeros((2, len(SPLAT_PROPERTIES)), "<f4")
SCALE_OVERFLOW, NAN = ROW.copy(), ROW.copy()
SCALE_OVERFLOW[1, SPLAT_PROPERTIES.index("scale_0")] = 89  # exp(88.8) is the largest float32
NAN[:, SPLAT_PROPERTIES.index("rot_2")] = np.nan
REST_ROW = np.zeros(len(SPLAT_PROPERTIES) + 10, "<f4")

REFUSALS = {
    "cut.ply": (ply_bytes(floats(2), ROW.tobytes()[:-1]), "announces 2 splats and holds 1; copy"),
    "header.ply": (ply_bytes(floats(2), b"")[:60], "cut off inside its header; copy"),
    "damaged.ply": (ply_bytes(["element vertex two"], b""), r"damaged header \(element vertex two\); copy"),
    "text.ply": (ply_bytes(floats(2), b"0 0 0", "ascii"), "an ASCII .ply; export"),
    "mesh.ply": (
        ply_bytes(
            [*floats(1, ["x", "y", "z"]), "element face 0", "property list uchar int vertex_indices"], b"\0" * 12
        ),
        r"mesh .* lacks f_dc_0, .*rot_3\); choose",
    ),
    "faces.ply": (ply_bytes(["element face 0"], b""), r"mesh .* lacks x, y, z, .*; choose"),
    "packed.ply": (
        ply_bytes(["element vertex 1", "property uint packed_position"], b"\0" * 4),
        "lacks a compressed .ply's chunk data; export",
    ),
    "chunks.ply": (
        ply_bytes(
            [
                *floats(2, CHUNK),
                "element vertex 1",
                *(f"property uint packed_{name}" for name in ("position", "rotation", "scale", "color")),
            ],
            b"\0" * 112,
        ).replace(b"element vertex 2", b"element chunk 2"),
        "has 2 chunks of 256 for 1 splats; copy",
    ),
    "lengths.ply": (
        ply_bytes(["element face 9", "property list float int n", *floats(1)], b""),
        r"damaged header \(property list float int n\); copy",
    ),
    "nan.ply": (ply_bytes(floats(2), NAN.tobytes()), "NaN or infinite values in 2 of 2 splats; remove"),
    "huge.ply": (ply_bytes(floats(2), SCALE_OVERFLOW.tobytes()), "NaN or infinite values in 1 of 2 splats; remove"),
    "none.ply": (ply_bytes(floats(0), b""), "no splats; export"),
    "rest.ply": (
        ply_bytes(floats(1, [*SPLAT_PROPERTIES, *(f"f_rest_{k}" for k in range(10))]), REST_ROW.tobytes()),
        "10 f_rest properties .* 0, 9, 24, 45 or 72; export",
    ),
    "lists.ply": (ply_bytes([*floats(1), "property list uchar int n"], b"\0" * 57), "has lists .*; export"),
    "jpeg.ply": (b"\xff\xd8\xff\xe0 not a ply", "not a PLY file .*; export"),
    "cut.splat": (b"\0" * 33, "33 bytes long, not a multiple of the 32 bytes .* copy"),
    "none.splat": (b"", "is empty; copy"),
    "inf.splat": (np.full(8, np.inf, "<f4").tobytes(), "NaN or infinite values in 1 of 1 splats; remove"),
    "cloud.xyz": (b"", "cannot read .xyz files; choose one of .ply, .splat, .spz, .ksplat, .sog, meta.json"),
    "noise.spz": (b"\0", "not a .spz file although its name says so; copy"),
    "cut.spz": (gzip.compress(spz_header(count=2)), "cut off or damaged; copy"),
    "stream.spz": (gzip.compress(spz_header(count=2))[:20], "cut off or damaged; copy"),
    "checksum.spz": (gzip.compress(spz_header() + b"\0" * 20)[:-5] + b"\0" * 5, "damaged .gzip: .*check.*; copy"),
    "new.spz": (spz_header(version=5), "is of .spz version 5; export"),
    "none.spz": (spz_header(count=0), "no splats; export"),
    "axes.spz": (
        spz_header(flags=2) + b"\0" * 20 + np.uint32([0xADBE0003, 4, 8]).tobytes(),
        "mirrored .* axes; export",
    ),
    "bomb.spz": (gzip.compress(spz_header(count=2**31)), r"its \d+ bytes claim to unpack to 42,949,672,960; copy"),
    "short.ksplat": (b"\0\1" + b"\0" * 40, "cut off or not a .ksplat file; copy"),
    "other.ksplat": (b"\7" * 4096, "not a .ksplat of version 0.1 with compression level 0 to 2; copy"),
    "none.ksplat": (b"\0\1" + b"\0" * 4094, "no splats; export"),
    "noise.sog": (b"no zip at all", r"damaged or incomplete \(its zip archive\); copy"),
    "empty.sog": (zip_bytes({}), r"incomplete \(meta.json\); copy"),
    "new.sog": (zip_bytes({"meta.json": b'{"version": 3}'}), "is of .sog version 3; export"),
    "list.sog": (zip_bytes({"meta.json": b"[1, 2]"}), r"incomplete \(meta.json\); copy"),
    "long.sog": (zip_bytes({"meta.json": b"9" * 9999}), r"incomplete \(meta.json\); copy"),
    "lod-meta.json": (b"{}", "cannot read .json files; choose one of .ply"),
    "meta.json": (b"{}", r"incomplete \(means in meta.json\); copy"),
    "deep.sog": (zip_bytes({"meta.json": b"[" * 100_000}), r"incomplete \(meta.json\); copy"),
    "path.sog": (
        zip_bytes({"meta.json": sog_meta("../secret.webp"), "../secret.webp": b""}),
        r"incomplete \(sh0.files in meta.json\); copy",
    ),
    "images.sog": (zip_bytes({"meta.json": sog_meta("sh0.webp")}), r"incomplete \(sh0.webp\); copy"),
    "png.sog": (
        zip_bytes({"meta.json": sog_meta("sh0.webp"), "sh0.webp": b"\x89PNG"}),
        r"\(sh0.webp: not a lossless WebP image\); copy",
    ),
    "wide.sog": (
        zip_bytes({"meta.json": sog_meta("sh0.webp"), "sh0.webp": b"RIFF\x11\0\0\0WEBPVP8L____\x2f" + b"\xff" * 4}),
        r"\(sh0.webp: too large\); copy",
    ),
    "many.sog": (
        zip_bytes({"meta.json": b'{"version": 2, "means": {}, "count": 99999999}'}),
        "claim to unpack to .*; copy",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_unusable_file_is_refused_in_one_sentence(tmp_path, name):
    """The refusal names the file, the cause and the remedy, in one sentence."""
    content, expected = REFUSALS[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=expected) as refusal:
        formats.read(tmp_path / name)
    assert str(refusal.value).startswith(name)
    assert not str(refusal.value).endswith(".") and "\n" not in str(refusal.value)


def test_missing_file_is_named(tmp_path):
    """A path without a file says so, and a folder is not taken for a file."""
    with pytest.raises(FileNotFoundError, match=r"plant\.ply does not exist"):
        formats.read(tmp_path / "plant.ply")
    (tmp_path / "folder.splat").mkdir()
    with pytest.raises(FileNotFoundError, match="is not a file"):
        formats.read(tmp_path / "folder.splat")
