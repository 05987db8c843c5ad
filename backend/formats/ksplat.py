""".ksplat of GaussianSplats3D, little endian, in sections, each of them its own table of splats.

Header of 4096 bytes:

| bytes | type | meaning |
|---|---|---|
| 0, 1 | uint8 | version, major 0, minor 1 |
| 4-7 | uint32 | number of section headers |
| 20-21 | uint16 | compression level 0, 1, 2 |
| 36-43 | 2 float32 | lowest and highest coefficient at level 2; 0 stands for -1.5, 1.5 |

Then a header of 1024 bytes for each section:

| bytes | type | meaning |
|---|---|---|
| 0-3, 4-7 | uint32 | splats in it, splats that it has room for |
| 8-11, 12-15 | uint32 | splats of a full bucket, number of buckets |
| 16-19 | float32 | edge of a bucket's block |
| 20-21 | uint16 | bytes for a bucket's centre |
| 24-27 | uint32 | quantisation steps to half an edge; 0 stands for 32767 |
| 32-35, 36-39 | uint32 | number of full and of partially filled buckets, which come last |
| 40-41 | uint16 | degree of the spherical harmonics |

Then section by section: lengths of the partially filled buckets (uint32), centres of all buckets (3 float32), records:

| field | level 0 | level 1 | level 2 | meaning |
|---|---|---|---|---|
| position | 3 float32 | 3 uint16 | 3 uint16 | from level 1 on (k - steps) * edge / 2 / steps from the bucket's centre |
| scale | 3 float32 | 3 float16 | 3 float16 | linear |
| rotation | 4 float32 | 4 float16 | 4 float16 | quaternion wxyz |
| colour | 4 uint8 | 4 uint8 | 4 uint8 | red, green, blue (display-referred), opacity; 255 = 1 |
| harmonics | float32 | float16 | uint8 | by degree, in each red, then green, then blue; uint8: 0 lowest, 255 highest |
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..gaussians import sh_from_colours
from .splat_file import SplatFile, no_splats

HEADER_SIZE, SECTION_SIZE = 4096, 1024
HEADER = np.dtype(
    {
        "names": ["major", "minor", "sections", "level", "lowest", "highest"],
        "formats": ["u1", "u1", "<u4", "<u2", "<f4", "<f4"],
        "offsets": [0, 1, 4, 20, 36, 40],
        "itemsize": HEADER_SIZE,
    }
)
SECTION = np.dtype(
    {
        "names": [
            "count",
            "room",
            "bucket_size",
            "buckets",
            "edge",
            "bucket_bytes",
            "steps",
            "full",
            "partial",
            "degree",
        ],
        "formats": ["<u4", "<u4", "<u4", "<u4", "<f4", "<u2", "<u4", "<u4", "<u4", "<u2"],
        "offsets": [0, 4, 8, 12, 16, 20, 24, 32, 36, 40],
        "itemsize": SECTION_SIZE,
    }
)
KINDS = [("<f4", "<f4", "<f4"), ("<u2", "<f2", "<f2"), ("<u2", "<f2", "u1")]
"""Types of position, of scale and rotation, and of harmonics, at each compression level."""
MOST_DEGREE = 3
CENTRE_BYTES = 12
DEFAULT_RANGE, DEFAULT_STEPS = 1.5, 32767


def read(path: Path) -> SplatFile:
    """Read a .ksplat; see `formats.read` for what it raises."""
    data = path.read_bytes()
    header = _take(path, data, HEADER, 0, 1)[0]
    if header["major"] != 0 or header["minor"] < 1 or header["level"] >= len(KINDS):
        raise ValueError(
            f"{path.name} is not a .ksplat of version 0.1 with compression level 0 to 2; copy or export it again"
        )
    sections = _take(path, data, SECTION, HEADER_SIZE, int(header["sections"]))
    if not len(sections):
        raise no_splats(path)
    start = HEADER_SIZE + len(sections) * SECTION_SIZE
    degree = int(sections["degree"].max())
    if degree > MOST_DEGREE:
        raise ValueError(f"{path.name} has a damaged section header; copy or export it again")
    tables = []
    for section in sections:
        fields, size = _read_section(path, data, header, section, start)
        rest = np.zeros((len(fields["sh"]), (degree + 1) ** 2, 3), np.float32)
        rest[:, : fields["sh"].shape[1]] = fields["sh"]
        tables.append({**fields, "sh": rest})
        start += size
    joined = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    return SplatFile.checked(
        path,
        positions=joined["positions"],
        rotations=joined["rotations"],
        scales=joined["scales"],
        opacity=joined["opacity"],
        sh=joined["sh"],
        format=f".ksplat level {header['level']}",
    )


def _read_section(
    path: Path, data: bytes, header: np.void, section: np.void, start: int
) -> tuple[dict[str, np.ndarray], int]:
    """The splats of the section that begins at `start`, as arguments of `SplatFile.checked`, and its size [bytes]."""
    level, count, room = int(header["level"]), int(section["count"]), int(section["room"])
    buckets, bucket_bytes, partial = int(section["buckets"]), int(section["bucket_bytes"]), int(section["partial"])
    bands = [2 * band + 1 for band in range(1, int(section["degree"]) + 1)]
    position, shape, harmonics = KINDS[level]
    record = np.dtype(
        [
            ("position", position, 3),
            ("scale", shape, 3),
            ("rotation", shape, 4),
            ("rgba", "u1", 4),
            *((f"band_{band}", harmonics, (3, band)) for band in bands),
        ]
    )
    lengths = _take(path, data, np.dtype("<u4"), start, partial)
    centres_start = start + lengths.nbytes
    records_start = centres_start + buckets * bucket_bytes
    records = _take(path, data, record, records_start, room)[:count]
    positions = records["position"].astype(np.float64)
    if level > 0:
        if bucket_bytes != CENTRE_BYTES:
            raise _damaged(path)
        centres = _take(path, data, np.dtype(("<f4", 3)), centres_start, buckets)
        bucket = _bucket_of_splat(path, section, lengths, len(records))
        steps = int(section["steps"]) or DEFAULT_STEPS
        positions = (positions - steps) * (float(section["edge"]) / 2 / steps) + centres[bucket]
    rgba = records["rgba"].astype(np.float32) / 255
    further = [records[f"band_{band}"].astype(np.float32).transpose(0, 2, 1) for band in bands]
    if level == 2:
        lowest = float(header["lowest"]) or -DEFAULT_RANGE
        highest = float(header["highest"]) or DEFAULT_RANGE
        further = [lowest + values / 255 * (highest - lowest) for values in further]
    fields = {
        "positions": positions,
        "rotations": records["rotation"],
        "scales": records["scale"],
        "opacity": rgba[:, 3],
        "sh": np.concatenate([sh_from_colours(rgba[:, :3]), *further], axis=1),
    }
    return fields, records_start - start + room * record.itemsize


def _bucket_of_splat(path: Path, section: np.void, lengths: np.ndarray, count: int) -> np.ndarray:
    """Index [N] of each splat's bucket: the full ones come first, then those of the given lengths."""
    size, full = int(section["bucket_size"]), int(section["full"])
    index, in_full = np.arange(count), min(size * full, count)
    ends = in_full + np.cumsum(lengths.astype(np.int64))
    bucket = np.where(index < in_full, index // max(size, 1), full + np.searchsorted(ends, index, side="right"))
    if count and bucket.max() >= int(section["buckets"]):
        raise _damaged(path)
    return bucket


def _take(path: Path, data: bytes, dtype: np.dtype, start: int, count: int) -> np.ndarray:
    """`count` records at an offset [bytes]."""
    if start + count * dtype.itemsize > len(data):
        raise ValueError(f"{path.name} is cut off or not a .ksplat file; copy or export it again")
    return np.frombuffer(data, dtype, count, start) if count else np.empty(0, dtype)


def _damaged(path: Path) -> ValueError:
    return ValueError(f"{path.name} has damaged buckets of splats; copy or export it again")
