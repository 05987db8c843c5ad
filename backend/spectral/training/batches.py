"""From a pool's samples to what the network takes and what it is to say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..predictor.guidance import GUIDES, draw_stroke
from ..predictor.network import CELL
from .pool import Pool


@dataclass(frozen=True)
class Batch:
    """Pictures with guidance, and the truth."""

    inputs: torch.Tensor
    """[B, 3 + GUIDES, H, W] float32."""
    spectrum: torch.Tensor
    """S_k [B, h, w, 2, K] complex64, over the prior's amplitudes."""
    moving: torch.Tensor
    """[B, h, w] bool: the pixel belongs to something that moves."""

    def pinned(self) -> Batch:
        """In memory that a device reads while it computes."""
        return Batch(self.inputs.pin_memory(), self.spectrum.pin_memory(), self.moving.pin_memory())

    def to(self, device: torch.device) -> Batch:
        """On a device, which goes on computing meanwhile if this is pinned."""
        return Batch(*(value.to(device, non_blocking=True) for value in (self.inputs, self.spectrum, self.moving)))


def batch(pool: Pool, which: np.ndarray, rng: np.random.Generator | None = None, zoom: float = 1.0) -> Batch:
    """Samples of a pool; with `rng`: mirrored, coloured and guided by chance, else as they are and without guidance.

    zoom: times their sides, rounded to even ones.
    """
    owners, pixels = pool.owners[which], pool.images[which]
    before = pixels.shape[2]
    if zoom != 1:
        owners, pixels = _zoomed(owners, pixels, zoom)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    guides = np.zeros((len(which), GUIDES, *images.shape[2:]), np.float32)
    if rng is not None:
        for i, sample in enumerate(which):
            owners[i] = _guide(pool, sample, owners[i], guides[i], pixels.shape[2] / before, rng)
    spectrum = _dense(pool, owners, before / pixels.shape[2])
    inputs = torch.cat([images, torch.from_numpy(guides)], 1)
    moving = torch.from_numpy(owners > 0)
    if rng is None:
        return Batch(inputs, spectrum, moving)
    colours = torch.from_numpy(rng.normal(0, 1, (2, len(which), 3, 1, 1)).astype(np.float32))
    inputs[:, :3] = (inputs[:, :3] * (1 + 0.15 * colours[0]) + 0.06 * colours[1]).clamp(0, 1)
    if rng.random() < 0.5:
        inputs, spectrum, moving = inputs.flip(3), spectrum.flip(2), moving.flip(2)
        inputs[:, [4, 6]] *= -1
        spectrum[..., 0, :] *= -1
    return Batch(inputs, spectrum, moving)


def _zoomed(owners: np.ndarray, pixels: np.ndarray, zoom: float) -> tuple[np.ndarray, np.ndarray]:
    import cv2

    height, width = (max(round(side * zoom), 1) for side in owners.shape[1:])
    small = [cv2.resize(image, (CELL * width, CELL * height), interpolation=cv2.INTER_AREA) for image in pixels]
    rows, columns = (
        ((np.arange(count) + 0.5) / count * side).astype(int)
        for count, side in zip((height, width), owners.shape[1:], strict=True)
    )
    return owners[:, rows[:, None], columns], np.stack(small)


def _dense(pool: Pool, owners: np.ndarray, scale: float) -> torch.Tensor:
    """scale: pixels of the pool's pictures along one of these."""
    where = np.nonzero(owners)
    rows = owners[where] - 1
    places = (np.stack([where[2], where[1]], -1) + 0.5).astype(np.float32) * (CELL * scale) - pool.origins[rows]
    table = torch.from_numpy(pool.tables[rows]).float()
    x, y = (torch.from_numpy(places[:, a])[:, None, None] for a in (0, 1))
    values = torch.stack(
        [
            table[:, :, 0] + table[:, :, 2] * x + table[:, :, 3] * y,
            table[:, :, 1] + table[:, :, 4] * x + table[:, :, 5] * y,
        ],
        1,
    )
    spectrum = torch.zeros(*owners.shape, *values.shape[1:])
    spectrum[tuple(torch.from_numpy(a) for a in where)] = values
    return torch.view_as_complex(spectrum)


def _guide(
    pool: Pool, sample: int, owners: np.ndarray, guides: np.ndarray, zoom: float, rng: np.random.Generator
) -> np.ndarray:
    """Write what a person might say into `guides` [GUIDES, H, W]; returns the owners [h, w] of what moves then."""
    import cv2

    height, width = guides.shape[1:]
    if rng.random() < 0.25:
        guides[3:5] = pool.headings[sample][:, None, None]
    if rng.random() < 0.2:
        objects = np.where(owners > 0, pool.objects[np.maximum(owners - 1, 0)], -1)
        present = np.unique(objects[objects >= 0])
        # Whoever marks one plant of three wants the others to stay still.
        chosen = present[rng.random(len(present)) < 0.7]
        owners = np.where(np.isin(objects, chosen), owners, 0)
        mask = (owners > 0).astype(np.uint8)
        reach = int(rng.integers(0, 3))
        mask = cv2.dilate(mask, np.ones((2 * reach + 1,) * 2, np.uint8))
        guides[0] = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST) * 2 - 1
    if rng.random() < 0.2:
        for line in pool.strokes[sample]:
            if np.isnan(line).any() or rng.random() < 0.3:
                continue
            points = zoom * line + rng.normal(0, 0.7, line.shape)
            draw_stroke(guides[1:3], points)
    return owners
