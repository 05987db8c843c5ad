"""`Family`: what the adapter needs to know of a kind of video models. `Request`: what is asked of one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

STILL_CAMERA = "Static camera on a tripod, locked-off shot; background and light stay the same."
"""Begins every prompt: models cut off what is too long."""
CAMERA_MOVES = "camera movement, pan, tilt, zoom, dolly, orbit, handheld shake, cut, scene change, flicker"


@dataclass(frozen=True)
class Request:
    """One video to be made."""

    picture: np.ndarray
    """The first frame [H, W, 3], uint8, display-referred, already of the size that the model takes."""
    prompt: str
    frames: int
    """One of the counts that the family accepts."""
    fps: float
    steps: int
    seed: int
    hold_end: bool
    """Whether the last frame is to equal the first one, where the model can."""
    motion: int
    """Stable Video Diffusion's motion bucket."""
    chunk: int
    """Frames that are decoded at once where the pipeline can choose."""

    @property
    def image(self) -> Image:
        """The first frame as pipelines take it."""
        from PIL import Image

        return Image.fromarray(self.picture)

    @property
    def width(self) -> int:
        return self.picture.shape[1]

    @property
    def height(self) -> int:
        return self.picture.shape[0]


@dataclass(frozen=True)
class Family:
    """A kind of models with its presets for a still camera and a moving plant."""

    title: str
    pipeline: str
    """The class of diffusers that makes videos from a picture with these weights."""
    arguments: Callable[[Request], dict[str, Any]]
    """What its call takes beside picture size, frame count, steps and seed."""
    multiple: int
    """Widths and heights are multiples of this many pixels."""
    area: int
    """Pixels of the pictures it was trained on."""
    fps: float
    """Frames per second that its videos are meant to run at."""
    steps: int
    frames_unit: int = 1
    """Frame counts are one more than a multiple of this; 1 accepts every count."""
    frames_least: int = 14
    """Shorter videos than this come out badly."""
    fixed_size: tuple[int, int] | None = None
    """The only (width, height) it can make."""
    fixed_frames: int | None = None
    """The only frame count it can make."""
    prompted: bool = True
    """Whether it reads a prompt."""
    ends_where_told: bool = False
    """Whether it can be given the last frame."""
    compression: tuple[int, int] = (8, 1)
    """Pixels (and frames) to one value of the latents."""
    half: str = "bfloat16"
    """The 16-bit type that it was published for."""
    precise_vae: bool = False
    """Whether its decoder needs 32 bits."""

    def frames_for(self, wanted: int) -> int:
        """The smallest frame count that is enough and accepted."""
        if self.fixed_frames:
            return self.fixed_frames
        return math.ceil((max(wanted, self.frames_least) - 1) / self.frames_unit) * self.frames_unit + 1

    def size_for(self, aspect: float, height: int = 0) -> tuple[int, int]:
        """(width, height) for pictures of an aspect ratio width / height; of about the trained area, or that high."""
        if self.fixed_size:
            return self.fixed_size
        wanted = height or math.sqrt(self.area / aspect)
        return tuple(max(round(side / self.multiple), 1) * self.multiple for side in (wanted * aspect, wanted))  # type: ignore[return-value]


def still_camera(prompt: str) -> str:
    """A prompt that also says that the camera stands still."""
    return f"{STILL_CAMERA} {prompt.strip()}".strip()
