"""Damage to splat files, drawn by Hypothesis: what a broken disk, a broken program or a hostile one could make."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend import formats
from tests import splat_samples as samples

HEAD = 200
"""Bytes at the start where counts and sizes are: half of the damage goes there."""
TEXT = 4096
"""Numbers written as text are looked for so far into a file [bytes]."""
WORDS = [b"\xff" * 4, b"\xff\xff\xff\x7f", b"\0" * 4, b"\0\0\0\x80", b"\0\0\xc0\x7f", b"\0\0\x80\xff", b"\xff" * 8]
"""Largest, negative, none, NaN and infinite, in little endian."""
NUMBERS = [b"0", b"-1", b"1e999", b"99999999", b"4294967296", b"9" * 30, b"NaN", b""]


KINDS = ("cloud.ply", "faces.ply", "cloud.compressed.ply", "cloud.splat")
KINDS += ("packed.spz", "bare1.spz", "bare2.spz", "bare3.spz")
KINDS += ("level0.ksplat", "level1.ksplat", "level2.ksplat", "stored.sog", "deflated.sog")
"""What `intact` makes."""


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """A copy cut off, with bytes changed, with extreme numbers, with parts missing, doubled or in another place."""
    copy = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        if not copy:
            break
        at = draw(st.integers(0, min(len(copy), HEAD) - 1) | st.integers(0, len(copy) - 1))
        match draw(st.sampled_from(["cut", "byte", "word", "number", "remove", "double"])):
            case "cut":
                del copy[at:]
            case "byte":
                copy[at] = draw(st.integers(0, 255))
            case "word":
                word = draw(st.sampled_from(WORDS))
                copy[at : at + len(word)] = word
            case "number":
                found = list(re.finditer(rb"-?\d+", copy[:TEXT]))
                if found:
                    start, end = draw(st.sampled_from(found)).span()
                    copy[start:end] = draw(st.sampled_from(NUMBERS))
            case "remove":
                del copy[at : at + draw(st.integers(1, 100))]
            case "double":
                start = draw(st.integers(0, len(copy) - 1))
                copy[at:at] = copy[start : start + draw(st.integers(1, 100))]
    return bytes(copy)


def each_damaged(content: bytes, count: int, check: Callable[[bytes], None]) -> None:
    """Calls `check` with so many damaged copies, the same ones in every run; the smallest that fails is shown."""

    @settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(content))
    def checked(copy: bytes) -> None:
        check(copy)

    checked()


def intact(folder: Path) -> dict[str, bytes]:
    """A small file of each kind by name; writes some of them to an empty folder."""
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


def read_or_refuse(path: Path) -> bool:
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
