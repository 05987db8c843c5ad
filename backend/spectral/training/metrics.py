"""How good predictions are: the figures of docs/predictor.md, from pools whose truth is known."""

from __future__ import annotations

import numpy as np
import torch

from ..predictor.network import PredictorNetwork
from ..predictor.prior import AMPLITUDES
from .batches import batch
from .devices import precision
from .likelihood import SEEN_TO_MOVE, SHARES, amplitude, correlation, explained, negative_log_likelihood, powers
from .pool import Pool

USUAL = float(np.sqrt((AMPLITUDES**2).sum()))
"""Pixels of a picture that is WIDTH wide: root mean square displacement per axis of amplitude 1."""


@torch.no_grad()
def evaluate(network: PredictorNetwork, pool: Pool, size: int = 25) -> dict[str, float]:
    """Means over the pool's pictures in which something moves, and over those in which nothing does.

    explained: energy in the span of the mode shapes. translated: the same of a rigid shift of the true mask.
    correlation: of the maps of root mean square displacement. overlap: intersection over union of the pixels above
    SEEN_TO_MOVE in them; mask_overlap: of the predicted mask. leakage: share of the predicted energy on still pixels;
    far_leakage: on those that do not touch a moving one. still_pixels: largest displacement (root mean square over
    time, 99th percentile over pixels) in pictures without plants, pixels at a width of 256.
    """
    device = next(network.parameters()).device
    rows: dict[str, list[torch.Tensor]] = {}
    empty: list[torch.Tensor] = []
    for first in range(0, len(pool.images), size):
        data = batch(pool, np.arange(first, min(first + size, len(pool.images))))
        with precision(device):
            found = network(data.inputs.to(device))
        shapes, deviations, noise, logit = (value.cpu() for value in found)
        given = amplitude(shapes, deviations)
        moves = data.moving.flatten(1).any(1)
        if (~moves).any():
            shown = torch.where(torch.sigmoid(logit) > 0.5, given, 0)[~moves]
            empty.append(shown.flatten(1).quantile(0.99, dim=1) * USUAL)
        if not moves.any():
            continue
        shapes, deviations, noise, logit, given = (v[moves] for v in (shapes, deviations, noise, logit, given))
        truth, moving = data.spectrum[moves], data.moving[moves]
        count = len(truth)
        power = powers(truth)
        wanted, total = (power @ SHARES / 2).sqrt(), (power @ SHARES).sum((1, 2))
        flat = shapes.reshape(count, -1, *shapes.shape[4:])
        spectrum = torch.view_as_real(truth).reshape(count, -1, truth.shape[-1], 2)
        variance, half = (v[..., None].expand(-1, -1, -1, 2).reshape(count, -1) for v in (noise, power.sum(3) / 2))
        shifts = (moving[..., None, None] * torch.eye(2)).reshape(count, -1, 2)
        shifts = torch.stack([shifts, torch.zeros_like(shifts)], -1)
        energy = given.square()
        near = torch.nn.functional.max_pool2d(moving.float()[:, None], 3, 1, 1)[:, 0] > 0
        figures = {
            "explained": explained(flat, spectrum, total, 1e-6),
            "translated": explained(shifts, spectrum, total, 1e-6),
            "likelihood": negative_log_likelihood(flat, deviations, variance, spectrum, half),
            "correlation": correlation(given, wanted),
            "overlap": _overlap(_upper(given), _upper(wanted)),
            "mask_overlap": _overlap(logit > 0, moving),
            "leakage": (energy * ~moving).sum((1, 2)) / energy.sum((1, 2)),
            "far_leakage": (energy * ~near).sum((1, 2)) / energy.sum((1, 2)),
            "amplitude_ratio": (energy.sum((1, 2)) / wanted.square().sum((1, 2))).sqrt(),
        }
        for name, values in figures.items():
            rows.setdefault(name, []).append(values)
    found = {name: float(torch.cat(values).mean()) for name, values in rows.items()}
    if empty:
        found["still_pixels"] = float(torch.cat(empty).mean())
    return found


def _upper(values: torch.Tensor) -> torch.Tensor:
    return values > SEEN_TO_MOVE * values.amax((1, 2), keepdim=True)


def _overlap(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return (first & second).sum((1, 2)) / (first | second).sum((1, 2)).clamp_min(1)
