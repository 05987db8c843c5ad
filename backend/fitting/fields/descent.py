"""AdamW on a field's numbers (Loshchilov and Hutter 2019) by torch, which can stop and go on with the same bits."""

from __future__ import annotations

import numpy as np

from .triplane import TriplaneField


class Descent:
    """Steps of at most about `rate` for each number, with decay of weights, a warm-up and bounded gradients."""

    def __init__(
        self, field: TriplaneField, rate: float, *, decay: float = 1e-4, warm_up: int = 0, longest: float = 10.0
    ) -> None:
        """`longest` bounds the gradient's norm; the rate rises to its full value over `warm_up` steps."""
        import torch

        self.field, self._rate, self._warm_up, self._longest = field, rate, warm_up, longest
        self._optimiser = torch.optim.AdamW(list(field.tensors.values()), lr=rate, weight_decay=decay)
        self._done = 0

    def step(self, gradient: dict[str, np.ndarray], pace: float = 1.0) -> None:
        """One step against a gradient, its length times `pace`."""
        import torch

        for name, tensor in self.field.tensors.items():
            tensor.grad = torch.from_numpy(np.ascontiguousarray(gradient[name]))
        torch.nn.utils.clip_grad_norm_(list(self.field.tensors.values()), self._longest)
        self._done += 1
        warmth = min(1.0, self._done / self._warm_up) if self._warm_up else 1.0
        self._optimiser.param_groups[0]["lr"] = pace * warmth * self._rate
        self._optimiser.step()

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Parameters and the optimiser's memory."""
        kept = {f"value_{name}": value for name, value in self.field.parameters.items()}
        for name, tensor in self.field.tensors.items():
            memory = self._optimiser.state.get(tensor, {})
            kept |= {f"{key}_{name}": memory[key].numpy().copy() for key in ("exp_avg", "exp_avg_sq") if memory}
        return kept | {"done": np.array(self._done)}

    def restore(self, kept: dict[str, np.ndarray]) -> None:
        """Take over what `to_arrays` gave."""
        import torch

        self.field.parameters = {name: kept[f"value_{name}"] for name in self.field.tensors}
        self._done = int(kept["done"])
        if self._done:
            for name, tensor in self.field.tensors.items():
                memory = {key: torch.from_numpy(kept[f"{key}_{name}"].copy()) for key in ("exp_avg", "exp_avg_sq")}
                self._optimiser.state[tensor] = {"step": torch.tensor(float(self._done)), **memory}
