"""The training loop: as long as it is given, evaluated on plants that it never sees, and resumed where it stopped."""

from __future__ import annotations

import copy
import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..predictor_network import MODES, WIDTHS, PredictorNetwork
from ..predictor_weights import load_weights, save_weights
from .batches import batch
from .generator import HELD_OUT, SEEN, VERSION, generate
from .likelihood import terms
from .metrics import evaluate
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
SMALL_UNTIL = 0.4
"""Of the training."""
LIMITS = (
    "Trained on drawn plants alone. Works best for stems, flowers, leaves and grass before a calm background; finds "
    "no water, clouds, people or animals; may take mottled stones for leaves. Strokes and masks correct it."
)
FILES_HELD = 100
"""At most so many files of samples are in memory; the newest ones."""


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
    evaluated: int = EVALUATED


class _Samples:
    """The pool's files, those that are written meanwhile too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pools: dict[str, Pool] = {}

    def refresh(self) -> None:
        names = sorted(path.name for path in self.folder.glob("?????.npz"))[-FILES_HELD:]
        for name in names:
            if name not in self.pools:
                self.pools[name] = Pool.load(self.folder / name)
        for name in set(self.pools) - set(names):
            del self.pools[name]
        if not self.pools:
            raise FileNotFoundError(f"there are no samples in {self.folder}; write some with --write")

    def draw(self, rng: np.random.Generator, size: int, zoom: float):
        pool = self.pools[list(self.pools)[rng.integers(len(self.pools))]]
        return batch(pool, rng.choice(len(pool.images), size, replace=False), rng, zoom)


def zoom_at(share: float, rng: np.random.Generator) -> float:
    """Of the pictures at a share of the training: small ones teach more in the same time, several sizes come last."""
    if share < SMALL_UNTIL:
        return 0.75
    return rng.choice([0.75, 1.0, 1.25], p=[0.1, 0.75, 0.15])


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

    Writes checkpoint.pt, log.jsonl and predictor.safetensors there. Raises FileNotFoundError without samples.
    """
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    options.out.mkdir(parents=True, exist_ok=True)
    network = PredictorNetwork().to(memory_format=torch.channels_last)
    if options.start:
        network.load_state_dict(load_weights(options.start)[0])
    average = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), options.rate, (0.9, 0.98), weight_decay=0.02)
    step, used = 0, 0.0
    checkpoint = options.out / "checkpoint.pt"
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, used = state["step"], state["used"]
    sets = evaluation_sets(options.evaluated)
    samples = _Samples(options.pool)
    samples.refresh()
    rng = np.random.default_rng([11, step])
    begun, evaluated, sums = time.monotonic() - used, used, []
    with open(options.out / "log.jsonl", "a") as log:
        while used < 60 * options.minutes:
            network.train()
            share = used / (60 * options.minutes)
            rate = options.rate * min(1, (step + 1) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * share)) + 1e-6
            for group in optimiser.param_groups:
                group["lr"] = rate
            data = samples.draw(rng, options.batch, zoom_at(share, rng))
            with torch.autocast("cpu", torch.bfloat16):
                found = network(data.inputs)
            parts = terms(found, data)
            optimiser.zero_grad()
            parts.total.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            step += 1
            keep = min(AVERAGING, (1 + step) / (10 + step))
            with torch.no_grad():
                for mean, new in zip(average.parameters(), network.parameters(), strict=True):
                    mean.lerp_(new, 1 - keep)
            sums.append([float(v.detach()) for v in vars(parts).values()])
            used = time.monotonic() - begun
            if used - evaluated > 60 * MINUTES_BETWEEN or used >= 60 * options.minutes:
                entry = {"step": step, "pictures": step * options.batch, "minutes": used / 60, "rate": rate}
                entry |= dict(zip(vars(parts), np.mean(sums, 0).tolist(), strict=True)) | figures(average, sets)
                log.write(json.dumps({key: round(value, 5) for key, value in entry.items()}) + "\n")
                log.flush()
                state = {"network": network.state_dict(), "average": average.state_dict()}
                state |= {"optimiser": optimiser.state_dict(), "step": step, "used": used}
                torch.save(state, checkpoint.with_suffix(".part"))
                os.replace(checkpoint.with_suffix(".part"), checkpoint)
                save_weights(options.out / "predictor.safetensors", average, card(entry, options))
                samples.refresh()
                used = evaluated = time.monotonic() - begun
                sums = []
    return average


def card(entry: dict[str, float], options: Options) -> dict:
    """What is to be known about weights: how they came to be and what was measured."""
    return {
        "format": "sway.predictor.1",
        "widths": list(WIDTHS),
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
