"""The training loop: as long as it is given, evaluated on plants that it never sees, and resumed where it stopped."""

from __future__ import annotations

import copy
import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from ..predictor.network import ATTENDS, DOWN, MODES, UP, WIDTHS, PredictorNetwork
from ..predictor.weights import save_weights
from .devices import chosen, precision
from .feed import Feed
from .generator import HELD_OUT, SEEN, VERSION, generate
from .growth import begin
from .likelihood import terms
from .metrics import evaluate
from .optimisers import Optimiser
from .pool import Pool

WARM_UP = 200
"""Steps."""
AVERAGING = 0.999
"""Of the weights' running mean, which is what gets saved."""
EVALUATED = 120
"""Pictures of each set that is evaluated on the way."""
UNTRAINED = 10**9
"""First seed of the evaluation sets; no training reaches it."""
MINUTES_BETWEEN = 7.0
LIMITS = (
    "Trained on drawn plants alone. Works best for stems, flowers, leaves and grass before a calm background; finds "
    "no water, clouds, people or animals; may take mottled stones for leaves. Strokes and masks correct it."
)


@dataclass(frozen=True)
class Options:
    """Of one training."""

    out: Path
    pool: Path
    minutes: float
    batch: int = 32
    rate: float = 2e-3
    threads: int = 1
    start: Path | None = None
    """Weights to begin with, of this network or a smaller one."""
    evaluated: int = EVALUATED
    device: str = "cpu"
    """As PyTorch calls it, or "auto"."""
    loaders: int = 0
    """Threads that prepare batches while the device computes; on processors they would only wait for one another."""
    compiled: bool = False
    """Let PyTorch fuse what is not convolution: takes minutes to begin, and a compiler."""
    orthogonal: bool = True
    """Steps by Muon rather than AdamW alone."""


def evaluation_sets(count: int = EVALUATED, height: int = 64, width: int = 96) -> dict[str, Pool]:
    """Pictures of families that are trained on, of those that never are, and of nothing that moves."""
    families = {"seen": SEEN, "held_out": HELD_OUT, "still": ()}
    return {
        name: Pool.of([generate(UNTRAINED + 1000 * i + j, height, width, chosen) for j in range(count)])
        for i, (name, chosen) in enumerate(families.items())
    }


def figures(network: PredictorNetwork, sets: dict[str, Pool]) -> dict[str, float]:
    """Every figure of every set, by "set.figure"."""
    network.eval()
    return {f"{name}.{key}": value for name, pool in sets.items() for key, value in evaluate(network, pool).items()}


def train(options: Options) -> PredictorNetwork:
    """Train for `options.minutes`, in all, of which a checkpoint in `options.out` has used up some.

    Writes checkpoint.pt, log.jsonl and predictor.safetensors there. Raises FileNotFoundError without samples,
    ValueError for a device that is not there.
    """
    device = chosen(options.device)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    options.out.mkdir(parents=True, exist_ok=True)
    network = PredictorNetwork()
    if options.start:
        begin(network, options.start)
    network = network.to(device=device, memory_format=torch.channels_last)
    average = copy.deepcopy(network)
    optimiser = Optimiser(network, options.orthogonal)
    step, used = 0, 0.0
    checkpoint = options.out / "checkpoint.pt"
    if checkpoint.is_file():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, used = state["step"], state["used"]
    forward = torch.compile(network) if options.compiled else network
    sets = evaluation_sets(options.evaluated)
    feed = Feed(options.pool, options.batch, [11, step], options.loaders, device.type == "cuda")
    begun, evaluated, sums, summed = time.monotonic() - used, used, 0.0, 0
    with open(options.out / "log.jsonl", "a") as log:
        while used < 60 * options.minutes:
            network.train()
            share = used / (60 * options.minutes)
            rate = options.rate * min(1, (step + 1) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * share)) + 1e-6
            # What begins with weights has learnt from small pictures before.
            data = feed.next(1.0 if options.start else share).to(device)
            with precision(device):
                found = forward(data.inputs)
            parts = terms(found, data)
            network.zero_grad()
            parts.total.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step(rate)
            step += 1
            keep = min(AVERAGING, (1 + step) / (10 + step))
            with torch.no_grad():
                for mean, new in zip(average.parameters(), network.parameters(), strict=True):
                    mean.lerp_(new, 1 - keep)
            sums, summed = sums + torch.stack([v.detach() for v in vars(parts).values()]), summed + 1
            used = time.monotonic() - begun
            if used - evaluated > 60 * MINUTES_BETWEEN or used >= 60 * options.minutes:
                entry = {"step": step, "pictures": step * options.batch, "minutes": used / 60, "rate": rate}
                entry |= dict(zip(vars(parts), (sums / summed).tolist(), strict=True)) | figures(average, sets)
                log.write(json.dumps({key: round(value, 5) for key, value in entry.items()}) + "\n")
                log.flush()
                state = {"network": network.state_dict(), "average": average.state_dict()}
                state |= {"optimiser": optimiser.state_dict(), "step": step, "used": used}
                torch.save(state, checkpoint.with_suffix(".part"))
                os.replace(checkpoint.with_suffix(".part"), checkpoint)
                save_weights(options.out / "predictor.safetensors", average, card(entry, options))
                feed.refresh()
                used = evaluated = time.monotonic() - begun
                sums, summed = 0.0, 0
    feed.close()
    return average


def card(entry: dict[str, float], options: Options) -> dict:
    """What is to be known about weights: how they came to be and what was measured."""
    return {
        "widths": list(WIDTHS),
        "blocks": [list(DOWN), list(UP)],
        "attends": list(ATTENDS),
        "modes": MODES,
        "generator_version": VERSION,
        "seed": 0,
        "families": list(SEEN),
        "held_out_families": list(HELD_OUT),
        "pictures": int(entry["pictures"]),
        "minutes": round(entry["minutes"], 1),
        "batch": options.batch,
        "limits": LIMITS,
        "metrics": {key: round(value, 4) for key, value in entry.items() if "." in key},
    }
