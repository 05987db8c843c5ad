"""What bakes that play by nodes alike need: their modifier's place, a hidden object for their numbers, and its end."""

from __future__ import annotations

from collections.abc import Callable

import bpy

from .. import motion, nodes, splats
from ..drawing import display


def add_modifier(obj: bpy.types.Object, name: str) -> bpy.types.NodesModifier:
    """A new geometry-nodes modifier, before those that preview and display."""
    modifier = obj.modifiers.new(name, "NODES")
    behind = [obj.modifiers.find(other) for other in (motion.MODIFIER, display.MODIFIER) if other in obj.modifiers]
    obj.modifiers.move(len(obj.modifiers) - 1, min(behind, default=len(obj.modifiers) - 1))
    return modifier


def notice(modifier: bpy.types.NodesModifier) -> None:
    """Lets Blender see that the modifier's object depends on another now; it looks when a group is set."""
    modifier.node_group = modifier.node_group


def played_from(obj: bpy.types.Object, modifier_name: str, label: str) -> bpy.types.Object | None:
    """The object that an object's modifier of that name reads through an input."""
    modifier = obj.modifiers.get(modifier_name)
    return nodes.get_input(modifier, label) if modifier is not None and modifier.node_group is not None else None


def hidden_object(
    context: bpy.types.Context, obj: bpy.types.Object, name: str, mesh: bpy.types.Mesh
) -> bpy.types.Object:
    """A mesh as a hidden object beside the splats, in their frame."""
    points = bpy.data.objects.new(name, mesh)
    splats.remove_attribute(points, ".select_vert")
    points.matrix_world = obj.matrix_world
    points.hide_viewport = points.hide_render = True
    collections = obj.users_collection or (context.collection,)
    collections[0].objects.link(points)
    return points


def discard(points: bpy.types.Object | None, read_by: Callable[[bpy.types.Object], bpy.types.Object | None]) -> None:
    """Removes a hidden object that nobody plays any more; `read_by` tells what an object plays from."""
    if points is None or any(read_by(other) == points for other in bpy.data.objects):
        return
    mesh = points.data
    bpy.data.objects.remove(points)
    if not mesh.users:
        bpy.data.meshes.remove(mesh)


def shares_data(obj: bpy.types.Object, is_baked: Callable[[bpy.types.Object], bool]) -> bool:
    """Whether another object shows the same splats and plays a bake of the same kind."""
    return any(other.data == obj.data and other != obj and is_baked(other) for other in bpy.data.objects)


def own_data(obj: bpy.types.Object, is_baked: Callable[[bpy.types.Object], bool]) -> None:
    """Gives the object splats of its own where the attributes in there belong to the bake of another object."""
    if shares_data(obj, is_baked):
        obj.data = obj.data.copy()
