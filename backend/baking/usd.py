"""Splats that move, as USD: one .usdc with a time sample a frame, through Pixar's own library.

| schema | holds | read by |
|---|---|---|
| `ParticleField3DGaussianSplat` | positions, orientations, scales, opacities, spherical harmonics | viewers of USD 26.03 and later, Blender 5.3 |
| `Points` | the attributes that Sway's splat objects have, as primvars | Blender 4.5 to 5.2, any other program, as points |

World space, metres, Z up. What does not change is written once.
"""  # noqa: E501  a table

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..gaussians import Gaussians

SPLATS, POINTS = "splats", "points"
RADIUS = 0.3
"""Of a point, as part of its splat's largest standard deviation: programs that draw points draw discs."""


def write_usd(path: Path, name: str, frames: Iterable[tuple[float, Gaussians]], fps: float, schema: str) -> int:
    """Write the cloud at each of some frames (time code, cloud), and return how many there were.

    All clouds have the same splats in the same order. `schema` is "splats" or "points". Never half a file.
    Raises ValueError when there is no frame, or when the number of splats changes.
    """
    from pxr import Sdf, Usd, UsdGeom

    partial = path.with_name(path.stem + ".part.usdc")
    stage = Usd.Stage.CreateNew(str(partial))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    stage.SetTimeCodesPerSecond(fps)
    stage.SetFramesPerSecond(fps)
    prim_path = Sdf.Path("/" + _identifier(name))
    fields = (_SplatFields if schema == SPLATS else _PointFields)(stage, prim_path)
    stage.SetDefaultPrim(stage.GetPrimAtPath(prim_path))
    times, before, count = [], {}, None
    for time, cloud in frames:
        if count is not None and len(cloud) != count:
            raise ValueError(f"the number of splats changes from {count:,} to {len(cloud):,} at frame {time:g}")
        count = len(cloud)
        for field, values in fields.arrays(cloud).items():
            if field in before and np.array_equal(before[field], values):
                continue
            if field in before and not fields.sampled(field):
                # It was still until now: what held so far becomes the sample of the frame before.
                fields.set(field, before[field], times[-1])
            fields.set(field, values, time if field in before else None)
            before[field] = values
        times.append(time)
    if not times:
        raise ValueError("there is no frame to export")
    stage.SetStartTimeCode(times[0])
    stage.SetEndTimeCode(times[-1])
    stage.GetRootLayer().Save()
    del stage, fields
    partial.replace(path)
    return len(times)


class _Fields:
    """Attributes of one prim, by the name of what they hold."""

    def __init__(self) -> None:
        self._attributes: dict[str, Any] = {}

    def sampled(self, name: str) -> bool:
        return self._attributes[name].GetNumTimeSamples() > 0

    def set(self, name: str, values: np.ndarray, time: float | None) -> None:
        """Set a value for all times, or a sample of one."""
        attribute = self._attributes[name]
        converted = _array(values, attribute.GetTypeName().type.typeName)
        attribute.Set(converted) if time is None else attribute.Set(converted, time)


class _SplatFields(_Fields):
    """UsdVol's schema; harmonics of a splat follow each other, as wide as the highest degree."""

    def __init__(self, stage: Any, path: Any) -> None:
        from pxr import UsdVol

        super().__init__()
        self._field = UsdVol.ParticleField3DGaussianSplat.Define(stage, path)
        self._degree = self._field.CreateRadianceSphericalHarmonicsDegreeAttr()
        self._attributes = {
            "positions": self._field.CreatePositionsAttr(),
            "orientations": self._field.CreateOrientationsAttr(),
            "scales": self._field.CreateScalesAttr(),
            "opacities": self._field.CreateOpacitiesAttr(),
            "harmonics": self._field.CreateRadianceSphericalHarmonicsCoefficientsAttr(),
            "extent": self._field.CreateExtentAttr(),
        }

    def arrays(self, cloud: Gaussians) -> dict[str, np.ndarray]:
        self._degree.Set(cloud.sh_degree)
        return {
            "positions": cloud.positions,
            "orientations": cloud.rotations,
            "scales": cloud.scales,
            "opacities": cloud.opacity,
            "harmonics": cloud.sh.reshape(-1, 3),
            "extent": _extent(cloud),
        }


class _PointFields(_Fields):
    """UsdGeom's points with primvars of the names in scene/splats.py."""

    def __init__(self, stage: Any, path: Any) -> None:
        from pxr import UsdGeom

        super().__init__()
        self._points = UsdGeom.Points.Define(stage, path)
        self._attributes = {
            "points": self._points.CreatePointsAttr(),
            "widths": self._points.CreateWidthsAttr(),
            "extent": self._points.CreateExtentAttr(),
        }

    def arrays(self, cloud: Gaussians) -> dict[str, np.ndarray]:
        from pxr import Sdf

        types = Sdf.ValueTypeNames
        values = {
            "rotation": (cloud.rotations, types.QuatfArray),
            "scale": (cloud.scales, types.Float3Array),
            "radiance:base": (np.concatenate([cloud.sh[:, 0], cloud.opacity[:, None]], 1), types.Color4fArray),
        }
        for k in range(1, cloud.sh.shape[1]):
            values[f"radiance:sh_{k - 1}"] = (np.ascontiguousarray(cloud.sh[:, k]), types.Float3Array)
        for name, (_, kind) in values.items():
            if name not in self._attributes:
                self._attributes[name] = self._primvar(name, kind)
        found = {name: value for name, (value, _) in values.items()}
        return found | {
            "points": cloud.positions,
            "widths": 2 * RADIUS * cloud.scales.max(1),
            "extent": _extent(cloud),
        }

    def _primvar(self, name: str, kind: Any) -> Any:
        from pxr import UsdGeom

        return UsdGeom.PrimvarsAPI(self._points).CreatePrimvar(name, kind, UsdGeom.Tokens.vertex).GetAttr()


def _array(values: np.ndarray, type_name: str) -> Any:
    """USD's array, of the type that an attribute has, of numbers [N] or of rows [N, width]; quaternions are wxyz."""
    from pxr import Vt

    values = np.ascontiguousarray(values, np.float32)
    if type_name == "VtArray<GfQuatf>":  # its memory has the real part last
        return Vt.QuatfArray.FromNumpy(np.ascontiguousarray(values[:, [1, 2, 3, 0]]))
    kinds = {(): Vt.FloatArray, (3,): Vt.Vec3fArray, (4,): Vt.Vec4fArray}
    return kinds[values.shape[1:]].FromNumpy(values)


def _extent(cloud: Gaussians) -> np.ndarray:
    """Corners [2, 3] of the box around all splats to three standard deviations."""
    reach = 3 * cloud.scales.max(1)[:, None]
    return np.stack([(cloud.positions - reach).min(0), (cloud.positions + reach).max(0)])


def _identifier(name: str) -> str:
    """A name that USD allows: letters, digits and underscores, not beginning with a digit."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in name) or "splats"
    return f"_{plain}" if plain[0].isdigit() else plain
