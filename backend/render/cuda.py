"""The rasteriser on a CUDA device, by gsplat (Ye et al. 2024): differentiable pictures of torch tensors.

The conventions are those of `Rasteriser` but for alpha's ceiling, 0.999 instead of 0.99, and for a splat's reach, cut
at 3.33 standard deviations: the pictures agree to 45 dB, not to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..camera import Camera


def render(
    camera: Camera,
    positions: torch.Tensor,
    covariances: torch.Tensor,
    colours: torch.Tensor,
    opacity: torch.Tensor,
    background: Sequence[float] = (1.0, 1.0, 1.0),
    *,
    dilation: float = 0.0,
    near: float = 0.01,
) -> torch.Tensor:
    """Picture [H, W, 3] of float32 splats on a CUDA device, as `twin.render` takes them.

    The first call compiles gsplat's kernels, which takes minutes and the CUDA toolkit.
    Raises ValueError for splats that are not on a CUDA device.
    """
    from gsplat import rasterization

    if positions.device.type != "cuda":
        raise ValueError("gsplat draws on a CUDA device only; use the Rasteriser here")
    splats = positions, covariances, colours, opacity
    return rasterization(**arguments(camera, *splats, background, dilation=dilation, near=near))[0][0]


def arguments(
    camera: Camera,
    positions: torch.Tensor,
    covariances: torch.Tensor,
    colours: torch.Tensor,
    opacity: torch.Tensor,
    background: Sequence[float],
    *,
    dilation: float,
    near: float,
) -> dict[str, Any]:
    """What `gsplat.rasterization` (1.5) is given for one camera, in its "classic" mode: dilated splats do not thin."""

    def here(values: np.ndarray | Sequence[float]) -> torch.Tensor:
        return torch.as_tensor(np.asarray(values), dtype=torch.float32, device=positions.device)

    view = np.eye(4)
    view[:3, :3], view[:3, 3] = camera.rotation, camera.translation
    lens = np.eye(3)
    lens[[0, 1], [0, 1]], lens[:2, 2] = camera.focal, camera.centre
    return {
        "means": positions,
        "quats": None,  # covars stand in for both
        "scales": None,
        "covars": covariances[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3),
        "opacities": opacity,
        "colors": colours,
        "viewmats": here(view)[None],
        "Ks": here(lens)[None],
        "width": camera.width,
        "height": camera.height,
        "near_plane": near,
        "eps2d": dilation,
        "backgrounds": here(background)[None],
        "packed": False,
    }
