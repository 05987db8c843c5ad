"""A larger network that begins where a smaller one stopped."""

from __future__ import annotations

from pathlib import Path

import torch

from ..predictor.network import BINS, PredictorNetwork
from ..predictor.weights import load_weights

FAINT = 0.3
"""Of their usual size: how large modes that are new begin."""
RARE = -3.0
"""Logarithm of how strongly they are excited at first."""


def begin(network: PredictorNetwork, path: Path) -> None:
    """Give the network the weights of a file: of as many modes and blocks, or fewer, and of the same widths.

    Blocks that the file does not have stay as they are made, which is to say that they change nothing; modes that it
    does not have begin faint. Raises ValueError for weights of other widths or more modes.
    """
    tensors, card = load_weights(path)
    if tuple(card["widths"]) != network.widths or card["modes"] > network.modes:
        raise ValueError(
            f"{path.name} has widths {card['widths']} and {card['modes']} modes; this network has "
            f"{list(network.widths)} and {network.modes}, so that it cannot begin with it"
        )
    before, now = card["modes"], network.modes
    state = network.state_dict()
    for name, value in tensors.items():
        new = state[name]
        if name.startswith("fields."):
            new[: 4 * now] *= FAINT
            new[: 4 * now].view(2, now, 2, -1)[:, :before] = value[: 4 * before].view(2, before, 2, -1)
            new[4 * now :] = value[4 * before :]
        elif name.startswith("deviations."):
            torch.nn.init.constant_(new, RARE) if new.dim() == 1 else new.mul_(FAINT)
            new.view(BINS, now, -1)[:, :before] = value.view(BINS, before, -1)
        else:
            new.copy_(value)
