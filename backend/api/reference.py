"""Parameters of the reference-motion job: a short clip of the rendered view in which the subject moves."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice, param


class Source(Choice):
    wind = (
        "Wind Texture",
        "Built in: the picture sways like a plant that a gust has set off (stochastic motion texture)",
    )
    predicted = (
        "Predicted Motion",
        "Built in: a small network guesses from the picture how its parts would sway; a gust sets them off",
    )
    video = ("Video File", "Your own film of the same view")
    images = ("Image Folder", "Your own film of the same view, as a folder of numbered images")
    model = (
        "Video Model",
        "A generative model on this computer makes a video from the rendered view; a graphics card is needed for more "
        "than a try",
    )


SHOWN: dict[Source, tuple[str, ...]] = {
    Source.wind: ("frequency", "amplitude", "seed", "candidates"),
    Source.predicted: ("frequency", "amplitude", "seed", "candidates"),
    Source.video: ("path", "start", "step", "fps", "align", "keep_background"),
    Source.images: ("image_folder", "start", "step", "fps", "align", "keep_background"),
    Source.model: (
        *("model_folder", "prompt", "motion_bucket", "seed", "candidates", "model_steps", "model_height", "hold_end"),
        *("fps", "align", "keep_background"),
    ),
}
"""The parameters that a source uses, beside those that all do."""


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
    path: str = param("", "Film of this view with the subject moving", label="Video", subtype="FILE_PATH")
    image_folder: str = param("", "Folder with the pictures of the film, in order of their numbers", subtype="DIR_PATH")
    model_folder: str = param(
        "",
        "Folder of an image-to-video model in diffusers' layout: Stable Video Diffusion, Wan, LTX or CogVideoX",
        subtype="DIR_PATH",
    )
    prompt: str = param(
        "A plant sways gently after a gust of wind; its stem bends and swings back and its leaves follow.",
        "What happens in the video; that the camera stands still is added",
    )
    motion_bucket: int = param(
        6,
        "Stable Video Diffusion's dial for motion: 5 to 8 move the plant and leave the camera still",
        min=1,
        max=255,
        soft_max=40,
    )
    seed: int = param(0, "Another number gives another gust, or another video", min=0)
    candidates: int = param(
        1, "How many to make, each from the next seed; you pick one of them", min=1, max=8, label="Candidates"
    )
    start: int = param(0, "First frame of the video to use", min=0, label="First Frame", advanced=True)
    step: int = param(1, "Use every n-th frame of the video", min=1, max=16, label="Frame Step", advanced=True)
    fps: float = param(
        0.0,
        "Frames per second at which the film was taken; 0 takes what the file or the model says, and 24 for images",
        min=0.0,
        max=240.0,
        label="Frame Rate",
        unit="1/s",
        advanced=True,
    )
    align: bool = param(
        True,
        "Shift, turn and zoom the film so that its first frame lies on the rendered view",
        label="Align to View",
        advanced=True,
    )
    keep_background: bool = param(
        True, "Around the moving part show the rendered view instead of the film", advanced=True
    )
    model_steps: int = param(
        0, "Denoising steps of a video; 0 takes the model's own number", min=0, max=100, label="Steps", advanced=True
    )
    model_height: int = param(
        0,
        "Height of the pictures that the model makes; 0 takes what it was trained on, less needs less memory",
        min=0,
        max=2048,
        subtype="PIXEL",
        advanced=True,
    )
    hold_end: bool = param(
        True,
        "Let the video end as it begins, where the model can: that holds the camera still",
        label="End at Rest",
        advanced=True,
    )
    frames: int = param(24, "Length of the clip; films may be shorter", min=14, max=24, advanced=True)
    resolution: int = param(
        256, "Height of the clip's pictures in pixels", min=64, max=1024, advanced=True, subtype="PIXEL"
    )
