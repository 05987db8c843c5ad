"""`Skeleton`: what a plant of the generator is made of, stiff segments on springs, and the shapes that they carry."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

UP = -np.pi / 2
"""Radians: angles turn from x (right) to y (down)."""


@dataclass(frozen=True)
class Shape:
    """A polygon of one colour that moves with a segment."""

    segment: int
    """Its segment, or -1: it stays still."""
    polygon: np.ndarray
    """[n, 2], pixels (x, y)."""
    colour: np.ndarray
    """[3], 0..1."""


@dataclass
class Skeleton:
    """A tree of segments, parents first; each turns about its start on a spring. Lengths in pixels."""

    parents: list[int] = field(default_factory=list)
    starts: list[np.ndarray] = field(default_factory=list)
    ends: list[np.ndarray] = field(default_factory=list)
    angles: list[float] = field(default_factory=list)
    areas: list[float] = field(default_factory=list)
    """Of a segment and what it carries, square pixels: mass and drag grow with it."""
    ratios: list[float] = field(default_factory=list)
    """Natural frequency of what hangs on the joint, were all else stiff, over that of a joint of the stem."""
    shapes: list[Shape] = field(default_factory=list)
    """From back to front."""

    def __len__(self) -> int:
        return len(self.parents)

    def grow(
        self,
        parent: int,
        angle: float,
        length: float,
        radius: float,
        ratio: float = 1.0,
        start: np.ndarray | None = None,
    ) -> int:
        """Add a segment at the parent's end, or at `start`; parent -1 stands on the ground. Returns its number."""
        begin = self.ends[parent] if start is None else np.asarray(start, float)
        self.parents.append(parent)
        self.starts.append(begin)
        self.ends.append(begin + length * np.array([np.cos(angle), np.sin(angle)]))
        self.angles.append(angle)
        self.areas.append(2 * length * radius + 0.05 * length)
        self.ratios.append(ratio)
        return len(self.parents) - 1

    def chain(
        self,
        parent: int,
        angle: float,
        length: float,
        radius: float,
        count: int,
        bend: float = 0.0,
        ratio: float = 1.0,
        start: np.ndarray | None = None,
        taper: float = 0.9,
    ) -> list[int]:
        """`count` segments one after another, each turned by `bend` radians against the one before."""
        found = []
        for i in range(count):
            parent = self.grow(parent, angle, length / count, radius, ratio, start if i == 0 else None)
            found.append(parent)
            angle += bend
            radius *= taper
        return found

    def between(self, segment: int, share: float) -> np.ndarray:
        """The point at a share of a segment's length."""
        return self.starts[segment] + share * (self.ends[segment] - self.starts[segment])

    def carry(self, segment: int, polygon: np.ndarray, colour: np.ndarray, weight: float = 0.5) -> None:
        """Let a segment carry a polygon, whose area counts `weight` times towards its mass and drag."""
        self.shapes.append(Shape(segment, polygon, np.clip(colour, 0, 1)))
        if segment >= 0 and weight:
            x, y = polygon.T
            self.areas[segment] += weight * abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2

    def bar(self, segment: int, first: float, last: float, colour: np.ndarray) -> None:
        """Draw a segment itself as a bar, half so wide at its start and end."""
        self.carry(segment, bar(self.starts[segment], self.ends[segment], first, last), colour, 0.0)


def bar(start: np.ndarray, end: np.ndarray, first: float, last: float) -> np.ndarray:
    """A tapered bar [4, 2] from `start` to `end`, of half widths `first` and `last`."""
    along = end - start
    across = np.array([-along[1], along[0]]) / (np.hypot(*along) + 1e-6)
    # Its end reaches a little further, so that bends show no gaps.
    end = end + 0.15 * last * along / (np.hypot(*along) + 1e-6)
    return np.stack([start - first * across, start + first * across, end + last * across, end - last * across])


_SHARES = np.linspace(0, 1, 8)


def leaf(start: np.ndarray, end: np.ndarray, width: float, widest: float = 0.8) -> np.ndarray:
    """A pointed leaf [16, 2]; `widest` below 1 moves its belly towards the tip's other end."""
    along = end - start
    across = np.array([-along[1], along[0]]) / (np.hypot(*along) + 1e-6)
    middle = start + _SHARES[:, None] * along
    half = (np.sin(np.pi * _SHARES**widest) * width / 2)[:, None] * across
    return np.concatenate([middle + half, (middle - half)[::-1]])


_TURN = np.linspace(0, 2 * np.pi, 14, endpoint=False)


def blob(centre: np.ndarray, width: float, height: float, rough: np.ndarray | float = 0.0, turn: float = 0.0):
    """A rounded polygon [14, 2] of the given half sizes; `rough` [14] makes its radius uneven."""
    radius = 1 + rough
    x, y = width * radius * np.cos(_TURN), height * radius * np.sin(_TURN)
    cos, sin = np.cos(turn), np.sin(turn)
    return centre + np.stack([cos * x - sin * y, sin * x + cos * y], -1)
