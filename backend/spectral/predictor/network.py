"""The fast predictor's network: from a picture to a Gaussian distribution of spectral volumes that knows no phase.

The phase of each frequency is the wind's, so that the mean of S_k given a picture is zero and a plain regression learns
"no motion". What a picture does tell is the covariance: S_k ~ CN(0, Phi diag(sigma_k^2) Phi^H + diag(s^2)) with M mode
shapes Phi per picture (the modal factor model). Everything is in units of the prior (`prior.AMPLITUDES`).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from .guidance import GUIDES
from .prior import FREQUENCIES

MODES = 24
"""M: mode shapes per picture."""
BINS = len(FREQUENCIES)
CELL = 2
"""Picture pixels along a pixel of what comes out."""
CHANNELS = 3 + GUIDES
"""Picture; mask (1 moves, -1 is still, 0 not said); strokes (unit vector from root to tip); wind (unit vector)."""
WIDTHS = (32, 64, 96, 128)
DOWN, UP = (1, 1, 2, 3), (1, 3, 2)
"""Blocks at each width on the way to the coarsest features, and on the way back; coarse ones take little time."""
ATTENDS = (2,)
"""Positions in `WIDTHS` at which every place looks at all others; coarser features see the whole picture as it is."""
HEADS = 4
FLOOR = 2e-3
"""Least variance of a pixel's noise."""


class Attention(nn.Module):
    """Every place looks at all others (Vaswani et al. 2017): what hangs on what, and where it is held.

    Where they are is told by a convolution of their surroundings (Chu et al. 2021), for any size of picture.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(4, channels)
        self.near = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.ask = nn.Conv2d(channels, 3 * channels, 1)
        self.answer = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size, channels, height, width = x.shape
        x = self.norm(x)
        asked = self.ask(x + self.near(x)).permute(0, 2, 3, 1).reshape(size, height * width, 3, HEADS, -1)
        query, key, value = asked.permute(2, 0, 3, 1, 4)
        if self.training:
            # Backwards PyTorch's own takes three times as long on processors; forwards it is faster.
            share = torch.softmax(query @ key.mT * query.shape[-1] ** -0.5, -1)
            found = share.to(value.dtype) @ value
        else:
            found = F.scaled_dot_product_attention(query, key, value)
        return self.answer(found.transpose(1, 2).reshape(size, height, width, channels).permute(0, 3, 1, 2))


class Block(nn.Module):
    """Two convolutions with a way around them; where places attend to each other, that comes after."""

    def __init__(self, channels: int, attends: bool = False) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(4, channels)
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)
        self.attention = Attention(channels) if attends else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.second(F.silu(self.first(F.silu(self.norm(x)))))
        return x if self.attention is None else x + self.attention(x)


def _blocks(channels: int, count: int, attends: bool) -> nn.Sequential:
    return nn.Sequential(*(Block(channels, attends) for _ in range(count)))


class PredictorNetwork(nn.Module):
    """A U-Net whose finest features are at half the picture's size."""

    def __init__(
        self,
        widths: tuple[int, ...] = WIDTHS,
        modes: int = MODES,
        down: tuple[int, ...] = DOWN,
        up: tuple[int, ...] = UP,
        attends: tuple[int, ...] = ATTENDS,
    ) -> None:
        super().__init__()
        self.widths, self.modes, self.blocks, self.attends = widths, modes, (down, up), attends
        at = [level in attends for level in range(len(widths))]
        self.enter = nn.Conv2d(CHANNELS + 2, widths[0], 4, 2, 1)
        self.down = nn.ModuleList(_blocks(*each) for each in zip(widths, down, at, strict=True))
        self.halve = nn.ModuleList(nn.Conv2d(a, b, 2, 2) for a, b in zip(widths[:-1], widths[1:], strict=True))
        self.widen = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in zip(widths[:-1], widths[1:], strict=True))
        self.up = nn.ModuleList(_blocks(*each) for each in zip(widths[:-1], up, at[:-1], strict=True))
        self.norm = nn.GroupNorm(4, widths[0])
        self.fields = nn.Conv2d(widths[0], 4 * modes + 3, 1)
        self.deviations = nn.Linear(widths[-1], BINS * modes)
        nn.init.constant_(self.deviations.bias, -1.0)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """x: [B, CHANNELS, H, W], the picture 0..1, sides even. With h, w = H / 2, W / 2:

        mode shapes [B, h, w, 2, M, 2] (x and y; real and imaginary), log deviations [B, K, M],
        noise variance [B, h, w], logit that a pixel belongs to what moves [B, h, w].
        """
        rows, columns = x.shape[2:]
        size = max(rows, columns) / 2
        y_axis = (torch.arange(rows, device=x.device, dtype=x.dtype) - rows / 2) / size
        x_axis = (torch.arange(columns, device=x.device, dtype=x.dtype) - columns / 2) / size
        places = torch.stack(torch.meshgrid(x_axis, y_axis, indexing="xy")).expand(len(x), -1, -1, -1)
        x = torch.cat([x - 0.5 * (torch.arange(x.shape[1], device=x.device) < 3)[:, None, None], places], 1)
        x = self.enter(x.contiguous(memory_format=torch.channels_last))
        kept = []
        for block, halve in zip(self.down, self.halve, strict=False):
            x = block(x)
            kept.append(x)
            x = halve(x)
        x = self.down[-1](x)
        deviations = self.deviations(F.silu(x.mean((2, 3)))).view(-1, BINS, self.modes).float()
        for level in range(len(kept) - 1, -1, -1):
            finer = F.interpolate(self.widen[level](x), kept[level].shape[2:], mode="nearest")
            x = self.up[level](finer + kept[level])
        fields = self.fields(F.silu(self.norm(x))).float().permute(0, 2, 3, 1)
        shapes, spread, logit, gain = fields.split([4 * self.modes, 1, 1, 1], -1)
        noise = F.softplus(spread[..., 0]).square() + FLOOR
        # How far a place moves is a number of its own, for it takes all modes together to say it.
        shapes = (shapes * torch.sigmoid(logit) * gain.clamp(-3, 3).exp()).view(*fields.shape[:3], 2, self.modes, 2)
        return shapes, deviations.clamp(-6, 3), noise, logit[..., 0]
