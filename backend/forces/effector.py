"""What a force field does to points, as Blender's own effectors do it to a particle of 1 kg (its effect.cc).

With o the object's place, z its unit Z axis, x a point, v its velocity, d = x - o, h = d . z:
    r = d for a point, d - h z for a line (and a vortex of any other shape), h z for a plane     (1)
    f: falloff over |r| for a sphere, over |h| and |d - h z| for a tube, over |h| and the angle for a cone     (2)
    wind        s f z                                                                            (3)
    force       s f r / |r|, with gravity falloff over |r|^2 too                                 (4)
    vortex      s f |r| (z x r) / |z x r| of a point; of other shapes, with w = s f z x d,
                s f z x w + w - v                                                                (5)
    turbulence  s f n, n of `noise` at x in the world or at d + z, its coordinates in turn       (6)
    drag        -f (l |v| + q) v, Blender's "linear" l and "quadratic" q at most 2               (7)
and for all but drag flow: -flow f v. Falloff is 1 up to the least distance, 0 beyond the greatest, between them
(1 + distance - least)^-power.

Noise on the strength is white from frame to frame, with Blender's distribution. Blender draws anew for each particle,
which a body would average away; here all points share a field's draw.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .field import Falloff, FieldKind, FieldShape, ForceField, Side
from .noise import turbulence
from .push import Push

DRAG_MAX = 2.0


def pushes(fields: Sequence[ForceField], points: np.ndarray, velocities: np.ndarray, frame: int) -> Push:
    """What fields together do to points [P, 3] (m) of velocities [P, 3] (m/s) at a frame counted from the first."""
    total = Push.none(len(points))
    for field in fields:
        total += push(field, points, velocities, frame)
    return total


def push(field: ForceField, points: np.ndarray, velocities: np.ndarray, frame: int) -> Push:
    """What one field does."""
    points = np.asarray(points, float)
    matrix = field.matrices[min(frame, len(field.matrices) - 1)]
    z = matrix[:3, 2] / max(float(np.linalg.norm(matrix[:3, 2])), 1e-30)
    d = points - matrix[:3, 3]
    h = d @ z
    r = _from_shape(field, d, h, z)
    distance = np.linalg.norm(r, axis=1)
    f = _falloff(field, d, h, z, distance)
    strength = float(field.strength[min(frame, len(field.strength) - 1)]) + draw(field, frame, 0)
    rate = field.flow * f
    if field.kind is FieldKind.wind:
        a = (strength * f)[:, None] * z
    elif field.kind is FieldKind.force:
        scale = np.divide(strength * f, distance, out=np.zeros_like(f), where=distance > 1e-7)
        if field.gravity_falloff:
            scale = np.divide(scale, distance**2, out=np.zeros_like(f), where=distance > 1e-7)
        a = scale[:, None] * r
    elif field.kind is FieldKind.vortex:
        around = np.cross(z, r)
        if field.shape is FieldShape.point:
            length = np.linalg.norm(around, axis=1)
            scale = np.divide(strength * f * distance, length, out=np.zeros_like(f), where=length > 1e-30)
            a = scale[:, None] * around
        else:
            w = (strength * f)[:, None] * np.cross(z, d)
            a = (strength * f)[:, None] * np.cross(z, w) + w * (f > 0)[:, None]
            rate = rate + (f > 0)
    elif field.kind is FieldKind.turbulence:
        at = points if field.global_coordinates else d + z
        n = [turbulence(np.roll(at, -axis, axis=1), field.size) for axis in range(3)]
        a = (strength * f)[:, None] * np.stack(n, 1)
    else:
        a = np.zeros_like(points)
        linear, quadratic = (
            min(value + draw(field, frame, which), DRAG_MAX)
            for which, value in enumerate((field.linear_drag, field.quadratic_drag))
        )
        rate = f * (linear * np.linalg.norm(velocities, axis=1) + quadratic)
    return Push(a, rate)


def draw(field: ForceField, frame: int, which: int) -> float:
    """Noise on a strength: k / 128 / (1 + u) of the spread, negative for k up to 64; k of 0 to 127, u of 0 to 1."""
    if field.noise <= 0:
        return 0.0
    random = np.random.default_rng((field.seed, field.first_frame + frame, which))
    k = int(random.integers(128))
    return float((1 if k > 64 else -1) * k / 128 / (1 + random.random()) * field.noise)


def _from_shape(field: ForceField, d: np.ndarray, h: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Eq. (1): from the field's shape to points [P, 3]."""
    along = h[:, None] * z
    if field.shape is FieldShape.point:
        return d
    if field.shape is FieldShape.line or field.kind is FieldKind.vortex:
        return d - along
    return along


def _falloff(field: ForceField, d: np.ndarray, h: np.ndarray, z: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Eq. (2) [P]."""
    along = field.distance_min, field.distance_max, field.falloff_power
    if field.falloff is Falloff.sphere:
        f = _fall(distance, *along)
    else:
        if field.falloff is Falloff.tube:
            radius = np.linalg.norm(d - h[:, None] * z, axis=1)
        else:
            length = np.linalg.norm(d, axis=1)
            cosine = np.divide(h, length, out=np.ones_like(h), where=length > 0)
            radius = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
        f = _fall(np.abs(h), *along) * _fall(radius, field.radial_min, field.radial_max, field.radial_falloff)
    if field.side is Side.positive:
        f = np.where(h < 0, 0.0, f)
    elif field.side is Side.negative:
        f = np.where(h > 0, 0.0, f)
    return f


def _fall(x: np.ndarray, least: float | None, greatest: float | None, power: float) -> np.ndarray:
    """Falloff over x [P], between `least` and `greatest`."""
    start = 0.0 if least is None else least
    f = np.maximum(1 + x - start, 1e-30) ** -power
    if least is not None:
        f = np.where(x < least, 1.0, f)
    if greatest is not None:
        f = np.where(x > greatest, 0.0, f)
    return f
