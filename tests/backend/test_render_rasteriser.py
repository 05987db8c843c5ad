"""The rasteriser against its plain torch twin and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from backend.camera import Camera

SMOOTH = 1e-9
"""A cutoff so low that the picture is a smooth function of the splats: at 1/255 it jumps as pixels enter and leave."""

TORCH_DTYPE = {"f32": "float32", "f64": "float64"}


@pytest.fixture(params=["f32", "f64"], scope="module")
def precision(request):
    """Taichi running in either precision."""
    from backend import taichi_runtime

    taichi_runtime.start(request.param)
    return request.param


@pytest.fixture
def double_precision():
    """Taichi running in float64."""
    from backend import taichi_runtime

    taichi_runtime.start("f64")


def cloud(count: int, seed: int = 0, max_opacity: float = 0.9):
    """Splats in a 1 m ball: positions [N, 3], covariances [N, 6], colours [N, 3], opacity [N], float64."""
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(count, 3, 3)) * rng.uniform(0.02, 0.1, (count, 1, 3))
    S = half @ half.transpose(0, 2, 1)
    six = S[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]]
    return rng.normal(0, 0.35, (count, 3)), six, rng.uniform(0, 1, (count, 3)), rng.uniform(0.2, max_opacity, count)


def oblique_camera(width: int, height: int) -> Camera:
    """A turned view with unequal focal lengths and an off-centre principal point, so that no axis can be mixed up."""
    view = Camera.look_at(np.array([1.5, -2.0, 0.8]), np.array([0.1, 0.0, 0.05]), width, width, height)
    focal, centre = (1.1 * width, 0.9 * width), (0.45 * width, 0.55 * height)
    return Camera(view.rotation, view.translation, focal, centre, width, height)


def twin_picture(camera, splats, dtype, **options):
    import torch

    from backend.render import twin

    return twin.render(camera, *(torch.tensor(a, dtype=dtype) for a in splats), (0.2, 0.5, 0.9), **options)


def test_picture_equals_twin(precision):
    """Colour, cover and depth agree with the plain twin at the product's cutoff, opaque pixels included."""
    import torch

    from backend.render.rasteriser import Rasteriser

    dtype = getattr(torch, TORCH_DTYPE[precision])
    camera, splats = oblique_camera(45, 29), cloud(1000, max_opacity=1.0)
    rasteriser = Rasteriser(camera, 1200, dilation=0.3)
    image = rasteriser.render(*splats, background=(0.2, 0.5, 0.9))
    expected = twin_picture(camera, splats, dtype, dilation=0.3)
    assert (expected.alpha > 0.9999).any(), "no pixel is finished early"
    # float64: about a hundred blended terms a pixel, each of 2^-53 times the exponent's rounding, about ten. float32: a
    # splat that rounding takes across the cutoff changes a pixel by a part of 1/255, one taken across the stop by 1e-4.
    tolerance = {"f32": 1 / 255, "f64": 1e-12}[precision]
    assert image.dtype == TORCH_DTYPE[precision]
    np.testing.assert_allclose(image, expected.image, atol=tolerance)
    np.testing.assert_allclose(rasteriser.alpha, expected.alpha, atol=tolerance)
    covered = expected.alpha.numpy() > 0.1
    np.testing.assert_allclose(rasteriser.depth[covered], expected.depth.numpy()[covered], rtol=tolerance)
    assert np.isinf(rasteriser.depth[expected.alpha.numpy() == 0]).all()
    assert 10 * np.log10(1 / np.mean((image - expected.image.numpy()) ** 2)) > 90


def test_real_splats_in_float32_equal_twin_in_float64(data_file):
    """The thin, opaque splats of a real capture, undilated, survive float32: 90 dB to the twin in float64."""
    import torch

    from backend import formats, taichi_runtime
    from backend.render.losses import psnr
    from backend.render.rasteriser import Rasteriser

    taichi_runtime.start("f32")
    plant = formats.read(data_file("splats/padilla_plant/plant.splat")).gaussians.select(np.s_[::80])
    covariances = plant.covariances()[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]]
    splats = plant.positions, covariances, plant.colours, plant.opacity
    # The capture stands with -y up.
    camera = Camera.look_at(np.array([0.0, 0.0, -1.5]), np.zeros(3), 90, 48, 48, up=(0.0, -1.0, 0.0))
    image = Rasteriser(camera, len(plant)).render(*splats, background=(0.2, 0.5, 0.9))
    expected = twin_picture(camera, splats, torch.float64)
    assert (expected.alpha > 0.1).sum() > 100, "the plant is not in the picture"
    assert psnr(image, expected.image.numpy()) > 90


