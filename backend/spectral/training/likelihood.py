"""What training makes small, and the exact likelihood of a low-rank Gaussian.

S_k ~ CN(0, Phi diag(sigma_k^2) Phi^H + diag(s^2)): with W = diag(1 / s^2), G = Phi^H W Phi and the M x M matrix
A_k = I + sigma_k G sigma_k, Woodbury's identity gives log det = sum log s^2 + log det A_k and the quadratic form
S^H W S - |L_k^-1 sigma_k Phi^H W S|^2 with A_k = L_k L_k^H. Complex M x M matrices A + iB are computed with as the real
[[A, -B], [B, A]], whose log det is twice as large, since not every device decomposes complex ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..predictor.prior import AMPLITUDES
from .batches import Batch

SHARES = torch.tensor(AMPLITUDES**2 / (AMPLITUDES**2).sum(), dtype=torch.float32)
"""[K]: each frequency's part of the energy."""
SEEN_TO_MOVE = 0.15
"""Of a picture's largest amplitude: above it a pixel counts as moving."""
SOFTNESS = 0.04
"""Of a picture's largest amplitude: width of that threshold in training, over which it has a slope."""
LIKELY = 4
"""The likelihood, which takes long, is that of one picture in so many of a batch."""


@dataclass(frozen=True)
class Terms:
    """Parts of the loss, each a mean over the batch, those after `amplitude` over its pictures in which things move."""

    likelihood: torch.Tensor
    """Negative log-likelihood per complex number."""
    unexplained: torch.Tensor
    """Share of the energy outside the span of the mode shapes, 0..1; of pictures in which things move, too."""
    moving: torch.Tensor
    """Cross entropy of what moves."""
    amplitude: torch.Tensor
    """Mean absolute error of the root mean square displacement, over the prior's."""
    unrelated: torch.Tensor
    """1 - correlation of the maps of root mean square displacement."""
    apart: torch.Tensor
    """1 - intersection over union of what moves more than SEEN_TO_MOVE, with a soft threshold."""
    leakage: torch.Tensor
    """Share of the predicted energy on still pixels."""

    @property
    def total(self) -> torch.Tensor:
        return (
            0.1 * self.likelihood
            + self.unexplained
            + self.moving
            + 0.3 * self.amplitude
            + 2 * self.unrelated
            + self.apart
            + self.leakage
        )


def products(shapes: torch.Tensor, spectrum: torch.Tensor, weights: torch.Tensor | None = None):
    """Phi^H W Phi as a real matrix [B, 2 M, 2 M], and Phi^H W S likewise [B, 2 M, K]: real parts, then imaginary ones.

    shapes [B, N, M, 2] and spectrum [B, N, K, 2] as real and imaginary parts, weights [B, N] or all 1.
    """
    left, right = shapes.flatten(2), spectrum.flatten(2)
    weighed = left if weights is None else left * weights[..., None]
    own_real, own_imaginary = _joined(weighed.mT @ left)
    rows = torch.cat([own_real, -own_imaginary], 2), torch.cat([own_imaginary, own_real], 2)
    return torch.cat(rows, 1), torch.cat(_joined(weighed.mT @ right), 1)


