"""Blender 5.3's own splats: a type of point cloud that EEVEE, Cycles and Workbench draw themselves.

Known from Blender's sources of autumn 2026, and not yet tried in a released version: the node "Set Point Cloud Type"
(`GeometryNodePointsSetType`) with a menu "Type" of the items of `PointCloud.type`. The attributes are those that
scene/splats.py keeps anyway. All that the add-on knows of it is in this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bpy

from .. import nodes

NODE = "GeometryNodePointsSetType"


def splat_type() -> str | None:
    """What this Blender calls a point cloud of splats; None where it has none."""
    kinds: Any = bpy.types.PointCloud.bl_rna.properties.get("type")
    if not hasattr(bpy.types, NODE) or kinds is None:
        return None
    return named_splats(item.identifier for item in kinds.enum_items)


def named_splats(kinds: Iterable[str]) -> str | None:
    """The one of some identifiers that means splats."""
    return next((kind for kind in kinds if "SPLAT" in kind.upper()), None)


def native_splats(build: nodes.Builder, points: Any) -> bpy.types.NodeSocket:
    """The points as Blender's own splats; only where `splat_type` knows some."""
    return build.add(NODE, {"Points": points, "Type": splat_type()})
