"""Parameters of the simulation: what moves the subject, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice, param
from .quality import SIZES, Quality, Size


class Wind(Choice):
    none = ("None", "No wind but that of the scene's force fields")
    gust = ("Gust", "One gust passes and the subject rings down")
    steady = ("Gusty Wind", "Wind that blows on and on, with gusts")
    impulse = ("Impulse", "One short push at the first frame")
    fitted = ("As Fitted", "No wind: starts with the velocity that the material fit found")


@dataclass(frozen=True, kw_only=True)
class SimulateParams:
    """Motion over the timeline."""

    frames: int = param(48, "Frames to simulate from the scene's first frame on", min=2, max=2000)
    wind: Wind = param(Wind.steady, "What sets the subject in motion")
    strength: float = param(
        1.0,
        "How hard the wind pushes; 1 bends a fitted subject about as far as the reference clip did, and pushes others "
        "with half their weight",
        min=0.0,
        max=10.0,
        soft_max=3.0,
    )
    direction: float = param(
        0.0, "Where the wind blows to, around the vertical; 0 is along +X", unit="rad", min=-6.2832, max=6.2832
    )
    gustiness: float = param(0.6, "Share of the wind that comes in gusts", min=0.0, max=1.0, subtype="FACTOR")
    damping: float = param(
        0.5,
        "How quickly free motion dies, beside inner friction; with 0 what is fitted, or held and springy, loses "
        "nothing else, while what falls and flows loses a little in its grid",
        min=0.0,
        max=20.0,
        unit="1/s",
    )
    seed: int = param(0, "Another number gives other gusts", min=0)
    gravity: float = param(
        1.0,
        "How much of the scene's gravity pulls; what is fitted, or held and springy, hangs under it as it was "
        "captured, and feels no more",
        min=0.0,
        max=10.0,
        soft_max=2.0,
        subtype="FACTOR",
    )
    force_fields: bool = param(True, "Wind, force, vortex, turbulence and drag fields of the scene push the splats")
    acting_objects: bool = param(
        True, "Objects that are set to act on splats do so: colliders, blows, pulls, carriers, blades", label="Objects"
    )
    floor: bool = param(False, "A level floor that splats fall on")
    floor_height: float = param(0.0, "Height of the floor", min=-10000.0, max=10000.0, unit="m")
    quality: Quality = param(Quality.cpu, "How fine a material without a fit is simulated, and so how long it takes")
    particles: int = param(
        4000,
        "Particles that carry the splats of a material without a fit; more follow finer folds and take longer",
        min=20,
        max=1000000,
        soft_max=50000,
        advanced=True,
    )
    filling: bool = param(
        True,
        "Fill what the splats enclose with matter; without it they are a hollow skin",
        label="Fill Inside",
        advanced=True,
    )
    grid_cells: int = param(
        24,
        "Cells along the longest side of what moves, for a material without a fit; twice as many take about four times "
        "as long with the same particles, and let thinner things bend apart",
        min=6,
        max=256,
        soft_max=96,
        advanced=True,
    )

    @property
    def size(self) -> Size:
        """What `quality` stands for."""
        return SIZES.get(self.quality) or Size(self.particles, self.grid_cells)


SURROUNDINGS = ("gravity", "force_fields", "acting_objects", "floor", "floor_height")
"""Parameters that say what of the scene is sent along; they belong together in the sidebar."""
SIZE = ("particles", "grid_cells")
"""Parameters that only Custom quality reads."""