def _joined(parts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Real and imaginary part of Phi^H X from the products of real and imaginary columns in turn."""
    a, b = parts[:, ::2, ::2], parts[:, ::2, 1::2]
    c, d = parts[:, 1::2, ::2], parts[:, 1::2, 1::2]
    return a + d, b - c


def negative_log_likelihood(
    shapes: torch.Tensor, deviations: torch.Tensor, noise: torch.Tensor, spectrum: torch.Tensor, power: torch.Tensor
) -> torch.Tensor:
    """Per sample and complex number, without the constant log pi [B].

    shapes [B, N, M, 2], deviations (logarithms) [B, K, M], noise (variance) [B, N], spectrum [B, N, K, 2],
    power: its squared modulus summed over K [B, N].
    """
    weights = 1 / noise
    gram, projected = products(shapes, spectrum, weights)
    scale = deviations.exp().repeat(1, 1, 2)
    inner = scale[..., :, None] * gram[:, None] * scale[..., None, :] + torch.eye(gram.shape[1], device=gram.device)
    lower = torch.linalg.cholesky(inner)
    solved = torch.linalg.solve_triangular(lower, (scale * projected.mT)[..., None], upper=False)
    quadratic = (power * weights).sum(1) - solved.square().sum((1, 2, 3))
    logs = torch.diagonal(lower, dim1=-2, dim2=-1).log().sum((1, 2))
    bins = spectrum.shape[2]
    return (quadratic + logs + bins * noise.log().sum(1)) / (shapes.shape[1] * bins)


def explained(shapes: torch.Tensor, spectrum: torch.Tensor, energy: torch.Tensor, ridge: float = 1e-3) -> torch.Tensor:
    """Share of each sample's energy in the span of its mode shapes [B]; frequencies weighed as in films of plants.

    energy: the sample's whole, weighed so [B].
    """
    gram, projected = products(shapes, spectrum)
    size = torch.diagonal(gram, dim1=1, dim2=2).mean(1)
    gram = gram + (ridge * size + 1e-6)[:, None, None] * torch.eye(gram.shape[1], device=gram.device)
    solved = torch.linalg.solve_triangular(torch.linalg.cholesky(gram), projected, upper=False)
    found = (solved.square().sum(1) * SHARES.to(solved.device)).sum(1)
    return found / energy.clamp_min(1e-9)


def amplitude(shapes: torch.Tensor, deviations: torch.Tensor) -> torch.Tensor:
    """Root mean square displacement that the modes give [B, h, w], over the prior's.

    shapes: [B, h, w, 2, M, 2].
    """
    power = SHARES.to(deviations.device) @ (2 * deviations).exp()  # [B, M]
    every = power[:, None, :, None].expand(-1, 2, -1, 2).reshape(len(power), -1, 1)
    return ((shapes.square().flatten(1, 2).flatten(2) @ every)[..., 0].view(shapes.shape[:3]) / 2 + 1e-6).sqrt()


def powers(spectrum: torch.Tensor) -> torch.Tensor:
    """|S_k|^2 summed over x and y [B, h, w, K] of S [B, h, w, 2, K]."""
    return torch.view_as_real(spectrum).square().sum((3, 5))


def correlation(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Pearson's, of maps [B, h, w] and others [B]."""
    first, second = (v.flatten(1) - v.flatten(1).mean(1, keepdim=True) for v in (first, second))
    return (first * second).sum(1) / (first.norm(dim=1) * second.norm(dim=1)).clamp_min(1e-9)


def terms(found: tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], truth: Batch) -> Terms:
    """found: what the network gives."""
    shapes, deviations, noise, logit = found
    size = len(shapes)
    power = powers(truth.spectrum)
    weighed = power @ SHARES.to(power.device)
    flat = shapes.reshape(size, -1, *shapes.shape[4:])
    spectrum = torch.view_as_real(truth.spectrum).reshape(size, -1, truth.spectrum.shape[-1], 2)
    # Both axes of a pixel have one noise, so that half of each pixel's power can stand for each.
    some = slice(0, max(size // LIKELY, 1))
    half, variance = (v[some, ..., None].expand(-1, -1, -1, 2).flatten(1) for v in (power.sum(3) / 2, noise))
    likelihood = negative_log_likelihood(flat[some], deviations[some], variance, spectrum[some], half)
    moves = truth.moving.flatten(1).any(1).float()
    given, wanted = amplitude(shapes, deviations), (weighed / 2).sqrt()

    def moving_mean(values: torch.Tensor) -> torch.Tensor:
        return (values * moves).sum() / moves.sum().clamp_min(1)

    energy = given.square()
    seen = torch.sigmoid((given / given.detach().amax((1, 2), keepdim=True) - SEEN_TO_MOVE) / SOFTNESS)
    true = (wanted > SEEN_TO_MOVE * wanted.amax((1, 2), keepdim=True)).float()
    both = (seen * true).sum((1, 2))
    return Terms(
        likelihood.mean(),
        moving_mean(1 - explained(flat, spectrum, weighed.sum((1, 2)))),
        F.binary_cross_entropy_with_logits(logit, truth.moving.float()),
        (given - wanted).abs().mean(),
        moving_mean(1 - correlation(given, wanted)),
        moving_mean(1 - both / (seen.sum((1, 2)) + true.sum((1, 2)) - both).clamp_min(1)),
        moving_mean((energy * ~truth.moving).sum((1, 2)) / energy.sum((1, 2))),
    )
