"""`SplatFile`, what every reader returns, and what the formats share: the checks of readers, the end of writers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import rotations as rot
from ..gaussians import Gaussians

EXPANSION_FREE, EXPANSION_RATIO = 32 << 20, 100
"""Compressed data may unpack to this many bytes, or to this many times their size; real clouds stay below 10 times."""


@dataclass(frozen=True)
class SplatFile:
    """The content of one splat file."""

    gaussians: Gaussians
    """The splats in the file's own frame and unit."""
    up: str | None
    """The file's axis that points up, "+X" to "-Z"; None when the file does not say (captures mostly are "-Y")."""
    format: str
    """Name of the format, for people."""
    notes: tuple[str, ...] = ()
    """What the artist may want to know: anything the reader skipped. One sentence each."""

    @staticmethod
    def checked(
        path: Path,
        *,
        positions: np.ndarray,
        rotations: np.ndarray,
        scales: np.ndarray,
        opacity: np.ndarray,
        sh: np.ndarray,
        format: str,
        up: str | None = None,
        notes: tuple[str, ...] = (),
    ) -> SplatFile:
        """The file of these arrays, shapes as in `Gaussians`; quaternions wxyz of any length, scales of any sign.

        Raises ValueError when there is no splat, or when values are not finite after activation and in float32 (so a
        scale whose exponential overflows counts, and an infinite opacity logit, which means exactly 0 or 1, does not).
        """
        count = len(positions)
        if count == 0:
            raise no_splats(path)
        positions, scales, opacity, sh = (np.asarray(a, np.float32) for a in (positions, scales, opacity, sh))
        arrays = positions, rotations, scales, opacity, sh
        if not all(np.isfinite(array).all() for array in arrays):
            finite = np.logical_and.reduce([np.isfinite(array).reshape(count, -1).all(1) for array in arrays])
            bad = count - int(np.count_nonzero(finite))
            raise ValueError(
                f"{path.name} has NaN or infinite values in {bad:,} of {count:,} splats; "
                "remove those splats in a splat editor or export the file again"
            )
        unit = rot.normalised(np.asarray(rotations, np.float64)).astype(np.float32)  # squares may overflow float32
        return SplatFile(Gaussians(positions, unit, np.abs(scales), opacity, sh), up, format, notes)


def no_splats(path: Path) -> ValueError:
    return ValueError(f"{path.name} holds no splats; export it again from the program that made it")


def check_expansion(path: Path, packed: int, unpacked: int) -> None:
    """Raise ValueError when compressed data claim to unpack [bytes] out of all proportion to their size [bytes]."""
    if unpacked > max(EXPANSION_FREE, EXPANSION_RATIO * packed):
        raise ValueError(
            f"{path.name} is damaged: its {packed:,} bytes claim to unpack to {unpacked:,}; copy or export it again"
        )


def log_scales(gaussians: Gaussians) -> np.ndarray:
    """Natural logarithms of the scales [N, 3], finite where a scale is 0."""
    return np.log(np.maximum(gaussians.scales, np.finfo(np.float32).tiny))


def replace_file(path: str | os.PathLike[str], *parts: bytes | np.ndarray) -> None:
    """Write bytes and arrays, one after the other, beside the final name, then rename: never half a file."""
    path = Path(path)
    partial = path.with_name(path.name + ".part")
    with open(partial, "wb") as file:
        for part in parts:
            file.write(part if isinstance(part, bytes) else part.tobytes())
    os.replace(partial, path)
