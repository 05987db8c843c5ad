"""`SplatFile`: what every reader returns, and the checks that every format shares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import rotations as rot
from ..gaussians import Gaussians


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
        """The file of these arrays, float32, shapes as in `Gaussians`; quaternions [N, 4] wxyz of any length.

        Raises ValueError when there is no splat, or when values are not finite after activation (so a scale whose
        exponential overflows counts, and an infinite opacity logit, which means exactly 0 or 1, does not).
        """
        count = len(positions)
        if count == 0:
            raise ValueError(f"{path.name} holds no splats; export it again from the program that made it")
        finite = np.isfinite(opacity)
        for array in (positions, rotations, scales, sh.reshape(count, -1)):
            finite &= np.isfinite(array).all(1)
        bad = count - int(np.count_nonzero(finite))
        if bad:
            raise ValueError(
                f"{path.name} has NaN or infinite values in {bad:,} of {count:,} splats; "
                "remove those splats in a splat editor or export the file again"
            )
        gaussians = Gaussians(positions, rot.normalised(rotations), scales, opacity, sh)
        return SplatFile(gaussians, up, format, notes)