def test_gradients_equal_twin(precision):
    """Gradients equal autograd's through the twin: clamped alpha, held Jacobians, finished pixels and background."""
    import torch

    from backend.render import twin
    from backend.render.rasteriser import Rasteriser

    dtype = getattr(torch, TORCH_DTYPE[precision])
    camera, splats = oblique_camera(45, 29), cloud(600, max_opacity=1.0)
    # Some large ones stand far to the right, where the projection's Jacobian is held.
    splats[0][:10] += 2.5 * camera.rotation[0]
    splats[1][:10] *= 300
    held = camera.project(splats[0])[:, 0] > 1.15 * camera.width
    # Some are so opaque that alpha stops at 0.99 in their middle.
    splats[1][10:30] *= 4
    splats[3][10:30] = 1.0
    grad_image = np.random.default_rng(1).normal(size=(29, 45, 3))
    rasteriser = Rasteriser(camera, 600, dilation=0.3)
    rasteriser.render(*splats, background=(0.2, 0.5, 0.9))
    gradients = rasteriser.backward_all(grad_image)
    assert gradients.positions[held].any(), "no splat shows whose projection's Jacobian is held"

    tensors = [torch.tensor(a, dtype=dtype, requires_grad=True) for a in splats]
    image = twin.render(camera, *tensors, (0.2, 0.5, 0.9), dilation=0.3).image
    (image * torch.tensor(grad_image, dtype=dtype)).sum().backward()
    # float64: sums over some thousand terms of either sign. float32: as for the picture, a pixel may cross the cutoff.
    tolerance = {"f32": 1e-2, "f64": 1e-11}[precision]
    for got, tensor in zip(gradients, tensors, strict=True):
        expected = tensor.grad.numpy()
        assert np.linalg.norm(got - expected) < tolerance * np.linalg.norm(expected)
    for shape_only, got in zip(rasteriser.backward(grad_image), gradients[:2], strict=True):
        np.testing.assert_array_equal(shape_only, got)


@pytest.mark.parametrize("moved", ["positions", "covariances"])
def test_gradients_equal_finite_differences(double_precision, moved):
    """Along random directions the gradient predicts the picture's change, with depth order fixed by construction."""
    from backend.render.rasteriser import Rasteriser

    camera, splats = oblique_camera(32, 24), cloud(40)
    rng = np.random.default_rng(2)
    grad_image = rng.normal(size=(24, 32, 3))
    rasteriser = Rasteriser(camera, 40, dilation=0.1, alpha_min=SMOOTH)
    rasteriser.render(*splats)
    gradient = rasteriser.backward(grad_image)[moved == "covariances"]
    step = 1e-6
    depths = np.sort(camera.to_camera(splats[0])[:, 2])
    assert np.diff(depths).min() > 10 * step, "the order of the splats would change within a step"
    for _ in range(3):
        direction = rng.normal(size=gradient.shape) * (1 if moved == "positions" else 1e-2)
        losses = []
        for sign in (1, -1):
            shifted = [splats[0], splats[1]]
            shifted[moved == "covariances"] = shifted[moved == "covariances"] + sign * step * direction
            losses.append((rasteriser.render(*shifted, *splats[2:]) * grad_image).sum())
        # h^2 f''' / 6 f' ~ 1e-12 / 0.02^2, rounding 1e-16 / h, and pixels of alpha 1e-9 that come and go.
        assert (gradient * direction).sum() == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=1e-6)


def test_same_picture_every_time(precision):
    """Two runs give the same bits, and an instance for another size in between does not disturb them."""
    from backend.render.rasteriser import Rasteriser

    camera, splats = oblique_camera(64, 64), cloud(400, max_opacity=1.0)
    grad_image = np.random.default_rng(3).normal(size=(64, 64, 3))

    def run(rasteriser):
        return rasteriser.render(*splats), *rasteriser.backward(grad_image)

    first = Rasteriser(camera, 400)
    expected = run(first)
    run(Rasteriser(oblique_camera(20, 30), 500))
    for again in (run(first), run(Rasteriser(camera, 400))):
        for a, b in zip(expected, again, strict=True):
            np.testing.assert_array_equal(a, b)


def test_tiles_do_not_matter(double_precision):
    """Square tiles, as other devices use, give the picture and gradients of row bands."""
    from backend.render.rasteriser import Rasteriser

    camera, splats = oblique_camera(45, 29), cloud(300, max_opacity=1.0)
    grad_image = np.random.default_rng(4).normal(size=(29, 45, 3))
    bands, squares = Rasteriser(camera, 300, tile=(45, 8)), Rasteriser(camera, 300, tile=(8, 8))
    np.testing.assert_array_equal(bands.render(*splats), squares.render(*splats))
    for a, b in zip(bands.backward(grad_image), squares.backward(grad_image), strict=True):
        # A splat's sum over pixels is grouped by tile: rounding only.
        np.testing.assert_allclose(a, b, atol=1e-13 * np.abs(b).max())


