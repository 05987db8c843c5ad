"""What is carried away: clouds that come back unseen, and things that go once along a drawn path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..picture import Layer, Line, Wind
from .basis import BSpline, Combined
from .pixel_motion import Grid, PixelMotion

CONTROLS = 8
"""Control points of a path's course: few, so that a shaky hand gives a smooth flight."""


def cloud_motion(layer: Layer, grid: Grid, shape: tuple[int, int], wind: Wind, duration: float) -> PixelMotion:
    """Drift that goes from 0 to one unit over the loop, slower towards the horizon; its size is the caller's to set.

    The renderer shows it twice, a loop apart, and lets one fade into the other. Chuang et al. 2005, section 4.4, extend
    the sky to a ring instead, which then turns by a whole picture in a loop: too fast for a short one.
    """
    height = shape[0]
    rows = np.flatnonzero((layer.area > 0.5).any(1))
    horizon = layer.horizon if layer.horizon is not None else rows[-1] + 0.1 * height
    _x, y = grid.places()
    # A layer of clouds at one height above a flat earth: what is nearer to the horizon is farther away.
    speed = np.clip((horizon - y) / max(horizon - rows[0], 1), 0, 1)
    direction = np.array([wind.heading[0], 0.25 * wind.heading[1]])
    shapes = (speed[..., None] * direction)[None].astype(np.float32)
    return PixelMotion(shapes, Combined(np.array([[0.0, 1.0]]), BSpline(2, duration, 1)), grid)


@dataclass(frozen=True)
class RigidMotion(PixelMotion):
    """A layer moved as a whole: two shifts and a turn around `centre`, however far."""

    centre: np.ndarray
    """(x, y), pixels."""

    def inverse(self, time: float) -> np.ndarray:
        """Where, relative to itself, each place's content comes from [h, w, 2], pixels."""
        shift_x, shift_y, cosine, sine = self.basis.at(time).real
        turn = np.array([[1 + cosine, -sine], [sine, 1 + cosine]])
        turn /= np.sqrt(abs(np.linalg.det(turn)))
        x, y = self.grid.places()
        offset = np.stack([x - self.centre[0], y - self.centre[1]], -1)
        return ((offset - (shift_x, shift_y)) @ turn - offset).astype(np.float32)


def path_motion(layer: Layer, grid: Grid, duration: float) -> RigidMotion:
    """The way along the layer's first line, pixels: two shifts and a turn of the whole layer over one B-spline.

    Few numbers: `CONTROLS` for each course. It starts as in the picture and stays at the end.
    """
    middle = _centre(layer)
    angle = 2 * np.pi * layer.spin * _moments()
    turn = _fitted(np.stack([np.cos(angle) - 1, np.sin(angle)], -1))
    weights = np.concatenate([path_course(layer.lines[0]), turn], 1).T
    x, y = grid.places()
    shapes = np.zeros((4, *grid.shape, 2), np.float32)
    shapes[0, ..., 0] = shapes[1, ..., 1] = 1
    # A turn by an angle a moves a point at r by (cos a - 1) r + sin a (r turned by 90 degrees).
    shapes[2, ..., 0], shapes[2, ..., 1] = x - middle[0], y - middle[1]
    shapes[3, ..., 0], shapes[3, ..., 1] = middle[1] - y, x - middle[0]
    return RigidMotion(shapes, Combined(weights, BSpline(CONTROLS, duration)), grid, middle)


def path_course(line: Line) -> np.ndarray:
    """Control points [CONTROLS, 2] of the shift along a drawn line, relative to its first point."""
    points = np.asarray(line.points, float)
    pieces = np.linalg.norm(np.diff(points, axis=0), axis=1)
    times = line.times if line.times is not None else np.append(0, np.cumsum(pieces)) / pieces.sum()
    return _fitted(np.stack([np.interp(_moments(), times, points[:, axis]) for axis in (0, 1)], -1) - points[0])


def _moments() -> np.ndarray:
    return np.linspace(0, 1, 8 * CONTROLS)


def _fitted(course: np.ndarray) -> np.ndarray:
    """Control values [CONTROLS, n] of a course [8 CONTROLS, n] that starts at 0: least squares, its ends exact."""
    basis = np.stack([BSpline(CONTROLS, 1.0).at(t) for t in _moments()])
    rest = course - basis[:, -1:] * course[-1]
    inner = np.linalg.lstsq(basis[:, 1:-1], rest, rcond=None)[0]
    return np.concatenate([np.zeros_like(inner[:1]), inner, course[-1:]])


def _centre(layer: Layer) -> np.ndarray:
    """Of the mask's weight (x, y), pixels."""
    rows, columns = np.indices(layer.area.shape, np.float32)
    weight = layer.area / layer.area.sum()
    return np.array([(columns * weight).sum(), (rows * weight).sum()]) + 0.5
