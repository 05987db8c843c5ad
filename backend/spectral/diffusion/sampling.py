"""A motion for a picture, drawn from the latent diffusion: DDIM steps (Song et al. 2021), guided to a loop if asked.

Li et al. 2024, section 4.3: universal guidance (Bansal et al. 2023) with the loss of a motion whose end does not meet
its beginning. A volume on whole multiples of 1 / duration repeats exactly as it is; the guidance is for loops of
another length than the slices' own, whose frequencies are then moved to the nearest that fit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from diffusers import DDIMScheduler

from ...spectral_volume import SpectralVolume
from .model import CELL, LatentDiffusion
from .slices import from_slices

TRAINING_STEPS = 1000
PICTURE_GUIDANCE = 0.0
"""w of classifier-free guidance: 0 believes the network as it is."""
LOOP_GUIDANCE = 0.3
"""u of the paper's equation for the loop's guidance. Theirs, 200, is for their units; here the gradient is that of the
loss's logarithm times the number of latents, which no size or scale changes."""
RECURRENCES = 2
"""How often a guided step is noised again and taken anew."""
GUIDED_UNTIL = 0.2
"""Share of the steps, at the end, that are not guided: they settle detail."""


def scheduler() -> DDIMScheduler:
    """The noise schedule that weights are trained with."""
    return DDIMScheduler(
        TRAINING_STEPS,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=False,
        timestep_spacing="trailing",
    )


def picture_tensor(image: np.ndarray, longer: int) -> torch.Tensor:
    """A picture [H, W, 3 or 4], uint8 or float in 0..1, as [1, 3, h, w] in -1..1: both sides multiples of CELL."""
    import cv2

    height, width = image.shape[:2]
    scale = longer / max(height, width)
    size = tuple(max(round(side * scale / CELL), 1) * CELL for side in (width, height))
    colours = image[..., :3].astype(np.float32) / (255 if image.dtype == np.uint8 else 1)
    small = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
    return torch.from_numpy(2 * small - 1).permute(2, 0, 1)[None]


def sample(
    model: LatentDiffusion,
    image: np.ndarray,
    *,
    seed: int = 0,
    steps: int = 25,
    longer: int = 96,
    duration: float | None = None,
    loop_guidance: float = LOOP_GUIDANCE,
    picture_guidance: float = PICTURE_GUIDANCE,
    progress: Callable[[float], None] = lambda fraction: None,
) -> SpectralVolume:
    """A motion of the picture [H, W, 3 or 4] as a volume whose longer side is about `longer` pixels.

    duration: seconds after which it should repeat; None: the slices' own, 1 over their spacing. steps: of DDIM; the
    paper takes 250. Raises ValueError for a duration in which nothing of it can repeat.
    """
    frequencies = np.array(model.settings.frequencies)
    own = 1 / float(frequencies[0])
    guided = duration is not None and abs(duration - own) > 1e-6 and loop_guidance > 0
    random = torch.Generator().manual_seed(seed)
    picture = picture_tensor(image, longer)
    plan = scheduler()
    plan.set_timesteps(steps)
    shape = (1, model.slices, 4, picture.shape[2] // 4, picture.shape[3] // 4)
    latents = torch.randn(shape, generator=random)
    for number, time in enumerate(plan.timesteps):
        progress(number / len(plan.timesteps))
        loops = guided and number < (1 - GUIDED_UNTIL) * len(plan.timesteps)
        for again in reversed(range(RECURRENCES if loops else 1)):
            velocity = _velocity(model, latents, time, picture, picture_guidance)
            if loops:
                pull = _loop_gradient(model, latents, time, picture, plan, duration)
                velocity = _pulled(velocity, pull, plan, time, loop_guidance)
            nearer = plan.step(velocity, time, latents).prev_sample
            latents = _noised_again(nearer, plan, time, random) if again else nearer
    with torch.no_grad():
        slices = model.scale.restored(model.decode(latents[0])).numpy()
    volume = SpectralVolume(
        from_slices(slices), frequencies, own, np.ones(slices.shape[-2:], np.float32), f"latent diffusion, seed {seed}"
    )
    return volume if duration is None else volume.looped(duration)


def loop_loss(slices: torch.Tensor, frequencies: np.ndarray, duration: float, fps: float = 30.0) -> torch.Tensor:
    """How far a motion is from where it began after `duration` seconds, and how differently it moves there (L1, mean).

    slices [K, 4, H, W], in widths of the picture; the second part is in widths per frame of `fps` to the second.
    """
    turns = 2 * np.pi * frequencies
    apart = np.exp(1j * turns * duration) - 1
    loss = slices.new_zeros(())
    for weights in (apart, apart * 1j * turns / fps):
        real = torch.from_numpy(weights.real).to(slices)[:, None, None, None]
        imaginary = torch.from_numpy(weights.imag).to(slices)[:, None, None, None]
        loss = loss + (real * slices[:, 0::2] - imaginary * slices[:, 1::2]).sum(0).abs().mean()
    return loss


def _velocity(
    model: LatentDiffusion, latents: torch.Tensor, time: torch.Tensor, picture: torch.Tensor, guidance: float
) -> torch.Tensor:
    """The prediction, led away from what the network would say without seeing the picture."""
    with torch.no_grad():
        seen = model.velocity(latents, time[None], picture)
        if not guidance:
            return seen
        blind = model.velocity(latents, time[None], torch.zeros_like(picture))
        return (1 + guidance) * seen - guidance * blind


def _loop_gradient(
    model: LatentDiffusion,
    latents: torch.Tensor,
    time: torch.Tensor,
    picture: torch.Tensor,
    plan: DDIMScheduler,
    duration: float,
) -> torch.Tensor:
    """Gradient of the loss's logarithm by the latents, through what they would become, times the latents' number."""
    latents = latents.detach().requires_grad_()
    kept, noise = _shares(plan, time)
    clean = kept * latents - noise * model.velocity(latents, time[None], picture)
    slices = model.scale.restored(model.decode(clean[0]))
    loss = loop_loss(slices, np.array(model.settings.frequencies), duration)
    return torch.autograd.grad(torch.log(loss + 1e-12), latents)[0] * latents.numel()


def _pulled(
    velocity: torch.Tensor, pull: torch.Tensor, plan: DDIMScheduler, time: torch.Tensor, strength: float
) -> torch.Tensor:
    """The prediction with `strength` sigma times the gradient added to its noise."""
    kept, noise = _shares(plan, time)
    # noise^ = kept v + noise z; a change of it at the same z is a change of v by its kept share.
    return velocity + strength * noise * pull / kept


def _noised_again(latents: torch.Tensor, plan: DDIMScheduler, time: torch.Tensor, random: torch.Generator):
    """The latents of the step before, from those after it."""
    before = plan.alphas_cumprod[time]
    previous = int(time) - plan.config.num_train_timesteps // plan.num_inference_steps
    after = plan.alphas_cumprod[previous] if previous >= 0 else plan.final_alpha_cumprod
    share = before / after
    fresh = torch.randn(latents.shape, generator=random)
    return share.sqrt() * latents + (1 - share).sqrt() * fresh


def _shares(plan: DDIMScheduler, time: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """How much of the clean latents and of noise there is at a time."""
    alpha = plan.alphas_cumprod[time]
    return alpha.sqrt(), (1 - alpha).sqrt()
