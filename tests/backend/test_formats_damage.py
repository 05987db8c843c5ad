"""Damaged files, some thousands of them: each is refused in a sentence or reads as valid splats, in little memory."""

from __future__ import annotations

import gzip
import resource
import sys
import zipfile

import numpy as np
import pytest

from tests import splat_samples as samples
from tests.splat_damage import KINDS, each_damaged, read_or_refuse
from tests.splat_damage import intact as intact_files

pytestmark = pytest.mark.filterwarnings("error")
MEMORY = 2 << 30
"""What reading a damaged file may take [bytes]."""
FILES = 300
"""Damaged files of each kind."""


@pytest.fixture(scope="module")
def intact(tmp_path_factory) -> dict[str, bytes]:
    return intact_files(tmp_path_factory.mktemp("intact"))


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
