"""Adam for a few groups of numbers, for gradients that cost much and lie far apart in size."""

from __future__ import annotations

import numpy as np

BETA_1, BETA_2 = 0.8, 0.95
"""Short memory: a fit takes tens of steps, not thousands."""


class Adam:
    """Kingma and Ba 2015, Algorithm 1, with one second moment for each group instead of one for each number.

    Numbers of a group then keep their proportions: what the loss hardly depends on hardly moves, instead of taking
    steps as long as all others.
    """

    def __init__(self, rates: dict[str, float]) -> None:
        """`rates` gives each group's length of step, in the group's unit."""
        self._rates = rates
        self._mean: dict[str, np.ndarray] = {}
        self._square: dict[str, float] = {}
        self._steps: dict[str, int] = {}

    def step(self, values: dict[str, np.ndarray], gradients: dict[str, np.ndarray], pace: float = 1.0) -> dict:
        """New values after one step along those groups that `gradients` names, its length times `pace`."""
        moved = dict(values)
        for name, g in gradients.items():
            n = self._steps[name] = self._steps.get(name, 0) + 1
            mean = self._mean[name] = BETA_1 * self._mean.get(name, 0 * g) + (1 - BETA_1) * g
            norm = float((g * g).sum())
            square = self._square[name] = BETA_2 * self._square.get(name, 0.0) + (1 - BETA_2) * norm
            length = np.sqrt(square / (1 - BETA_2**n)) + 1e-30
            moved[name] = values[name] - pace * self._rates[name] * mean / (1 - BETA_1**n) / length
        return moved

    def to_arrays(self) -> dict[str, np.ndarray]:
        """What it remembers, as named arrays."""
        kept = {f"mean_{name}": value for name, value in self._mean.items()}
        kept |= {f"square_{name}": np.array(value) for name, value in self._square.items()}
        return kept | {f"steps_{name}": np.array(value) for name, value in self._steps.items()}

    def restore(self, kept: dict[str, np.ndarray]) -> None:
        """Take over what `to_arrays` gave."""
        for name in self._rates:
            if f"mean_{name}" in kept:
                self._mean[name] = kept[f"mean_{name}"]
                self._square[name] = float(kept[f"square_{name}"])
                self._steps[name] = int(kept[f"steps_{name}"])
