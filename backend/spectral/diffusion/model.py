"""The networks: an autoencoder of single slices, and a U-Net that removes noise from all slices of a volume together.

Li et al. 2024, section 4.2: the U-Net works on one slice at a time, told its frequency by an embedding; attention
across the K slices of a picture is inserted afterwards ("frequency-coordinated denoising").
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DModel
from diffusers.models.transformers.transformer_temporal import TransformerTemporalModel
from safetensors.torch import load_file, save_file

from .slices import CHANNELS, Scale

FORMAT = "sway.spectral_diffusion.1"
LATENT = 4
"""Channels of a latent slice."""
SHRINK = 4
"""Pixels of a slice along one of its latent's."""
CELL = 16
"""Pixels: widths and heights are multiples of this, for the autoencoder and the U-Net halve them four times."""
GROUPS = 8
HEAD = 16
"""Channels of an attention head across frequencies."""


@dataclass(frozen=True)
class Settings:
    """How large the networks are, and the frequencies that they know."""

    autoencoder: tuple[int, ...] = (16, 32, 48)
    unet: tuple[int, ...] = (48, 96, 128)
    frequencies: tuple[float, ...] = tuple(round(0.2 * k, 4) for k in range(1, 17))
    """Hertz."""


class SliceUNet(UNet2DModel):
    """diffusers' U-Net with attention across a volume's slices after each of its blocks."""

    def __init__(self, settings: Settings) -> None:
        widths = settings.unet
        super().__init__(
            in_channels=LATENT + 3 * SHRINK**2,
            out_channels=LATENT,
            down_block_types=("DownBlock2D",) * (len(widths) - 1) + ("AttnDownBlock2D",),
            up_block_types=("AttnUpBlock2D",) + ("UpBlock2D",) * (len(widths) - 1),
            block_out_channels=widths,
            layers_per_block=1,
            attention_head_dim=HEAD,
            norm_num_groups=GROUPS,
            class_embed_type="timestep",
        )
        across = (*widths, widths[-1], *reversed(widths))
        self.coordination = torch.nn.ModuleList(_attention(width, len(settings.frequencies)) for width in across)

    def forward(  # type: ignore[override]
        self, sample: torch.Tensor, timestep: torch.Tensor, frequency: torch.Tensor, slices: int = 0
    ) -> torch.Tensor:
        """What a slice lacks [N, 4, h, w], from noisy slices with the picture [N, C, h, w].

        timestep [N]; frequency [N]: the bins' numbers. slices: how many in a row belong to one picture; 0 treats each
        on its own.
        """
        assert self.class_embedding is not None and self.mid_block is not None  # as the constructor asks for them
        told = self.time_embedding(self.time_proj(timestep))
        told = told + self.class_embedding(self.time_proj(FREQUENCY_STEP * frequency))
        attention = iter(self.coordination)

        def coordinated(values: torch.Tensor) -> torch.Tensor:
            module = next(attention)
            return module(values, num_frames=slices, return_dict=False)[0] if slices else values

        sample = self.conv_in(sample)
        skipped = [sample]
        for block in self.down_blocks:
            sample, passed = block(hidden_states=sample, temb=told)
            sample = coordinated(sample)
            skipped += passed
        sample = coordinated(self.mid_block(sample, told))
        for block in self.up_blocks:
            count = len(block.resnets)
            sample = coordinated(block(sample, tuple(skipped[-count:]), told))
            skipped = skipped[:-count]
        return self.conv_out(self.conv_act(self.conv_norm_out(sample)))


FREQUENCY_STEP = 50.0
"""Between two bins, in the units in which the sinusoidal embedding was made for a thousand time steps."""


