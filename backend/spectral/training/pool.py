"""Files of samples for training: pictures as bytes, motion as the segments' linear fields, far smaller than volumes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..predictor.prior import AMPLITUDES, WIDTH
from .generator import SEEN, WITHOUT_PLANTS, Sample, generate

SHAPES = ((64, 96), (64, 96), (64, 96), (96, 64), (80, 80))
"""Heights and widths, pixels, that files take in turn."""
PER_FILE = 500


@dataclass(frozen=True)
class Pool:
    """Samples of one size, in memory."""

    images: np.ndarray
    """[N, H, W, 3] uint8."""
    owners: np.ndarray
    """[N, H / 2, W / 2] int64: 1 + row of the tables, 0 where it is still."""
    origins: np.ndarray
    """[R, 2], pixels."""
    tables: np.ndarray
    """[R, K, 6, 2] float16: `Motion.table` over the prior's amplitudes at this width, real and imaginary parts."""
    objects: np.ndarray
    """[R]: which plant of its picture a row belongs to."""
    strokes: np.ndarray
    """[N, STROKES, STROKE_POINTS, 2], pixels; NaN: none."""
    headings: np.ndarray
    """[N, 2]."""

    @staticmethod
    def of(samples: list[Sample]) -> Pool:
        counts = np.array([len(s.motion.table) for s in samples])
        starts = np.cumsum(counts) - counts
        owners = np.stack([s.coarse_owners.astype(np.int64) for s in samples])
        width = samples[0].image.shape[1]
        unit = AMPLITUDES[:, None] * (width / WIDTH)
        table = np.concatenate([s.motion.table for s in samples]) / unit
        return Pool(
            np.stack([s.image for s in samples]),
            np.where(owners > 0, owners + starts[:, None, None], 0),
            np.concatenate([s.motion.origins for s in samples]).astype(np.float32),
            np.stack([table.real, table.imag], -1).astype(np.float16),
            np.concatenate([s.objects for s in samples]),
            np.stack([s.strokes for s in samples]).astype(np.float32),
            np.stack([s.heading for s in samples]).astype(np.float32),
        )

    def save(self, path: Path) -> None:
        partial = path.with_name(path.name + ".part.npz")
        np.savez(partial, **vars(self))
        os.replace(partial, path)

    @staticmethod
    def load(path: Path) -> Pool:
        with np.load(path) as file:
            return Pool(**{name: file[name] for name in Pool.__dataclass_fields__})


def families_of(seed: int, families: tuple[str, ...] = SEEN) -> tuple[str, ...]:
    """The families, or none for the seeds whose pictures are to show nothing that moves."""
    return () if np.random.default_rng([7, seed]).random() < WITHOUT_PLANTS else families


def write(
    folder: Path,
    first: int,
    count: int,
    families: tuple[str, ...] = SEEN,
    zoom: float = 1.0,
    per_file: int = PER_FILE,
) -> None:
    """Write `count` files of `per_file` samples, numbered from `first` on, those that are there left alone.

    zoom: times the sides of `SHAPES`, rounded to multiples of 16.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        path = folder / f"{number:05d}.npz"
        if path.exists():
            continue
        height, width = (16 * round(side * zoom / 16) for side in SHAPES[number % len(SHAPES)])
        seeds = range(number * per_file, (number + 1) * per_file)
        Pool.of([generate(seed, height, width, families_of(seed, families)) for seed in seeds]).save(path)
