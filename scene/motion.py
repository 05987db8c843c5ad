"""Motion on a splat object without ever touching its rest pose: the node group "Sway Motion" and what it reads.

`position`, `rotation` and `scale` always hold the rest pose. A pose shown for preview lies beside them, in attributes
`sway_posed_position` and so on, and a bake lies in the group's Bake node; the group puts either into the geometry that
"Sway Splats" draws. So a file saved in the middle, a crash or a disabled add-on loses nothing: without the extra
attributes the cloud is at rest.

The Bake node stores position and rotation of the moving splats only, and their scale where they stretch. `sway_slot`
says which of them a splat is, counted from 1; 0, or no such attribute, is a splat that holds still. Everything else
(radiance, parts) stays in the object once, and can be edited after a bake; deleted splats take their slots along.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from ..backend.gaussians import Gaussians
from ..backend.trajectory import Trajectory
from . import nodes, splats
from .drawing import display, ellipsoids

MODIFIER = GROUP = "Sway Motion"
VERSION = 2
POSED_POSITION, POSED_ROTATION, POSED_SCALE = "sway_posed_position", "sway_posed_rotation", "sway_posed_scale"
SLOT = "sway_slot"


class Poser:
    """Poses one object from a trajectory: world-space motion in, attributes in the object's frame out."""

    def __init__(self, name: str, rest: Gaussians, trajectory: Trajectory, matrix: np.ndarray) -> None:
        """`rest` is the object's cloud, `matrix` [4, 4] its matrix_world that the trajectory was made with.

        Touches nothing of Blender, so it may run in a thread. Raises ValueError, with the object's name, for a
        trajectory of another cloud and for a matrix that splats cannot follow.
        """
        self.rest, self.matrix = rest, np.asarray(matrix, float)
        self._trajectory = _in_frame_of(name, len(rest), trajectory, matrix)
        self._last: tuple[float, Gaussians] | None = None

    @classmethod
    def of(cls, obj: bpy.types.Object, trajectory: Trajectory, matrix: np.ndarray) -> Poser:
        """The poser of an object as it is now."""
        return cls(obj.name, splats.read_splats(obj), trajectory, matrix)

    def pose(self, frame: float) -> Gaussians:
        """The cloud at a frame in the object's frame; still splats exactly at rest."""
        if self._last is None or self._last[0] != frame:
            self._last = frame, self._trajectory.posed(self.rest, frame)
        return self._last[1]

    def write(self, obj: bpy.types.Object, frame: float) -> None:
        """Shows a frame of the trajectory on the object."""
        posed = self.pose(frame)
        splats.write_attribute(obj, POSED_POSITION, "FLOAT_VECTOR", posed.positions)
        splats.write_attribute(obj, POSED_ROTATION, "QUATERNION", posed.rotations)
        if self._trajectory.stretch is None:
            splats.remove_attribute(obj, POSED_SCALE)
        else:
            splats.write_attribute(obj, POSED_SCALE, "FLOAT_VECTOR", posed.scales)


def in_object_frame(obj: bpy.types.Object, trajectory: Trajectory, matrix: np.ndarray) -> Trajectory:
    """The motion as the object's own data move, for the matrix_world [4, 4] that it was made with.

    Raises ValueError for a trajectory of another cloud and for a matrix that splats cannot follow.
    """
    return _in_frame_of(obj.name, len(obj.data.points), trajectory, matrix)


def _in_frame_of(name: str, count: int, trajectory: Trajectory, matrix: np.ndarray) -> Trajectory:
    moving = trajectory.binding.splats
    if len(moving) and moving.max() >= count:
        raise ValueError(f"the motion moves splat {moving.max()}, but {name} has {count}; simulate it again")
    try:
        return trajectory.transformed(np.linalg.inv(matrix))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def clear_pose(obj: bpy.types.Object) -> None:
    """Back to the bake, or to rest where there is none."""
    for name in (POSED_POSITION, POSED_ROTATION, POSED_SCALE):
        splats.remove_attribute(obj, name)


