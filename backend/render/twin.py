"""The rasteriser in plain torch: every splat on every pixel, differentiable by autograd. For tests and small pictures.

Same conventions as `Rasteriser`, written apart from it so that each checks the other. Memory is N * H * W numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from ..camera import Camera


class Picture(NamedTuple):
    image: torch.Tensor
    """Colour over the background [H, W, 3]."""
    alpha: torch.Tensor
    """Cover by splats [H, W], 0..1."""
    depth: torch.Tensor
    """Mean camera z of what covers the pixel [H, W], m; inf where nothing does."""


def render(
    camera: Camera,
    positions: torch.Tensor,
    covariances: torch.Tensor,
    colours: torch.Tensor,
    opacity: torch.Tensor,
    background: Sequence[float] = (1.0, 1.0, 1.0),
    *,
    dilation: float = 0.0,
    alpha_min: float = 1 / 255,
    near: float = 0.01,
) -> Picture:
    """Picture of splats: positions [N, 3] m, covariances [N, 6] m^2 (xx, xy, xz, yy, yz, zz), all of one dtype."""
    dtype = positions.dtype
    rotation = torch.as_tensor(camera.rotation, dtype=dtype)
    points = positions @ rotation.T + torch.as_tensor(camera.translation, dtype=dtype)
    order = torch.argsort(points[:, 2], stable=True)
    order = order[points[order, 2] > near]
    points, colours, opacity = points[order], colours[order], opacity[order]
    x, y, z = points.unbind(-1)

    # C = J W Sigma W^T J^T + dilation I (Zwicker et al. 2001), J at most 0.15 of the picture outside of it.
    (fx, fy), (cx, cy), width, height = camera.focal, camera.centre, camera.width, camera.height
    slope_x = (x / z).clamp((-0.15 * width - cx) / fx, (1.15 * width - cx) / fx)
    slope_y = (y / z).clamp((-0.15 * height - cy) / fy, (1.15 * height - cy) / fy)
    zero = torch.zeros_like(z)
    jacobian = torch.stack(
        [torch.stack([fx / z, zero, -fx * slope_x / z], -1), torch.stack([zero, fy / z, -fy * slope_y / z], -1)], -2
    )
    Sigma = covariances[order][:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3)
    T = jacobian @ rotation
    C = T @ Sigma @ T.mT + dilation * torch.eye(2, dtype=dtype)
    diagonal = C[:, 0, 0] * C[:, 1, 1]
    visible = torch.linalg.det(C) > 1e-6 * diagonal
    C = torch.where(visible[:, None, None], C, torch.eye(2, dtype=dtype))

    # alpha = min(0.99, opacity exp(-d2/2)) on every pixel [N, H, W].
    pixel_x, pixel_y = torch.arange(width, dtype=dtype) + 0.5, torch.arange(height, dtype=dtype) + 0.5
    dx = (pixel_x - (fx * x / z + cx)[:, None])[:, None, :]
    dy = (pixel_y - (fy * y / z + cy)[:, None])[:, :, None]
    Q = torch.linalg.inv(C)[..., None, None]
    d2 = Q[:, 0, 0] * dx * dx + 2 * Q[:, 0, 1] * dx * dy + Q[:, 1, 1] * dy * dy
    alpha = (opacity[:, None, None] * torch.exp(-d2 / 2)).clamp(max=0.99)
    alpha = torch.where((alpha >= alpha_min) & visible[:, None, None], alpha, 0)

    # T_i = prod_(j<i) (1 - alpha_j); at the product's cutoff a pixel is finished when it falls to 1e-4.
    stop = 1e-4 if alpha_min >= 1 / 255 else 1e-4 * alpha_min
    before = torch.cat([torch.ones_like(alpha[:1]), torch.cumprod(1 - alpha, 0)[:-1]])
    alpha = torch.where(before > stop, alpha, 0)
    weight = alpha * before
    left = torch.prod(1 - alpha, 0)
    image = torch.einsum("nhw,nc->hwc", weight, colours) + left[..., None] * torch.as_tensor(background, dtype=dtype)
    cover = 1 - left
    depth = torch.where(cover > 0, torch.einsum("nhw,n->hw", weight, z) / cover, torch.inf)
    return Picture(image, cover, depth)
