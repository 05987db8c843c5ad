"""How fine a simulation is, by name: for a first look, for processors, for a graphics card."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice


class Profile(Choice):
    """What a simulation is for; the numbers are in SIZES."""

    preview = ("Preview", "Coarse, and almost as fast as it plays: to find the motion")
    cpu = ("Processor", "As fine as two processor cores simulate at about a frame a second")
    gpu = ("Graphics Card", "Finer than that, for a machine that has a graphics card")


@dataclass(frozen=True)
class Size:
    """How much there is to simulate."""

    particles: int
    cells: int
    """Along the longest side."""


SIZES: dict[Profile, Size] = {
    Profile.preview: Size(8_000, 24),
    Profile.cpu: Size(100_000, 64),
    Profile.gpu: Size(1_000_000, 128),
}
"""About two particles in a cell where the subject fills its box. Half the cells is a sixteenth of the time."""
