"""Parameters of pulling splats about by hand."""

from __future__ import annotations

from dataclasses import dataclass

from .param import param


@dataclass(frozen=True, kw_only=True)
class SwingParams:
    """How fine the model is that follows the hand."""

    modes: int = param(
        12, "Ways to sway that follow the hand; more let smaller pieces move by themselves", min=1, max=48
    )
    frequency: float = param(
        1.5,
        "Turns a second of the slowest sway; 0 is as fast as the chosen material is stiff, and a fit has its own",
        min=0.0,
        max=50.0,
        soft_max=10.0,
        unit="Hz",
    )
    particles: int = param(1200, "Particles that carry the splats", min=50, max=20000, soft_max=5000)
    grid_cells: int = param(20, "Cells along the longest side of what moves", min=6, max=64)
    damping: float = param(0.5, "How quickly the swing dies", min=0.0, max=20.0, unit="1/s")
