"""What physical numbers may be, and the one sentence that refuses others: value, range, unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Range:
    name: str
    low: float
    high: float
    unit: str = ""

    def refuse(self, values: float | np.ndarray) -> None:
        """Raise ValueError for the first of any values that is outside, or no number."""
        values = np.atleast_1d(np.asarray(values, float)).ravel()
        wrong = values[~((values >= self.low) & (values <= self.high))]
        if len(wrong):
            unit = f" {self.unit}" if self.unit else ""
            raise ValueError(
                f"{self.name} is {wrong[0]:g}{unit}; it must lie between {self.low:g} and {self.high:g}{unit}"
            )


POISSON = Range("Poisson's ratio", 0.0, 0.49)
"""At 0.5 nothing changes its volume: stiffness is infinite, and substeps would be of no length."""
YOUNG = Range("Young's modulus", 1.0, 1e12, "Pa")
"""From thinner than foam to diamond."""
DENSITY = Range("density", 0.01, 1e5, "kg/m^3")
"""From lighter than air to heavier than osmium."""
NODES_MAX = 100_000_000
"""Nodes of a grid: the map of held ones is whole, a byte each."""
