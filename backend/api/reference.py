"""Parameters of the reference-motion job: a short clip of the rendered view in which the subject moves."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice, param


class Source(Choice):
    wind = (
        "Wind Texture",
        "Built in: the picture sways like a plant that a gust has set off (stochastic motion texture)",
    )
    video = ("Video or Images", "Your own clip of the same view: a video file or a folder of images")


@dataclass(frozen=True, kw_only=True)
class ReferenceParams:
    """What the fit should make the subject do."""

    source: Source = param(Source.wind, "Where the reference motion comes from")
    frequency: float = param(
        1.6, "How fast the subject sways; slow looks tall and heavy", min=0.3, max=6.0, soft_max=4.0, unit="Hz"
    )
    amplitude: float = param(
        3.5, "How far the tip travels, in percent of the picture's height", min=0.2, max=12.0, unit="%"
    )
    seed: int = param(0, "Another number gives another gust", min=0)
    path: str = param(
        "", "Video file, or a folder of images, of this view with the subject moving", subtype="FILE_PATH"
    )
    start: int = param(0, "First frame of the video to use", min=0, label="First Frame", advanced=True)
    step: int = param(1, "Use every n-th frame of the video", min=1, max=16, label="Frame Step", advanced=True)
    frames: int = param(24, "Length of the clip", min=14, max=24, advanced=True)
    resolution: int = param(
        256, "Height of the clip's pictures in pixels", min=64, max=1024, advanced=True, subtype="PIXEL"
    )
