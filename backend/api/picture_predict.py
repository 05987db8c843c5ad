"""Parameters of predicting how a picture would sway."""

from __future__ import annotations

from dataclasses import dataclass

from .param import param


@dataclass(frozen=True, kw_only=True)
class PicturePredictParams:
    """A motion that a network guesses from the picture; lines and a mask of the layer correct it."""

    seed: int = param(0, "Another number gives another motion of the same kind", min=0)
    subject: bool = param(
        True,
        "Only the subject that is in focus moves; off lets everything move that looks as if it could",
        label="Subject in Focus",
    )
    keep_mask: bool = param(
        False, "Move what the layer's mask holds, no more and no less; otherwise the mask is found anew"
    )
    diffusion: str = param(
        "",
        "Weights of the latent diffusion, trained by python -m backend.spectral.diffusion; empty takes the fast "
        "predictor that comes with Sway",
        label="Diffusion",
        subtype="FILE_PATH",
        advanced=True,
    )
