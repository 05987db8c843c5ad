"""Where training computes: processors, or a graphics processor where there is one."""

from __future__ import annotations

from contextlib import nullcontext

import torch


def chosen(name: str) -> torch.device:
    """The device of a name such as "cuda:1", "mps" or "cpu"; "auto": the best there is.

    Raises ValueError for one that this PyTorch does not have.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    device = torch.device(name)
    there = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available, "cpu": lambda: True}
    if device.type not in there or not there[device.type]():
        raise ValueError(f"this PyTorch cannot compute on {name}; choose cpu, or install PyTorch for it")
    return device


def precision(device: torch.device):
    """A context in which the network's layers take 16-bit numbers: bfloat16, whose range needs no scaling of losses.

    Not on graphics processors that have no such numbers, nor on Apple's, where they gain nothing.
    """
    if device.type == "mps" or (device.type == "cuda" and not torch.cuda.is_bf16_supported(False)):
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)