def attach(obj: bpy.types.Object, folder: str = "") -> bpy.types.NodesModifier:
    """The object's motion modifier, added before the display where absent.

    A new one plays the frames in `folder`: Blender looks for them once, when the group is first set.
    """
    modifier = obj.modifiers.get(MODIFIER)
    if modifier is None:
        modifier = obj.modifiers.new(MODIFIER, "NODES")
        if folder:
            modifier.bake_directory, modifier.bake_target = folder, "DISK"
        shown_at = obj.modifiers.find(display.MODIFIER)
        obj.modifiers.move(len(obj.modifiers) - 1, max(shown_at, 0))
    modifier.node_group = motion_group()
    return modifier


def motion_group() -> bpy.types.GeometryNodeTree:
    """Geometry-node group that poses points from the preview attributes or from its bake."""
    return nodes.geometry_group(GROUP, VERSION, {}, _fill_group)


def _fill_group(build: nodes.Builder, group_in: bpy.types.Node, group_out: bpy.types.Node) -> None:
    rest = group_in.outputs["Geometry"]
    posed, stretched = _has(build, rest, POSED_POSITION), _has(build, rest, POSED_SCALE)
    posed_position = build.attribute(POSED_POSITION, "FLOAT_VECTOR")
    posed_rotation = build.attribute(POSED_ROTATION, "QUATERNION")
    posed_scale = build.attribute(POSED_SCALE, "FLOAT_VECTOR")
    slot = build.attribute(SLOT, "INT")
    moves = build.math("GREATER_THAN", slot, 0.5)

    # What is baked: the posed (or resting) moving splats, without the attributes that motion does not change.
    live = _placed(build, build.without(rest, "radiance:*"), posed, posed_position, posed_rotation)
    scaled = build.store(live, splats.SCALE, "FLOAT_VECTOR", posed_scale)
    live = build.switch("GEOMETRY", stretched, build.without(live, splats.SCALE), scaled)
    live = build.add("GeometryNodeSeparateGeometry", {"Geometry": live, "Selection": moves}, domain="POINT")
    bake = build.tree.nodes.new("GeometryNodeBake")
    bake.bake_items.clear()
    bake.bake_items.new("GEOMETRY", "Geometry")
    build.tree.links.new(build.without(live, "sway_*"), bake.inputs["Geometry"])

    baked, index = bake.outputs["Geometry"], build.math("SUBTRACT", slot, 1.0)
    baked_position = build.sample(baked, "FLOAT_VECTOR", build.add("GeometryNodeInputPosition"), index)
    baked_rotation = build.sample(baked, "QUATERNION", build.attribute(splats.ROTATION, "QUATERNION"), index)
    baked_scale = build.sample(baked, "FLOAT_VECTOR", build.attribute(splats.SCALE, "FLOAT_VECTOR"), index)
    replayed = _placed(build, rest, moves, baked_position, baked_rotation)
    rescaled = build.store(replayed, splats.SCALE, "FLOAT_VECTOR", baked_scale, Selection=moves)
    replayed = build.switch("GEOMETRY", _has(build, baked, splats.SCALE), replayed, rescaled)

    # A preview hides the bakes before it, of which one may have left half-axes.
    previewed = _placed(build, build.without(rest, ellipsoids.AXES), True, posed_position, posed_rotation)
    rescaled = build.store(previewed, splats.SCALE, "FLOAT_VECTOR", posed_scale)
    previewed = build.switch("GEOMETRY", stretched, previewed, rescaled)
    build.tree.links.new(build.switch("GEOMETRY", posed, replayed, previewed), group_out.inputs["Geometry"])


def _has(build: nodes.Builder, points: Any, name: str) -> bpy.types.NodeSocket:
    """Whether points carry a vector attribute, as one value for all: only what it switches to is then computed."""
    return build.sample(points, "BOOLEAN", build.has_attribute(name, "FLOAT_VECTOR"), 0)


def _placed(build: nodes.Builder, geometry: Any, selection: Any, position: Any, rotation: Any) -> bpy.types.NodeSocket:
    """The selected points moved and turned."""
    inputs = {"Geometry": geometry, "Selection": selection, "Position": position}
    moved = build.add("GeometryNodeSetPosition", inputs)
    return build.store(moved, splats.ROTATION, "QUATERNION", rotation, Selection=selection)
