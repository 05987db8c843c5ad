"""What a fit is worth: its pictures beside the clip's, frame by frame, those it was not fitted to apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..render.losses import psnr, ssim
from ..video.clip import Clip
from .chain import pictures_of
from .push import Push
from .result import Fit
from .task import Observation, Task
from .uncertainty import PartStiffness, stiffness_of_parts


@dataclass(frozen=True)
class Comparison:
    """A clip and the fit's pictures of it, after the first frame, which both begin with."""

    wanted: np.ndarray
    """The clip [T - 1, H, W, 3], display-referred, 0..1."""
    fitted: np.ndarray
    """What the fit makes of it."""
    still: np.ndarray
    """The clip's first frame [H, W, 3]."""
    fps: float
    seen: int
    """Frames that were fitted to; later ones are held out."""

    @cached_property
    def psnr(self) -> np.ndarray:
        """Decibels [T - 1]."""
        return np.array([psnr(a, b) for a, b in zip(self.fitted, self.wanted, strict=True)])

    @cached_property
    def ssim(self) -> np.ndarray:
        """[T - 1], 1 for equal pictures."""
        return np.array([ssim(a, b) for a, b in zip(self.fitted, self.wanted, strict=True)])

    def scores(self, frames: slice) -> dict[str, float] | None:
        """PSNR and SSIM of a stretch of frames, and the PSNR of a picture that keeps still; None for an empty one."""
        wanted = self.wanted[frames]
        if not len(wanted):
            return None
        return {
            "frames": len(wanted),
            "psnr_db": psnr(self.fitted[frames], wanted),
            "ssim": float(self.ssim[frames].mean()),
            "psnr_still_db": psnr(np.repeat(self.still[None], len(wanted), 0), wanted),
        }


@dataclass(frozen=True)
class Report:
    comparison: Comparison
    parts: list[PartStiffness]
    frequency: float
    """Of the fit's free sway, hertz."""
    clip_frequency: float
    """Of the clip, hertz; 0 where it is not known."""

    @property
    def frequency_error(self) -> float | None:
        """How far the fit's frequency is off the clip's, per cent."""
        return 100 * (self.frequency / self.clip_frequency - 1) if self.clip_frequency > 0 else None

    @property
    def sentences(self) -> list[str]:
        """What a person should read, one sentence each."""
        lines = [part.sentence for part in self.parts]
        if self.frequency_error is not None:
            lines.append(f"Sways at {self.frequency:.2f} Hz, {self.frequency_error:+.0f} % off the clip")
        held = self.comparison.scores(slice(self.comparison.seen, None))
        if held:
            gain = held["psnr_db"] - held["psnr_still_db"]
            lines.append(
                f"{held['frames']} frames it had not seen: {held['psnr_db']:.1f} dB, {gain:+.1f} dB against standing "
                f"still, SSIM {held['ssim']:.3f}"
            )
        return lines

    def to_jsonable(self) -> dict:
        comparison = self.comparison
        return {
            "parts": [part.to_jsonable() for part in self.parts],
            "frequency_hz": self.frequency,
            "clip_frequency_hz": self.clip_frequency,
            "frequency_error_percent": self.frequency_error,
            "fitted_frames": comparison.scores(slice(None, comparison.seen)),
            "held_out_frames": comparison.scores(slice(comparison.seen, None)),
            "psnr_db_by_frame": comparison.psnr.round(3).tolist(),
            "ssim_by_frame": comparison.ssim.round(5).tolist(),
            "sentences": self.sentences,
        }


def compare(task: Task, found: Fit, whole: Clip, tick: Callable[[float], None] = lambda fraction: None) -> Comparison:
    """Pictures of a fit at all frames of a clip that begins with the task's; `tick(fraction done)` may raise to cancel.

    Wind that was fitted ends with the task's clip. Raises ValueError for a clip shorter than the task's.
    """
    if len(whole) < len(task.clip):
        raise ValueError(f"the clip to compare with has {len(whole)} frames, fewer than the {len(task.clip)} fitted to")
    chain = pictures_of(task, observation=Observation(whole, task.camera))
    wind = found.acceleration
    if wind is not None:
        calm = np.zeros((chain.timing.simulated_frames + 1 - len(wind), *wind.shape[1:]))
        wind = np.concatenate([wind, calm])
    frames = []
    for picture in chain.pictures(Push(found.young, found.velocity, found.damping, found.delay, wind)):
        frames.append(np.clip(picture, 0, 1).astype(np.float32))
        tick(len(frames) / (len(whole) - 1))
    return Comparison(whole.frames[1:], np.stack(frames), whole.frames[0], whole.fps, len(task.clip) - 1)


def report_on(
    task: Task,
    found: Fit,
    whole: Clip,
    frequency: float,
    clip_frequency: float,
    tick: Callable[[float], None] = lambda fraction: None,
) -> Report:
    """The report of a fit of `task` on a clip that may go on after the task's; frequencies in hertz."""
    parts = stiffness_of_parts(found, np.unique(task.driven.part))
    return Report(compare(task, found, whole, tick), parts, frequency, clip_frequency)
