"""What changes the weights: steps that are orthogonal for the layers' matrices (Muon), AdamW for everything else."""

from __future__ import annotations

import torch
from torch import nn

DECAY = 0.02
"""Of the weights, times the rate."""
MOMENTUM = 0.95
MOMENTS = (0.9, 0.98)


class Optimiser:
    """Muon (Jordan et al. 2024) for the convolutions of features to features, AdamW for what enters, leaves and scales.

    Muon's steps are made as large as AdamW's (Liu et al. 2025), so that both have one rate.
    """

    def __init__(self, network: nn.Module, orthogonal: bool) -> None:
        ends = {"enter", "fields", "deviations"}
        self.layers = [
            weight
            for name, weight in network.named_parameters()
            if orthogonal and weight.dim() == 4 and weight.shape[1] > 1 and name.split(".")[0] not in ends
        ]
        taken = {id(weight) for weight in self.layers}
        others = [weight for weight in network.parameters() if id(weight) not in taken]
        self.parts: list[torch.optim.Optimizer] = [torch.optim.AdamW(others, betas=MOMENTS, weight_decay=DECAY)]
        # Matrices that share the layers' memory: Muon takes nothing of more dimensions.
        self.matrices = [nn.Parameter(_matrix(weight.detach())) for weight in self.layers]
        if self.matrices:
            self.parts.append(
                torch.optim.Muon(self.matrices, momentum=MOMENTUM, weight_decay=DECAY, adjust_lr_fn="match_rms_adamw")
            )

    def step(self, rate: float) -> None:
        """Change the weights by their gradients."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = rate
        for matrix, weight in zip(self.matrices, self.layers, strict=True):
            matrix.grad = None if weight.grad is None else _matrix(weight.grad)
        for part in self.parts:
            part.step()

    def state_dict(self) -> list[dict]:
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states: list[dict]) -> None:
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)


def _matrix(weight: torch.Tensor) -> torch.Tensor:
    """A convolution's weights [out, in, h, w] as [out, h w in], the same memory if they lie with channels last."""
    return weight.permute(0, 2, 3, 1).flatten(1)
