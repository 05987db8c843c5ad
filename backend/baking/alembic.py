"""Splats that move, as Alembic points: one .abc, through PyAlembic.

Alembic is Y up: (x, y, z) becomes (x, z, -y), as Blender's own exporter has it. Beside position, id and width the
points carry what Houdini calls Cd, opacity, orient (quaternion) and scale.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from .. import rotations as rot
from ..gaussians import Gaussians
from .usd import RADIUS

Y_UP = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float64)


def write_alembic(path: Path, name: str, frames: Iterable[tuple[float, Gaussians]], fps: float) -> int:
    """Write the cloud at each of some frames (scene frame, cloud), one after the other, and return how many there were.

    All clouds have the same splats in the same order. Never half a file.
    Raises ValueError when there is no frame, or when the number of splats changes.
    """
    import imath
    from alembic3d import Abc, AbcCoreAbstract, AbcGeom

    partial = path.with_name(path.name + ".part")
    vertex = AbcGeom.GeometryScope.kVertexScope
    archive = points = schema = None
    params: dict[str, Any] = {}
    count, written = 0, 0
    for frame, cloud in frames:
        if schema is None:
            count = len(cloud)
            archive = Abc.OArchive(str(partial))
            sampling = archive.addTimeSampling(AbcCoreAbstract.TimeSampling(1 / fps, frame / fps))
            points = AbcGeom.OPoints(archive.getTop(), name, sampling)
            schema = points.getSchema()
            # The writer must let go of a schema before its archive, in this order, at the end.
            params = {
                kind: made(schema.getArbGeomParams(), kind, False, vertex, 1, sampling)
                for kind, made in (
                    ("Cd", AbcGeom.OC3fGeomParam),
                    ("opacity", AbcGeom.OFloatGeomParam),
                    ("orient", AbcGeom.OQuatfGeomParam),
                    ("scale", AbcGeom.OV3fGeomParam),
                )
            }
        elif len(cloud) != count:
            raise ValueError(f"the number of splats changes from {count:,} to {len(cloud):,} at frame {frame:g}")
        widths = AbcGeom.OFloatGeomParamSample(_floats(2 * RADIUS * cloud.scales.max(1)), vertex)
        places = imath.V3fArrayFromBuffer(np.ascontiguousarray(cloud.positions @ Y_UP.T, np.float32))
        ids = imath.IntArrayFromBuffer(np.arange(count, dtype=np.int32))
        schema.set(AbcGeom.OPointsSchemaSample(places, ids, imath.V3fArray(0), widths))
        turned = rot.multiply(rot.quaternion_from_matrix(Y_UP), cloud.rotations)
        values = {
            "Cd": (AbcGeom.OC3fGeomParamSample, _channels(imath.C3fArray, "rgb", cloud.colours)),
            "opacity": (AbcGeom.OFloatGeomParamSample, _floats(cloud.opacity)),
            "orient": (AbcGeom.OQuatfGeomParamSample, _channels(imath.QuatfArray, "rxyz", turned)),
            "scale": (AbcGeom.OV3fGeomParamSample, imath.V3fArrayFromBuffer(np.ascontiguousarray(cloud.scales, "f4"))),
        }
        for kind, (sample, value) in values.items():
            params[kind].set(sample(value, vertex))
        written += 1
    if not written:
        raise ValueError("there is no frame to export")
    del params, schema, points, archive
    partial.replace(path)
    return written


def _floats(values: np.ndarray) -> Any:
    import imath

    return imath.FloatArrayFromBuffer(np.ascontiguousarray(values, np.float32))


def _channels(kind: Any, names: str, values: np.ndarray) -> Any:
    """An array [N] of a kind that takes no buffer, from rows [N, len(names)], channel by channel."""
    array = kind(len(values))
    for column, name in enumerate(names):
        getattr(array, name)[:] = _floats(values[:, column])
    return array
