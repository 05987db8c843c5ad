""".sog of PlayCanvas, versions 1 and 2: lossless WebP images, a pixel a splat row by row, and meta.json to decode them.

A zip, or a folder with the same files. meta.json has a section for each property, its images named in `files`:

| section | images | red, green, blue | alpha |
|---|---|---|---|
| means | low bytes, high bytes | x y z: 0..65535 from `mins` to `maxs`, of sign(x) ln(1 + abs(x)) | |
| quats | one | the smaller components in order, (k / 255 - 1/2) * sqrt(2) | 252 + index (wxyz) of the largest |
| scales | one | natural logarithms: entries of `codebook` | |
| sh0 | one | constant coefficients: entries of `codebook` | opacity, 255 = 1 |
| shN | palette, labels | labels: red + 256 green is the splat's entry of the palette | |

shN is there when harmonics are; the palette has 64 entries a row, each of 3, 8 or 15 pixels (degree 1 to 3), whose red,
green, blue are entries of `codebook`. Version 2 has `version`, `count` (splats) and, in shN, `bands` (the degree).
Version 1 has none of these: the count is the first number of `shape` in means, the degree follows from the palette's
width, and in place of `codebook` 0..255 runs from `mins` to `maxs`: per channel for scales and sh0, whose fourth is
opacity before the sigmoid; one number each for shN.
"""

from __future__ import annotations

import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import smallest_three, webp
from .splat_file import SplatFile, check_expansion

ImageDecoder = Callable[[bytes], np.ndarray]
"""Bytes of a WebP image -> uint8 [H, W, 4] RGBA, top row first, values as stored; raises ValueError."""

META = "meta.json"
META_LIMIT = 1 << 20
"""Bytes; real ones have some 15 KB."""
PIXEL_BYTES = 20
"""Bytes of a splat in the five images that are always there."""
FIRST_TAG = 252
PALETTE_COLUMNS = 64
PALETTE_PIXELS = PALETTE_COLUMNS * 15 * 1024
"""A palette of all 65,536 entries that a label can name, of degree 3."""
COEFFICIENTS = (3, 8, 15)
BAD_ZIP = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError, OverflowError)
"""What zipfile raises on damaged archives; RuntimeError stands for encrypted and for unknown methods."""


def read(path: Path, decode_image: ImageDecoder | None = None) -> SplatFile:
    """Read a .sog, or a folder by its meta.json; see `formats.read` for what it raises."""
    if decode_image is None:
        webp.require_decoder(path)
    bundle = _Bundle(path, decode_image or webp.decode)
    opaque = bundle.version == 2  # whether alpha is opacity itself, not a fraction between limits of its logit
    colours = bundle.pixels("sh0")
    base = bundle.values("sh0", colours[:, :3] if opaque else colours)
    return SplatFile.checked(
        path,
        positions=_positions(bundle),
        rotations=_rotations(bundle.pixels("quats")),
        scales=np.exp(bundle.values("scales", bundle.pixels("scales")[:, :3])),
        opacity=colours[:, 3] / 255 if opaque else 1 / (1 + np.exp(-base[:, 3])),
        sh=np.concatenate([base[:, None, :3].astype(np.float32), _harmonics(bundle)], axis=1),
        format=f".sog version {bundle.version}",
    )


