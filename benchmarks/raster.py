"""Time of the rasteriser, forward and backward, and how it compares with plain torch in the same run."""

from __future__ import annotations

import numpy as np

from backend import formats, taichi_runtime
from backend.camera import Camera
from backend.gaussians import Gaussians
from backend.sample import potted_plant

from .figures import REAL_PLANT, best_time, row

SUBSET, SUBSET_SIZE = 1000, 96
"""Splats and picture size [px] that plain torch, every splat on every pixel, can hold in memory with its gradients."""


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit. The best of several runs each: a shared machine only ever adds time."""
    import torch

    from backend.deformation import six_numbers
    from backend.render import twin
    from backend.render.losses import psnr
    from backend.render.rasteriser import Rasteriser, SplatGradients

    taichi_runtime.start("f32")
    gaussians, up = _plant()
    splats = gaussians.positions, six_numbers(gaussians.covariances()), gaussians.colours, gaussians.opacity
    rows = []
    for size in (256, 512):
        rasteriser = Rasteriser(_portrait(gaussians, up, size), len(gaussians), dilation=0.3)
        gradient = np.random.default_rng(0).normal(size=(size, size, 3)).astype(np.float32)
        forward = best_time(lambda r=rasteriser: r.render(*splats))
        backward = best_time(lambda r=rasteriser, g=gradient: r.backward(g))
        to_all = best_time(lambda r=rasteriser, g=gradient: r.backward_all(g))
        rows.append(row(f"Rasteriser forward, {size} px", forward, "s"))
        rows.append(row(f"Rasteriser backward to positions and covariances, {size} px", backward, "s"))
        rows.append(row(f"Rasteriser forward and backward to everything, {size} px", forward + to_all, "s"))
    rows.append(row("Rasteriser, splats", len(gaussians), ""))

    camera = _portrait(gaussians, up, SUBSET_SIZE)
    subset = tuple(array[:: -(-len(gaussians) // SUBSET)] for array in splats)
    rasteriser = Rasteriser(camera, SUBSET, dilation=0.3)
    gradient = np.random.default_rng(1).normal(size=(SUBSET_SIZE, SUBSET_SIZE, 3)).astype(np.float32)
    tensors = [torch.tensor(array, requires_grad=True) for array in subset]

    def torch_both_ways() -> list[np.ndarray]:
        for tensor in tensors:
            tensor.grad = None
        (twin.render(camera, *tensors, dilation=0.3).image * torch.tensor(gradient)).sum().backward()
        return [tensor.grad.numpy() for tensor in tensors]  # type: ignore[union-attr]

    def both_ways() -> SplatGradients:
        rasteriser.render(*subset)
        return rasteriser.backward_all(gradient)

    off = [
        np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
        for ours, theirs in zip(both_ways(), torch_both_ways(), strict=True)
    ]
    rows.append(row("Rasteriser's gradients off those of plain torch by", float(max(off)), "of their norm"))
    ratio = best_time(torch_both_ways, 3) / best_time(both_ways)
    rows.append(row(f"Rasteriser, times faster than plain torch, {SUBSET:,} splats", ratio, "x"))
    expected = twin.render(camera, *tensors, dilation=0.3).image.detach().numpy()
    rows.append(row("Rasteriser against plain torch", psnr(rasteriser.render(*subset), expected), "dB"))
    return rows


def _plant() -> tuple[Gaussians, tuple[float, float, float]]:
    """The real plant, which stands with -y up, or the procedural one where the data is absent."""
    if REAL_PLANT.exists():
        return formats.read(REAL_PLANT).gaussians, (0.0, -1.0, 0.0)
    return potted_plant(), (0.0, 0.0, 1.0)


def _portrait(gaussians: Gaussians, up: tuple[float, float, float], size: int) -> Camera:
    """A view from the side that the plant fills."""
    centre = np.median(gaussians.positions, axis=0).astype(float)
    reach = np.percentile(np.abs(gaussians.positions - centre), 99.5)
    side = np.array([0.0, 0.0, -1.0]) if up[1] else np.array([0.0, -1.0, 0.0])
    return Camera.look_at(centre + 3.2 * reach * side, centre, 1.3 * size, size, size, up)
