"""Image losses against scipy's filters and finite differences."""

from __future__ import annotations

import numpy as np
import pytest


def pictures(height: int = 24, width: int = 30):
    """A random picture and a target near it."""
    rng = np.random.default_rng(0)
    image = rng.uniform(0, 1, (height, width, 3))
    return image, np.clip(image + rng.normal(0, 0.1, image.shape), 0, 1)


def test_ssim_equals_scipy():
    """SSIM agrees with its definition written with scipy's Gaussian filter."""
    from scipy.ndimage import gaussian_filter

    from backend.render.losses import ssim

    a, b = pictures()

    def mean(x):
        return gaussian_filter(x, (1.5, 1.5, 0), radius=(5, 5, 0))[5:-5, 5:-5]

    ma, mb = mean(a), mean(b)
    va, vb, cov = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    expected = ((2 * ma * mb + 1e-4) * (2 * cov + 9e-4) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))).mean()
    # The same sums in float64, in another order.
    assert ssim(a, b) == pytest.approx(expected, rel=1e-10)
    assert ssim(a, a) == pytest.approx(1)


def test_photometric_combines_l1_and_dssim_of_blurred_images():
    """The loss is 0.8 L1 + 0.2 (1 - SSIM) of images that scipy blurred with the same edge rule."""
    from scipy.ndimage import gaussian_filter

    from backend.render.losses import photometric, ssim

    a, b = pictures()
    blurred_a, blurred_b = (gaussian_filter(x, (2, 2, 0), mode="nearest", radius=(6, 6, 0)) for x in (a, b))
    expected = 0.8 * np.abs(blurred_a - blurred_b).mean() + 0.2 * (1 - ssim(blurred_a, blurred_b))
    assert photometric(a, b, blur=2.0)[0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("blur", [0.0, 3.0])
def test_photometric_gradient_equals_finite_differences(blur):
    """Along a random direction the gradient predicts the loss's change, with and without blur."""
    from backend.render.losses import photometric

    image, target = pictures()
    gradient = photometric(image, target, blur)[1]
    direction = np.random.default_rng(1).normal(size=image.shape)
    step = 1e-7
    change = (
        photometric(image + step * direction, target, blur)[0] - photometric(image - step * direction, target, blur)[0]
    )
    # Some of the 2,160 L1 terms are nearer to their kink than a step moves them: each is wrong by 1 / 2160 at most.
    assert (gradient * direction).sum() == pytest.approx(change / (2 * step), rel=1e-4)


def test_photometric_keeps_the_picture_s_precision():
    """A float32 picture gets a float32 gradient of its own shape, which the rasteriser takes as it is."""
    from backend.render.losses import photometric

    image, target = pictures()
    gradient = photometric(image.astype(np.float32), target)[1]
    assert gradient.dtype == np.float32 and gradient.shape == image.shape


def test_psnr():
    """An error of 0.1 everywhere is 20 dB; equal images have no error."""
    from backend.render.losses import psnr

    a = np.full((4, 4, 3), 0.5)
    assert psnr(a, a + 0.1) == pytest.approx(20)
    assert psnr(a, a) == np.inf


def test_sizes_are_checked():
    """Different or too small sizes are refused with a sentence that says what to do."""
    from backend.render.losses import photometric, ssim

    with pytest.raises(ValueError, match="30 x 24 and its target 24 x 24"):
        photometric(pictures()[0], pictures(24, 24)[0])
    with pytest.raises(ValueError, match="at least 11 x 11 px"):
        ssim(*pictures(10, 20))
