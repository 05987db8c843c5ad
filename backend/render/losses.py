"""How far a picture is from its target: the training loss of Kerbl et al. 2023 with its gradient, PSNR and SSIM.

Images are [H, W, 3] floats, display-referred, 0..1. torch is imported by the functions that need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

WINDOW, WINDOW_SIGMA = 11, 1.5
"""SSIM's Gaussian window [px], Wang et al. 2004."""
C1, C2 = 0.01**2, 0.03**2
"""SSIM's stabilisers, Wang et al. 2004, for images of range 1."""


def photometric(
    image: np.ndarray, target: np.ndarray, blur: float = 0.0, dssim: float = 0.2
) -> tuple[float, np.ndarray]:
    """Loss (1 - dssim) L1 + dssim (1 - SSIM), Kerbl et al. 2023, eq. 7, and its gradient to `image` [H, W, 3].

    Both images are blurred by a Gaussian of standard deviation `blur` [px] first: a wide one lets a picture find a
    target that it does not overlap yet. Raises ValueError for images of different sizes or under 11 px.
    """
    import torch

    prediction = _planes(image).requires_grad_()
    a, b = prediction, _planes(target).to(prediction.dtype)
    _check_same_size(a, b)
    if blur > 0:
        a, b = _blurred(a, blur), _blurred(b, blur)
    loss = (1 - dssim) * (a - b).abs().mean()
    if dssim > 0:
        loss = loss + dssim * (1 - _ssim(a, b))
    (gradient,) = torch.autograd.grad(loss, prediction)
    return float(loss.detach()), gradient[0].permute(1, 2, 0).contiguous().numpy()


def psnr(image: np.ndarray, target: np.ndarray) -> float:
    """Peak signal-to-noise ratio, dB, for a peak of 1; inf for equal images."""
    error = np.mean((np.asarray(image, np.float64) - np.asarray(target, np.float64)) ** 2)
    return float(-10 * np.log10(error)) if error > 0 else np.inf


def ssim(image: np.ndarray, target: np.ndarray) -> float:
    """Mean structural similarity, Wang et al. 2004, of windows that lie inside; 1 for equal images.

    Raises ValueError for images of different sizes or under 11 px.
    """
    a, b = _planes(np.asarray(image, np.float64)), _planes(np.asarray(target, np.float64))
    _check_same_size(a, b)
    return float(_ssim(a, b))


def _planes(image: np.ndarray) -> torch.Tensor:
    """[H, W, C] as a batch of one [1, C, H, W]."""
    import torch

    return torch.tensor(image).permute(2, 0, 1)[None].contiguous()


def _check_same_size(a: torch.Tensor, b: torch.Tensor) -> None:
    if a.shape != b.shape:
        raise ValueError(
            f"the picture is {a.shape[3]} x {a.shape[2]} and its target {b.shape[3]} x {b.shape[2]}; make them one size"
        )
    if min(a.shape[2:]) < WINDOW:
        raise ValueError(f"SSIM needs pictures of at least {WINDOW} x {WINDOW} px; render larger ones")


def _filtered(planes: torch.Tensor, sigma: float, radius: int) -> torch.Tensor:
    """[1, C, H, W] through a Gaussian cut off at `radius` [px], inside only: `radius` px shorter on each side."""
    import torch
    from torch.nn.functional import conv2d

    x = torch.arange(-radius, radius + 1, dtype=planes.dtype)
    kernel = torch.softmax(-(x**2) / (2 * sigma**2), 0)
    # One group a channel: torch has a fast path for it, thirty times as fast as the same planes as a batch.
    channels = planes.shape[1]
    row = kernel.expand(channels, 1, 1, -1)
    return conv2d(conv2d(planes, row, groups=channels), row.mT.contiguous(), groups=channels)


def _blurred(planes: torch.Tensor, sigma: float) -> torch.Tensor:
    """A Gaussian blur of the same size; beyond the edge the picture goes on as its edge."""
    from torch.nn.functional import pad

    radius = int(np.ceil(3 * sigma))
    return _filtered(pad(planes, (radius,) * 4, mode="replicate"), sigma, radius)


def _ssim(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Mean of Wang et al. 2004, eq. 13."""
    import torch

    moments = _filtered(torch.cat([a, b, a * a, b * b, a * b], 1), WINDOW_SIGMA, WINDOW // 2)
    mean_a, mean_b, aa, bb, ab = moments.chunk(5, 1)
    covariance = ab - mean_a * mean_b
    variances = aa - mean_a**2 + bb - mean_b**2
    similarity = (2 * mean_a * mean_b + C1) * (2 * covariance + C2)
    return (similarity / ((mean_a**2 + mean_b**2 + C1) * (variances + C2))).mean()
