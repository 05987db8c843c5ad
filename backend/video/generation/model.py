"""`VideoModel`: one loaded model; give it a picture, get a clip of what might happen next."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..clip import Clip
from .families import family_of
from .family import Family, Request
from .folder import ModelFolder
from .memory import Placement
from .preview import look

Step = Callable[[int, np.ndarray | None], None]
"""Called after each step with the number of steps done and a rough look at the video; may raise to stop there."""


@dataclass(frozen=True)
class VideoModel:
    """A pipeline of diffusers ready to run."""

    family: Family
    placement: Placement
    pipeline: Any

    @staticmethod
    def load(model: ModelFolder, placement: Placement) -> VideoModel:
        """Read the weights and place them. Raises ValueError where diffusers cannot make sense of them."""
        import diffusers
        import torch
        import transformers

        for library in (diffusers, transformers):
            library.utils.logging.disable_progress_bar()  # the log is no terminal
        family = family_of(model)
        dtype = getattr(torch, placement.dtype)
        kinds = {"vae": torch.float32, "default": dtype} if family.precise_vae else dtype
        try:
            pipeline = getattr(diffusers, family.pipeline).from_pretrained(
                str(model.path),
                dtype=kinds,
                variant=model.variant or None,
                use_safetensors=True,
                local_files_only=True,
            )
        except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
            raise ValueError(
                f"{model.path.name} could not be loaded as {family.title} ({str(error).splitlines()[0]}); download the "
                "model again."
            ) from error
        pipeline.set_progress_bar_config(disable=True)
        _place(pipeline, placement)
        return VideoModel(family, placement, pipeline)

    def make(self, request: Request, step: Step | None = None) -> Clip:
        """Make one video. Raises ValueError where the device's memory does not suffice, and what `step` raises."""
        import torch

        request = replace(request, chunk=self.placement.chunk)
        seed = torch.Generator("cpu").manual_seed(request.seed)  # the same video on every device

        def after(_pipeline: Any, index: int, _time: Any, given: dict[str, Any]) -> dict[str, Any]:
            if step:
                rough = look(given["latents"], request.picture, self.family, request.frames)
                step(index + 1, rough)
            return given

        try:
            video = self.pipeline(
                **self.family.arguments(request),
                width=request.width,
                height=request.height,
                num_frames=request.frames,
                num_inference_steps=request.steps,
                generator=seed,
                output_type="np",
                callback_on_step_end=after,
            ).frames[0]
        except torch.OutOfMemoryError as error:
            raise ValueError(
                f"The graphics card ran out of memory making {request.frames} frames of {request.width} x "
                f"{request.height}; lower Model Height or close other programs."
            ) from error
        finally:
            self.pipeline.maybe_free_model_hooks()
        return Clip(np.clip(np.nan_to_num(np.asarray(video, np.float32)), 0, 1), request.fps)

    def close(self) -> None:
        """Give the device's memory back."""
        import torch

        self.pipeline.remove_all_hooks()
        for part in self.pipeline.components.values():
            if isinstance(part, torch.nn.Module):
                part.to("meta")
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _place(pipeline: Any, placement: Placement) -> None:
    import torch

    if placement.offload == "model":
        pipeline.enable_model_cpu_offload(device=placement.device)
    elif placement.offload == "layer":
        pipeline.enable_group_offload(
            onload_device=torch.device(placement.device),
            offload_device=torch.device("cpu"),
            offload_type="leaf_level",
            use_stream=placement.device == "cuda",
        )
    else:
        pipeline.to(placement.device)
    if placement.tiled and hasattr(pipeline.vae, "use_tiling"):  # not all can
        pipeline.vae.enable_tiling()
