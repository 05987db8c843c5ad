"""What training makes small, and the exact likelihood of a low-rank Gaussian.

S_k ~ CN(0, Phi diag(sigma_k^2) Phi^H + diag(s^2)): with W = diag(1 / s^2), G = Phi^H W Phi and the M x M matrix
A_k = I + sigma_k G sigma_k, Woodbury's identity gives log det = sum log s^2 + log det A_k and the quadratic form
S^H W S - |L_k^-1 sigma_k Phi^H W S|^2 with A_k = L_k L_k^H.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..predictor_prior import AMPLITUDES
from .batches import Batch

SHARES = torch.tensor(AMPLITUDES**2 / (AMPLITUDES**2).sum(), dtype=torch.float32)
"""[K]: each frequency's part of the energy."""


@dataclass(frozen=True)
class Terms:
    """Parts of the loss, each a mean over the batch."""

    likelihood: torch.Tensor
    """Negative log-likelihood per complex number."""
    unexplained: torch.Tensor
    """Share of the energy outside the span of the mode shapes, 0..1."""
    moving: torch.Tensor
    """Cross entropy of what moves."""
    amplitude: torch.Tensor
    """Mean absolute error of the root mean square displacement, over the prior's."""

    @property
    def total(self) -> torch.Tensor:
        return 0.3 * self.likelihood + self.unexplained + self.moving + self.amplitude


def products(shapes: torch.Tensor, spectrum: torch.Tensor, weights: torch.Tensor | None = None):
    """Phi^H W Phi [B, M, M] and Phi^H W S [B, M, K], complex, by products of real matrices, which are faster.

    shapes [B, N, M, 2] and spectrum [B, N, K, 2] as real and imaginary parts, weights [B, N] or all 1.
    """
    size, count, modes = shapes.shape[:3]
    left = shapes.transpose(2, 3).reshape(size, count, -1)
    right = torch.cat([left, spectrum.transpose(2, 3).reshape(size, count, -1)], 2)
    if weights is not None:
        left = left * weights[..., None]
    parts = left.mT @ right
    own, other = parts[..., : 2 * modes], parts[..., 2 * modes :]
    return _joined(own), _joined(other)


def _joined(parts: torch.Tensor) -> torch.Tensor:
    """[[a b], [c d]] of products of real and imaginary parts, as the complex (a + d) + i (b - c)."""
    upper, lower = parts.chunk(2, 1)
    (a, b), (c, d) = upper.chunk(2, 2), lower.chunk(2, 2)
    return torch.complex(a + d, b - c)


def negative_log_likelihood(
    shapes: torch.Tensor, deviations: torch.Tensor, noise: torch.Tensor, spectrum: torch.Tensor, power: torch.Tensor
) -> torch.Tensor:
    """Per sample and complex number, without the constant log pi [B].

    shapes [B, N, M, 2], deviations (logarithms) [B, K, M], noise (variance) [B, N], spectrum [B, N, K, 2],
    power: its squared modulus summed over K [B, N].
    """
    weights = 1 / noise
    gram, projected = products(shapes, spectrum, weights)
    scale = deviations.exp()
    inner = scale[..., :, None] * gram[:, None] * scale[..., None, :] + torch.eye(shapes.shape[2])
    lower = torch.linalg.cholesky(inner)
    solved = torch.linalg.solve_triangular(lower, (scale * projected.mT)[..., None], upper=False)
    quadratic = (power * weights).sum(1) - torch.view_as_real(solved).square().sum((1, 2, 3, 4))
    logs = 2 * torch.diagonal(lower, dim1=-2, dim2=-1).real.log().sum((1, 2))
    bins = spectrum.shape[2]
    return (quadratic + logs + bins * noise.log().sum(1)) / (shapes.shape[1] * bins)


def explained(shapes: torch.Tensor, spectrum: torch.Tensor, energy: torch.Tensor, ridge: float = 1e-3) -> torch.Tensor:
    """Share of each sample's energy in the span of its mode shapes [B]; frequencies weighed as in films of plants.

    energy: the sample's whole, weighed so [B].
    """
    gram, projected = products(shapes, spectrum)
    size = torch.diagonal(gram, dim1=1, dim2=2).real.mean(1)
    gram = gram + (ridge * size + 1e-6)[:, None, None] * torch.eye(shapes.shape[2])
    solved = torch.linalg.solve_triangular(torch.linalg.cholesky(gram), projected, upper=False)
    found = (torch.view_as_real(solved).square().sum((1, 3)) * SHARES).sum(1)
    return found / energy.clamp_min(1e-9)


def amplitude(shapes: torch.Tensor, deviations: torch.Tensor) -> torch.Tensor:
    """Root mean square displacement that the modes give [B, h, w], over the prior's.

    shapes: [B, h, w, 2, M, 2].
    """
    power = torch.einsum("k,bkm->bm", SHARES, (2 * deviations).exp())
    return ((shapes.square().sum((3, 5)) * power[:, None, None]).sum(-1) / 2 + 1e-6).sqrt()


def powers(spectrum: torch.Tensor) -> torch.Tensor:
    """|S_k|^2 summed over x and y [B, h, w, K] of S [B, h, w, 2, K]."""
    return torch.view_as_real(spectrum).square().sum((3, 5))


def terms(found: tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], truth: Batch) -> Terms:
    """found: what the network gives."""
    shapes, deviations, noise, logit = found
    size = len(shapes)
    power = powers(truth.spectrum)
    weighed = power @ SHARES
    flat = shapes.reshape(size, -1, *shapes.shape[4:])
    spectrum = torch.view_as_real(truth.spectrum).reshape(size, -1, truth.spectrum.shape[-1], 2)
    # Both axes of a pixel have one noise, so that half of each pixel's power can stand for each.
    half = (power.sum(3, keepdim=True) / 2).expand(-1, -1, -1, 2).reshape(size, -1)
    noise = noise[..., None].expand(-1, -1, -1, 2).reshape(size, -1)
    moves = truth.moving.flatten(1).any(1).float()
    unexplained = 1 - explained(flat, spectrum, weighed.sum((1, 2)))
    return Terms(
        negative_log_likelihood(flat, deviations, noise, spectrum, half).mean(),
        (unexplained * moves).sum() / moves.sum().clamp_min(1),
        F.binary_cross_entropy_with_logits(logit, truth.moving.float()),
        (amplitude(shapes, deviations) - (weighed / 2).sqrt()).abs().mean(),
    )
