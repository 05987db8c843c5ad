"""What there is to know about a splat object, remembered so that a panel may ask for it at every redraw."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from . import splats

BYTES = {"FLOAT_VECTOR": 12, "FLOAT_COLOR": 16, "QUATERNION": 16, "INT": 4, "FLOAT": 4, "FLOAT4X4": 64, "BOOLEAN": 1}
"""Of one value of an attribute."""


@dataclass(frozen=True)
class Statistics:
    splats: int
    sh_degree: int
    size: np.ndarray
    """Of the box around all centres, in world space [3], metres."""
    inner_size: np.ndarray
    """The same without the outermost hundredth on every side: what floaters do not reach [3], metres."""
    memory: int
    """Bytes of all attributes."""
    moving: float
    """Share of the splats that move, 0..1."""


_known: dict[int, tuple[tuple, Statistics]] = {}
"""By session_uid, with what they were found for."""


def statistics(obj: bpy.types.Object) -> Statistics:
    """Of a splat object at rest. Found anew when splats are deleted or added, the object or its parts change."""
    made_for = (
        len(obj.data.points),
        obj.data.session_uid,
        tuple(x for row in obj.matrix_world for x in row),
        obj.sway.parts.made,
        len(obj.data.attributes),
    )
    known = _known.get(obj.session_uid)
    if known is None or known[0] != made_for:
        known = _known[obj.session_uid] = made_for, _found(obj)
    return known[1]


def _found(obj: bpy.types.Object) -> Statistics:
    attributes = obj.data.attributes
    count = len(obj.data.points)
    matrix = np.array(obj.matrix_world)
    positions = splats.read_attribute(obj, splats.POSITION) @ matrix[:3, :3].T + matrix[:3, 3]
    low, high = np.quantile(positions[:: max(count // 100_000, 1)], [0.01, 0.99], axis=0)
    coefficients = 1 + sum(attribute.name.startswith(splats.SH_PREFIX) for attribute in attributes)
    return Statistics(
        splats=count,
        sh_degree=int(np.sqrt(coefficients)) - 1,
        size=np.ptp(positions, axis=0),
        inner_size=high - low,
        memory=count * sum(BYTES.get(attribute.data_type, 4) for attribute in attributes),
        moving=float((splats.read_parts(obj) > 0).mean()),
    )
