"""What a fit by pictures minimises: several ways in which a motion can miss a clip, each with its gradient.

| loss | of | good for |
|---|---|---|
| tracks | pixels that particles are off their tracks | far away: no picture has to overlap |
| blurred | pictures blurred by a few percent of their height, L1 | on the way |
| pictures | L1 + D-SSIM (Kerbl et al. 2023; PhysDreamer, Zhang et al. 2024) | the last detail |
| spectrum | strength of each frequency in time at coarse pixels (Resonance4D, 2026) | pace, whatever the phase |
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..camera import Camera
from ..render.losses import photometric
from .observation import Tracks

BLUR = 0.016
"""Of the blurred loss, over the picture's height."""
SCALE = 2.0
"""Pixels from which a track's miss counts linearly."""
COARSE = 16
"""Pixels of the picture's height that make one of the spectrum's."""


@dataclass(frozen=True)
class Losses:
    """Weights of the losses; those of 0 cost nothing. Without blur L1 + D-SSIM is the one of the paper's text."""

    tracks: float = 0.0
    blurred: float = 0.0
    pictures: float = 1.0
    spectrum: float = 0.0
    dssim: float = 0.2
    """Share of D-SSIM in `pictures`."""
    squared: bool = False
    """Whether half the mean square stands for L1, as in PhysDreamer's code."""

    def picture(self, picture: np.ndarray, wanted: np.ndarray) -> tuple[float, np.ndarray]:
        """Loss of one picture [H, W, 3] and its gradient."""
        total, slope = 0.0, np.zeros_like(picture)
        if self.blurred:
            loss, own = photometric(picture, wanted, BLUR * len(picture), 0.0)
            total, slope = total + self.blurred * loss, slope + self.blurred * own
        if self.pictures and self.squared:
            loss, own = photometric(picture, wanted, 0.0, 1.0)
            miss = picture - wanted
            total += self.pictures * (self.dssim * loss + (1 - self.dssim) * 0.5 * float((miss**2).mean()))
            slope = slope + self.pictures * (self.dssim * own + (1 - self.dssim) * miss / miss.size)
        elif self.pictures:
            loss, own = photometric(picture, wanted, 0.0, self.dssim)
            total, slope = total + self.pictures * loss, slope + self.pictures * own
        return total, slope


def track_loss(
    positions: np.ndarray, frames: np.ndarray, tracks: Tracks, camera: Camera, rest: np.ndarray
) -> tuple[float, np.ndarray]:
    """Mean miss of the tracks (pseudo-Huber, pixels) of particles [F, P, 3] (m) at clip frames [F], and its gradient.

    `rest` [P, 3] is where the particles are at frame 0.
    """
    own = tracks.particles
    moved = positions[:, own]
    miss = camera.project(moved) - camera.project(rest[own]) - tracks.displacement[frames - 1]  # [F, V, 2]
    weights = tracks.weights[frames - 1] / max(tracks.weights[frames - 1].sum(), 1e-12)
    length = np.sqrt(1 + (miss**2).sum(-1) / SCALE**2)
    slope = np.zeros(positions.shape)
    by_pixel = (weights / length)[..., None] * miss / SCALE
    np.add.at(slope, (slice(None), own), np.einsum("fvi,fvij->fvj", by_pixel, camera.project_jacobian(moved)))
    return float(SCALE * (weights * (length - 1)).sum()), slope


def spectrum_loss(film: np.ndarray, wanted: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean difference in strength of the frequencies of coarse pixels in time, of films [F, H, W, 3], and its gradient.

    Blind to when a motion begins; constant differences do not count.
    """
    import torch
    from torch.nn.functional import avg_pool2d

    def strengths(frames: torch.Tensor) -> torch.Tensor:
        pixel = max(frames.shape[1] // COARSE, 1)
        coarse = avg_pool2d(frames.mean(-1)[:, None], pixel)[:, 0]
        return torch.fft.rfft(coarse - coarse.mean(0), dim=0)[1:].abs() / len(frames)

    moving = torch.tensor(np.asarray(film, np.float64), requires_grad=True)
    loss = (strengths(moving) - strengths(torch.tensor(np.asarray(wanted, np.float64)))).abs().mean()
    (slope,) = torch.autograd.grad(loss, moving)
    return float(loss.detach()), slope.numpy()
