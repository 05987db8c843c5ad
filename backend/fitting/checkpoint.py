"""`Checkpoint`: where a fit stands, in files, so that one that was stopped goes on with the same bits."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import arrays

IDENTITY = "identity"


@dataclass(frozen=True)
class Checkpoint:
    """A folder with one file of arrays for each stage; without a folder nothing is kept."""

    folder: Path | None = None

    def claim(self, identity: str) -> None:
        """Say which fit this is. Raises ValueError where the folder holds the state of another one."""
        kept = self.load(IDENTITY)
        if kept is not None and str(kept[IDENTITY]) != identity:
            raise ValueError(
                "the fit to go on with was of another clip, subject or settings; choose its own, or begin anew"
            )
        self.save(IDENTITY, {IDENTITY: np.array(identity)})

    def take_over(self, earlier: Path, identity: str) -> bool:
        """Go on from an earlier fit's folder where that was the same fit, and say whether it was."""
        kept = Checkpoint(earlier).load(IDENTITY)
        same = self.folder is not None and kept is not None and str(kept[IDENTITY]) == identity
        if same:
            shutil.copytree(earlier, self.folder, dirs_exist_ok=True)
        return same

    def load(self, stage: str) -> dict[str, np.ndarray] | None:
        """What a stage saved last, None where it has not begun."""
        path = self.folder and self.folder / f"{stage}.npz"
        return arrays.load(path) if path and path.is_file() else None

    def save(self, stage: str, state: dict[str, np.ndarray]) -> None:
        if self.folder:
            arrays.save(self.folder / f"{stage}.npz", state)
