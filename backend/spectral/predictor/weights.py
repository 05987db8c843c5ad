"""The predictor's weights as files: half-precision safetensors, with a card of what they are in the metadata."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch

SHIPPED = Path(__file__).parents[2] / "weights" / "predictor.safetensors"
"""The weights that come with Sway."""
FORMAT = "sway.predictor.3"


def save_weights(path: Path, network: torch.nn.Module, card: dict) -> None:
    """Write beside the final name, then rename; the card for people to read is the .json file next to it."""
    from safetensors.torch import save_file

    tensors = {name: value.detach().half().contiguous() for name, value in network.state_dict().items()}
    partial = path.with_name(path.name + ".part")
    save_file(tensors, partial, {"card": json.dumps({**card, "format": FORMAT})})
    os.replace(partial, path)
    path.with_suffix(".json").write_text(json.dumps({**card, "format": FORMAT}, indent=2) + "\n", encoding="utf-8")


def load_weights(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """Single-precision tensors by name, and the card.

    Raises FileNotFoundError where there is no file, ValueError for one of another kind.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FileNotFoundError(f"there are no predictor weights at {path}; install Sway anew")
    try:
        with safe_open(path, "pt") as file:
            card = json.loads((file.metadata() or {}).get("card", "{}"))
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118, it is no dict
    except SafetensorError as error:
        raise ValueError(f"{path.name} is not a safetensors file ({error}); choose predictor weights") from error
    if card.get("format") != FORMAT:
        raise ValueError(f"{path.name} holds no predictor weights; choose a file that Sway's training wrote")
    return tensors, card
