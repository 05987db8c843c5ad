"""Training in three stages, each with its share of the time: autoencoder, single slices, slices together.

Li et al. 2024, section 4.2: the autoencoder's loss is L1 with a multi-scale gradient term; the U-Net learns single
slices first, then it is frozen while the attention across slices is fitted. Every picture is new (its number is its
seed), so nothing can be learnt by heart; a state file lets training go on where it stopped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from diffusers.training_utils import EMAModel

from .model import LatentDiffusion, Settings
from .sampling import TRAINING_STEPS, scheduler
from .slices import Scale, to_slices

Source = Callable[[int], tuple[np.ndarray, np.ndarray]]
"""From a picture's number: image [H, W, 3] uint8 and spectral volume [K, H, W, 2] complex64, pixels."""

STAGES = (("autoencoder", 0.25), ("slices", 0.4), ("together", 0.35))
"""In order, with each one's share of the minutes."""
SCALED_BY = 48
"""Pictures that the normalisation is measured on."""
BATCH = {"autoencoder": 16, "slices": 16, "together": 1}
"""Slices (the first two), volumes (the last)."""
RATE = {"autoencoder": 2e-3, "slices": 4e-4, "together": 4e-4}
GRADIENT = 0.2
"""Weight of the autoencoder's gradient term..."""
DIVERGENCE = 1e-6
"""...and of its Kullback-Leibler term."""
SCALES = 3
"""Of the gradient term: each half the one before."""
BLIND = 0.1
"""Share of the pictures that are left out, for classifier-free guidance."""
AVERAGE = 0.995
"""Decay of the weights' moving average."""
STATE = "training.pt"
SAVED_EVERY = 60.0
"""Seconds between two states on the disk."""


@dataclass
class Progress:
    """Where training stands."""

    seconds: dict[str, float] = field(default_factory=lambda: {name: 0.0 for name, _share in STAGES})
    steps: dict[str, int] = field(default_factory=lambda: {name: 0 for name, _share in STAGES})
    pictures: int = 0
    """Seen; the next one's number."""
    losses: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name, _share in STAGES})
    """Of every tenth step, averaged over ten."""


