"""docs/truth.md and docs/truth.png from the benchmark of truth: `python -m benchmarks.truth_page`."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from . import truth
from .experiments.flow import MARTIN_MOYCE
from .experiments.scenes import CELL

ROOT = Path(__file__).resolve().parents[1]
FINE = 2
"""Pixels drawn for each of the picture's, along each side."""
WIDTH = 900
INK = (60, 60, 66)
MARK = (206, 60, 40)
FAINT = (222, 222, 226)
SANDS = np.array([(244, 213, 150), (219, 164, 90), (178, 117, 58), (125, 78, 40)])
WATER = (70, 140, 200)
INTRODUCTION = """# How true the simulation is

Made by `python -m benchmarks.truth_page`; the same figures come from `python dev.py bench truth`. The tests hold
coarser runs of the same experiments (`benchmarks/experiments/`, `tests/backend/test_mpm_*.py`).

| What | Off by | May be | The truth |
|---|---|---|---|
"""
REMARKS = """
The beams show what stiffness means on a grid: about four cells through the thinnest part keep it within 2 %.

Free fall is as exact as float32 sums of 280 substeps allow; the line in float64 shows the rest.

Drucker and Prager's cone of 25 degrees resists simple shear as 29.6 degrees, yet round compression as 25, so the heart
of a heap settles lower than sand's while its reach is right. A cone of 31 degrees gains a third of the height and loses
a quarter of the reach.

On a floor rougher than sand itself the reach is short by a fifth; in the experiments the floor made no difference.

Water runs ahead of the measured front by 0.24 to 0.33 of T all along, as it would if the dam of the experiment took
that long to open. The speeds agree.

![A sand column, a dam break and sand on two slopes](truth.png)
"""


def main() -> None:
    """Write both."""
    targets = tomllib.loads((ROOT / "benchmarks/targets.toml").read_text(encoding="utf-8"))
    lines = []
    for name, value, unit, source in truth.figures():
        bound = targets.get(name, "").removeprefix("<= ")
        lines.append(f"| {name} | {value:.2g} {unit} | {bound} | {source.replace('|', chr(92) + '|')} |")
    (ROOT / "docs/truth.md").write_text(INTRODUCTION + "\n".join(lines) + "\n" + REMARKS, encoding="utf-8")
    picture().save(ROOT / "docs/truth.png", optimize=True)