def test_no_splats_in_view(precision):
    """An empty view shows the background, no cover, infinite depth and zero gradients."""
    from backend.render.rasteriser import Rasteriser

    camera, splats = oblique_camera(16, 16), cloud(5)
    behind = splats[0] - 10 * camera.rotation[2]
    rasteriser = Rasteriser(camera, 5)
    image = rasteriser.render(behind, *splats[1:], background=(0.25, 0.5, 0.75))
    np.testing.assert_array_equal(image, np.broadcast_to(image.dtype.type([0.25, 0.5, 0.75]), (16, 16, 3)))
    assert rasteriser.alpha.max() == 0 and np.isinf(rasteriser.depth).all()
    assert all((g == 0).all() for g in rasteriser.backward(np.ones((16, 16, 3))))


@pytest.mark.gpu
def test_gsplat_shows_the_same_picture():
    """On a CUDA device gsplat's picture of the same splats is within 45 dB, and its gradients reach all of them."""
    import torch

    from backend import taichi_runtime
    from backend.render import cuda
    from backend.render.losses import psnr
    from backend.render.rasteriser import Rasteriser

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    taichi_runtime.start("f32")
    camera, splats = oblique_camera(192, 128), cloud(2000)
    expected = Rasteriser(camera, 2000, dilation=0.3).render(*splats, background=(0.2, 0.5, 0.9))
    tensors = [torch.tensor(a, dtype=torch.float32, device="cuda", requires_grad=True) for a in splats]
    image = cuda.render(camera, *tensors, (0.2, 0.5, 0.9), dilation=0.3)
    # Apart from rounding only the cut of a splat at 3.33 standard deviations differs, where alpha is under 1/255.
    assert psnr(image.detach().cpu().numpy(), expected) > 45
    image.sum().backward()
    assert all(tensor.grad is not None and tensor.grad.any() for tensor in tensors)


def test_gsplat_is_given_the_same_picture():
    """What gsplat is given makes, by its own formulas in torch and its kernels' blending, our picture to 45 dB.

    Its kernels need a CUDA device; argument names, conventions of camera and covariance, dilation and order do not.
    """
    import inspect

    import torch
    from gsplat import rasterization
    from gsplat.cuda._torch_impl import _fully_fused_projection

    from backend import taichi_runtime
    from backend.render import cuda
    from backend.render.losses import psnr
    from backend.render.rasteriser import Rasteriser

    taichi_runtime.start("f32")
    camera, splats, behind = oblique_camera(45, 29), cloud(300, max_opacity=1.0), (0.2, 0.5, 0.9)
    tensors = [torch.tensor(a, dtype=torch.float32) for a in splats]
    given = cuda.arguments(camera, *tensors, behind, dilation=0.3, near=0.01)
    inspect.signature(rasterization).bind(**given)
    names = ("means", "covars", "viewmats", "Ks", "width", "height", "eps2d", "near_plane")
    radii, centres, depth, conics, _ = _fully_fused_projection(*(given[name] for name in names))
    order = [i for i in torch.argsort(depth[0]).tolist() if (radii[0, i] > 0).all()]
    x, y = torch.meshgrid(torch.arange(45) + 0.5, torch.arange(29) + 0.5, indexing="xy")
    image, left = torch.zeros(29, 45, 3), torch.ones(29, 45)
    for i in order:
        dx, dy = x - centres[0, i, 0], y - centres[0, i, 1]
        a, b, c = conics[0, i]
        alpha = (given["opacities"][i] * torch.exp(-0.5 * (a * dx**2 + c * dy**2) - b * dx * dy)).clamp(max=0.999)
        alpha = torch.where((alpha >= 1 / 255) & (left * (1 - alpha) > 1e-4), alpha, 0)
        image += (alpha * left)[..., None] * given["colors"][i]
        left *= 1 - alpha
    image += left[..., None] * given["backgrounds"][0]
    # An alpha of 0.999 instead of 0.99 in the middle of opaque splats is what differs.
    expected = Rasteriser(camera, 300, dilation=0.3).render(*splats, background=behind)
    assert psnr(image.numpy(), expected) > 45


def test_gsplat_needs_cuda():
    """Splats that lie in the main memory are refused in words."""
    import torch

    from backend.render import cuda

    with pytest.raises(ValueError, match="CUDA device only"):
        cuda.render(oblique_camera(16, 16), *(torch.tensor(a) for a in cloud(5)))


def test_too_many_splats():
    """More splats than announced are refused with a sentence that says what to do."""
    from backend.render.rasteriser import Rasteriser

    with pytest.raises(ValueError, match="made for 3 splats and got 5"):
        Rasteriser(oblique_camera(16, 16), 3).render(*cloud(5))
