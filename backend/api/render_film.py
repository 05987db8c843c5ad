"""Parameters of a film of the splats alone, by Sway's own rasteriser."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice, param


class FilmFormat(Choice):
    png = ("PNG Sequence", "Numbered pictures with 16 bits a channel, as they are shown")
    exr = ("EXR Sequence", "Numbered pictures in scene-linear half floats, for compositing")
    mp4 = ("MP4 Film", "One H.264 file that plays everywhere, without transparency")
    webm = ("WebM Film", "One VP9 file, with transparency")


@dataclass(frozen=True, kw_only=True)
class RenderFilmParams:
    """The splats through the scene camera, frame by frame."""

    format: FilmFormat = param(FilmFormat.png, "What is written")
    transparent: bool = param(True, "Leave out the world's colour, so that the splats can be laid over something else")
    trainer_blur: bool = param(
        False,
        "Widen every splat by 0.3 pixels, as trainers and most viewers do; softer, and nothing thin flickers",
    )
    depth: bool = param(False, "Also write the distance from the camera as EXR, to composite with meshes by depth")
    vectors: bool = param(False, "Also write motion vectors as EXR, for blur in the compositor")
    fps: float = param(24.0, "Frames per second of a film", min=0.01, max=1000.0, advanced=True)
