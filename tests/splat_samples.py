"""Small splat files in the formats that Sway reads but does not write, encoded as their programs do."""

from __future__ import annotations

import io
import json
import struct
import zipfile

import numpy as np

from backend.formats import smallest_three
from backend.gaussians import SH_C0, Gaussians
from backend.rotations import normalised


def cloud(count: int, degree: int = 0) -> Gaussians:
    """Random splats about a unit from the origin, colours and opacity off 0 and 1, harmonics within -1 .. 1."""
    rng = np.random.default_rng(degree)
    sh = rng.uniform(-0.9, 0.9, (count, (degree + 1) ** 2, 3))
    sh[:, 0] = (rng.uniform(0.05, 0.95, (count, 3)) - 0.5) / SH_C0
    return Gaussians(
        rng.normal(size=(count, 3)).astype(np.float32),
        normalised(rng.normal(size=(count, 4))).astype(np.float32),
        np.exp(rng.uniform(-7, -1, (count, 3))).astype(np.float32),
        rng.uniform(0.05, 0.95, count).astype(np.float32),
        sh.astype(np.float32),
    )


def ksplat(splats: Gaussians, level: int, bucket_size: int = 64) -> bytes:
    """One section; the last bucket is partially filled unless the count is a multiple."""
    count, edge = len(splats), 20.0
    full, rest = divmod(count, bucket_size)
    buckets = full + (rest > 0)
    centres = np.array([splats.positions[k * bucket_size :][:bucket_size].mean(0) for k in range(buckets)], "<f4")
    header = bytearray(4096)
    struct.pack_into("<BBxxIIIIH", header, 0, 0, 1, 1, 1, count, count, level)
    struct.pack_into("<ff", header, 36, -2, 2)
    section = bytearray(1024)
    struct.pack_into("<IIIIfHxxI", section, 0, count, count, bucket_size, buckets, edge, 12, 32767)
    struct.pack_into("<IIH", section, 32, full, int(rest > 0), splats.sh_degree)
    local = (splats.positions - centres[np.arange(count) // bucket_size]) / (edge / 2) * 32767 + 32767
    real = "<f4" if level == 0 else "<f2"
    rgba = np.column_stack([splats.colours, splats.opacity]) * 255
    columns = [
        splats.positions.astype("<f4") if level == 0 else np.rint(local).astype("<u2"),
        splats.scales.astype(real),
        splats.rotations.astype(real),
        np.rint(rgba).astype("u1"),
    ]
    for degree in range(1, splats.sh_degree + 1):
        band = splats.sh[:, degree**2 : (degree + 1) ** 2].transpose(0, 2, 1)  # red, then green, then blue
        columns.append(np.rint((band + 2) / 4 * 255).astype("u1") if level == 2 else band.astype(real))
    records = np.concatenate([np.ascontiguousarray(c).reshape(count, -1).view(np.uint8) for c in columns], axis=1)
    lengths = np.array([rest] if rest else [], "<u4").tobytes()
    return bytes(header) + bytes(section) + lengths + centres.tobytes() + records.tobytes()


def spz(splats: Gaussians, version: int) -> bytes:
    """Version 1 or 2, not packed."""
    q = splats.rotations * np.where(splats.rotations[:, :1] < 0, -1, 1)
    fixed = np.rint(splats.positions * 4096).astype("<i4")
    blocks = [
        splats.positions.astype("<f2") if version == 1 else fixed[..., None].view(np.uint8)[..., :3],
        np.rint(splats.opacity * 255).astype("u1"),
        np.rint((splats.sh[:, 0] * 0.15 + 0.5) * 255).astype("u1"),
        np.rint((np.log(splats.scales) + 10) * 16).astype("u1"),
        np.rint((q[:, 1:] + 1) * 127.5).astype("u1"),
        np.rint(splats.sh[:, 1:] * 128 + 128).astype("u1"),
    ]
    header = struct.pack("<4sIIBBBB", b"NGSP", version, len(splats), splats.sh_degree, 12, 0, 0)
    return header + b"".join(block.tobytes() for block in blocks)


def sog(splats: Gaussians, version: int) -> dict[str, bytes]:
    """The files of a .sog, every splat's harmonics an entry of the palette."""
    count, coefficients = len(splats), splats.sh.shape[1] - 1
    logarithm = np.sign(splats.positions) * np.log1p(np.abs(splats.positions))
    low, high = logarithm.min(0), logarithm.max(0)
    steps = np.rint((logarithm - low) / (high - low) * 65535).astype(np.uint16)
    three, largest = smallest_three.split(splats.rotations)
    tags = np.column_stack([np.rint((three / np.sqrt(2) + 0.5) * 255), 252 + largest])
    scales, base = np.log(splats.scales), splats.sh[:, 0]
    alpha = splats.opacity[:, None] * 255
    labels = np.arange(count)
    palette = np.zeros((-(-count // 64) * 64, coefficients, 3))
    sections = {"means": {"mins": low.tolist(), "maxs": high.tolist()}, "quats": {}}
    if version == 2:
        sections["scales"], scales = _codebook(scales)
        sections["sh0"], base = _codebook(base)
        sections["shN"], palette[:count] = _codebook(splats.sh[:, 1:])
        document = {"version": 2, "count": count}
    else:
        logit = np.log(splats.opacity / (1 - splats.opacity))[:, None]
        sections["scales"], scales = _limits(scales)
        sections["sh0"], base = _limits(np.column_stack([base, logit]))
        base, alpha = base[:, :3], base[:, 3:]
        sections["shN"], palette[:count] = _limits(splats.sh[:, 1:].reshape(-1, 1), splats.sh[:, 1:].shape)
        sections["means"]["shape"] = [count, 3]
        document = {}
    images = {
        "means": [_image(steps & 255), _image(steps >> 8)],
        "quats": [_image(tags)],
        "scales": [_image(scales)],
        "sh0": [_image(np.column_stack([base, np.rint(alpha)]))],
        "shN": [_webp(palette.reshape(-1, 64 * coefficients, 3)), _image(np.column_stack([labels & 255, labels >> 8]))],
    }
    files = {}
    for name, pictures in images.items():
        sections[name]["files"] = [f"{name}_{k}.webp" for k in range(len(pictures))]
        files.update(zip(sections[name]["files"], pictures, strict=True))
    return {**files, "meta.json": json.dumps({**document, **sections}).encode()}


def zip_bytes(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _codebook(values: np.ndarray) -> tuple[dict, np.ndarray]:
    book = np.linspace(values.min(), values.max(), 256)
    return {"codebook": book.tolist()}, np.rint((values - book[0]) / (book[-1] - book[0]) * 255)


def _limits(values: np.ndarray, shape: tuple[int, ...] | None = None) -> tuple[dict, np.ndarray]:
    low, high = values.min(0), values.max(0)
    low = low - 0.02 * (high - low)  # no code is 0: the encoder drops the colour of pixels whose alpha is
    codes = np.rint((values - low) / (high - low) * 255)
    if shape is None:
        return {"mins": low.tolist(), "maxs": high.tolist()}, codes
    return {"mins": float(low[0]), "maxs": float(high[0])}, codes.reshape(shape)


def _image(pixels: np.ndarray) -> bytes:
    """A lossless picture of pixels [N, 2 to 4], the last row filled up with 255."""
    width = int(np.ceil(np.sqrt(len(pixels)) / 4)) * 4
    height = -(-len(pixels) // width)
    filled = np.full((height * width, 4), 255, np.uint8)
    filled[: len(pixels), : pixels.shape[1]] = pixels
    return _webp(filled.reshape(height, width, 4))


def _webp(pixels: np.ndarray) -> bytes:
    import cv2

    pixels = pixels.astype(np.uint8)
    order = [2, 1, 0, 3][: pixels.shape[2]]
    lossless = [cv2.IMWRITE_WEBP_QUALITY, 101]
    return cv2.imencode(".webp", np.ascontiguousarray(pixels[..., order]), lossless)[1].tobytes()