def picture() -> Image.Image:
    """Sand column, dam break and slopes, one below the other."""
    panels = [sand_panel(), water_panel(), slope_panel()]
    sheet = Image.new("RGB", (WIDTH, sum(panel.height for panel in panels)), "white")
    top = 0
    for panel in panels:
        sheet.paste(panel, (0, top))
        top += panel.height
    return sheet.quantize(255, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


class Panel:
    """A picture of particles seen from the side; places [m] from an origin, x to the right, z up."""

    def __init__(self, height: int, origin: tuple[float, float], scale: float) -> None:
        """Size and origin in pixels, scale in pixels a metre."""
        self._image = Image.new("RGB", (WIDTH * FINE, height * FINE), "white")
        self._draw = ImageDraw.Draw(self._image)
        self._origin, self._scale = np.array(origin), scale

    def _place(self, places: np.ndarray) -> np.ndarray:
        return FINE * (self._origin + np.asarray(places) * [self._scale, -self._scale])

    def dots(self, places: np.ndarray, colours: np.ndarray, radius: float) -> None:
        """Particles [P, 2], metres, their colours [P, 3] or one."""
        colours = np.broadcast_to(colours, (len(places), 3))
        for (x, y), colour in zip(self._place(places), colours, strict=True):
            r = radius * self._scale * FINE
            self._draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(map(int, colour)))

    def line(self, *places: tuple[float, float], colour: tuple = INK, width: float = 1.5) -> None:
        ends = [tuple(place) for place in self._place(np.array(places))]
        self._draw.line(ends, fill=colour, width=round(width * FINE))

    def text(self, place: tuple[float, float], words: str, colour: tuple = INK, size: int = 14) -> None:
        """Words with their lower left corner at a place, metres."""
        font = ImageFont.load_default(size * FINE)
        self._draw.text(tuple(self._place(np.array(place))), words, fill=colour, font=font, anchor="lb")

    def done(self) -> Image.Image:
        return self._image.resize((self._image.width // FINE, self._image.height // FINE), Image.Resampling.LANCZOS)


def sand_panel() -> Image.Image:
    """Sections of the column and its deposit, layers in four colours, with Lube's edge and height."""
    column = truth.sand_column(1.0)
    r0 = truth.RADIUS * CELL
    panel = Panel(230, (WIDTH / 2, 200), 380 / (3 * r0))
    layer = np.minimum((4 * column.rest[:, 2] / r0).astype(int), 3)
    panel.dots(column.rest[section(column.rest)][:, [0, 2]], np.array(FAINT), CELL / 5)
    shown = section(column.deposit)
    panel.dots(column.deposit[shown][:, [0, 2]], SANDS[layer[shown]], CELL / 5)
    reach, height = 1 + column.run_out.expected, column.height.expected
    panel.line((-3.2 * r0, 0), (3.2 * r0, 0))
    for side in (-1, 1):
        panel.line((side * reach * r0, 0), (side * reach * r0, 0.3 * r0), colour=MARK)
    panel.line((-0.25 * r0, height * r0), (0.25 * r0, height * r0), colour=MARK)
    words = f"Sand column a = 1: reach {1 + column.run_out.measured:.2f} r0, Lube et al. {reach:.2f} r0 (red)"
    panel.text((-3.3 * r0, 1.3 * r0), words)
    return panel.done()


def section(positions: np.ndarray) -> np.ndarray:
    """Particles [P] within ten degrees or a cell of the plane y = 0: about as many at every distance from the axis."""
    return np.abs(positions[:, 1]) < np.maximum(CELL, 0.18 * np.abs(positions[:, 0]))


def water_panel() -> Image.Image:
    """Three instants of the dam break, with the front that was measured."""
    broken = truth.dam_break()
    a, tall, title = broken.width, 165, 34
    sheet = Panel(title + 3 * tall, (40, 22), 100.0)
    sheet.text((0, 0), "Dam break: the front that Martin and Moyce 1952 measured (red), T = t sqrt(2 g / a)")
    sheet = sheet.done()
    for k, (T, Z) in enumerate(MARTIN_MOYCE):
        frame = int(np.argmin(np.abs(broken.times - T)))
        # The measurement at the frame's own time.
        Z += (broken.times[frame] - T) * broken.speed.expected
        panel = Panel(tall, (40, tall - 12), 100 / a)
        panel.dots(broken.positions[frame][:, [0, 2]], np.array(WATER), CELL / 5)
        panel.line((0, 1.5 * a), (0, 0), (5.1 * a, 0))
        panel.line((Z * a, 0), (Z * a, 0.4 * a), colour=MARK)
        panel.text((5.2 * a, 0.2 * a), f"T = {broken.times[frame]:.1f}")
        sheet.paste(panel.done(), (0, title + k * tall))
    return sheet


def slope_panel() -> Image.Image:
    """The layers on 26 and 35 degrees, stripes that were upright at first."""
    sheet = Image.new("RGB", (WIDTH, 310), "white")
    for k, degrees in enumerate((26, 35)):
        layer, angle = truth.sand_layer(degrees), np.radians(degrees)
        length = 120 * CELL
        panel = Panel(310, (30 + k * WIDTH / 2, 45), 360 / length)
        R = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        front = layer.rest[:, 1] < CELL
        stripe = (layer.rest[:, 0] / (6 * CELL)).astype(int) % 2
        panel.dots(layer.moved[front][:, [0, 2]] @ R.T, SANDS[1 + stripe[front]], CELL / 3)
        panel.line((0, 0), tuple(R @ [1.15 * length, 0]))
        state = "rests" if layer.acceleration < 0.1 else f"flows at {layer.acceleration:.2f} m/s2"
        panel.text((0.42 * length, -0.06 * length), f"Sand on {degrees} degrees {state}")
        sheet.paste(panel.done().crop((k * WIDTH // 2, 0, (k + 1) * WIDTH // 2, 310)), (k * WIDTH // 2, 0))
    return sheet


if __name__ == "__main__":
    main()