def _attention(width: int, slices: int) -> TransformerTemporalModel:
    module = TransformerTemporalModel(
        num_attention_heads=max(width // HEAD, 1),
        attention_head_dim=HEAD,
        in_channels=width,
        norm_num_groups=GROUPS,
        activation_fn="gelu",
        double_self_attention=False,
        positional_embeddings="sinusoidal",
        num_positional_embeddings=slices,
    )
    # It begins as if it were not there.
    torch.nn.init.zeros_(module.proj_out.weight)
    torch.nn.init.zeros_(module.proj_out.bias)
    return module


class LatentDiffusion(torch.nn.Module):
    """Everything that is trained, and what it was trained with."""

    latent_scale: torch.Tensor
    """[]: what makes latents of unit size."""

    def __init__(self, settings: Settings | None = None, scale: Scale | None = None) -> None:
        super().__init__()
        self.settings = settings or Settings()
        count = len(self.settings.frequencies)
        self.scale = scale or Scale(np.full(count, 1e-3))
        widths = self.settings.autoencoder
        self.autoencoder = AutoencoderKL(
            in_channels=CHANNELS,
            out_channels=CHANNELS,
            down_block_types=("DownEncoderBlock2D",) * len(widths),
            up_block_types=("UpDecoderBlock2D",) * len(widths),
            block_out_channels=widths,
            layers_per_block=1,
            latent_channels=LATENT,
            norm_num_groups=GROUPS,
            mid_block_add_attention=False,
        )
        self.unet = SliceUNet(self.settings)
        self.register_buffer("latent_scale", torch.ones(()))

    @property
    def slices(self) -> int:
        return len(self.settings.frequencies)

    def encode(self, normal: torch.Tensor) -> torch.Tensor:
        """Latents [N, 4, h, w] of unit size of normalised slices [N, 4, H, W]."""
        return self.autoencoder.encode(normal).latent_dist.mean / self.latent_scale

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Normalised slices [N, 4, H, W] of latents [N, 4, h, w]."""
        return self.autoencoder.decode(latents * self.latent_scale).sample

    def velocity(
        self, noisy: torch.Tensor, timestep: torch.Tensor, pictures: torch.Tensor, coordinated: bool = True
    ) -> torch.Tensor:
        """What the scheduler calls the v-prediction [B, K, 4, h, w] for noisy latents of the same shape.

        timestep [B]; pictures [B, 3, H, W], -1..1. The paper lays the picture beside the latents at their resolution;
        here with all its pixels as channels, so that stems of a few pixels are not lost.
        """
        batch, count = noisy.shape[:2]
        beside = torch.nn.functional.pixel_unshuffle(pictures, SHRINK)
        beside = beside[:, None].expand(-1, count, -1, -1, -1)
        joined = torch.cat([noisy, beside], 2).flatten(0, 1)
        bins = torch.arange(count, device=noisy.device).repeat(batch)
        found = self.unet(joined, timestep.repeat_interleave(count), bins, count if coordinated else 0)
        return found.unflatten(0, (batch, count))

    def save(self, path: Path, card: dict | None = None) -> Path:
        """Write half-precision weights as .safetensors, beside the final name and then renamed."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".part")
        tensors = {name: value.half().contiguous() for name, value in self.state_dict().items()}
        metadata = {
            "format": FORMAT,
            "settings": json.dumps(asdict(self.settings)),
            "scale": json.dumps([float(v) for v in self.scale.levels]),
            "card": json.dumps(card or {}),
        }
        save_file(tensors, partial, metadata)
        os.replace(partial, path)
        return path

    @staticmethod
    def load(path: Path) -> LatentDiffusion:
        """Read what `save` wrote. Raises FileNotFoundError where there is none, ValueError for another kind."""
        from safetensors import safe_open

        if not path.is_file():
            raise FileNotFoundError(f"there are no diffusion weights at {path}; train them first")
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
        if about.get("format") != FORMAT:
            raise ValueError(f"{path.name} holds no diffusion of spectral volumes; choose one that Sway trained")
        settings = Settings(**{name: tuple(value) for name, value in json.loads(about["settings"]).items()})
        model = LatentDiffusion(settings, Scale(np.array(json.loads(about["scale"]))))
        model.load_state_dict({name: value.float() for name, value in load_file(path).items()})
        return model.eval()
