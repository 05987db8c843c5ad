"""What an artist painted on splats beside their parts: how stiff they are, and whether they are held or free.

`sway_stiffening` holds log10 of how many times as stiff as its material a splat is; `sway_hold` is 1 where a splat is
held and -1 where it is free, whatever its part says. Both are 0 where nothing was painted, which is what splats that
are joined to these come with. They are attributes like any other: edits carry them along.
"""

from __future__ import annotations

import bpy
import numpy as np

from .. import splats

STIFFENING, HOLD = "sway_stiffening", "sway_hold"
HELD, FREE = 1, -1


def read_stiffening(obj: bpy.types.Object) -> np.ndarray:
    """log10 of the painted factor of every splat [N], float32; 0 where nothing was painted."""
    values = np.zeros(len(obj.data.points), np.float32)
    attribute = obj.data.attributes.get(STIFFENING)
    if attribute is not None:
        attribute.data.foreach_get("value", values)
    return values


def write_stiffening(obj: bpy.types.Object, values: np.ndarray) -> None:
    """Keeps log10 factors [N]; where all are 0 the attribute goes."""
    write_float(obj, STIFFENING, values if np.any(values) else None)


def read_hold(obj: bpy.types.Object) -> np.ndarray:
    """1 held, -1 free, 0 as its part says [N], int32."""
    if HOLD not in obj.data.attributes:
        return np.zeros(len(obj.data.points), np.int32)
    return splats.read_attribute(obj, HOLD)[:, 0]


def write_hold(obj: bpy.types.Object, hold: np.ndarray) -> None:
    """Keeps what `read_hold` gives; where all are 0 the attribute goes."""
    if hold.any():
        splats.write_attribute(obj, HOLD, "INT", hold)
    else:
        splats.remove_attribute(obj, HOLD)


def with_hold(parts: np.ndarray, hold: np.ndarray) -> np.ndarray:
    """Parts [N] with what was painted: what is held is part 0, what is free part 1 where it was in no moving one."""
    return np.where(hold == HELD, 0, np.where((hold == FREE) & (parts < 1), 1, parts)).astype(np.int32)


def write_float(obj: bpy.types.Object, name: str, values: np.ndarray | None) -> None:
    """Writes a point attribute of one number a splat [N]; None removes it."""
    if values is None:
        splats.remove_attribute(obj, name)
        return
    attribute = obj.data.attributes.get(name) or obj.data.attributes.new(name, "FLOAT", "POINT")
    attribute.data.foreach_set("value", np.ascontiguousarray(values, np.float32))
    obj.data.update_tag()
