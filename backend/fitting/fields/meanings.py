"""What the outputs of a network stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .triplane import Meaning

if TYPE_CHECKING:
    import torch


def log_young(base: np.ndarray, decades: float) -> Meaning:
    """Young's moduli within a factor 10^`decades` of `base` [P] (Pa): log10 E = log10 base + decades tanh(x / decades).

    The points must be those that `base` belongs to.
    """

    def meaning(outputs: torch.Tensor, points: np.ndarray) -> torch.Tensor:
        import torch

        return torch.from_numpy(base) * torch.exp(np.log(10) * decades * torch.tanh(outputs[:, 0] / decades))

    return meaning


def added_young(start: float, step: float, lowest: float, highest: float) -> Meaning:
    """Young's modulus as PhysDreamer's code has it: clamp(start + step * output, lowest, highest), pascals."""

    def meaning(outputs: torch.Tensor, points: np.ndarray) -> torch.Tensor:
        return (start + step * outputs[:, 0]).clamp(lowest, highest)

    return meaning


def velocity(base: np.ndarray | float, unit: float) -> Meaning:
    """Velocities [P, 3]: `base` (m/s) and `unit` (m/s) times the outputs."""

    def meaning(outputs: torch.Tensor, points: np.ndarray) -> torch.Tensor:
        import torch

        return torch.as_tensor(base) + unit * outputs

    return meaning
