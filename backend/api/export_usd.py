"""Parameters of the export to USD."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice, param


class Schema(Choice):
    splats = ("Gaussian Splats", "As USD 26 has them: for Blender 5.3 and viewers that know splats")
    points = ("Points", "Points that carry a splat's numbers: for Blender 4.5 to 5.2, and for any program as points")


@dataclass(frozen=True, kw_only=True)
class ExportUsdParams:
    """A moving cloud as one .usdc file."""

    schema: Schema = param(Schema.splats, "How other programs will read the cloud")
    name: str = param("splats", "Name of the cloud in the file")
    fps: float = param(24.0, "Frames per second", min=0.01, max=1000.0)
