"""`TriplaneField`: three planes of features and a small network (PhysDreamer, Zhang et al. 2024).

A point is projected to the planes of the axes, xy, xz and yz; the features found there, linearly between texels, are
added up and go through a network of rectified layers whose last one starts at zero. What its outputs stand for is the
caller's, a `Meaning`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

AXES = ((0, 1), (0, 2), (1, 2))
LOWEST, HIGHEST = 0.1, 0.5
"""Between which features are drawn at first, as in PhysDreamer's code."""

Meaning = Callable[["torch.Tensor", np.ndarray], "torch.Tensor"]
"""meaning(outputs [Q, k], points [Q, 3]) -> the quantity, differentiable."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a triplane field."""

    resolution: int = 24
    """Texels along a plane's side."""
    channels: int = 32
    layers: int = 3
    """Of the network; all but the last are as wide as the features."""


class TriplaneField:
    """Behind the interface of `Field`, with a measure of roughness."""

    def __init__(
        self, low: np.ndarray, high: np.ndarray, outputs: int, meaning: Meaning, shape: Shape, *, seed: int = 0
    ) -> None:
        """The planes span the box from `low` [3] to `high` [3] (metres); points beyond see its edge."""
        import torch

        self._low, self._span, self._meaning = np.asarray(low), np.maximum(np.asarray(high) - low, 1e-9), meaning
        draw = torch.Generator().manual_seed(seed)
        size = (3, shape.channels, shape.resolution, shape.resolution)
        planes = torch.rand(size, generator=draw, dtype=torch.float64)
        self._tensors = {"planes": LOWEST + (HIGHEST - LOWEST) * planes}
        for layer in range(shape.layers):
            last = layer == shape.layers - 1
            wide, bound = outputs if last else shape.channels, shape.channels**-0.5
            weight = torch.rand((wide, shape.channels), generator=draw, dtype=torch.float64)
            self._tensors[f"weight_{layer}"] = (2 * weight - 1) * (0 if last else bound)
            self._tensors[f"bias_{layer}"] = torch.zeros(wide, dtype=torch.float64)
        self._layers = shape.layers
        for tensor in self._tensors.values():
            tensor.requires_grad_()

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """The parameters themselves, for an optimiser."""
        return self._tensors

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        return {name: tensor.detach().numpy().copy() for name, tensor in self._tensors.items()}

    @parameters.setter
    def parameters(self, values: dict[str, np.ndarray]) -> None:
        import torch

        with torch.no_grad():
            for name, tensor in self._tensors.items():
                tensor.copy_(torch.from_numpy(values[name]))

    def value(self, points: np.ndarray) -> np.ndarray:
        self._value = self._meaning(self._outputs(points), points)
        return self._value.detach().numpy().copy()

    def pull(self, gradient: np.ndarray) -> dict[str, np.ndarray]:
        import torch

        tensors = list(self._tensors.values())
        pulled = torch.autograd.grad(self._value, tensors, torch.from_numpy(np.asarray(gradient, np.float64)))
        return {name: slope.numpy() for name, slope in zip(self._tensors, pulled, strict=True)}

    def roughness(self) -> tuple[float, dict[str, np.ndarray]]:
        """Mean squared difference of neighbouring texels (total variation in PhysDreamer's code) and its gradient."""
        import torch

        planes = self._tensors["planes"]
        loss = (planes.diff(dim=2) ** 2).mean() + (planes.diff(dim=3) ** 2).mean()
        (slope,) = torch.autograd.grad(loss, planes)
        return float(loss.detach()), {"planes": slope.numpy()}

    def _outputs(self, points: np.ndarray) -> torch.Tensor:
        """[Q, k]."""
        import torch
        from torch.nn.functional import linear, relu

        planes = self._tensors["planes"]
        size = planes.shape[-1]
        place = np.clip((points - self._low) / self._span, 0, 1) * (size - 1)
        low = np.minimum(place.astype(int), size - 2)
        part = torch.from_numpy(place - low)
        x = torch.zeros((len(points), planes.shape[1]), dtype=torch.float64)
        for plane, (a, b) in zip(planes, AXES, strict=True):
            for i in (0, 1):
                for j in (0, 1):
                    share = (part[:, a] if i else 1 - part[:, a]) * (part[:, b] if j else 1 - part[:, b])
                    x = x + share[:, None] * plane[:, low[:, a] + i, low[:, b] + j].T
        for layer in range(self._layers):
            x = linear(x if layer == 0 else relu(x), self._tensors[f"weight_{layer}"], self._tensors[f"bias_{layer}"])
        return x
