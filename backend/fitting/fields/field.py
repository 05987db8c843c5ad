"""`Field`: what all fields can do."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Field(Protocol):
    """A quantity in space that depends on some numbers."""

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """The numbers, by name; setting them moves the field."""
        ...

    @parameters.setter
    def parameters(self, values: dict[str, np.ndarray]) -> None: ...

    def value(self, points: np.ndarray) -> np.ndarray:
        """The quantity [Q] or [Q, k] at points [Q, 3] (metres, world, at rest)."""
        ...

    def pull(self, gradient: np.ndarray) -> dict[str, np.ndarray]:
        """A loss's gradient by the parameters, from that by what the last `value` returned."""
        ...