class _Bundle:
    """The files of a .sog and what meta.json says of them; raises ValueError where they do not fit together."""

    def __init__(self, path: Path, decode_image: ImageDecoder) -> None:
        self.path, self.decode_image = path, decode_image
        self.is_folder = path.name.lower() == META
        content = self.content(META, META_LIMIT)
        try:
            meta = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise self.damaged(META) from error
        if not isinstance(meta, dict):
            raise self.damaged(META)
        self.meta: dict[str, Any] = meta
        self.version = meta.get("version", 1)
        if self.version not in (1, 2):
            raise ValueError(f"{path.name} is of .sog version {str(self.version)[:20]}; export it as version 2")
        shape = self.section("means").get("shape")
        count = meta.get("count") if self.version == 2 else shape[0] if isinstance(shape, list) and shape else None
        if not isinstance(count, int) or count < 0:
            raise self.damaged(META)
        self.count = count
        images = path.parent.glob("*.webp") if self.is_folder else [path]
        check_expansion(path, sum(image.stat().st_size for image in images), count * PIXEL_BYTES)

    def damaged(self, part: str) -> ValueError:
        return ValueError(f"{self.path.name} is damaged or incomplete ({part}); copy or export it again")

    def content(self, name: str, limit: int) -> bytes:
        """A file of the bundle, refused when longer than `limit` [bytes]."""
        if self.is_folder:
            file = self.path.parent / name
            content = file.read_bytes() if file.is_file() and file.stat().st_size <= limit else None
        else:
            content = self._unzip(name, limit)
        if content is None:
            raise self.damaged(name)
        return content

    def _unzip(self, name: str, limit: int) -> bytes | None:
        with open(self.path, "rb") as file:
            try:
                with zipfile.ZipFile(file) as archive:
                    entry = next((entry for entry in archive.infolist() if entry.filename == name), None)
                    # The other methods of compression unpack without a limit.
                    if entry is None or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                        return None
                    with archive.open(entry) as stream:
                        content = stream.read(limit + 1)
            except BAD_ZIP as error:
                raise self.damaged("its zip archive") from error
        return content if len(content) <= limit else None

    def section(self, name: str) -> dict[str, Any]:
        section = self.meta.get(name)
        if not isinstance(section, dict):
            raise self.damaged(f"{name} in {META}")
        return section

    def numbers(self, section: str, key: str, count: int) -> np.ndarray:
        """So many numbers of a section, [count] float64; a bare number counts for all."""
        values = self.section(section).get(key)
        if not isinstance(values, list):
            values = [values] * count
        try:
            if len(values) < count or not all(isinstance(value, int | float) for value in values):
                raise self.damaged(f"{section}.{key} in {META}")
            return np.array(values[:count], np.float64)
        except OverflowError as error:
            raise self.damaged(f"{section}.{key} in {META}") from error

    def image(self, section: str, index: int, most_pixels: int) -> np.ndarray:
        """An image of a section [H, W, 4], uint8, refused when it has more pixels than `most_pixels`."""
        files = self.section(section).get("files")
        name = files[index] if isinstance(files, list) and len(files) > index else None
        if not isinstance(name, str) or not re.fullmatch(r"\w[\w. -]*", name):  # no path: it could lead elsewhere
            raise self.damaged(f"{section}.files in {META}")
        data = self.content(name, 8 * most_pixels)
        try:
            width, height = webp.size(data)
            if width * height > most_pixels:
                raise ValueError("too large")
            pixels = self.decode_image(data)
            if pixels.shape != (height, width, 4):
                raise ValueError("not of the size it announces")
        except ValueError as error:
            raise self.damaged(f"{name}: {error}") from error
        return pixels

    def pixels(self, section: str, index: int = 0) -> np.ndarray:
        """A pixel for each splat [N, 4], uint8."""
        pixels = self.image(section, index, 2 * self.count + 4096).reshape(-1, 4)  # room for a margin
        if len(pixels) < self.count:
            raise self.damaged(f"too few pixels in {section}")
        return pixels[: self.count]

    def values(self, section: str, codes: np.ndarray) -> np.ndarray:
        """Values, float64, of codes [..., C] by the section's codebook, or in version 1 by its limits."""
        if self.version == 2:
            return self.numbers(section, "codebook", int(codes.max(initial=0)) + 1)[codes]
        low, high = (self.numbers(section, end, codes.shape[-1]) for end in ("mins", "maxs"))
        return low + codes / 255 * (high - low)


def _positions(bundle: _Bundle) -> np.ndarray:
    low_bytes, high_bytes = (bundle.pixels("means", k)[:, :3].astype(np.float64) for k in (0, 1))
    low, high = (bundle.numbers("means", end, 3) for end in ("mins", "maxs"))
    logarithm = low + (low_bytes + 256 * high_bytes) / 65535 * (high - low)
    return np.sign(logarithm) * np.expm1(np.abs(logarithm))


def _rotations(pixels: np.ndarray) -> np.ndarray:
    """Quaternions [N, 4] wxyz of pixels [N, 4]; a tag below 252, which says nothing, stands for no rotation."""
    tags = pixels[:, 3].astype(np.int64) - FIRST_TAG
    q = smallest_three.restore((pixels[:, :3] / 255 - 0.5) * np.sqrt(2), np.maximum(tags, 0))
    return np.where(tags[:, None] < 0, np.array([1, 0, 0, 0], np.float32), q)


def _harmonics(bundle: _Bundle) -> np.ndarray:
    """Coefficients above degree 0 [N, K, 3], float32."""
    if not bundle.meta.get("shN"):
        return np.empty((bundle.count, 0, 3), np.float32)
    palette = bundle.image("shN", 0, PALETTE_PIXELS)[..., :3]
    coefficients = palette.shape[1] // PALETTE_COLUMNS
    if coefficients not in COEFFICIENTS or palette.shape[1] % PALETTE_COLUMNS:
        raise bundle.damaged("the palette's width")
    entries = bundle.values("shN", palette.reshape(-1, coefficients, 3)).astype(np.float32)
    labels = bundle.pixels("shN", 1)[:, :2].astype(np.int64) @ [1, 256]
    if labels.max(initial=0) >= len(entries):
        raise bundle.damaged("a label beyond the palette")
    return entries[labels]
