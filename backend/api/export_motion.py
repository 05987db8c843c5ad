"""Parameters of the export of moving splats as one file."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice, param


class MotionFormat(Choice):
    usd_splats = ("USD, Gaussian Splats", "As USD 26 has them: for Blender 5.3 and viewers that know splats")
    usd_points = ("USD, Points", "Points that carry a splat's numbers: for Blender 4.5 to 5.2, and anything as points")
    alembic = ("Alembic, Points", "Points with colour, opacity, orientation and scale: for Houdini, Maya and the like")

    @property
    def suffix(self) -> str:
        return ".abc" if self is MotionFormat.alembic else ".usdc"


@dataclass(frozen=True, kw_only=True)
class ExportMotionParams:
    """A moving cloud as one file."""

    format: MotionFormat = param(MotionFormat.usd_splats, "What is written, and for whom")
    name: str = param("splats", "Name of the cloud in the file")
    fps: float = param(24.0, "Frames per second", min=0.01, max=1000.0)