class Training:
    """A model on its way."""

    def __init__(self, source: Source, folder: Path, settings: Settings | None = None) -> None:
        """Begin, or go on with the state in `folder`."""
        self.source, self.folder = source, folder
        self.plan = scheduler()
        self.random = torch.Generator().manual_seed(0)
        state = folder / STATE
        if state.is_file():
            self._restore(torch.load(state, weights_only=True))
            return
        self.progress = Progress()
        examples = np.stack([to_slices(source(number)[1]) for number in range(SCALED_BY)])
        self.progress.pictures = SCALED_BY
        self.model = LatentDiffusion(settings, Scale.of(examples))
        self._begin()

    def run(self, minutes: float, report: Callable[[str, Progress], None] = lambda stage, progress: None) -> None:
        """Train until all stages together have taken `minutes`; what was done before counts."""
        saved = time.monotonic()
        for stage, share in STAGES:
            budget = 60 * minutes * share
            if self.progress.seconds[stage] >= budget:
                continue
            self._prepare(stage)
            recent: list[float] = []
            while self.progress.seconds[stage] < budget:
                began = time.monotonic()
                recent.append(getattr(self, f"_{stage}")())
                self.progress.steps[stage] += 1
                self.progress.seconds[stage] += time.monotonic() - began
                if len(recent) == 10:
                    self.progress.losses[stage].append(float(np.mean(recent)))
                    recent.clear()
                    report(stage, self.progress)
                if time.monotonic() - saved > SAVED_EVERY:
                    self.save()
                    saved = time.monotonic()
            self.save()

    def averaged(self) -> LatentDiffusion:
        """The model with the moving average of its weights, for drawing samples."""
        model = LatentDiffusion(self.model.settings, self.model.scale)
        model.load_state_dict(self.model.state_dict())
        self.average.copy_to(model.unet.parameters())
        return model.eval()

    def save(self) -> Path:
        """Write the state, beside its final name and then renamed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / (STATE + ".part")
        torch.save(
            {
                "settings": asdict(self.model.settings),
                "scale": self.model.scale.levels.tolist(),
                "model": self.model.state_dict(),
                "average": self.average.state_dict(),
                "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
                "progress": asdict(self.progress),
                "random": self.random.get_state(),
            },
            partial,
        )
        os.replace(partial, self.folder / STATE)
        return self.folder / STATE

    def _begin(self) -> None:
        self.average = EMAModel(self.model.unet.parameters(), decay=AVERAGE, use_ema_warmup=True, power=0.75)
        coordination = list(self.model.unet.coordination.parameters())
        own = {id(parameter) for parameter in coordination}
        parameters = {
            "autoencoder": list(self.model.autoencoder.parameters()),
            "slices": [p for p in self.model.unet.parameters() if id(p) not in own],
            "together": coordination,
        }
        self.optimisers = {name: torch.optim.AdamW(parameters[name], RATE[name]) for name, _share in STAGES}

    def _restore(self, state: dict) -> None:
        self.progress = Progress(**state["progress"])
        settings = Settings(**{name: tuple(value) for name, value in state["settings"].items()})
        self.model = LatentDiffusion(settings, Scale(np.array(state["scale"])))
        self.model.load_state_dict(state["model"])
        self._begin()
        self.average.load_state_dict(state["average"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        self.random.set_state(state["random"])

    def _prepare(self, stage: str) -> None:
        """Only what a stage fits gets gradients; the latents' size is measured once the autoencoder is there."""
        for name, optimiser in self.optimisers.items():
            for group in optimiser.param_groups:
                for parameter in group["params"]:
                    parameter.requires_grad_(name == stage)
        if stage != "autoencoder" and not self.progress.steps[stage]:
            with torch.no_grad():
                self.model.latent_scale.fill_(1.0)
                _pictures, slices = self._volumes(2)
                self.model.latent_scale.copy_(self.model.encode(slices.flatten(0, 1)).std())

    def _volumes(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """New pictures [N, 3, H, W], -1..1, and their normalised slices [N, K, 4, H, W]."""
        made = [self.source(self.progress.pictures + i) for i in range(count)]
        self.progress.pictures += count
        images = np.stack([image for image, _volume in made]).astype(np.float32) / 127.5 - 1
        normal = self.model.scale.normalised(np.stack([to_slices(volume) for _image, volume in made]))
        return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(normal).float()

    def _some_slices(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Pictures [N, 3, H, W], one normalised slice of each volume [N, 4, H, W] and the bins' numbers [N].

        Four slices of each of a few volumes: making a picture costs as much as learning from it.
        """
        each = min(4, self.model.slices)
        pictures, slices = self._volumes(BATCH["slices"] // each)
        chosen = torch.stack([torch.randperm(self.model.slices, generator=self.random)[:each] for _ in pictures])
        picked = torch.stack([volume[bins] for volume, bins in zip(slices, chosen, strict=True)])
        return pictures.repeat_interleave(each, 0), picked.flatten(0, 1), chosen.flatten()

    def _autoencoder(self) -> float:
        _pictures, slices, _bins = self._some_slices()
        posterior = self.model.autoencoder.encode(slices).latent_dist
        decoded = self.model.autoencoder.decode(posterior.sample(self.random)).sample
        loss = (decoded - slices).abs().mean() + GRADIENT * _gradient_loss(decoded, slices)
        self._step("autoencoder", loss + DIVERGENCE * posterior.kl().mean())
        return float(loss.detach())

    def _slices(self) -> float:
        pictures, slices, bins = self._some_slices()
        with torch.no_grad():
            latents = self.model.encode(slices)
        noisy, target, times = self._noised(latents)
        beside = torch.nn.functional.pixel_unshuffle(self._some_blind(pictures), 4)
        found = self.model.unet(torch.cat([noisy, beside], 1), times, bins)
        return self._fit("slices", found, target)

    def _together(self) -> float:
        pictures, slices = self._volumes(BATCH["together"])
        with torch.no_grad():
            latents = self.model.encode(slices.flatten(0, 1)).unflatten(0, slices.shape[:2])
        noisy, target, times = self._noised(latents)
        return self._fit("together", self.model.velocity(noisy, times, self._some_blind(pictures)), target)

    def _noised(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Latents with noise, what the network should say, and the times [N]."""
        times = torch.randint(TRAINING_STEPS, (len(latents),), generator=self.random)
        noise = torch.randn(latents.shape, generator=self.random)
        return self.plan.add_noise(latents, noise, times), self.plan.get_velocity(latents, noise, times), times

    def _some_blind(self, pictures: torch.Tensor) -> torch.Tensor:
        kept = torch.rand(len(pictures), 1, 1, 1, generator=self.random) >= BLIND
        return pictures * kept

    def _fit(self, stage: str, found: torch.Tensor, target: torch.Tensor) -> float:
        loss = (found - target).square().mean()
        self._step(stage, loss)
        self.average.step(self.model.unet.parameters())
        return float(loss.detach())

    def _step(self, stage: str, loss: torch.Tensor) -> None:
        optimiser = self.optimisers[stage]
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(optimiser.param_groups[0]["params"], 1.0)
        optimiser.step()


def _gradient_loss(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean difference of the slopes of two sets of pictures [N, C, H, W], over several sizes."""
    loss = found.new_zeros(())
    for scale in range(SCALES):
        if scale:
            found, wanted = (torch.nn.functional.avg_pool2d(picture, 2) for picture in (found, wanted))
        apart = found - wanted
        loss = loss + apart.diff(dim=-1).abs().mean() + apart.diff(dim=-2).abs().mean()
    return loss / SCALES
