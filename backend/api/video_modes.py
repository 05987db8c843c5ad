"""Parameters of the video-modes job: how a clip's vibration modes are measured."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice, param


class Motion(Choice):
    flow = ("Optical Flow", "Follows motion of any size that can be seen")
    phase = ("Phase", "Sees motion of a hundredth of a pixel, up to some two pixels; slower")


@dataclass(frozen=True, kw_only=True)
class VideoModesParams:
    """Modes of something that vibrates in a clip, filmed by a camera that stands still."""

    path: str = param(
        "", "Video file, or a folder of images, in which something sways; five seconds or more", subtype="FILE_PATH"
    )
    modes: int = param(4, "How many modes to look for", min=1, max=12, label="Most Modes")
    frequencies: str = param(
        "", "Frequencies of the modes in hertz, separated by commas; empty finds the peaks of the spectrum"
    )
    mask: str = param(
        "", "Image that is white where something moves; empty finds it from the motion", subtype="FILE_PATH"
    )
    motion: Motion = param(Motion.flow, "How displacement is measured", advanced=True)
    lowest: float = param(0.3, "Slower motion counts as drift", min=0.05, max=20.0, unit="Hz", advanced=True)
    coherence: float = param(
        0.5,
        "How alike a mode must look in the two halves of the clip; 1 is the same",
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        advanced=True,
    )
    resolution: int = param(
        384, "Longer side of the pictures that motion is measured on", min=64, max=1024, advanced=True, subtype="PIXEL"
    )
    start: int = param(0, "First frame of the video to use", min=0, label="First Frame", advanced=True)
    frames: int = param(300, "Most frames of the video to use", min=16, max=2000, advanced=True)
