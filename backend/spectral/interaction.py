"""Poke and drag a picture: its modes as damped oscillators that a hand pushes, holds and lets go.

Davis, Chen and Durand 2015 (Image-Space Modal Bases for Plausible Manipulation of Objects in Video), section 5. Their
explicit Euler steps grow without bound at display rates (a mode of 3 Hz with 5 % damping already above 5 ms a step);
here each step is the exact solution of the oscillator under a force held during it, stable at any rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .basis import Samples
from .pixel_motion import Grid, PixelMotion

SOFTNESS = 1e-9
"""Relative: keeps two pins on nearly the same place from asking for infinite forces."""


@dataclass(frozen=True)
class Modes:
    """Shapes that a picture vibrates in."""

    shapes: np.ndarray
    """[M, h, w, 2], real or complex, pixels at the grid's places for a modal coordinate of 1."""
    frequencies: np.ndarray
    """[M], hertz, above 0."""
    damping: np.ndarray
    """[M], ratio to critical, 0 <= damping < 1."""
    grid: Grid

    def __post_init__(self) -> None:
        if not len(self.shapes) or (self.frequencies <= 0).any():
            raise ValueError("there is no mode to play with; choose some above 0 Hz")
        if ((self.damping < 0) | (self.damping >= 1)).any():
            raise ValueError("a mode's damping must be at least 0 and below 1")

    def at_point(self, x: float, y: float) -> np.ndarray:
        """The shapes at a place in the picture (pixels) [M, 2], complex; places outside count as on the grid's edge."""
        row = int(np.clip((y - self.grid.top) / self.grid.steps[1], 0, self.grid.rows - 1))
        column = int(np.clip((x - self.grid.left) / self.grid.steps[0], 0, self.grid.columns - 1))
        return self.shapes[:, row, column].astype(complex)


@dataclass(frozen=True)
class Pin:
    """A place of the picture held at a displacement."""

    x: float
    y: float
    """Pixels in the photograph."""
    dx: float = 0.0
    dy: float = 0.0
    """Pixels it is held away from where it is in the photograph."""


class Interaction:
    """The state of a picture's modes as a hand plays with it."""

    def __init__(self, modes: Modes) -> None:
        self.modes = modes
        self._angular = 2 * np.pi * modes.frequencies
        self.position = np.zeros(len(modes.frequencies))
        """Modal coordinates [M]."""
        self.velocity = np.zeros(len(modes.frequencies))

    @property
    def coordinates(self) -> np.ndarray:
        """Q = q - i v / w [M] (Davis et al. 2015, eq. 10): the displacement is Re sum shape Q."""
        return self.position - 1j * self.velocity / self._angular

    @property
    def energy(self) -> float:
        """Sum of the modes' vibrational energies, for masses of 1."""
        return float(0.5 * (self.velocity**2 + (self._angular * self.position) ** 2).sum())

    def poke(self, x: float, y: float, dx: float, dy: float) -> None:
        """Push the picture at a place by an impulse that would move it about (dx, dy) pixels, undamped."""
        at = self.modes.at_point(x, y)
        power = (np.abs(at) ** 2).sum(1)
        rate = float((self._angular * power).sum() / max(float(power.sum()), 1e-12))
        # The place does not jump, Re(shape dQ) = 0, and moves off at Re(i w shape dQ): least energy that does both.
        turned = 1j * self._angular[:, None] * at
        rows = np.concatenate([np.concatenate([a.real, a.imag]).T for a in (rate * at, turned)])
        rows = rows / np.concatenate([self._angular, self._angular])
        wanted = np.array([0, 0, rate * dx, rate * dy])
        change = np.linalg.lstsq(rows, wanted, rcond=SOFTNESS)[0]
        count = len(self._angular)
        self.position += change[:count] / self._angular
        self.velocity += change[count:]

    def step(self, seconds: float, pins: tuple[Pin, ...] = (), force: np.ndarray | None = None) -> np.ndarray:
        """Go on by `seconds`, exactly, under a force [M] held meanwhile (acceleration of the coordinates).

        Then the pins are put where they should be, with the least energy that does it. Returns the displacement.
        """
        if not seconds > 0:
            raise ValueError(f"a step of {seconds} s leads nowhere; give a time above 0")
        w, z = self._angular, self.modes.damping
        push = np.zeros_like(w) if force is None else force / w**2
        root = np.sqrt(1 - z**2)
        decay, c, s = np.exp(-z * w * seconds), np.cos(w * root * seconds), np.sin(w * root * seconds)
        lag = z / root
        away, speed = self.position - push, self.velocity
        # State transition matrix of q'' + 2 z w q' + w^2 q = 0 around the force's equilibrium.
        self.position = push + decay * ((c + lag * s) * away + s / (w * root) * speed)
        self.velocity = decay * (-(w / root) * s * away + (c - lag * s) * speed)
        if pins:
            self.hold(pins)
        return self.displacement()

    def hold(self, pins: tuple[Pin, ...]) -> None:
        """Change the coordinates by the least energy that puts every pin exactly where it should be.

        Unknowns are w q and v, in which the energy is a sum of squares; exact as long as the modes have as many
        degrees of freedom as the pins, the nearest there is otherwise.
        """
        at = [self.modes.at_point(pin.x, pin.y) for pin in pins]
        # Re(shape Q) = Re(shape) q + Im(shape) v / w
        rows = np.concatenate([np.concatenate([a.real, a.imag]).T for a in at])  # [2 P, 2 M]
        rows = rows / np.concatenate([self._angular, self._angular])
        state = np.concatenate([self._angular * self.position, self.velocity])
        wanted = np.array([[pin.dx, pin.dy] for pin in pins]).ravel()
        change = np.linalg.lstsq(rows, wanted - rows @ state, rcond=SOFTNESS)[0]
        state = state + change
        count = len(self._angular)
        self.position, self.velocity = state[:count] / self._angular, state[count:]

    def displacement(self) -> np.ndarray:
        """Of every place of the grid [h, w, 2], float32, pixels."""
        return PixelMotion(self.modes.shapes, Samples(self.coordinates[None], 1.0), self.modes.grid).at(0.0)

    def at(self, x: float, y: float) -> np.ndarray:
        """Displacement [2] of one place, pixels."""
        return (self.modes.at_point(x, y) * self.coordinates[:, None]).real.sum(0)
