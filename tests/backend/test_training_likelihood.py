"""The likelihood that the predictor is trained with, against dense matrices."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from backend.spectral.training.likelihood import SHARES, explained, negative_log_likelihood  # noqa: E402


def drawn(count: int, modes: int, bins: int):
    torch.manual_seed(1)
    shapes = torch.randn(2, count, modes, 2)
    deviations = 0.3 * torch.randn(2, bins, modes)
    noise = 0.5 + torch.rand(2, count)
    spectrum = torch.randn(2, count, bins, 2)
    return shapes, deviations, noise, spectrum


def test_likelihood_is_that_of_the_dense_gaussian():
    """Woodbury's form equals log det and quadratic form of the whole covariance."""
    shapes, deviations, noise, spectrum = drawn(7, 3, 4)
    found = negative_log_likelihood(shapes, deviations, noise, spectrum, spectrum.square().sum((2, 3)))
    for b in range(2):
        total = 0.0
        phi, values = (torch.view_as_complex(v[b]).to(torch.complex128) for v in (shapes, spectrum))
        for k in range(4):
            covariance = phi @ torch.diag((2 * deviations[b, k]).exp()).to(phi) @ phi.mH + torch.diag(noise[b]).to(phi)
            value = values[:, k]
            inverse = torch.linalg.solve(covariance, value)
            total += float(torch.linalg.slogdet(covariance)[1] + (value.conj() @ inverse).real)
        # Single precision over 28 numbers of size 1 to 10.
        assert math.isclose(float(found[b]), total / 28, rel_tol=1e-4)


def test_explained_is_the_least_squares_share():
    """The share equals that of a projection by QR, and is 1 for a spectrum made of the modes."""
    shapes, _, _, spectrum = drawn(40, 3, 16)
    phi, values = torch.view_as_complex(shapes), torch.view_as_complex(spectrum)
    energy = (values.abs().square().sum(1) * SHARES).sum(1)
    basis = torch.linalg.qr(phi)[0]
    expected = ((basis.mH @ values).abs().square().sum(1) * SHARES).sum(1) / energy
    torch.testing.assert_close(explained(shapes, spectrum, energy, 1e-7), expected, rtol=1e-4, atol=1e-5)
    inside = phi @ torch.randn(2, 3, 16, dtype=torch.complex64)
    energy = (inside.abs().square().sum(1) * SHARES).sum(1)
    found = explained(shapes, torch.view_as_real(inside), energy, 1e-7)
    torch.testing.assert_close(found, torch.ones(2), rtol=1e-4, atol=1e-4)
