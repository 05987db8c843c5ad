"""Damaged files, some thousands of them: each is refused in a sentence or reads as valid splats, in little memory."""

from __future__ import annotations

import gzip
import resource
import sys
import zipfile
import zlib

import numpy as np
import pytest

from backend import formats
from tests import splat_samples as samples
from tests.splat_damage import each_damaged

pytestmark = pytest.mark.filterwarnings("error")
MEMORY = 2 << 30
"""What reading a damaged file may take [bytes]."""
FILES = 300
"""Damaged files of each kind."""


@pytest.fixture(scope="module")
def intact(tmp_path_factory) -> dict[str, bytes]:
    """A small file of each kind by name."""
    folder = tmp_path_factory.mktemp("intact")
    splats = samples.cloud(40, 1)
    for name in ("cloud.ply", "cloud.compressed.ply", "cloud.splat", "packed.spz"):
        formats.write(folder / name, splats)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    bare = zlib.decompress(files["packed.spz"], 31)
    faces = files["cloud.ply"].replace(
        b"element vertex", b"element face 2\nproperty list uchar int a\nproperty list uint char b\nelement vertex", 1
    )
    end = faces.index(b"end_header\n") + 11
    return {
        **files,
        "bare3.spz": bare,
        "bare2.spz": samples.spz(splats, 2),
        "bare1.spz": samples.spz(splats, 1),
        "faces.ply": faces[:end] + (b"\2" + b"\7" * 8 + b"\1\0\0\0" + b"\7") * 2 + faces[end:],
        "level0.ksplat": samples.ksplat(splats, 0, 16),
        "level1.ksplat": samples.ksplat(splats, 1, 16),
        "level2.ksplat": samples.ksplat(splats, 2, 16),
        "stored.sog": samples.zip_bytes(samples.sog(splats, 2)),
        "deflated.sog": samples.zip_bytes(samples.sog(splats, 1), zipfile.ZIP_DEFLATED),
    }


@pytest.fixture
def little_memory():
    """No more memory than the limit on top of what the process has now, where the system can hold it to that."""
    if not sys.platform.startswith("linux"):
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def read_or_refuse(path) -> bool:
    """Whether a file reads, as splats that every consumer can use; else it is refused in a sentence that names it."""
    try:
        splats = formats.read(path).gaussians
    except ValueError as refusal:
        sentence = str(refusal)
        assert sentence.startswith(path.name) and "\n" not in sentence, f"not meant for people: {refusal!r}"
        return False
    assert len(splats) > 0
    assert all(np.isfinite(values).all() for values in splats.to_arrays().values())
    assert np.abs(np.linalg.norm(splats.rotations, axis=1) - 1).max() < 1e-5
    assert splats.opacity.min() >= 0 and splats.opacity.max() <= 1 and splats.scales.min() >= 0
    return True


KINDS = [
    "cloud.ply",
    "faces.ply",
    "cloud.compressed.ply",
    "cloud.splat",
    "packed.spz",
    "bare1.spz",
    "bare2.spz",
    "bare3.spz",
    "level0.ksplat",
    "level1.ksplat",
    "level2.ksplat",
    "stored.sog",
    "deflated.sog",
]


@pytest.mark.parametrize("name", KINDS)
def test_damaged_files(tmp_path, intact, little_memory, name):
    """Of hundreds of damaged copies every one is refused or reads as valid splats; the intact one reads."""
    path = tmp_path / name
    path.write_bytes(intact[name])
    assert read_or_refuse(path)
    read = []

    def check(content: bytes) -> None:
        path.write_bytes(content)
        read.append(read_or_refuse(path))

    each_damaged(intact[name], FILES, check)
    assert len(read) >= FILES and read.count(False) >= FILES / 5  # at least what was cut off


@pytest.mark.parametrize("version", [1, 2])
def test_damaged_sog_folders(tmp_path, intact, little_memory, version):
    """In a folder, where no checksum helps, meta.json and images may be damaged one by one."""
    files = samples.sog(samples.cloud(40, 1), version)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    meta = tmp_path / "meta.json"
    assert read_or_refuse(meta)
    for name, content in files.items():

        def check(copy: bytes, path=tmp_path / name) -> None:
            path.write_bytes(copy)
            read_or_refuse(meta)

        each_damaged(content, FILES if name == "meta.json" else FILES // 8, check)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "sh0_0.webp").unlink()
    assert not read_or_refuse(meta)


def test_bombs_are_not_unpacked(tmp_path, little_memory):
    """Small files that unpack to gigabytes, or say so, are refused before the memory is asked for."""
    one, files, zeros = samples.spz(samples.cloud(1), 2), samples.sog(samples.cloud(40, 1), 2), bytes(64 << 20)
    bombs = {
        "claims.spz": gzip.compress(one[:8] + np.uint32([200_000_000]).tobytes() + one[12:] + zeros),
        "follows.spz": gzip.compress(one + zeros),
        "meta.sog": samples.zip_bytes({**files, "meta.json": zeros}, zipfile.ZIP_DEFLATED),
        "image.sog": samples.zip_bytes({**files, "sh0_0.webp": zeros}, zipfile.ZIP_DEFLATED),
        "method.sog": samples.zip_bytes(files, zipfile.ZIP_BZIP2),
        "count.sog": samples.zip_bytes({**files, "meta.json": files["meta.json"].replace(b": 40,", b": 99999999,")}),
        "large.ksplat": samples.ksplat(samples.cloud(1), 0)[:4] + b"\xff\xff\xff\x7f" + bytes(4096),
    }
    for name, content in bombs.items():
        (tmp_path / name).write_bytes(content)
        assert len(content) < 1 << 20
        assert read_or_refuse(tmp_path / name) == (name == "follows.spz"), name
