"""Batches for training: from the pool's files, ahead of time where a device waits for them."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from .batches import Batch, batch
from .pool import Pool

FILES_HELD = 100
"""At most so many files of samples are in memory; the newest ones."""
AHEAD = 3
"""Batches a thread has ready."""


class Feed:
    """Random batches of a folder's files, those that are written meanwhile too."""

    def __init__(self, folder: Path, size: int, seed: list[int], loaders: int = 0, pinned: bool = False) -> None:
        """size: pictures of a batch; loaders: threads that prepare batches; pinned: in memory that devices read."""
        self.folder, self.size, self.seed, self.pinned = folder, size, seed, pinned
        self.pools: dict[str, Pool] = {}
        self.drawn = 0
        self.threads = ThreadPoolExecutor(loaders) if loaders else None
        self.waiting: deque[Future[Batch]] = deque()
        self.ahead = AHEAD * loaders
        self.refresh()

    def refresh(self) -> None:
        """Look for new files. Raises FileNotFoundError where there are none at all."""
        names = sorted(path.name for path in self.folder.glob("?????.npz"))[-FILES_HELD:]
        if not names:
            raise FileNotFoundError(f"there are no samples in {self.folder}; write some with --write")
        # One assignment: threads draw meanwhile.
        self.pools = {name: self.pools.get(name) or Pool.load(self.folder / name) for name in names}

    def next(self, share: float) -> Batch:
        """The next batch; share: how much of the training is over."""
        if self.threads is None:
            return self._draw(self._numbered(), share)
        while len(self.waiting) < self.ahead:
            self.waiting.append(self.threads.submit(self._draw, self._numbered(), share))
        return self.waiting.popleft().result()

    def close(self) -> None:
        if self.threads is not None:
            self.threads.shutdown(cancel_futures=True)

    def _numbered(self) -> np.random.Generator:
        self.drawn += 1
        return np.random.default_rng([*self.seed, self.drawn])

    def _draw(self, rng: np.random.Generator, share: float) -> Batch:
        pools = list(self.pools.values())
        pool = pools[rng.integers(len(pools))]
        which = rng.choice(len(pool.images), self.size, replace=False)
        found = batch(pool, which, rng, zoom_at(share, rng))
        return found.pinned() if self.pinned else found


SMALL_UNTIL = 0.4
"""Of a training from nothing."""


def zoom_at(share: float, rng: np.random.Generator) -> float:
    """Of the pictures at a share of the training: small ones teach more in the same time, several sizes come last."""
    if share < SMALL_UNTIL:
        return 0.75
    return rng.choice([0.75, 1.0, 1.25], p=[0.25, 0.6, 0.15])
