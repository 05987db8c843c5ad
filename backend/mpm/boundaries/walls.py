"""`Walls`: colliders as arrays of numbers on the device.

A wall moves by a rigid screw through each substep. Its velocity at x is (x'' - x) / dt, where x'' is where that point
of the wall will be, so particles that stick to it go along exactly.
"""

from __future__ import annotations

import numpy as np

from .. import storage
from .colliders import Collider, HalfSpace, Room
from .contact import (
    CELL,
    CENTRE,
    CONTACT,
    FIRST,
    FRICTION,
    GRADIENT,
    HALF_SPACE,
    INTEGERS,
    NUMBERS,
    ORIGIN,
    POSE,
    ROOM,
    ROTATION,
    SHAPE,
    SOLID,
    VELOCITY,
)


class Walls:
    """Colliders on the device."""

    def __init__(self, colliders: tuple[Collider, ...], origin: np.ndarray) -> None:
        """`origin` [3]: the simulation grid's."""
        self.colliders = colliders
        self._origin = origin
        numbers = np.zeros((len(colliders), NUMBERS))
        integers = np.zeros((len(colliders), INTEGERS), np.int32)
        samples, first = [np.zeros((0, 4))], 0
        for k, collider in enumerate(colliders):
            shape = collider.shape
            numbers[k, FRICTION] = collider.friction
            integers[k, CONTACT] = collider.contact.value
            integers[k, SOLID] = collider.solid
            if isinstance(shape, HalfSpace):
                normal = np.asarray(shape.normal, float) / np.linalg.norm(shape.normal)
                numbers[k, CELL : ORIGIN + 3] = (normal @ shape.point, *normal)
                integers[k, FIRST] = HALF_SPACE
                continue
            if isinstance(shape, Room):
                numbers[k] = (*(shape.low - origin), *(shape.high - origin))
                integers[k, FIRST] = ROOM
                continue
            numbers[k, CELL : ORIGIN + 3] = (shape.cell, *shape.origin)
            integers[k, FIRST] = first
            integers[k, SHAPE:SOLID] = shape.values.shape
            velocity = np.zeros((*shape.values.shape, 3)) if shape.velocity is None else shape.velocity
            samples.append(np.concatenate([shape.values[..., None], velocity], -1).reshape(-1, 4))
            first += shape.values.size
        self.numbers = storage.device(numbers)
        self.integers = storage.device(integers, np.int32)
        self.samples = storage.device(np.concatenate(samples))

    def poses(self, frame: int, substeps: int, dt: float):
        """Poses through a frame [substeps, colliders, POSE], on the device."""
        poses = np.zeros((substeps, len(self.colliders), POSE))
        for k, collider in enumerate(self.colliders):
            R, c = collider.motion.poses(frame, substeps)
            poses[:, k, ROTATION:CENTRE] = R[:-1].reshape(-1, 9)
            poses[:, k, CENTRE:VELOCITY] = c[:-1] - self._origin
            poses[:, k, VELOCITY:GRADIENT] = np.diff(c, axis=0) / dt
            poses[:, k, GRADIENT:] = ((R[1:] @ R[:-1].transpose(0, 2, 1) - np.eye(3)) / dt).reshape(-1, 9)
        return storage.device(poses)

    def speed(self, frame: int, fps: float) -> float:
        """Highest speed of a wall's surface in a frame, m/s."""
        return max((_speed(collider, frame, fps) for collider in self.colliders), default=0.0)


def _speed(collider: Collider, frame: int, fps: float) -> float:
    """Highest speed of the corners of a collider's box in a frame, m/s."""
    if isinstance(collider.shape, Room):
        return 0.0
    if isinstance(collider.shape, HalfSpace):
        corners = np.asarray(collider.shape.point, float)[None]
        own = 0.0
    else:
        shape = collider.shape
        extent = shape.cell * (np.array(shape.values.shape) - 1)
        corners = shape.origin + extent * np.stack(np.indices((2, 2, 2)), -1).reshape(-1, 3)
        own = 0.0 if shape.velocity is None else float(np.linalg.norm(shape.velocity, axis=-1).max())
    if frame >= len(collider.motion.rotations) - 1:
        return own
    # Eight stations, because a chord is shorter than its arc.
    R, c = collider.motion.poses(frame, 8)
    path = np.einsum("tij,nj->tni", R, corners) + c[:, None]
    return float(np.linalg.norm(np.diff(path, axis=0), axis=-1).max()) * 8 * fps + own
