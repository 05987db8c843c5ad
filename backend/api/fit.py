"""Parameters of the material fit: stiffness and first velocity from the reference clip."""

from __future__ import annotations

from dataclasses import dataclass

from .materials import Preset
from .param import Choice, param


class Strategy(Choice):
    modal = ("Modal", "Sway modes fitted to tracked motion: about a minute, the most reliable")
    gradient = ("Gradient", "Differentiable simulation and rendering, pixel by pixel: minutes")
    full = ("Staged", "Modes, then parts, then a field of stiffness by pictures: some minutes, the most exact")
    physdreamer = (
        "PhysDreamer",
        "The paper's own settings, for comparison: fields, losses, grids and steps; many hours",
    )


class Expectation(Choice):
    """What the fit is told of the material before it looks at the clip."""

    nothing = ("Nothing", "The clip alone tells the stiffness")
    file = ("Saved Material", "The stiffness in a file that Save Material wrote, place by place")
    leaf = Preset.leaf.value
    petal = Preset.petal.value
    green_stem = Preset.green_stem.value
    wood = Preset.wood.value
    rubber = Preset.rubber.value
    jelly = Preset.jelly.value
    cloth = Preset.cloth.value

    @property
    def preset(self) -> Preset | None:
        return Preset.__members__.get(self.name)


@dataclass(frozen=True, kw_only=True)
class FitParams:
    """How the material is found."""

    strategy: Strategy = param(Strategy.modal, "How stiffness and velocity are searched")
    parts: int = param(1, "Stiffness values to find along the subject, from the root to the tips", min=1, max=4)
    iterations: int = param(3, "Refinement rounds with the full simulation; 0 is quick and rough", min=0, max=40)
    expected: Expectation = param(
        Expectation.nothing,
        "Where the search starts, and what parts fall back to that hardly bend in the clip",
        label="Expected",
    )
    expected_file: str = param(
        "", "Material of this capture whose stiffness is expected", label="Material File", subtype="FILE_PATH"
    )
    expected_spread: float = param(
        0.5,
        "Powers of ten by which the expected stiffness is usually off; 0.3 is a factor of two",
        min=0.05,
        max=3.0,
        label="Expected Within",
        advanced=True,
    )
    particles: int = param(
        1500,
        "Driving particles that carry the splats; more follow finer motion and take longer",
        min=200,
        max=20000,
        advanced=True,
    )
    grid_cells: int = param(
        16,
        "Simulation cells along the longest side; more follow finer shapes and take longer",
        min=10,
        max=64,
        advanced=True,
    )
    density: float = param(
        1000.0, "Mass per volume; living tissue is close to water", min=10, max=20000, unit="kg/m³", advanced=True
    )
    poisson_ratio: float = param(0.3, "How much it thins when stretched", min=0.0, max=0.45, advanced=True)
    cfl: float = param(
        0.45,
        "Time step as a part of the largest stable one; above 0.5 results go wrong silently",
        min=0.1,
        max=0.5,
        label="CFL Number",
        advanced=True,
    )
    wind: bool = param(
        False, "Wind drives the clip throughout and is found too; without, the subject sways freely after one push"
    )
    field_steps: int = param(
        16,
        "Staged: steps by pictures that let stiffness vary within a part; 0 leaves one value for each",
        min=0,
        max=400,
        advanced=True,
    )
    truncation: int = param(
        0, "Staged: frames of the clip through which a gradient flows back; 0 is all", min=0, max=240, advanced=True
    )
    track_loss: float = param(
        0.0, "Staged: weight of the tracks while pictures are compared", min=0, max=10, advanced=True
    )
    blurred_loss: float = param(0.0, "Staged: weight of blurred pictures", min=0, max=10, advanced=True)
    picture_loss: float = param(1.0, "Staged: weight of pictures, L1 and D-SSIM", min=0, max=10, advanced=True)
    spectrum_loss: float = param(
        0.0, "Staged: weight of the strength of each frequency in time", min=0, max=10, advanced=True
    )
    fit_poisson: bool = param(
        False,
        "Staged: also estimate Poisson's Ratio, and say how sure that is",
        label="Fit Poisson's Ratio",
        advanced=True,
    )
    scale: float = param(
        1.0,
        "PhysDreamer: part of the paper's grids, steps and iterations; 1 is the paper",
        min=0.05,
        max=1.0,
        advanced=True,
    )
    held_out: int = param(
        0,
        "Last frames of the clip that the fit does not see; how well it foretells them judges it",
        label="Held Out",
        min=0,
        max=240,
        advanced=True,
    )
    seed: int = param(0, "Another number places the driving particles elsewhere", min=0, advanced=True)
