"""How far the MPM solver is from closed forms, conservation laws and experiments.

`python -m benchmarks.truth_page` makes docs/truth.md and docs/truth.png of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from backend import taichi_runtime

from .experiments import elastic, flow, motion
from .experiments.scenes import CELL, GRAVITY, Outcome

RADIUS = 10
"""Of the sand columns, in cells."""


class Figure(NamedTuple):
    """One line of the table."""

    name: str
    value: float
    unit: str
    truth: str
    """Where the true value comes from."""


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit."""
    return [{"figure": figure.name, "value": float(figure.value), "unit": figure.unit} for figure in figures()]


def figures() -> Iterator[Figure]:
    """All of them; Taichi is left in float64."""
    taichi_runtime.start("f32")
    yield from rigid()
    yield from solids()
    yield from sands()
    yield from waters()
    taichi_runtime.start("f64")
    yield Figure("Free fall in float64", motion.free_fall(False), "of path", "z0 + v0 t + g t (t + dt) / 2")
    yield from laws()


def rigid() -> Iterator[Figure]:
    """What holds to rounding, in the worse of the two engines."""
    engines = (False, True)
    linear, angular = np.max([motion.momentum_drift(apart) for apart in engines], axis=0)
    yield Figure("Free fall", max(map(motion.free_fall, engines)), "of path", "z0 + v0 t + g t (t + dt) / 2")
    yield Figure("Linear momentum changes by", linear, "of m v", "sum m v is kept")
    yield Figure("Angular momentum changes by", angular, "of m v r", "sum m (x cross v + dx^2 / 4 axial C) is kept")
    yield Figure("Stress of a body turned by hand", motion.rotation_stress(), "of E", "F = R, tau = 0")
    yield Figure("Time rescaling", max(map(motion.time_rescaling, engines)), "of path", "x(t; 4 E, 2 v) = x(2 t; E, v)")
    flights = [motion.flight_damping(substeps, apart).error for substeps in (60, 120) for apart in engines]
    truth = "v exp(-d t), with 60 and 120 substeps a frame"
    yield Figure("Damping of free flight", np.abs(flights).max(), "of path", truth)
    first, second = (flow.dam_break(6).positions for _ in range(2))
    yield Figure("Two runs differ by", np.abs(first - second).max(), "m", "bit-equal")


def solids() -> Iterator[Figure]:
    """Elastic bodies."""
    yield percent("Axial bar, 32 cells", elastic.axial_frequency(32), "f = sqrt(E / rho) / (4 L)")
    for height, slenderness in ((8, 6), (4, 8), (2, 10), (1, 10)):
        cells = f"{height} cell{'s' * (height > 1)} thick"
        yield percent(
            f"Cantilever, {cells}", elastic.cantilever_frequency(height, slenderness), "Timoshenko, first mode"
        )
    yield percent("Sag of a cantilever", elastic.static_sag(), "rho g L^4 A / (8 E I) + rho g L^2 / (2 k G)")
    yield percent("Settlement in a box", elastic.confined_settlement(), "rho g H^2 / (2 (lam + 2 mu))")
    yield percent("Decay by damping", elastic.damping_rate(12.0), "amplitude exp(-d t / 2)")
    yield percent("Decay of energy by viscosity", elastic.viscous_decay(), "2 zeta w, zeta = w T / 2")


def sands() -> Iterator[Figure]:
    """Sand, and friction."""
    truth = "1.24 a, Lube et al. 2004"
    for aspect in (0.5, 1.0, 1.5):
        yield percent(f"Sand column, a = {aspect:g}, run-out", sand_column(aspect).run_out, truth)
    yield percent("Sand column, a = 1, run-out on a rough floor", sand_column(1.0, 0.6).run_out, truth)
    yield percent("Sand column, a = 1, height", sand_column(1.0).height, "0.88 a^(1/6), Lube et al. 2004")
    truth = "mu = tan(29.6 deg), the cone in simple shear"
    yield percent("Sand layer on 35 degrees, friction", sand_layer(35).friction, truth)
    yield Figure("Sand layer on 26 degrees, acceleration", sand_layer(26).acceleration / GRAVITY, "of g", "it rests")
    truth = "g (sin - mu cos)"
    yield percent("Block on 30 degrees, mu = 0.3, acceleration", flow.block_on_slope(0.3)[1], truth)
    slipped = flow.block_on_slope(0.7)[0][-1] / CELL
    yield Figure("Block on 30 degrees, mu = 0.7, slips by", slipped, "cells", "it sticks")


def waters() -> Iterator[Figure]:
    """Water."""
    truth = "Martin and Moyce 1952, column 1 : 2"
    yield percent("Dam break, speed of the front", dam_break().speed, truth)
    yield percent("Dam break, place of the front", dam_break().place, truth)


def laws() -> Iterator[Figure]:
    """Material laws at a point, in float64."""
    # It compiles for the precision that is on when it is imported.
    from .experiments import points

    tau, exact, _ = points.tension_test()
    yield Figure("Tension test of metal", np.abs(tau - exact).max() / exact.max(), "of sigma", "sigma = Y + H e_p")
    truth = "|dev eps| + (3 lam + 2 mu) / (2 mu) tr(eps) alpha = 0"
    yield Figure("Sheared sand lies off its cone by", points.off_the_cone(), "strain", truth)


def percent(name: str, outcome: Outcome, truth: str) -> Figure:
    """How far an outcome is off, either way."""
    return Figure(name, abs(100 * outcome.error), "% off", truth)


@cache
def sand_column(aspect: float, friction: float = 0.4) -> flow.SandColumn:
    return flow.sand_column(RADIUS, aspect, friction)


@cache
def sand_layer(degrees: float) -> flow.SandLayer:
    return flow.sand_layer(degrees, 120)


@cache
def dam_break() -> flow.DamBreak:
    return flow.dam_break(16)
