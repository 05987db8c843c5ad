"""How fine a simulation is, by name: for a first look, for processors, for a graphics card."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice


class Quality(Choice):
    """What a simulation is for; the numbers are in SIZES."""

    preview = ("Preview", "Coarse, in seconds: to find the motion")
    cpu = ("Processor", "As fine as a processor simulates without a long wait")
    gpu = ("Graphics Card", "Finer than that; a processor takes many minutes")
    custom = ("Custom", "As fine as Particles and Grid Cells say")


@dataclass(frozen=True)
class Size:
    """How much there is to simulate."""

    particles: int
    cells: int
    """Along the longest side."""


SIZES: dict[Quality, Size] = {
    Quality.preview: Size(2_000, 16),
    Quality.cpu: Size(4_000, 24),
    Quality.gpu: Size(40_000, 48),
}
"""Splats seldom fill their box: a plant has matter in one cell of six. What sways takes about as many points as cells
in a layer, ten times over, and half the cells is an eighth of the time."""
