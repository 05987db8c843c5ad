"""How far a body may go: the box that its grid must cover."""

from __future__ import annotations

import numpy as np

from ..surroundings import Surroundings

SWAY = 0.6
"""Room around what is held, in its own sizes."""
TUMBLE = 1.5
"""Room around what is free, in its own sizes."""
FALL_MAX = 6.0
"""Farthest fall that is followed, in the body's own sizes, where nothing below says how deep it goes."""


def room_of(points: np.ndarray, held: bool, surroundings: Surroundings, seconds: float) -> np.ndarray:
    """The box [2, 3] (metres, world) that a body at points [Q, 3] may move in during `seconds`."""
    low, high = np.percentile(points, [0.1, 99.9], axis=0)
    size = float((high - low).max())
    around = (SWAY if held else TUMBLE) * size
    room = np.array([low - around, high + around])
    for moved in surroundings.moved:
        corners = np.stack(np.meshgrid(*room.T, indexing="ij"), -1).reshape(-1, 3)
        gone = corners @ moved.matrices[:, :3, :3].swapaxes(1, 2) + moved.matrices[:, None, :3, 3]
        room = np.array([np.minimum(room[0], gone.min((0, 1))), np.maximum(room[1], gone.max((0, 1)))])
    if held:
        return room
    fall = 0.5 * np.asarray(surroundings.gravity) * seconds**2
    fall = np.clip(fall, -FALL_MAX * size, FALL_MAX * size)
    room = np.array([np.minimum(room[0], low + fall), np.maximum(room[1], high + fall)])
    floor = lowest(surroundings)
    if floor is not None and surroundings.gravity[2] < 0:
        # What falls stops at the lowest thing there is, unless it is above that thing's edge.
        room[0, 2] = max(room[0, 2], min(floor, low[2]) - 0.2 * size)
    return room


def lowest(surroundings: Surroundings) -> float | None:
    """Height [m] of the lowest top of a collider in its first frame; None where there is none."""
    tops = []
    for mesh in surroundings.colliders:
        world = mesh.vertices @ mesh.matrices[0, :3, :3].T + mesh.matrices[0, :3, 3]
        tops.append(float(world[:, 2].max()))
    return min(tops, default=None)
