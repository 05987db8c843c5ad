"""Parameters of loading a saved material onto an object of the same capture."""

from __future__ import annotations

from dataclasses import dataclass

from .param import param


@dataclass(frozen=True, kw_only=True)
class ApplyMaterialParams:
    """How fine the loaded subject is made."""

    particles: int = param(1500, "Driving particles that carry the splats", min=200, max=20000, advanced=True)
    grid_cells: int = param(16, "Simulation cells along the longest side", min=10, max=64, advanced=True)
    seed: int = param(0, "Another number places the driving particles elsewhere", min=0, advanced=True)
