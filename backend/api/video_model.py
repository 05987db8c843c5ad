"""Parameters of the job that downloads a video model, and what each model's licence says."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice, param


@dataclass(frozen=True)
class Offer:
    """Weights that can be had from huggingface.co."""

    repository: str
    gigabytes: int
    """About what is downloaded."""
    licence: str
    """Its name."""
    terms: str
    """In short, what it asks of a person; the licence itself decides."""

    @property
    def page(self) -> str:
        """Where the licence can be read."""
        return f"https://huggingface.co/{self.repository}"


_STABILITY = (
    "Free for research and for people and companies with a yearly revenue below 1 million US dollars; others need an "
    "enterprise licence. Its acceptable use policy applies."
)
_APACHE = "Free for any use, commercial use included; the licence and its notices must be passed on with the weights."
_LTX = (
    "Free for people and companies with a yearly revenue below 10 million US dollars; others need a licence from "
    "Lightricks. Its list of forbidden uses applies."
)
_COG = (
    "Free for research; commercial use needs a registration with the makers and ends above a number of users. Its list "
    "of forbidden uses applies."
)


class VideoModel(Choice):
    """Models to choose from, smallest first."""

    ltx = ("LTX-Video 2B", "Fast; about 8 GB of graphics memory with its parts taking turns")
    svd = ("Stable Video Diffusion", "14 frames, no prompt, a dial for motion; about 8 GB of graphics memory")
    svd_xt = ("Stable Video Diffusion XT", "25 frames, no prompt, a dial for motion; about 8 GB of graphics memory")
    cogvideox = ("CogVideoX 5B", "49 frames of 720 x 480; about 12 GB of graphics memory")
    wan_ti2v_5b = ("Wan 2.2 TI2V-5B", "Good motion; 12 to 24 GB of graphics memory")
    wan_i2v_14b = ("Wan 2.1 I2V-14B 480P", "Good motion; 24 GB of graphics memory and 64 GB of memory")
    wan_flf2v_14b = (
        "Wan 2.1 FLF2V-14B",
        "Ends as it begins, which holds the camera; 24 GB and more, 64 GB of memory",
    )
    wan_i2v_a14b = ("Wan 2.2 I2V-A14B", "The best motion, ends as it begins; 24 GB and more, 128 GB of memory")
    ltx_2 = ("LTX-2", "Ends as it begins; 32 GB and more, 128 GB of memory")

    @property
    def offer(self) -> Offer:
        return _OFFERS[self.name]


_OFFERS = {
    "ltx": Offer("Lightricks/LTX-Video", 28, "LTX-Video Open Weights License", _LTX),
    "svd": Offer("stabilityai/stable-video-diffusion-img2vid", 5, "Stability AI Community License", _STABILITY),
    "svd_xt": Offer("stabilityai/stable-video-diffusion-img2vid-xt", 5, "Stability AI Community License", _STABILITY),
    "cogvideox": Offer("zai-org/CogVideoX-5b-I2V", 22, "CogVideoX License", _COG),
    "wan_ti2v_5b": Offer("Wan-AI/Wan2.2-TI2V-5B-Diffusers", 34, "Apache License 2.0", _APACHE),
    "wan_i2v_14b": Offer("Wan-AI/Wan2.1-I2V-14B-480P-Diffusers", 90, "Apache License 2.0", _APACHE),
    "wan_flf2v_14b": Offer("Wan-AI/Wan2.1-FLF2V-14B-720P-diffusers", 90, "Apache License 2.0", _APACHE),
    "wan_i2v_a14b": Offer("Wan-AI/Wan2.2-I2V-A14B-Diffusers", 126, "Apache License 2.0", _APACHE),
    "ltx_2": Offer("Lightricks/LTX-2", 96, "LTX-2 Community License", _LTX),
}


@dataclass(frozen=True, kw_only=True)
class VideoModelParams:
    """A video model to download."""

    model: VideoModel = param(VideoModel.wan_ti2v_5b, "Which model to download")
    accept: bool = param(False, "You have read the licence of the weights and agree", label="I Accept the Licence")
    online: bool = param(False, "Blender's preferences allow access to the network", label="Online Access")
    folder: str = param("", "Where models are kept; each gets a folder of its own", subtype="DIR_PATH")
