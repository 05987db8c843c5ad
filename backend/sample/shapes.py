"""The shapes of a plant: leaf blades, and the tubes of stems and petioles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .surfaces import unit


@dataclass
class Leaves:
    """Shapes of L leaves: the midrib lies in a vertical plane and bends down, the blade folds up along it."""

    base: np.ndarray  # [L, 3] m
    azimuth: np.ndarray  # [L] rad
    elevation: np.ndarray  # [L] rad, of the midrib at its base
    droop: np.ndarray  # [L] rad, how much lower it points at the tip
    length: np.ndarray  # [L] m
    width: np.ndarray  # [L] m, half of the widest place
    roll: np.ndarray  # [L] rad, about the midrib
    fold: np.ndarray  # [L] slope of the two halves against each other
    wave: np.ndarray  # [L] height of the ripples over the width
    sickle: np.ndarray  # [L] sideways offset of the tip over the length
    age: np.ndarray  # [L] 0 young .. 1 old

    def select(self, index: np.ndarray) -> Leaves:
        return Leaves(**{name: value[index] for name, value in vars(self).items()})

    def surface(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Point of each leaf [L, 3] at u 0..1 from base to tip and v -1..1 from edge to edge."""
        a, e = self.azimuth, self.elevation - self.droop * u
        zero = np.zeros_like(a)
        out, side = np.stack([np.cos(a), np.sin(a), zero], -1), np.stack([-np.sin(a), np.cos(a), zero], -1)
        up = np.array([0.0, 0.0, 1.0])
        # The midrib is the integral of (cos e, sin e) over its length.
        forward = self.length / self.droop * (np.sin(self.elevation) - np.sin(e))
        rise = self.length / self.droop * (np.cos(e) - np.cos(self.elevation))
        rib = self.base + forward[:, None] * out + rise[:, None] * up
        rib = rib + (self.sickle * self.length * u * u)[:, None] * side
        normal = np.cos(e)[:, None] * up - np.sin(e)[:, None] * out
        across = np.cos(self.roll)[:, None] * side + np.sin(self.roll)[:, None] * normal
        normal = np.cos(self.roll)[:, None] * normal - np.sin(self.roll)[:, None] * side
        half = self.width * leaf_profile(u)
        ripple = self.wave * v * v * np.sin(13 * u + 2 * np.sign(v) + 7 * self.azimuth)
        bend = half * (self.fold * (np.sqrt(v * v + 0.02) - 0.14) - 0.25 * v * v * v * v + ripple)
        return rib + (half * v)[:, None] * across + bend[:, None] * normal


def leaf_profile(u: np.ndarray) -> np.ndarray:
    """Half width over the greatest one, u 0..1 from base to tip: widest before the middle, drawn out into a tip."""
    u = np.clip(u, 0, 1)
    return np.sin(np.pi * u**0.72) ** 0.85 * (1 - 0.25 * u**6)


@dataclass
class Tubes:
    """Stems or petioles: cubic Bezier curves of round section."""

    points: np.ndarray  # [T, 4, 3] m, control points
    side: np.ndarray  # [T, 3] unit vector across the plane in which the curve mostly lies
    radius: np.ndarray  # [T, 2] m, at the start and the end

    def select(self, index: np.ndarray) -> Tubes:
        return Tubes(self.points[index], self.side[index], self.radius[index])

    def centre(self, u: np.ndarray) -> np.ndarray:
        """Point of each curve [T, 3] at u 0..1."""
        weights = np.stack([(1 - u) ** 3, 3 * u * (1 - u) ** 2, 3 * u * u * (1 - u), u**3], -1)
        return np.einsum("tk,tkc->tc", weights, self.points)

    def tangent(self, u: np.ndarray) -> np.ndarray:
        """Unit tangent of each curve [T, 3] at u 0..1."""
        return unit(self.centre(u + 1e-3) - self.centre(u - 1e-3))

    def surface(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Point on the skin of each tube [T, 3] at u 0..1 along it and v 0..1 around it."""
        binormal = unit(np.cross(self.tangent(u), self.side))
        angle = -2 * np.pi * v[:, None]
        radius = (1 - u) * self.radius[:, 0] + u * self.radius[:, 1]
        return self.centre(u) + radius[:, None] * (np.cos(angle) * self.side + np.sin(angle) * binormal)

    @property
    def length(self) -> np.ndarray:
        """Length of the control polygon [T], close to that of the curve."""
        return np.linalg.norm(np.diff(self.points, axis=1), axis=2).sum(1)
