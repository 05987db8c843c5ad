""".spz of Niantic, versions 1 to 4, little endian; right-handed axes with +Y up unless an extension says otherwise.

Header of 16 bytes, in versions 1 to 3 the start of a gzip stream (or bare), in version 4 of the file itself:

| bytes | type | meaning |
|---|---|---|
| 0-3 | 4 char | NGSP |
| 4-7 | uint32 | version |
| 8-11 | uint32 | number of splats N |
| 12 | uint8 | degree of the spherical harmonics, 0 to 4; K further coefficients = 0, 3, 8, 15, 24 |
| 13 | uint8 | fractional bits F of the positions |
| 14 | uint8 | flags: 1 trained with antialiasing, 2 has extensions |
| 15 | uint8 | version 4: number of streams |

Then six blocks, which version 4 compresses by zstd, one stream each, and leaves out where they are empty:

| block | type | meaning |
|---|---|---|
| positions | N x 3 int24 | times 2^-F; version 1: float16 |
| opacity | N uint8 | 255 = 1 |
| colour | N x 3 uint8 | constant coefficient, (k / 255 - 1/2) / 0.15 |
| scales | N x 3 uint8 | natural logarithms, k / 16 - 10 |
| rotations | N x 3 uint8 | versions 1 and 2: x y z of the quaternion with w >= 0, k / 127.5 - 1 |
| | N uint32 | from 3 on: index (xyzw) of the largest component, 2 bits; others: sign, 9 bits of size * 511 * sqrt(2) |
| harmonics | N x K x 3 uint8 | (k - 128) / 128, red green blue innermost |

Version 4 goes on after the header with the uint32 offset of its table of streams and 12 zeros; the table holds the
packed and the unpacked size of each stream, uint64, and the streams follow. Extensions are records of uint32 type,
uint32 length and content: behind the blocks, in version 4 before the table. Type 0xADBE0003 names the axes.
"""

from __future__ import annotations

import importlib
import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from ..gaussians import Gaussians
from . import smallest_three
from .splat_file import SplatFile, check_expansion, log_scales, no_splats, replace_file

HEADER = struct.Struct("<4sIIBBBB")
MAGIC, GZIP_MAGIC = b"NGSP", b"\x1f\x8b"
HAS_EXTENSIONS = 2
TABLE_OFFSET, TABLE_ENTRY = struct.Struct("<I12x"), struct.Struct("<QQ")
EXTENSION = struct.Struct("<II")
AXES_EXTENSION = 0xADBE0003
UP_OF_AXES = {0: "+Y", 1: "-Y", 4: "+Y", 6: "-Y", 7: "+Y"}
"""Up by the extension's number of right-handed axes: unspecified, LDB, RUB, RDF, LUF (left or right, up or down...)."""
EXTENSIONS_LIMIT = 1 << 16
"""What follows the blocks is read up to here [bytes]; known extensions have a few bytes."""
COLOUR_SCALE = 0.15
SIGNED_BITS = 9
"""Bits of the size of a quaternion's component, behind its sign."""
GZIP = zlib.MAX_WBITS + 16
"""zlib's code for a stream with a gzip header."""
WRITTEN_VERSION, MOST_FRACTIONAL_BITS = 3, 16

TO_Y_UP = {
    "+Y": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "-Y": [[1, 0, 0], [0, -1, 0], [0, 0, -1]],
    "+Z": [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
    "-Z": [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
    "+X": [[0, 0, -1], [1, 0, 0], [0, -1, 0]],
    "-X": [[0, 0, 1], [-1, 0, 0], [0, -1, 0]],
}
"""Rotations that bring each axis to +Y; an importer that stands the result up ends where it had put the original."""


@dataclass(frozen=True)
class Header:
    version: int
    count: int
    degree: int
    fractional_bits: int
    flags: int
    streams: int

    @property
    def sizes(self) -> list[int]:
        """Bytes of the six blocks."""
        position, rotation = 6 if self.version == 1 else 9, 3 if self.version < 3 else 4
        return [self.count * size for size in (position, 1, 3, 3, rotation, 3 * ((self.degree + 1) ** 2 - 1))]


def read(path: Path) -> SplatFile:
    """Read a .spz; see `formats.read` for what it raises."""
    data = path.read_bytes()
    if data.startswith(GZIP_MAGIC):
        header, blocks, extensions = _read_gzip(path, data)
    elif data.startswith(MAGIC):
        header = _parse_header(path, data)
        if header.version >= 4:
            blocks, extensions = _read_streams(path, header, data)
        else:
            end = HEADER.size + sum(header.sizes)
            blocks, extensions = _cut(path, header, data[HEADER.size : end]), data[end : end + EXTENSIONS_LIMIT]
    else:
        raise ValueError(f"{path.name} is not a .spz file although its name says so; copy or export it again")
    positions, opacity, colours, scales, rotations, rest = (np.frombuffer(block, np.uint8) for block in blocks)
    count = header.count
    sh = np.concatenate(
        [
            ((colours.reshape(count, 1, 3) / 255 - 0.5) / COLOUR_SCALE).astype(np.float32),
            (rest.reshape(count, -1, 3).astype(np.float32) - 128) / 128,
        ],
        axis=1,
    )
    return SplatFile.checked(
        path,
        positions=_positions(header, positions),
        rotations=_rotations(header, rotations),
        scales=np.exp(scales.reshape(count, 3).astype(np.float32) / 16 - 10),
        opacity=opacity.astype(np.float32) / 255,
        sh=sh,
        format=f".spz version {header.version}",
        up=_up(path, extensions) if header.flags & HAS_EXTENSIONS else "+Y",
    )


def write(path: Path, gaussians: Gaussians, up: str | None = None) -> None:
    """Write a .spz of version 3; see `formats.write`.

    The format has +Y up: a cloud whose `up` is another axis is turned, spherical harmonics and all; with None it keeps
    its axes. Values beyond the format's range are brought in: scales to e^-10 .. e^5.9, harmonics above degree 0 to
    -1 .. 1. Raises ValueError for positions beyond 8 million units.
    """
    if up not in (None, "+Y"):
        matrix = np.eye(4)
        matrix[:3, :3] = TO_Y_UP[up]
        gaussians = gaussians.transformed(matrix, rotate_sh=True)
    reach = float(np.abs(gaussians.positions).max())
    largest = 2**23 - 1
    if reach > largest:
        raise ValueError(f"a .spz holds positions up to {largest:,} units from the origin, one is at {reach:,.0f}")
    bits = int(np.clip(np.floor(np.log2(largest / max(reach, 1e-9))), 0, MOST_FRACTIONAL_BITS))
    fixed = np.rint(gaussians.positions.astype(np.float64) * 2.0**bits).astype("<i4")
    blocks = [
        fixed[..., None].view(np.uint8)[..., :3],
        _byte(gaussians.opacity * 255),
        _byte((gaussians.sh[:, 0] * COLOUR_SCALE + 0.5) * 255),
        _byte((log_scales(gaussians) + 10) * 16),
        _pack_rotations(gaussians.rotations),
        _byte(gaussians.sh[:, 1:] * 128 + 128),
    ]
    header = HEADER.pack(MAGIC, WRITTEN_VERSION, len(gaussians), gaussians.sh_degree, bits, 0, 0)
    packer = zlib.compressobj(wbits=GZIP)
    content = b"".join([header, *(block.tobytes() for block in blocks)])
    replace_file(path, packer.compress(content) + packer.flush())


def _parse_header(path: Path, data: bytes) -> Header:
    """The header at the start of `data`, with sizes that the file can really hold."""
    if len(data) < HEADER.size:
        raise _cut_off(path)
    magic, *fields = HEADER.unpack_from(data)
    header = Header(*fields)
    if magic != MAGIC:
        raise ValueError(f"{path.name} is not a .spz file although its name says so; copy or export it again")
    if not 1 <= header.version <= 4:
        raise ValueError(f"{path.name} is of .spz version {header.version}; export it as version 3 or 4")
    if header.degree > 4 or header.fractional_bits > 30:
        raise ValueError(f"{path.name} has a damaged header; copy or export it again")
    if header.count == 0:
        raise no_splats(path)
    check_expansion(path, path.stat().st_size, sum(header.sizes))
    return header


def _read_gzip(path: Path, data: bytes) -> tuple[Header, list[bytes], bytes]:
    """Header, blocks and extensions of versions 1 to 3."""
    stream = zlib.decompressobj(GZIP)
    try:
        header = _parse_header(path, stream.decompress(data, HEADER.size))
        if header.version > 3:
            raise ValueError(f"{path.name} has a damaged header; copy or export it again")
        content = stream.decompress(stream.unconsumed_tail, sum(header.sizes))
        extensions = stream.decompress(stream.unconsumed_tail, EXTENSIONS_LIMIT)
    except zlib.error as error:
        raise ValueError(f"{path.name} is damaged (gzip: {error}); copy or export it again") from error
    return header, _cut(path, header, content), extensions


def _read_streams(path: Path, header: Header, data: bytes) -> tuple[list[bytes], bytes]:
    """Blocks and extensions of version 4."""
    sizes = [size for size in header.sizes if size]
    if len(data) < HEADER.size + TABLE_OFFSET.size:
        raise _cut_off(path)
    (table,) = TABLE_OFFSET.unpack_from(data, HEADER.size)
    start = table + len(sizes) * TABLE_ENTRY.size
    if header.streams != len(sizes) or len(data) < start:
        raise _cut_off(path)
    blocks = []
    for k, size in enumerate(sizes):
        packed, unpacked = TABLE_ENTRY.unpack_from(data, table + k * TABLE_ENTRY.size)
        if unpacked != size:
            raise _cut_off(path)
        blocks.append(_unpack_zstd(path, data[start : start + packed], size))
        start += packed
    full = iter(blocks)
    extensions = data[HEADER.size + TABLE_OFFSET.size : table]
    return [next(full) if size else b"" for size in header.sizes], extensions


def _unpack_zstd(path: Path, packed: bytes, size: int) -> bytes:
    """The `size` bytes that a zstd stream holds."""
    zstd = _import_zstd(path)
    try:
        with zstd.open(io.BytesIO(packed), "rb") as stream:
            content = stream.read(size)
            more = stream.read(1)
    except (zstd.ZstdError, EOFError) as error:
        raise ValueError(f"{path.name} is damaged (zstd: {error}); copy or export it again") from error
    if len(content) != size or more:
        raise _cut_off(path)
    return content


def _import_zstd(path: Path) -> ModuleType:
    for name in ("compression.zstd", "zstandard"):  # Python's own from 3.14 on, and the package that Blender brings
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise ValueError(
        f"{path.name} is a .spz of version 4, which needs the Python package zstandard; "
        "install that or export the file as version 3"
    )


def _cut(path: Path, header: Header, content: bytes) -> list[bytes]:
    """The six blocks that follow the header of versions 1 to 3."""
    if len(content) != sum(header.sizes):
        raise _cut_off(path)
    ends = np.cumsum(header.sizes).tolist()
    return [content[end - size : end] for end, size in zip(ends, header.sizes, strict=True)]


def _cut_off(path: Path) -> ValueError:
    return ValueError(f"{path.name} is cut off or damaged; copy or export it again")


def _positions(header: Header, block: np.ndarray) -> np.ndarray:
    """Positions [N, 3] of their block."""
    if header.version == 1:
        return block.view("<f2").reshape(-1, 3)
    wide = np.zeros((header.count * 3, 4), np.uint8)
    wide[:, 1:] = block.reshape(-1, 3)  # the 24 bits highest, so that the sign is where int32 has it
    return (wide.view("<i4").reshape(-1, 3) >> 8) * 2.0**-header.fractional_bits


def _rotations(header: Header, block: np.ndarray) -> np.ndarray:
    """Quaternions [N, 4] wxyz of their block."""
    if header.version < 3:
        xyz = block.reshape(-1, 3).astype(np.float32) / 127.5 - 1
        w = np.sqrt(np.maximum(1 - (xyz * xyz).sum(1, keepdims=True), 0))
        return np.concatenate([w, xyz], 1)
    words = block.view("<u4")[:, None]
    fields = words >> np.array([20, 10, 0], np.uint32)
    sizes = (fields & (2**SIGNED_BITS - 1)).astype(np.float32) / (2**SIGNED_BITS - 1) / np.sqrt(2)
    three = np.where(fields >> SIGNED_BITS & 1, -sizes, sizes)
    return smallest_three.restore(three, words[:, 0] >> 30)[:, [3, 0, 1, 2]]


def _pack_rotations(q: np.ndarray) -> np.ndarray:
    """The block of version 3 and 4, words [N], of unit quaternions [N, 4] wxyz."""
    three, largest = smallest_three.split(q[:, [1, 2, 3, 0]])
    sizes = np.rint(np.minimum(np.abs(three) * np.sqrt(2), 1) * (2**SIGNED_BITS - 1)).astype(np.uint32)
    fields = ((three < 0).astype(np.uint32) << SIGNED_BITS | sizes) << np.array([20, 10, 0], np.uint32)
    return (fields.sum(1, dtype=np.uint32) | largest.astype(np.uint32) << 30).astype("<u4")


def _up(path: Path, extensions: bytes) -> str:
    """The axis that points up by the extension for axes, +Y without one."""
    start = 0
    while start + EXTENSION.size <= len(extensions):
        kind, length = EXTENSION.unpack_from(extensions, start)
        start += EXTENSION.size
        if kind == AXES_EXTENSION:
            axes = int.from_bytes(extensions[start : start + length], "little")
            if axes not in UP_OF_AXES:
                raise ValueError(f"{path.name} has mirrored or unknown axes; export it again with Y up")
            return UP_OF_AXES[axes]
        start += length
    return "+Y"


def _byte(values: np.ndarray) -> np.ndarray:
    """Rounded into 0..255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
